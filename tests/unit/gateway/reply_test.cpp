// Replies as chat completions, byte for byte, and errors as clients know them.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "gateway/api_error.hpp"
#include "gateway/completion_reply.hpp"

namespace gumshoe::gateway {
namespace {

const CompletionHead head{.id = "chatcmpl-1", .created = 1785578400, .model = "gpt-5.1"};

llm::Reply spoken(std::string text, llm::Stop stop = llm::Stop::end) {
    return {.text = std::move(text),
            .tool_calls = {},
            .stop = stop,
            .usage = {.input_tokens = 10, .cached_tokens = 4, .output_tokens = 5, .reasoning_tokens = 2},
            .model = "gpt-5.1",
            .request_id = "req_1",
            .opaque = "[\"signed\"]"};
}

llm::Reply calling() {
    llm::Reply reply = spoken("", llm::Stop::tool_calls);
    reply.tool_calls = {{"call_1", "get_logs", "{\"svc\":\"api\"}"}, {"call_2", "get_spans", "{}"}};
    return reply;
}

/// The payloads of a stream, in order.
std::vector<std::string> payloads(const std::string& events) {
    std::vector<std::string> out;
    std::size_t at = 0;
    while (at < events.size()) {
        const std::size_t end = events.find("\n\n", at);
        REQUIRE(end != std::string::npos);
        REQUIRE(events.compare(at, 6, "data: ") == 0);
        out.push_back(events.substr(at + 6, end - at - 6));
        at = end + 2;
    }
    return out;
}

}  // namespace

TEST_CASE("a whole answer is a chat completion") {
    CHECK(completion_json(head, spoken("It \"broke\".")) ==
          R"({"id":"chatcmpl-1","object":"chat.completion","created":1785578400,"model":"gpt-5.1","choices":[{"index":0,)"
          R"("message":{"role":"assistant","content":"It \"broke\".","refusal":null},"logprobs":null,"finish_reason":"stop"}],)"
          R"("usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15,"prompt_tokens_details":{"cached_tokens":4},)"
          R"("completion_tokens_details":{"reasoning_tokens":2}}})");
    const json cut = json::parse(completion_json(head, spoken("half an ans", llm::Stop::length)));
    CHECK(cut["choices"][0]["finish_reason"] == "length");
    const json called = json::parse(completion_json(head, calling()));
    CHECK(called["choices"][0]["finish_reason"] == "tool_calls");
    CHECK(called["choices"][0]["message"]["content"].is_null());
    CHECK(called["choices"][0]["message"]["tool_calls"][1] ==
          json{{"id", "call_2"}, {"type", "function"}, {"function", {{"name", "get_spans"}, {"arguments", "{}"}}}});
}

TEST_CASE("a streamed answer is chunks, usage where asked for, and [DONE]") {
    const std::string opening =
        R"(data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1785578400,"model":"gpt-5.1","choices":)";
    const std::string events = opening + R"([{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]})" + "\n\n" +
                               opening + R"([{"index":0,"delta":{"content":"It broke."},"finish_reason":null}]})" + "\n\n" + opening +
                               R"([{"index":0,"delta":{},"finish_reason":"stop"}]})" + "\n\n";
    CHECK(completion_events(head, spoken("It broke."), false) == events + "data: [DONE]\n\n");
    const std::string usage = opening + R"([],"usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15,)" +
                              R"("prompt_tokens_details":{"cached_tokens":4},"completion_tokens_details":{"reasoning_tokens":2}}})" +
                              "\n\n";
    CHECK(completion_events(head, spoken("It broke."), true) == events + usage + "data: [DONE]\n\n");
}

TEST_CASE("streamed tool calls have their index, id, name and arguments") {
    const auto events = payloads(completion_events(head, calling(), false));
    REQUIRE(events.size() == 5);
    CHECK(json::parse(events[0])["choices"][0]["delta"]["content"].is_null());
    const json second = json::parse(events[2])["choices"][0]["delta"]["tool_calls"][0];
    CHECK(second == json{{"index", 1}, {"id", "call_2"}, {"type", "function"}, {"function", {{"name", "get_spans"}, {"arguments", "{}"}}}});
    CHECK(json::parse(events[3])["choices"][0]["finish_reason"] == "tool_calls");
}

TEST_CASE("a long text comes in pieces that cut no code point and add up to it") {
    std::string text;
    for (int i = 0; i < 4000; ++i) text += i % 3 == 0 ? "\xF0\x9F\x94\xA5" : "a\xC3\xA9";
    std::string whole;
    const auto events = payloads(completion_events(head, spoken(text), false));
    REQUIRE(events.size() > 5);
    for (std::size_t i = 0; i + 1 < events.size(); ++i) {
        const json delta = json::parse(events[i])["choices"][0]["delta"];
        const std::string piece = delta.value("content", "");
        CHECK(piece.size() <= 4096 + 3);
        CHECK(piece.find("\xEF\xBF\xBD") == std::string::npos);  // U+FFFD: a cut inside a code point
        whole += piece;
    }
    CHECK(whole == text);
}

TEST_CASE("chains without an answer are the errors that clients know; only a stopping service invites another try") {
    struct Case {
        FailureClass failure;
        int status;
        std::string code;
        std::string type;
    };
    const std::vector<Case> cases{
        {FailureClass::budget_exceeded, 429, "insufficient_quota", "insufficient_quota"},
        {FailureClass::context_overflow, 400, "context_length_exceeded", "invalid_request_error"},
        {FailureClass::output_truncated, 400, "output_truncated", "invalid_request_error"},
        {FailureClass::content_filter, 400, "content_filter", "invalid_request_error"},
        {FailureClass::refusal, 400, "refusal", "invalid_request_error"},
        {FailureClass::caller_fault, 400, "refused_by_providers", "invalid_request_error"},
        {FailureClass::too_large, 413, "request_too_large", "invalid_request_error"},
        {FailureClass::cancelled, 503, "stopping", "server_error"},
        {FailureClass::account_dead, 503, "no_model_answered", "server_error"},
        {FailureClass::none, 503, "no_model_answered", "server_error"},
    };
    for (const Case& one : cases) {
        INFO(one.code);
        llm::NoAnswer end;
        end.failure = one.failure;
        end.note = "no model answered; main: it is down";
        const HttpReply reply = error_reply(error_of(end));
        CHECK(reply.status == one.status);
        const json error = json::parse(reply.body)["error"];
        CHECK(error["code"] == one.code);
        CHECK(error["type"] == one.type);
        CHECK(error["message"] == end.note);
        CHECK(error.contains("param"));
        CHECK(reply.headers.find("x-should-retry") == (one.failure == FailureClass::cancelled ? "true" : "false"));
    }
}

}  // namespace gumshoe::gateway
