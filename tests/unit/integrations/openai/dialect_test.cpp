// Chat completions on the wire: golden requests, whole and streamed answers, streams cut anywhere.
#include "integrations/openai/dialect.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "integrations/openai/sandbox_check.hpp"
#include "tests/support/fake_http.hpp"
#include "tests/support/llm_simulation.hpp"

namespace dialect_test {

using namespace gumshoe;
using namespace gumshoe::llm;

namespace {

const std::unique_ptr<Dialect> dialect = openai::make_dialect(openai::chat);

Target target(std::string model) {
    Target out;
    out.name = "main";
    out.provider = "openai";
    out.model = std::move(model);
    out.api_key = Secret("sk-test");
    out.dialect = dialect.get();
    return out;
}

Request conversation() {
    Request request;
    request.messages = {
        {.role = Role::system, .text = "You are an analyst."},
        {.role = Role::user, .text = "Alert."},
        {.role = Role::assistant, .tool_calls = {{"call_1", "get_logs", R"({"svc":"api"})"}}},
        {.role = Role::tool, .text = "log text", .tool_call_id = "call_1"},
    };
    request.tools = {{"get_logs", "Reads logs.",
                      R"({"type":"object","properties":{"svc":{"type":"string"}},"required":["svc"],"additionalProperties":false})"}};
    request.schema_name = "finding";
    request.schema = R"({"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false})";
    request.temperature = 0.2;
    request.reasoning_effort = "low";
    return request;
}

json body_of(const Request& request, const std::string& model, bool stream = false) {
    return *parse_json(dialect->build(request, target(model), stream).body);
}

std::variant<Reply, Failure> streamed(std::string_view bytes, std::size_t piece) {
    const auto reader = dialect->stream_reader();
    for (std::size_t at = 0; at < bytes.size(); at += piece) reader->feed(bytes.substr(at, piece));
    return reader->finish();
}

const std::string stream =
    "data: "
    "{\"id\":\"c\",\"model\":\"gpt-5.1-2025\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"finish_"
    "reason\":null}]}\n\n"
    ": keep-alive\n\n"
    "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Gr\\u00fc\xC3\x9F\"},\"finish_reason\":null}]}\r\n\r\n"
    "data: "
    "{\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":1,\"id\":\"call_b\",\"type\":\"function\",\"function\":{"
    "\"name\":\"two\",\"arguments\":\"\"}}]}}]}\n\n"
    "data: "
    "{\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"call_a\",\"type\":\"function\",\"function\":{"
    "\"name\":\"one\",\"arguments\":\"{\\\"svc\"}}]}}]}\n\n"
    "data: "
    "{\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"\\\":1}\"}},{\"index\":"
    "1,\"id\":\"call_b\",\"function\":{\"arguments\":\"{}\"}}]}}]}\n\n"
    "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\n"
    "data: "
    "{\"id\":\"c\",\"choices\":[],\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":5,\"prompt_tokens_details\":{\"cached_tokens\":4},"
    "\"completion_tokens_details\":{\"reasoning_tokens\":2}}}\n\n"
    "data: [DONE]\n\n";

}  // namespace

TEST_CASE("a request to a model that reasons, as documented") {
    const json expected = *parse_json(test::fixture("openai", "chat_request.json"));
    CHECK(body_of(conversation(), "gpt-5.1", true) == expected);
    for (const char* model : {"o3-mini", "o4-mini", "gpt-5.1", "openai/o3", "gpt-6-sol", "openai/gpt-6.1-terra"})
        CHECK(body_of(conversation(), model).contains("max_completion_tokens"));
}

TEST_CASE("a request to another model takes a system message, max_tokens and a temperature") {
    for (const char* model : {"gpt-4o", "gpt-4.1", "gpt-35-turbo", "gpt-5-chat-latest", "openai/gpt-oss-120b", "llama-3", "openhermes"}) {
        const json body = body_of(conversation(), model);
        INFO(model);
        CHECK(body["messages"][0]["role"] == "system");
        CHECK(body["max_tokens"] == 4096);
        CHECK(body["temperature"] == 0.2);
        CHECK_FALSE(body.contains("reasoning_effort"));
        CHECK_FALSE(body.contains("stream"));
        CHECK_FALSE(body.contains("stream_options"));
    }
}

TEST_CASE("without tools there is no tool_choice, without a schema no response_format") {
    Request request;
    request.messages = {{.role = Role::user, .text = "hi"}};
    request.tool_choice = ToolChoice::none;
    const json body = body_of(request, "gpt-4o");
    CHECK_FALSE(body.contains("tool_choice"));
    CHECK_FALSE(body.contains("tools"));
    CHECK_FALSE(body.contains("response_format"));
}

TEST_CASE("every request we build is one the strict simulation takes") {
    for (const char* model : {"gpt-5.1", "gpt-4o"}) {
        for (const ToolChoice choice : {ToolChoice::automatic, ToolChoice::none, ToolChoice::required}) {
            Request request = conversation();
            request.tool_choice = choice;
            const auto refusal = openai::check_request(body_of(request, model, true));
            INFO((refusal ? refusal->body : ""));
            CHECK_FALSE(refusal.has_value());
        }
    }
}

TEST_CASE("the key is in one header and nowhere else, broken UTF-8 becomes a mark") {
    Request request = conversation();
    request.messages[1].text = "raw \xff\xfe bytes";
    const HttpRequest http = dialect->build(request, target("gpt-4o"), true);
    CHECK(http.method == "POST");
    CHECK(http.url == "https://api.openai.com/v1/chat/completions");
    CHECK(http.headers.find("authorization") == "Bearer sk-test");
    CHECK(http.body.find("sk-test") == std::string::npos);
    CHECK(parse_json(http.body).has_value());
    CHECK(http.body.find("raw \xEF\xBF\xBD") != std::string::npos);
    const HttpRequest probe = dialect->probe(target("gpt-4o")).value();
    CHECK(probe.method == "GET");
    CHECK(probe.url == "https://api.openai.com/v1/models");
    CHECK(probe.headers.find("authorization") == "Bearer sk-test");
    Target keyless = target("llama");
    keyless.api_key = {};
    keyless.api_url = "http://127.0.0.1:9/v1";
    CHECK_FALSE(dialect->build(request, keyless, false).headers.find("authorization"));
    CHECK(dialect->build(request, keyless, false).url == "http://127.0.0.1:9/v1/chat/completions");
}

TEST_CASE("a whole answer is read") {
    const auto outcome = dialect->read(test::http_response(
        200, R"({"id":"chatcmpl-1","object":"chat.completion","model":"gpt-5.1-2025","choices":[{"index":0,"finish_reason":"tool_calls",
        "message":{"role":"assistant","content":null,"refusal":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"get_logs","arguments":""}}]}}],
        "usage":{"prompt_tokens":10,"completion_tokens":5,"prompt_tokens_details":{"cached_tokens":3},"completion_tokens_details":{"reasoning_tokens":2}}})",
        {{"x-request-id", "req_9"}}));
    const Reply& reply = std::get<Reply>(outcome);
    CHECK(reply.stop == Stop::tool_calls);
    REQUIRE(reply.tool_calls.size() == 1);
    CHECK(reply.tool_calls[0].arguments == "{}");
    CHECK(reply.usage.input_tokens == 10);
    CHECK(reply.usage.cached_tokens == 3);
    CHECK(reply.usage.reasoning_tokens == 2);
    CHECK(reply.request_id == "req_9");
    CHECK(reply.model == "gpt-5.1-2025");
}

TEST_CASE("finish reasons and refusals have their stop") {
    const auto stop = [](const char* choice) {
        return std::get<Reply>(dialect->read(test::http_response(200, std::string(R"({"choices":[)") + choice + "]}"))).stop;
    };
    CHECK(stop(R"({"finish_reason":"stop","message":{"content":"x"}})") == Stop::end);
    CHECK(stop(R"({"finish_reason":"length","message":{"content":"x"}})") == Stop::length);
    CHECK(stop(R"({"finish_reason":"content_filter","message":{"content":"x"}})") == Stop::filter);
    CHECK(stop(R"({"finish_reason":"stop","message":{"content":null,"refusal":"no"}})") == Stop::refusal);
    for (const char* body : {"{}", R"({"choices":[]})", R"({"choices":7})", "[1]", "{\"choices\":[{"}) {
        CHECK(std::get<Failure>(dialect->read(test::http_response(200, body))).failure == FailureClass::bad_body);
    }
}

TEST_CASE("a streamed answer is the same however its bytes are cut") {
    for (const std::size_t piece : {1, 2, 3, 7, 64, 100000}) {
        const Reply reply = std::get<Reply>(streamed(stream, piece));
        CHECK(reply.text == "Grü\xC3\x9F");
        CHECK(reply.stop == Stop::tool_calls);
        REQUIRE(reply.tool_calls.size() == 2);
        CHECK(reply.tool_calls[0].id == "call_a");
        CHECK(reply.tool_calls[0].arguments == "{\"svc\":1}");
        CHECK(reply.tool_calls[1].name == "two");
        CHECK(reply.tool_calls[1].arguments == "{}");
        CHECK(reply.usage.input_tokens == 10);
        CHECK(reply.usage.cached_tokens == 4);
        CHECK(reply.model == "gpt-5.1-2025");
    }
}

TEST_CASE("a stream that ends anywhere is the whole answer or says it was cut") {
    const std::size_t whole =
        stream.find("\"finish_reason\":\"tool_calls\"}]}") + std::string("\"finish_reason\":\"tool_calls\"}]}").size();
    for (std::size_t size = 0; size <= stream.size(); ++size) {
        const auto outcome = streamed(std::string_view(stream).substr(0, size), 11);
        INFO(size);
        if (size < whole) {
            CHECK(std::get<Failure>(outcome).failure == FailureClass::truncated_stream);
        } else {
            CHECK(std::get<Reply>(outcome).tool_calls.size() == 2);
        }
    }
}

TEST_CASE("only content counts as progress") {
    const auto reader = dialect->stream_reader();
    CHECK_FALSE(reader->feed(": ping\n\n"));
    CHECK_FALSE(reader->feed("data: {\"choices\":[],\"prompt_filter_results\":[]}\n\n"));
    CHECK_FALSE(reader->feed("data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n"));
    CHECK(reader->feed("data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}]}\n\n"));
    CHECK_FALSE(reader->feed("data: {\"choices\":[{\"delta\":{}}]}\n\n"));
    CHECK(reader->feed(
        "data: "
        "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"c\",\"function\":{\"name\":\"n\",\"arguments\":\"{\"}}]}}]}\n\n"));
}

TEST_CASE("an error in a stream is the failure it names, before and after text") {
    const std::string text = "data: {\"choices\":[{\"delta\":{\"content\":\"half\"}}]}\n\n";
    const std::string quota =
        "data: {\"error\":{\"message\":\"You exceeded your current "
        "quota\",\"type\":\"insufficient_quota\",\"code\":\"insufficient_quota\"}}\n\n";
    CHECK(std::get<Failure>(streamed(quota, 9)).failure == FailureClass::account_dead);
    CHECK(std::get<Failure>(streamed(text + quota, 9)).failure == FailureClass::account_dead);
    CHECK(std::get<Failure>(streamed(text + "data: {\"error\":{\"message\":\"odd\"}}\n\ndata: [DONE]\n\n", 9)).failure ==
          FailureClass::bad_body);
    CHECK(std::get<Failure>(streamed(text + "data: {\"choi\n\n" + text, 9)).failure == FailureClass::truncated_stream);
    CHECK(std::get<Failure>(streamed(text + "data: [DONE]\n\n", 9)).failure == FailureClass::truncated_stream);
}

TEST_CASE("tool calls of servers that leave the index out are told apart by their ids") {
    const std::string bytes =
        "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"id\":\"a\",\"function\":{\"name\":\"one\",\"arguments\":\"{\"}}]}}]}\n\n"
        "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"id\":\"a\",\"function\":{\"arguments\":\"}\"}}]}}]}\n\n"
        "data: "
        "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"id\":\"b\",\"function\":{\"name\":\"two\",\"arguments\":\"{}\"}}]},\"finish_reason\":"
        "\"tool_calls\"}]}\n\n";
    const Reply reply = std::get<Reply>(streamed(bytes, 5));
    REQUIRE(reply.tool_calls.size() == 2);
    CHECK(reply.tool_calls[0].arguments == "{}");
    CHECK(reply.tool_calls[1].name == "two");
}

}  // namespace dialect_test
