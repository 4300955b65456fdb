#include "base/json.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace gumshoe;

TEST_CASE("Text that is not JSON is an error with a byte offset and nothing of the text") {
    const std::vector<std::pair<std::string, std::string>> cases{
        {"", "not JSON: error at byte 1"},
        {R"({"token": CANARY})", "not JSON: error at byte 11"},
        {R"({"a":1} CANARY)", "not JSON: error at byte 9"},
        {R"({"a":1,})", "not JSON: error at byte 8"},
        {"{\"a\":\"\xC3(\"}", "not JSON: error at byte 8"},
        {R"([1e999])", "not JSON: error at byte 6"},
    };
    for (const auto& [text, message] : cases) {
        CAPTURE(text);
        auto value = parse_json(text);
        REQUIRE(value.has_error());
        CHECK(value.error().code == errc::parse);
        CHECK(value.error().message == message);
    }
}

TEST_CASE("JSON nests to the cap and no deeper; brackets in strings do not count") {
    auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
    CHECK(parse_json(nested(64)).has_value());
    auto deeper = parse_json(nested(65));
    REQUIRE(deeper.has_error());
    CHECK(deeper.error().message == "JSON nests deeper than 64");
    CHECK(parse_json(std::string(1'000'000, '[')).error().message == "JSON nests deeper than 64");
    CHECK(parse_json("\"\\\"" + std::string(100, '[') + "\"").has_value());
}

TEST_CASE("What the fast reader and writer make of a text is what the plain ones do") {
    const std::string long_text(100'000, 'x');
    const std::vector<std::string> texts{
        R"({"a":1,"b":[true,false,null],"a":2})",
        "[0,-0,-1,1.0,-0.0,1e3,1E-3,0.1,5e-324,1.7976931348623157e308]",
        "[9223372036854775807,9223372036854775808,-9223372036854775808,18446744073709551615]",
        "[18446744073709551616,-9223372036854775809,123456789012345678901234567890]",
        "1e400",
        "[01]",
        "[1.]",
        R"(["\u0000\u001f\u007f\b\f\n\r\t\"\\\/","é€😀","\ud83d\ude00","\u00e9"])",
        R"(["\ud83d"])",
        "[\"\x01\"]",
        "[\"\xff\"]",
        "\xef\xbb\xbf[1]",
        "",
        " ",
        "7",
        "\"text\"",
        "null",
        "[1,]",
        "{\"a\"}",
        "[1] 2",
        "{\"\":{\"\":[]}}",
        "[\"" + long_text + "\"]",
        "[\"" + long_text + "\"",
    };
    for (const std::string& text : texts) {
        CAPTURE(text.substr(0, 80));
        const json plain = json::parse(text, nullptr, false);
        const auto read = parse_json(text);
        REQUIRE(read.has_value() == !plain.is_discarded());
        if (!read) continue;
        CHECK(*read == plain);
        CHECK(read->type() == plain.type());
        CHECK(dump_json(*read) == plain.dump());
    }
}

TEST_CASE("Serialising replaces what is not UTF-8") {
    CHECK(dump_json(json("a\xFF"
                         "b\n")) ==
          "\"a\xEF\xBF\xBD"
          "b\\n\"");
    CHECK(dump_json(json{{"a", 1}}, 2) == "{\n  \"a\": 1\n}");
}

TEST_CASE("Getters yield nothing for absent members and for other types") {
    json value = *parse_json(R"({"alert":{"org":{"id":"42","name":"acme"},"count":7,"ratio":0.5,"muted":true,"none":null,
        "big":9223372036854775808,"negative":"-3","padded":" 3","list":[1]}})");
    CHECK(get_string(value, "alert.org.name") == "acme");
    CHECK(get_int(value, "alert.org.id") == 42);
    CHECK(get_int(value, "alert.count") == 7);
    CHECK(get_int(value, "alert.negative") == -3);
    CHECK(get_number(value, "alert.ratio") == 0.5);
    CHECK(get_number(value, "alert.count") == 7.0);
    CHECK(get_bool(value, "alert.muted") == true);
    CHECK(find(value, "alert.none")->is_null());
    CHECK(find(value, "") == &value);

    CHECK(find(value, "alert.org.missing") == nullptr);
    CHECK(find(value, "alert.list.0") == nullptr);
    CHECK(find(value, "alert.count.x") == nullptr);
    CHECK_FALSE(get_string(value, "alert.count"));
    CHECK_FALSE(get_string(value, "alert.none"));
    CHECK_FALSE(get_int(value, "alert.big"));
    CHECK_FALSE(get_int(value, "alert.ratio"));
    CHECK_FALSE(get_int(value, "alert.padded"));
    CHECK_FALSE(get_number(value, "alert.org.id"));
    CHECK_FALSE(get_bool(value, "alert.count"));
    CHECK(string_or_empty(value, "alert.count").empty());
}
