// Server-sent events: the WHATWG rules, and bytes cut anywhere.
#include "io/sse.hpp"

#include <catch2/catch.hpp>

namespace gumshoe {
namespace {

std::string shown(const std::vector<SseEvent>& events) {
    std::string text;
    for (const SseEvent& event : events) text += "[" + event.event + "|" + event.data + "]";
    return text;
}

struct Case {
    const char* what;
    std::string bytes;
    std::string events;    // of feed
    std::string finished;  // of finish
};

const std::vector<Case>& cases() {
    static const std::vector<Case> all{
        {"one event", "data: a\n\n", "[message|a]", ""},
        {"CR LF", "data: a\r\n\r\ndata: b\r\n\r\n", "[message|a][message|b]", ""},
        {"CR alone", "data: a\r\rdata: b\r\r", "[message|a][message|b]", ""},
        {"mixed ends of line", "data: a\r\n\ndata: b\n\r", "[message|a][message|b]", ""},
        {"a name", "event: error\ndata: {}\n\n", "[error|{}]", ""},
        {"the name lasts for one event", "event: x\ndata: 1\n\ndata: 2\n\n", "[x|1][message|2]", ""},
        {"several data lines", "data: a\ndata: b\ndata:\n\n", "[message|a\nb\n]", ""},
        {"one leading space goes", "data:  a\n\n", "[message| a]", ""},
        {"no space", "data:a\n\n", "[message|a]", ""},
        {"comments are nothing", ": ping\n\n:\n\ndata: a\n: in between\n\n", "[message|a]", ""},
        {"a name without data is nothing", "event: ping\n\ndata: a\n\n", "[message|a]", ""},
        {"empty data is an event", "data\n\ndata:\n\n", "[message|][message|]", ""},
        {"unknown fields", "id: 7\nretry: 10\nfoo: bar\ndata: a\n\n", "[message|a]", ""},
        {"a byte order mark at the start",
         "\xEF\xBB\xBF"
         "data: a\n\n",
         "[message|a]", ""},
        {"and only there",
         "data: a\n\n\xEF\xBB\xBF"
         "data: b\n\n",
         "[message|a]", ""},
        {"colons in the value", "data: {\"a\": \"b:c\"}\n\n", "[message|{\"a\": \"b:c\"}]", ""},
        {"the end without a blank line", "data: a\n\ndata: b\n", "[message|a]", "[message|b]"},
        {"the end inside a line", "data: [DONE]", "", "[message|[DONE]]"},
        {"UTF-8", "data: \xC3\xA9\xF0\x9F\x94\x8D\n\n", "[message|\xC3\xA9\xF0\x9F\x94\x8D]", ""},
    };
    return all;
}

}  // namespace

TEST_CASE("events come out whole wherever the bytes are cut") {
    for (const Case& c : cases()) {
        INFO(c.what);
        for (std::size_t piece = 1; piece <= c.bytes.size(); ++piece) {
            SseReader reader;
            std::vector<SseEvent> events;
            for (std::size_t at = 0; at < c.bytes.size(); at += piece) {
                for (SseEvent& event : reader.feed(std::string_view(c.bytes).substr(at, piece))) events.push_back(std::move(event));
            }
            CHECK(shown(events) == c.events);
            CHECK(shown(reader.finish()) == c.finished);
        }
    }
}

TEST_CASE("an empty piece is no end of line") {
    SseReader reader;
    CHECK(reader.feed("data: a\r").empty());
    CHECK(reader.feed("").empty());
    CHECK(shown(reader.feed("\n\r\n")) == "[message|a]");
}

}  // namespace gumshoe
