// Documents as Block Kit: hostile text stays text, and no limit is ever hit.
#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <random>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "integrations/slack/blocks.hpp"
#include "integrations/slack/sandbox.hpp"
#include "markup.hpp"

namespace gumshoe::blocks_test {
namespace {

using Catch::Contains;
using slack::mrkdwn;
using slack::to_blocks;

std::string shown(const Line& line) {
    const auto markup = test::read_markup(mrkdwn(line, 3000));
    CHECK(markup.broken.empty());
    return replace_all(markup.shown, "\u200b", "");
}

TEST_CASE("text is escaped exactly once, and none of it comes alive") {
    struct Row {
        const char* text;
        const char* markup;
    };
    const Row row = GENERATE(
        Row{"a < b & c > d", "a &lt; b &amp; c &gt; d"}, Row{"&lt;!here&gt;", "&amp;lt;!here&amp;gt;"},
        Row{"<!channel> <@U1>", "&lt;!channel&gt; &lt;@U1&gt;"}, Row{"<https://evil.example|ok>", "&lt;https:\u200b//evil.example|ok&gt;"},
        Row{"see http://evil.example", "see http:\u200b//evil.example"}, Row{"`rm -rf`", "ˋrm -rfˋ"},
        Row{"*bold*", "\u200b*\u200bbold\u200b*\u200b"}, Row{"pool_max_size", "pool_max_size"}, Row{"two\nlines", "two lines"},
        Row{"\u202Ehidden\u200B\x07", "hidden"}, Row{"> quote", "\u200b&gt; quote"}, Row{"bad \xff bytes", "bad \uFFFD bytes"});
    CHECK(mrkdwn({plain(row.text)}, 3000) == row.markup);
}

TEST_CASE("spans become markup that Slack takes") {
    CHECK(mrkdwn({bold("Impact: "), plain("none")}, 3000) == "*Impact:* none");
    CHECK(mrkdwn({code("kubectl get <pod> `x`")}, 3000) == "`kubectl get &lt;pod&gt; ˋxˋ`");
    CHECK(mrkdwn({code("curl https://a.example")}, 3000) == "`curl https://a.example`");
    CHECK(mrkdwn({italic("maybe")}, 3000) == "_maybe_");
    const Span rough{"a|b>c", Span::Style::link, "https://x.example/?a=1&b=2|3>4"};
    CHECK(mrkdwn({rough}, 3000) == "<https://x.example/?a=1&amp;b=234|abc>");
    CHECK(mrkdwn({bold(" ")}, 3000) == " ");
    Span forged{"click", Span::Style::link, "javascript:alert(1)"};
    CHECK(mrkdwn({forged}, 3000) == "click");
    forged.url = "https://" + std::string(4000, 'a');
    CHECK(mrkdwn({forged}, 3000) == "click");
}

TEST_CASE("what a reader sees is what was written") {
    const std::string text = "a <b> & *c* _d_ ~e~ <!here> 5 > 4 https://x.example #ops @ana";
    CHECK(shown({plain(text)}) == text);
    CHECK(shown({code("x && y > z")}) == "x && y > z");
}

TEST_CASE("a line is cut between characters, entities and spans") {
    const Line line{plain("é&<>"), bold("𝄞𝄞𝄞𝄞"), code("a`b&&&&&&"), link("label&&&", "https://x.example/1?a&b")};
    for (std::size_t budget = 0; budget < 90; ++budget) {
        const std::string text = mrkdwn(line, budget);
        INFO(budget << ": " << text);
        CHECK(slack::utf16_units(text) <= budget);
        CHECK(sanitize_utf8(text) == text);
        const auto markup = test::read_markup(text);
        CHECK(markup.broken.empty());
        for (const auto& url : markup.links) CHECK(url == "https://x.example/1?a&b");
    }
}

TEST_CASE("what keeps a line from being a quotation counts towards its length") {
    const Line line{plain(">" + std::string(46, 'x'))};
    CHECK(mrkdwn(line, 51) == "\u200b&gt;" + std::string(46, 'x'));
    CHECK(slack::utf16_units(mrkdwn(line, 50)) <= 50);
}

TEST_CASE("spans side by side make no address") {
    CHECK(mrkdwn({plain("https:"), plain("//evil.example")}, 3000) == "https:\u200b//evil.example");
    CHECK(mrkdwn({plain("https:/"), plain("/evil.example")}, 3000) == "https:/\u200b/evil.example");
    CHECK(test::read_markup(mrkdwn({plain("https:"), plain("//evil.example")}, 18)).bare.empty());
}

TEST_CASE("a header has no signs that Slack might decode, and fits") {
    Document d{"f", {{Block::Kind::header, {{plain("p99 > 2 s <!here> & more " + std::string(300, 'x'))}}}}};
    const json header = to_blocks(d)[0];
    const std::string text = header["text"]["text"].get<std::string>();
    CHECK(text.starts_with("p99 › 2 s ‹!here› ＆ more"));
    CHECK(slack::utf16_units(text) <= 150);
    CHECK(header["text"]["type"] == "plain_text");
    CHECK(slack::block_errors(to_blocks(d)).empty());
}

TEST_CASE("a long section is cut on a line boundary and says how much is missing") {
    Block section;
    for (int i = 0; i < 200; ++i) section.lines.push_back({plain("line " + std::to_string(i) + " of a long list of evidence")});
    const json blocks = to_blocks({"f", {section}});
    const std::string text = blocks[0]["text"]["text"].get<std::string>();
    CHECK(slack::utf16_units(text) <= limits::slack_section_chars);
    const auto rows = lines(text);
    CHECK(rows.back() == "… " + std::to_string(200 - (rows.size() - 1)) + " more in the report");
    for (std::size_t i = 0; i + 1 < rows.size(); ++i) CHECK(rows[i] == "line " + std::to_string(i) + " of a long list of evidence");
}

TEST_CASE("an address as long as a query gives way to the evidence, a short one stays") {
    Block section;
    const auto evidence = [&section](const std::string& text, std::size_t url_size) {
        section.lines.push_back({plain(text + " "), link("logs", "https://signoz.acme.example/logs?q=" + std::string(url_size, 'q'))});
    };
    evidence("first", 1600);
    evidence("second", 1600);
    evidence("third", 60);
    const std::string text = to_blocks({"f", {section}})[0]["text"]["text"].get<std::string>();
    CHECK_THAT(
        text, Contains("first") && Contains("second") && Contains("third <https://signoz.acme.example") && !Contains("more in the report"));
    section.lines.pop_back();
    section.lines.pop_back();
    CHECK_THAT(to_blocks({"f", {section}})[0].dump(), Contains("first <https://signoz.acme.example"));  // there is room for it
}

TEST_CASE("the whole message stays below its limit and keeps its footer") {
    Document d{"f", {}};
    for (int b = 0; b < 80; ++b) {
        Block section;
        for (int i = 0; i < 20; ++i) section.lines.push_back({plain("block " + std::to_string(b) + " line " + std::string(60, 'x'))});
        d.blocks.push_back(section);
    }
    d.blocks.push_back({Block::Kind::context, {{plain("the footer")}}});
    json blocks = to_blocks(d);
    CHECK(blocks.size() <= 50);
    CHECK(slack::block_characters(blocks) <= limits::slack_message_chars);
    CHECK(blocks.back()["elements"][0]["text"] == "the footer");
    CHECK_THAT(blocks[blocks.size() - 2].dump(), Contains("more in the report"));
    for (auto& block : d.blocks) block.lines = {{plain("short")}};
    blocks = to_blocks(d);
    CHECK(blocks.size() <= 50);
    CHECK(blocks.back()["elements"][0]["text"] == "short");
    CHECK(slack::block_errors(blocks).empty());
}

TEST_CASE("nothing is ever empty") {
    for (const Document& d :
         {Document{}, Document{"", {{Block::Kind::section, {}}}}, Document{"", {{Block::Kind::header, {{plain(" ")}}}}},
          Document{"", {{Block::Kind::context, {{}, {plain("")}}}}}, Document{"", {{Block::Kind::buttons, {{plain("no link")}}}}}}) {
        CHECK(slack::block_errors(to_blocks(d)).empty());
        CHECK_FALSE(slack::to_text(d).empty());
        CHECK_FALSE(slack::to_whole_text(d).empty());
    }
}

TEST_CASE("buttons are links with an id of their own") {
    Document d{
        "f", {{Block::Kind::buttons, {{link("Report <1>", "https://a.example/1")}, {link(std::string(100, 'b'), "https://a.example/2")}}}}};
    const json blocks = to_blocks(d);
    CHECK(slack::block_errors(blocks).empty());
    CHECK(blocks[0]["elements"].size() == 2);
    CHECK(blocks[0]["elements"][0]["url"] == "https://a.example/1");
}

TEST_CASE("the plain text variant has every line, within its limit") {
    Document d{
        "f",
        {{Block::Kind::header, {{plain("title")}}}, {Block::Kind::section, {{plain("a <!here>")}, {link("logs", "https://a.example")}}}}};
    CHECK(slack::to_whole_text(d) == "title\na &lt;!here&gt;\n<https://a.example|logs>");
    for (int i = 0; i < 500; ++i) d.blocks[1].lines.push_back({plain("more evidence & more")});
    CHECK(slack::utf16_units(slack::to_whole_text(d)) <= limits::slack_text_chars);
    d.fallback = std::string(10000, '&');
    CHECK(slack::utf16_units(slack::to_text(d)) <= limits::slack_text_chars);
}

// Random documents of hostile pieces: Slack takes every one, nothing in them is alive but the links we gave.
class Hostile {
public:
    explicit Hostile(unsigned seed) : random_(seed) {}

    Document document() {
        Document d;
        d.fallback = text();
        const int blocks = below(below(8) == 0 ? 70 : 8);
        for (int b = 0; b < blocks; ++b) {
            Block block;
            block.kind = static_cast<Block::Kind>(below(6));
            const int rows = below(below(6) == 0 ? 120 : 6);
            for (int r = 0; r < rows; ++r) {
                Line line;
                const int spans = below(5);
                for (int s = 0; s < spans; ++s)
                    line.push_back({text(), static_cast<Span::Style>(below(5)), below(3) == 0 ? text() : allowed});
                block.lines.push_back(line);
            }
            d.blocks.push_back(block);
        }
        return d;
    }

    static constexpr const char* allowed = "https://allowed.example/a?x=1&y=2";

private:
    int below(int n) { return n <= 0 ? 0 : static_cast<int>(random_() % static_cast<unsigned>(n)); }

    std::string text() {
        static const std::vector<std::string> pieces{"<!here>",
                                                     "<!channel|x>",
                                                     "<@U123>",
                                                     "<#C1|ops>",
                                                     "<https://evil.example|ok>",
                                                     "https://evil.example",
                                                     "http://evil.example/?a&b",
                                                     "&lt;!here&gt;",
                                                     "&amp;",
                                                     "`",
                                                     "```",
                                                     "*",
                                                     "_",
                                                     "~",
                                                     ">",
                                                     "<",
                                                     "&",
                                                     "|",
                                                     "\n",
                                                     "\n> ",
                                                     "javascript:alert(1)",
                                                     "\xff\xfe",
                                                     "\u202e",
                                                     "\u200b",
                                                     "é",
                                                     "𝄞",
                                                     "日本語",
                                                     " ",
                                                     "word",
                                                     "mailto:a@b.c",
                                                     "<!subteam^S1>",
                                                     "<!date^1^{date}|x>",
                                                     "://",
                                                     "https",
                                                     ":",
                                                     "//"};
        std::string out;
        const int n = below(below(60) == 0 ? 800 : 8);
        for (int i = 0; i < n; ++i) out += pieces[random_() % pieces.size()];
        return out;
    }

    std::mt19937 random_;
};

void check_alive(const std::string& text) {
    const auto markup = test::read_markup(text);
    CHECK(markup.mentions.empty());
    CHECK(markup.broken.empty());
    CHECK(markup.bare.empty());
    // A span's own url that is an address is given by our code, never by text: here only one of the pieces can be one.
    for (const auto& url : markup.links) CHECK((url.starts_with("https://") || url.starts_with("http://")));
}

void check_texts(const json& value) {
    if (value.is_object() && value.value("type", "") == "mrkdwn") {
        CHECK(value["verbatim"] == true);
        check_alive(value["text"].get<std::string>());
    } else if (value.is_object() && value.value("type", "") == "plain_text") {
        CHECK(value["text"].get<std::string>().find_first_of("<>&") == std::string::npos);
    } else if (value.is_structured()) {
        for (const auto& item : value) check_texts(item);
    }
}

TEST_CASE("hostile documents never break a limit, mention anyone or bring a link of their own") {
    for (unsigned seed = 1; seed <= 150; ++seed) {
        const Document d = Hostile(seed).document();
        const json blocks = to_blocks(d);
        INFO("seed " << seed);
        const auto errors = slack::block_errors(blocks);
        if (!errors.empty()) UNSCOPED_INFO(errors.front());
        CHECK(errors.empty());
        CHECK(slack::block_characters(blocks) <= limits::slack_message_chars);
        check_texts(blocks);
        for (const std::string& text : {slack::to_text(d), slack::to_whole_text(d)}) {
            CHECK(slack::utf16_units(text) <= 4000);
            CHECK_FALSE(text.empty());
            check_alive(text);
        }
    }
}

TEST_CASE("links of a hostile document are only those of its link spans") {
    for (unsigned seed = 1; seed <= 60; ++seed) {
        Document d = Hostile(seed).document();
        for (auto& block : d.blocks)
            for (auto& line : block.lines)
                for (auto& span : line) span.url = Hostile::allowed;
        const auto markup = test::read_markup(slack::to_whole_text(d));
        for (const auto& url : markup.links) CHECK(url == Hostile::allowed);
    }
}

}  // namespace
}  // namespace gumshoe::blocks_test
