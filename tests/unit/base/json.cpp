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
