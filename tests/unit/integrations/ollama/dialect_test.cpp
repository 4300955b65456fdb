// /api/chat on the wire: golden requests, lines of JSON cut anywhere, errors whole and in the middle.
#include "integrations/ollama/dialect.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/support/fake_http.hpp"
#include "tests/support/llm_conversation.hpp"

using namespace gumshoe;
using namespace gumshoe::llm;
using test::conversation;
using test::streamed;

namespace {

const std::unique_ptr<Dialect> dialect = ollama::make_dialect();

Target target() {
    Target out;
    out.name = "local";
    out.provider = "ollama";
    out.model = "qwen3";
    out.context_window = 32768;
    out.dialect = dialect.get();
    return out;
}

json body_of(const Request& request) {
    return *parse_json(dialect->build(request, target(), true).body);
}

const std::string stream =
    "{\"model\":\"qwen3\",\"message\":{\"role\":\"assistant\",\"content\":\"\",\"thinking\":\"hm\"},\"done\":false}\n"
    "{\"model\":\"qwen3\",\"message\":{\"role\":\"assistant\",\"content\":\"Gr\\u00fc\xC3\x9F\"},\"done\":false}\n"
    "{\"model\":\"qwen3\",\"message\":{\"role\":\"assistant\",\"content\":\"\",\"tool_calls\":[{\"function\":{\"name\":\"get_logs\","
    "\"arguments\":{\"svc\":\"api\"}}}]},\"done\":false}\n"
    "{\"model\":\"qwen3\",\"message\":{\"role\":\"assistant\",\"content\":\"\"},\"done\":true,\"done_reason\":\"stop\",\"prompt_eval_"
    "count\":10,"
    "\"eval_count\":5}\n";

}  // namespace

TEST_CASE("the window is said and the prompt never cut") {
    const json body = body_of(conversation());
    CHECK(body["options"] == json({{"num_ctx", 32768}, {"num_predict", 4096}, {"temperature", 0.2}}));
    CHECK(body["truncate"] == false);
    CHECK(body["shift"] == false);
    CHECK(body["stream"] == true);
    CHECK(body["think"] == true);
    CHECK(dialect->first_content() > milliseconds(60'000));
    CHECK_FALSE(dialect->needs_key());
}

TEST_CASE("calls and results have names instead of ids; a schema and tools exclude each other") {
    const json body = body_of(conversation());
    CHECK(body["messages"][2]["tool_calls"][0] == *parse_json(R"({"function":{"name":"get_logs","arguments":{"svc":"api"}}})"));
    CHECK(body["messages"][3] == *parse_json(R"({"role":"tool","tool_name":"get_logs","content":"log text"})"));
    CHECK(body["tools"][0]["function"]["name"] == "get_logs");
    CHECK_FALSE(body.contains("format"));
    Request last = conversation();
    last.tool_choice = ToolChoice::none;
    CHECK(body_of(last).contains("format"));
    CHECK_FALSE(body_of(last).contains("tools"));
}

TEST_CASE("a server on this machine needs no key; one behind a proxy may have one") {
    const HttpRequest http = dialect->build(conversation(), target(), false);
    CHECK(http.url == "http://127.0.0.1:11434/api/chat");
    CHECK_FALSE(http.headers.find("authorization"));
    Target keyed = target();
    keyed.api_key = Secret("proxy-key");
    CHECK(dialect->build(conversation(), keyed, false).headers.find("authorization") == "Bearer proxy-key");
    CHECK(dialect->probe(target())->url == "http://127.0.0.1:11434/api/tags");
}

TEST_CASE("a streamed answer is the same however its bytes are cut") {
    for (const std::size_t piece : {1, 2, 3, 7, 64, 100000}) {
        const Reply reply = std::get<Reply>(streamed(*dialect, stream, piece));
        CHECK(reply.text == "Gr\xC3\xBC\xC3\x9F");
        CHECK(reply.stop == Stop::tool_calls);
        CHECK(reply.tool_calls.at(0).id == "call_1");
        CHECK(reply.tool_calls.at(0).arguments == R"({"svc":"api"})");
        CHECK(reply.usage.input_tokens == 10);
        CHECK(reply.usage.output_tokens == 5);
    }
    const std::size_t last = stream.rfind("{\"model\"");
    for (std::size_t size = 0; size <= last; size += 3) {
        CHECK(std::get<Failure>(streamed(*dialect, std::string_view(stream).substr(0, size), 50)).failure ==
              FailureClass::truncated_stream);
    }
}

TEST_CASE("a whole answer is one line; a cut one says length") {
    const auto outcome = dialect->read(test::http_response(
        200, R"({"model":"qwen3","message":{"role":"assistant","content":"x"},"done":true,"done_reason":"length","eval_count":9})"));
    CHECK(std::get<Reply>(outcome).stop == Stop::length);
    CHECK(std::get<Failure>(dialect->read(test::http_response(200, "{}"))).failure == FailureClass::bad_body);
}

TEST_CASE("errors have their class, whole and in the middle of a stream") {
    const auto failure = [](int status, const std::string& body) {
        return std::get<Failure>(dialect->read(test::http_response(status, body))).failure;
    };
    CHECK(failure(404, R"({"error":"model \"x\" not found, try pulling it first"})") == FailureClass::model_gone);
    CHECK(failure(503, R"({"error":"server busy, please try again.  maximum pending requests exceeded"})") == FailureClass::overloaded);
    CHECK(failure(400, R"({"error":"the input length exceeds the context length"})") == FailureClass::context_overflow);
    CHECK(failure(500, R"({"error":"llama runner process has terminated"})") == FailureClass::server_error);
    const std::size_t second = stream.find('\n') + 1;
    const auto outcome =
        streamed(*dialect, stream.substr(0, second) + "{\"error\":\"an error was encountered while running the model\"}\n", 9);
    CHECK(std::holds_alternative<Failure>(outcome));
}
