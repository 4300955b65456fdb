#include "base/text.hpp"

#include <catch2/catch.hpp>

using namespace gumshoe;

using Pairs = std::vector<std::pair<std::string, std::string>>;
using Words = std::vector<std::string>;

TEST_CASE("Invalid UTF-8 becomes the replacement character, one for each broken sequence") {
    const std::string bad = "\xEF\xBF\xBD";
    const Pairs cases{
        {"plain \xC3\xA9 \xF0\x9F\x98\x80", "plain \xC3\xA9 \xF0\x9F\x98\x80"},
        {"a\xFFz", "a" + bad + "z"},
        {"\xC0\xAF", bad + bad},                      // overlong
        {"\xED\xA0\x80", bad + bad + bad},            // a surrogate
        {"\xF4\x90\x80\x80", bad + bad + bad + bad},  // above U+10FFFF
        {"\xE2\x82", bad},                            // cut off
        {"\xE2\x82(", bad + "("},
        {"\x80", bad},
    };
    for (const auto& [text, clean] : cases) CHECK(sanitize_utf8(text) == clean);
}

TEST_CASE("What hides text from a reader is removed, what a reader sees stays") {
    const Pairs cases{
        {"a\x1B[31mred\r\n\tb\x7F", "a[31mred\n\tb"},
        {"user\xE2\x80\xAEgnp.exe", "usergnp.exe"},      // right-to-left override
        {"pay\xE2\x80\x8Bload\xEF\xBB\xBF", "payload"},  // zero width space, byte order mark
        {"x\xF3\xA0\x81\xA9\xF3\xA0\x81\xA7y", "xy"},    // tag characters
        {"x\xEF\xB8\x8Fy\xF3\xA0\x84\x80z", "xyz"},      // variation selectors
        {"\xC2\x85\xC2\xADs", "s"},                      // C1 control, soft hyphen
        {"caf\xC3\xA9 \xE6\x97\xA5\xE6\x9C\xAC \xF0\x9F\x94\xA5", "caf\xC3\xA9 \xE6\x97\xA5\xE6\x9C\xAC \xF0\x9F\x94\xA5"},
    };
    for (const auto& [text, clean] : cases) CHECK(strip_invisible(text) == clean);
    CHECK(strip_invisible(std::string_view("a\0b", 3)) == "ab");
}

TEST_CASE("A cut is marked, counted and never inside a code point") {
    CHECK(gumshoe::truncate("hello", 5) == "hello");
    CHECK(gumshoe::truncate("hello!", 5) == "he\xE2\x80\xA6");
    CHECK(gumshoe::truncate("\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9", 6) == "\xC3\xA9\xE2\x80\xA6");
    CHECK(gumshoe::truncate("abc", 2) == "ab");
    CHECK(gumshoe::truncate("\xC3\xA9\xC3\xA9", 1).empty());
    for (std::size_t n = 0; n < 20; ++n) {
        std::string cut = gumshoe::truncate("a\xF0\x9F\x98\x80z\xE2\x82\xAC\xC3\xA9-and-more", n);
        CHECK(cut.size() <= n);
        CHECK(sanitize_utf8(cut) == cut);
    }
}

TEST_CASE("Splitting, joining and trimming") {
    CHECK(split("a,,b", ',') == Words{"a", "", "b"});
    CHECK(split("", ',') == Words{""});
    CHECK(lines("a\r\nb\n\nc") == Words{"a", "b", "", "c"});
    CHECK(lines("a\n") == Words{"a"});
    CHECK(lines("").empty());
    CHECK(join({"a", "b"}, ", ") == "a, b");
    CHECK(join({}, ", ").empty());
    CHECK(trim(" \t a b\n") == "a b");
    CHECK(trim(" \n").empty());
    CHECK(replace_all("aXXaX", "X", "XX") == "aXXXXaXX");
    CHECK(replace_all("abc", "", "x") == "abc");
}

TEST_CASE("ASCII letters compare without case") {
    CHECK(to_lower("AbC\xC3\x89") == "abc\xC3\x89");
    CHECK(iequals("Content-Type", "content-type"));
    CHECK_FALSE(iequals("ab", "abc"));
    CHECK(icontains("Too Many Requests", "many req"));
    CHECK_FALSE(icontains("abc", "abcd"));
    CHECK(icontains("abc", ""));
}

TEST_CASE("URLs are escaped and read back") {
    CHECK(url_encode("a b/c?d=e&f+\xC3\xA9~") == "a%20b%2Fc%3Fd%3De%26f%2B%C3%A9~");
    CHECK(url_decode("a%20b+c%2f%") == "a b c/%");
    CHECK(url_decode("%zz%4") == "%zz%4");
    CHECK(parse_form("a=1&b=x%26y&c&&d=%C3%A9=") == Pairs{{"a", "1"}, {"b", "x&y"}, {"c", ""}, {"d", "\xC3\xA9="}});
}

TEST_CASE("HTML entities are read, and nothing twice") {
    const Pairs cases{
        {"a &amp;&lt;&gt;&quot;&#39;&#x27; b", "a &<>\"'' b"},
        {"&amp;lt;", "&lt;"},
        {"&#8364;&#x1F525;", "\xE2\x82\xAC\xF0\x9F\x94\xA5"},
        {"&bogus; &#0; &#xD800; &#x110000; &#12x; & &;", "&bogus; &#0; &#xD800; &#x110000; &#12x; & &;"},
    };
    for (const auto& [text, plain] : cases) CHECK(html_unescape(text) == plain);
}

TEST_CASE("The nearest word is one the writer may have meant") {
    const Words known{"listen", "public_url", "trusted_proxies", "api_key"};
    CHECK(nearest_word("lisen", known) == "listen");
    CHECK(nearest_word("lsiten", known) == "listen");
    CHECK(nearest_word("publicUrl", known) == "public_url");
    CHECK(nearest_word("apikey", known) == "api_key");
    CHECK(nearest_word("trusted", known) == "trusted_proxies");
    CHECK(nearest_word("ap", known).empty());
    CHECK(nearest_word("webhook", known).empty());
    CHECK(nearest_word("", known).empty());
}
