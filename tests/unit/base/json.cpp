#include "base/json.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/json_view.hpp"
#include "base/json_writer.hpp"

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
    auto around = [](std::size_t depth) { return std::string(depth, '[') + "1" + std::string(depth, ']'); };
    JsonReader reader;
    CHECK(reader.read(nested(64)).has_value());
    CHECK(reader.read(around(64)).has_value());
    for (const std::string& text : {nested(66), around(66), around(500), std::string(1'000'000, '[')}) {
        const auto refused = reader.read(text);
        REQUIRE(refused.has_error());
        CHECK(refused.error().message == "JSON nests deeper than 64");
    }
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
        JsonReader reader;
        const auto view = reader.read(text);
        REQUIRE(view.has_value());
        CHECK(view->copy() == plain);
        CHECK(view->integer("a") == get_int(plain, "a"));
        CHECK(view->items().size() == (plain.is_array() ? plain.size() : 0));
    }
}

TEST_CASE("A view finds what the getters find in a document") {
    const std::string text =
        R"({"s":"x","n":7,"digits":"42","most":18446744073709551615,"half":1.5,"none":null,"list":[1,"two",{"three":3}],
                                 "a":{"b":{"c":"deep"}},"twice":1,"twice":"last","\u0061b":"escaped"})";
    const auto document = parse_json(text);
    JsonReader reader;
    const auto view = reader.read(text);
    REQUIRE((document.has_value() && view.has_value()));
    for (const char* path :
         {"", "s", "n", "digits", "most", "half", "none", "list", "a", "a.b", "a.b.c", "a.b.c.d", "s.x", "twice", "ab", "no", "."}) {
        CAPTURE(path);
        const json* found = find(*document, path);
        const JsonView seen = view->find(path);
        REQUIRE(static_cast<bool>(seen) == (found != nullptr));
        const auto string = get_string(*document, path);
        CHECK(view->string(path) == (string ? std::optional<std::string_view>(*string) : std::nullopt));
        CHECK(view->integer(path) == get_int(*document, path));
        if (found == nullptr) continue;
        CHECK(seen.copy() == *found);
        CHECK(seen.is_object() == found->is_object());
        CHECK(seen.is_array() == found->is_array());
        CHECK(seen.is_null() == found->is_null());
    }
    const auto items = view->find("list").items();
    REQUIRE(items.size() == 3);
    CHECK(items[1].text("") == "two");
    CHECK(items[2].integer("three") == 3);
    CHECK_FALSE(static_cast<bool>(JsonView()));
    CHECK(JsonView().text("a").empty());
    CHECK(JsonView().items().empty());
    CHECK(reader.read("{\"a\":").has_error());
    CHECK(reader.read("[1]").has_value());  // and is of use after it
}

TEST_CASE("A text written without a document is that of the document") {
    const std::vector<std::string> texts{"",
                                         "plain",
                                         "quote \" and \\",
                                         "a\nb\tc\x01\x1f\x7f",
                                         "é€😀 ünd so wéiter",
                                         "bad \xff byte",
                                         "eight by eight: \"\"\"\"\"\"\"\"\"",
                                         std::string(1000, 'x') + "\n"};
    JsonWriter out;
    out.begin_object().key("texts").begin_array();
    for (const std::string& text : texts) out.text(text);
    out.end_array().key("empty").begin_object().end_object().key("list").begin_array().end_array();
    out.key("n").number(std::int64_t{-7}).key("half").number(0.5).key("yes").flag(true).key("none").null();
    out.key("quoted \"key\"").raw("{\"raw\":[1,2]}").end_object();
    json expected{{"texts", texts},        {"empty", json::object()},
                  {"list", json::array()}, {"n", -7},
                  {"half", 0.5},           {"yes", true},
                  {"none", nullptr},       {"quoted \"key\"", {{"raw", {1, 2}}}}};
    const auto plain = [](const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); };
    const std::string written = out.take();
    CHECK(json::parse(written) == json::parse(plain(expected)));
    for (const std::string& text : texts) CHECK(dump_json(json(text)) == plain(json(text)));
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
