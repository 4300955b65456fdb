// /api/chat on the wire: golden requests, lines of JSON cut anywhere, errors whole and in the middle.
#include "integrations/ollama/dialect.hpp"

#include <nlohmann/json.hpp>

#include "llm/repair.hpp"
#include "tests/support/llm_conversation.hpp"
#include "tests/support/llm_simulation.hpp"

namespace dialect_test {

using namespace gumshoe;
using namespace gumshoe::llm;
using test::conversation;
using test::fixture;
using test::streamed;

namespace {

const std::unique_ptr<Dialect> dialect = ollama::make_dialect();

Target target(std::string model = "qwen3") {
    Target out;
    out.name = "local";
    out.provider = "ollama";
    out.model = std::move(model);
    out.context_window = 32768;
    out.dialect = dialect.get();
    return out;
}

json body_of(const Request& request, const std::string& model = "qwen3") {
    return *parse_json(dialect->build(request, target(model), true).body);
}

json golden(const std::string& name) {
    return *parse_json(fixture("ollama", name));
}

std::variant<Reply, Failure> read(int status, const std::string& body) {
    return dialect->read(test::http_response(status, body));
}

/// The same however it came.
void check_reply(const Reply& reply) {
    CHECK(reply.text == "Gr\xC3\xBC\xC3\x9F");
    CHECK(reply.stop == Stop::tool_calls);
    REQUIRE(reply.tool_calls.size() == 2);
    CHECK(reply.tool_calls[0].id == "call_1");
    CHECK(reply.tool_calls[0].arguments == R"({"svc":"api"})");
    CHECK(reply.tool_calls[1].id == "call_2");
    CHECK(reply.usage.input_tokens == 10);  // the cached part is in it
    CHECK(reply.usage.cached_tokens == 4);
    CHECK(reply.usage.output_tokens == 5);
    CHECK(reply.model == "qwen3");
}

}  // namespace

TEST_CASE("T-54, T-55: a request of a tool loop, as documented: the window is said, and the prompt never cut") {
    CHECK(body_of(conversation()) == golden("request-tools.json"));
    CHECK(dialect->first_content() > milliseconds(60'000));
    CHECK_FALSE(dialect->needs_key());
}

TEST_CASE("T-54: tools and a schema never stand in one request: the last turn has the schema, and history in words") {
    Request last = conversation();
    last.tool_choice = ToolChoice::none;
    CHECK(body_of(last) == golden("request-schema.json"));
}

TEST_CASE("T-53: calls without ids are told apart over the turns by their place") {
    Request request = conversation();
    request.messages.push_back({.role = Role::assistant, .tool_calls = {{"call_1", "get_deploys", "{}"}}});
    request.messages.push_back({.role = Role::tool, .text = "none", .tool_call_id = "call_1"});
    const json messages = body_of(for_target(request, target()))["messages"];
    CHECK(messages[3]["tool_name"] == "get_logs");
    CHECK(messages[5]["tool_name"] == "get_deploys");
}

TEST_CASE("most models think or do not; gpt-oss does so in levels") {
    const auto think = [](const char* effort, const char* model) {
        Request request = conversation();
        request.reasoning_effort = effort;
        return body_of(request, model)["think"];
    };
    CHECK(think("low", "qwen3") == true);
    CHECK(think("minimal", "qwen3") == false);
    CHECK(think("none", "qwen3") == false);
    CHECK(think("none", "gpt-oss:20b") == "low");
    CHECK(think("medium", "gpt-oss:120b") == "medium");
    CHECK(think("high", "gpt-oss:20b") == "high");
    Request silent = conversation();
    silent.reasoning_effort.reset();
    CHECK_FALSE(body_of(silent).contains("think"));
}

TEST_CASE("a model that does not think is asked again without that") {
    const Failure failure = std::get<Failure>(read(400, R"({"error":"\"llama3.2\" does not support thinking"})"));
    const json mended = *parse_json(repaired(dialect->build(conversation(), target(), true).body, {repair_for(failure.param)}));
    CHECK_FALSE(mended.contains("think"));
    CHECK(mended.contains("tools"));
    CHECK(repair_for(std::get<Failure>(read(400, R"({"error":"x does not support tools"})")).param).empty());
}

TEST_CASE("a server on this machine needs no key; the cloud, or a proxy, has one") {
    const HttpRequest http = dialect->build(conversation(), target(), false);
    CHECK(http.url == "http://127.0.0.1:11434/api/chat");
    CHECK_FALSE(http.headers.find("authorization"));
    Target keyed = target();
    keyed.api_key = Secret("proxy-key");
    keyed.api_url = "https://ollama.com";
    CHECK(dialect->build(conversation(), keyed, false).headers.find("authorization") == "Bearer proxy-key");
    CHECK(dialect->probe(keyed)->url == "https://ollama.com/api/tags");
}

TEST_CASE("an answer is the same whole, and streamed however its bytes are cut") {
    check_reply(std::get<Reply>(read(200, fixture("ollama", "reply.json"))));
    const std::string stream = fixture("ollama", "stream.ndjson");
    for (const std::size_t piece : {1, 2, 3, 7, 64, 100000}) check_reply(std::get<Reply>(streamed(*dialect, stream, piece)));
    CHECK(std::holds_alternative<Reply>(streamed(*dialect, stream.substr(0, stream.size() - 1), 9)));  // no end of the last line
}

TEST_CASE("a stream that does not say done was cut; an error in it is the server's") {
    const std::string stream = fixture("ollama", "stream.ndjson");
    const std::string begun = stream.substr(0, stream.rfind("{\"model\""));
    for (std::size_t size = 0; size <= begun.size(); size += 3) {
        CHECK(std::get<Failure>(streamed(*dialect, begun.substr(0, size), 50)).failure == FailureClass::truncated_stream);
    }
    const std::string error = "{\"error\":\"an error was encountered while running the model: unexpected EOF\"}\n";
    CHECK(std::get<Failure>(streamed(*dialect, error, 9)).failure == FailureClass::bad_body);
    CHECK(std::get<Failure>(streamed(*dialect, begun + error, 9)).failure == FailureClass::bad_body);
    CHECK(std::get<Failure>(streamed(*dialect, begun + "<html>\n", 9)).failure == FailureClass::truncated_stream);
}

TEST_CASE("only content is progress: thoughts, text and calls, not an empty line") {
    const auto reader = dialect->stream_reader();
    CHECK_FALSE(reader->feed("{\"message\":{\"role\":\"assistant\",\"content\":\"\"},\"done\":false}\n\n"));
    CHECK(reader->feed("{\"message\":{\"content\":\"\",\"thinking\":\"hm\"},\"done\":false}\n"));
    CHECK(reader->feed("{\"message\":{\"content\":\"\",\"tool_calls\":[{\"function\":{\"name\":\"f\"}}]},\"done\":false}\n"));
}

TEST_CASE("why an answer ended is told, and odd counts do no harm") {
    const auto reply = [](const std::string& more) {
        return std::get<Reply>(read(200, R"({"model":"m","message":{"role":"assistant","content":"x"},"done":true)" + more + "}"));
    };
    CHECK(reply(R"(,"done_reason":"length")").stop == Stop::length);
    CHECK(reply(R"(,"done_reason":"stop")").stop == Stop::end);
    CHECK(reply(R"(,"prompt_eval_count":-5,"eval_count":"x")").usage.input_tokens == 0);
    CHECK(reply(R"(,"prompt_eval_count":3,"prompt_eval_cached_count":9)").usage.input_tokens == 9);
    for (const char* body : {"{}", "[]", "7", R"({"message":{"content":"x"},"done":false})", "{\"mess"}) {
        INFO(body);
        CHECK(std::get<Failure>(read(200, body)).failure == FailureClass::bad_body);
    }
}

TEST_CASE("T-51, T-55: every known error body has its class; a prompt that does not fit is one") {
    test::check_errors(*dialect, "ollama");
}

}  // namespace dialect_test
