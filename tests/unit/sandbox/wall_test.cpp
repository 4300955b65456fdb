// The wall's table, and what the server makes of good replies.
#include "sandbox/wall.hpp"

#include <catch2/catch.hpp>
#include <set>

#include "base/text.hpp"

namespace gumshoe::sandbox {
namespace {

RawRequest wall_request() {
    return {.method = "POST", .path = "/v1/messages", .query = {}, .headers = {{"x-api-key", "sk-1"}}, .body = "{}", .peer = {}};
}

HttpReply wall_reply(std::string type, std::string body) {
    return {.status = 200, .headers = {{"Content-Type", std::move(type)}, {"request-id", "req_1"}}, .body = std::move(body)};
}

/// The body after the fault, which is one of the reply itself.
std::string spoiled(const std::string& model, HttpReply reply) {
    CHECK_FALSE(spoil(model, wall_request(), "http://localhost:1/elsewhere", reply));
    return reply.body;
}

}  // namespace

TEST_CASE("the wall has its 42 scenarios in order, names that are told apart, and a reason where one is not of all") {
    std::set<std::string> names;
    int number = 0;
    for (const WallScenario& scenario : wall()) {
        ++number;
        INFO(scenario.id);
        CHECK(scenario.id == (number < 10 ? "S0" : "S") + std::to_string(number));
        CHECK((scenario.models.empty() == (scenario.made_by == WallScenario::MadeBy::bench)));
        const bool of_all = scenario.streamed && scenario.buffered && scenario.not_of.empty();
        CHECK(scenario.because.empty() == of_all);
        for (const std::string& model : split(scenario.models, ' ')) {
            if (model.empty()) continue;
            CHECK(names.insert(model).second);
            CHECK(model.starts_with("fb-" + to_lower(scenario.id)));
            HttpReply reply = wall_reply("text/event-stream", "data: {\"a\":1}\n\ndata: {\"finish_reason\":\"stop\"}\n\n");
            const std::string before = reply.body;
            const auto fault = spoil(model, wall_request(), "http://localhost:1/elsewhere", reply);
            const bool spoilt = fault || reply.body != before || reply.status != 200 || reply.headers.size() != 2 ||
                                reply.headers.find("Content-Type") != "text/event-stream";
            CHECK(spoilt == (scenario.made_by == WallScenario::MadeBy::server));
        }
    }
    CHECK(number == 42);
}

TEST_CASE("who cannot show a scenario is not asked to") {
    const auto of = [](std::string_view id, std::string_view provider) {
        for (const WallScenario& scenario : wall()) {
            if (scenario.id == id) return applies(scenario, provider);
        }
        throw std::logic_error("no such scenario");
    };
    CHECK(of("S41", "bedrock"));
    CHECK_FALSE(of("S41", "openai"));
    CHECK(of("S02", "openai"));
    CHECK_FALSE(of("S02", "ollama"));
    CHECK(of("S20", "ollama"));
    CHECK(of("S02", "groq"));
    CHECK_FALSE(of("S02", "openrouter"));
    CHECK(of("S05", "openrouter"));
    CHECK_FALSE(of("S06", "vllm"));
    CHECK_FALSE(of("S12", "llamacpp"));
}

TEST_CASE("a stream loses the event that ends it, whatever its framing") {
    CHECK(spoiled("fb-s26", wall_reply("text/event-stream", "data: {\"x\":1}\n\ndata: {\"finish_reason\":\"stop\"}\n\ndata: [DONE]\n\n")) ==
          "data: {\"x\":1}\n\n");
    CHECK(spoiled("fb-s26", wall_reply("application/x-ndjson", "{\"x\":1}\n{\"done\":true}\n")) == "{\"x\":1}\n");
    const std::string frame("\0\0\0\6ab", 6);
    const std::string last("\0\0\0\17messageStop", 15);
    CHECK(spoiled("fb-s26", wall_reply("application/vnd.amazon.eventstream", frame + last)) == frame);
}

TEST_CASE("an event in the middle is broken, and only that") {
    const std::string good = "data: {\"a\":1}\n\ndata: {\"b\":2}\n\ndata: {\"c\":3}\n\n";
    CHECK(spoiled("fb-s27-json", wall_reply("text/event-stream", good)) == "data: {\"a\":1}\n\ndata: {\"\"\":2}\n\ndata: {\"c\":3}\n\n");
    CHECK(spoiled("fb-s27-utf8", wall_reply("text/event-stream", good)).find("{\"\xC3\":2}") != std::string::npos);
}

TEST_CASE("a redirect leads elsewhere, and an odd error echoes the credentials") {
    HttpReply moved = wall_reply("application/json", "{}");
    CHECK_FALSE(spoil("fb-s39", wall_request(), "http://localhost:1/elsewhere", moved));
    CHECK(moved.status == 307);
    CHECK(moved.headers.find("Location") == "http://localhost:1/elsewhere/v1/messages");
    CHECK(spoiled("fb-s40-code", wall_reply("application/json", "{}")).find("sk-1") != std::string::npos);
}

TEST_CASE("a reply that is no success, and a model of another name, are left alone") {
    HttpReply refused = json_reply(401, "{}");
    CHECK_FALSE(spoil("fb-s20", wall_request(), "", refused));
    HttpReply good = json_reply(200, "{}");
    CHECK(spoil("fb-s20", wall_request(), "", good)->kind == FaultKind::hang);
    CHECK(spoiled("gpt-5.1", json_reply(200, "{}")) == "{}");
}

}  // namespace gumshoe::sandbox
