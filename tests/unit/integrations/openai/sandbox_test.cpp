// The simulated OpenAI is as strict as the real one, and its answers are ones our dialect reads.
#include "integrations/openai/sandbox.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "integrations/openai/dialect.hpp"
#include "integrations/openai/sandbox_check.hpp"
#include "integrations/openai/sandbox_faults.hpp"
#include "llm/classify.hpp"
#include "tests/support/fake_http.hpp"

namespace sandbox_test {

using namespace gumshoe;

namespace {

json good() {
    return *parse_json(R"({"model":"gpt-4o","max_tokens":10,"messages":[{"role":"user","content":"hi"},
        {"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"get","arguments":"{}"}}]},
        {"role":"tool","tool_call_id":"c1","content":"r"}],
        "tools":[{"type":"function","function":{"name":"get","parameters":{"type":"object","properties":{}}}}],"tool_choice":"auto"})");
}

HttpReply ask(const json& body, Headers headers = {{"Authorization", "Bearer sk-x"}, {"Content-Type", "application/json"}},
              const char* scenario = "{}", const char* path = "/v1/chat/completions", const char* method = "POST") {
    const auto simulation = openai::make_simulation();
    const sandbox::World world{.scenario = std::make_shared<const json>(*parse_json(scenario)), .zero = {}, .now = {}, .base_url = {}};
    return simulation->handle(
        {.method = method, .path = path, .query = {}, .headers = std::move(headers), .body = dump_json(body), .peer = {}}, world);
}

}  // namespace

TEST_CASE("a request as documented is answered") {
    CHECK(ask(good()).status == 200);
}

TEST_CASE("what the real API refuses the simulation refuses") {
    const std::vector<std::pair<const char*, std::function<void(json&)>>> breaks{
        {"unknown field", [](json& b) { b["foo"] = 1; }},
        {"wrong type", [](json& b) { b["max_tokens"] = "10"; }},
        {"no model", [](json& b) { b.erase("model"); }},
        {"no messages", [](json& b) { b["messages"] = json::array(); }},
        {"result without call", [](json& b) { b["messages"][2]["tool_call_id"] = "c2"; }},
        {"call without result", [](json& b) { b["messages"].erase(2); }},
        {"text between call and result",
         [](json& b) { b["messages"].insert(b["messages"].begin() + 2, json{{"role", "user"}, {"content", "x"}}); }},
        {"result twice", [](json& b) { b["messages"].push_back(b["messages"][2]); }},
        {"arguments as an object", [](json& b) { b["messages"][1]["tool_calls"][0]["function"]["arguments"] = json::object(); }},
        {"id too long", [](json& b) { b["messages"][1]["tool_calls"][0]["id"] = std::string(41, 'x'); }},
        {"unknown role", [](json& b) { b["messages"][0]["role"] = "bot"; }},
        {"unknown field of a message", [](json& b) { b["messages"][0]["opaque"] = "x"; }},
        {"tool_choice without tools", [](json& b) { b.erase("tools"); }},
        {"bad tool name", [](json& b) { b["tools"][0]["function"]["name"] = "get it"; }},
        {"strict with an open object", [](json& b) { b["tools"][0]["function"]["strict"] = true; }},
        {"stream_options without stream", [](json& b) { b["stream_options"] = json{{"include_usage", true}}; }},
        {"max_tokens for a model that reasons", [](json& b) { b["model"] = "gpt-5.1"; }},
        {"effort for one that does not", [](json& b) { b["reasoning_effort"] = "low"; }},
        {"schema without a name",
         [](json& b) { b["response_format"] = json{{"type", "json_schema"}, {"json_schema", {{"schema", json::object()}}}}; }},
    };
    for (const auto& [name, change] : breaks) {
        json body = good();
        change(body);
        INFO(name);
        const HttpReply reply = ask(body);
        CHECK(reply.status == 400);
        CHECK(parse_json(reply.body)->contains("error"));
    }
}

TEST_CASE("a call without a key, with another key or to another path is refused as there") {
    CHECK(ask(good(), {{"Content-Type", "application/json"}}).status == 401);
    CHECK(ask(good(), {{"Authorization", "Basic x"}, {"Content-Type", "application/json"}}).status == 401);
    CHECK(ask(good(), {{"Authorization", "Bearer sk-x"}, {"Content-Type", "application/json"}}, R"({"llm":{"openai":{"api_key":"sk-y"}}})")
              .status == 401);
    CHECK(ask(good(), {{"Authorization", "Bearer sk-x"}, {"Content-Type", "text/plain"}}).status == 400);
    CHECK(ask(good(), {{"Authorization", "Bearer sk-x"}}, "{}", "/v1/completions").status == 404);
    CHECK(ask(good(), {{"Authorization", "Bearer sk-x"}}, "{}", "/v1/chat/completions", "GET").status == 405);
    CHECK(ask(json(), {{"Authorization", "Bearer sk-x"}}, "{}", "/models", "GET").status == 200);
}

TEST_CASE("a dead account refuses the list of models too") {
    const HttpReply reply =
        ask(json(), {{"Authorization", "Bearer sk-x"}}, R"({"llm":{"openai":{"account":"deactivated"}}})", "/models", "GET");
    const Failure failure = llm::classify_response("openai", test::http_response(reply.status, reply.body));
    CHECK(failure.failure == FailureClass::account_dead);
}

TEST_CASE("models of a scenario are the only ones there are") {
    const char* scenario = R"({"llm":{"openai":{"models":{"gpt-4o":"ok","gpt-4.1":"500"}}}})";
    const Headers headers{{"Authorization", "Bearer sk-x"}, {"Content-Type", "application/json"}};
    json body = good();
    CHECK(ask(body, headers, scenario).status == 200);
    body["model"] = "gpt-4.1";
    CHECK(ask(body, headers, scenario).status == 500);
    body["model"] = "gpt-9";
    CHECK(ask(body, headers, scenario).status == 404);
}

TEST_CASE("every named fault is one, whole or streamed") {
    const auto dialect = openai::make_dialect(openai::chat);
    for (const std::string_view name : openai::fault_names()) {
        json body = good();
        body["model"] = "fb-" + std::string(name);
        body["response_format"] = json{{"type", "text"}};
        body["stream"] = true;
        const HttpReply reply = ask(body);
        INFO(name);
        const bool event_stream = reply.headers.find("content-type").value_or("").find("event-stream") != std::string_view::npos;
        std::variant<llm::Reply, Failure> outcome;
        if (event_stream) {
            const auto reader = dialect->stream_reader();
            reader->feed(reply.body);
            outcome = reader->finish();
        } else {
            outcome = dialect->read(test::http_response(reply.status, reply.body, reply.headers));
        }
        if (const auto* answer = std::get_if<llm::Reply>(&outcome)) {
            const bool of_schema = name != "bad-schema";  // which the caller finds out
            CHECK((!of_schema || answer->stop == llm::Stop::length || answer->stop == llm::Stop::refusal || answer->text.empty()));
        } else {
            CHECK(std::get<Failure>(outcome).failure != FailureClass::none);
        }
    }
}

}  // namespace sandbox_test
