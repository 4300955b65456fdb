// The simulated Anthropic is as strict as the real one, and its answers are ones our dialect reads.
#include "integrations/anthropic/sandbox.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "integrations/anthropic/dialect.hpp"
#include "integrations/anthropic/sandbox_faults.hpp"
#include "llm/classify.hpp"
#include "tests/support/fake_http.hpp"

namespace sandbox_test {

using namespace gumshoe;

namespace {

const Headers usual{{"x-api-key", "k"}, {"anthropic-version", "2023-06-01"}, {"Content-Type", "application/json"}};

json good() {
    return *parse_json(R"({"model":"claude-sonnet-5","max_tokens":10,"messages":[{"role":"user","content":[{"type":"text","text":"hi"}]},
        {"role":"assistant","content":[{"type":"tool_use","id":"t1","name":"get","input":{}}]},
        {"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":[]},{"type":"text","text":"go on"}]}],
        "tools":[{"name":"get","input_schema":{"type":"object","properties":{}}}],"tool_choice":{"type":"auto"}})");
}

HttpReply ask(const json& body, Headers headers = usual, const char* scenario = "{}", const char* path = "/v1/messages",
              const char* method = "POST") {
    const auto simulation = anthropic::make_simulation();
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
        {"no max_tokens", [](json& b) { b.erase("max_tokens"); }},
        {"max_tokens as text", [](json& b) { b["max_tokens"] = "10"; }},
        {"no messages", [](json& b) { b["messages"] = json::array(); }},
        {"assistant first", [](json& b) { b["messages"].erase(0); }},
        {"system as a role", [](json& b) { b["messages"][0]["role"] = "system"; }},
        {"empty text", [](json& b) { b["messages"][0]["content"][0]["text"] = ""; }},
        {"result after text", [](json& b) { std::swap(b["messages"][2]["content"][0], b["messages"][2]["content"][1]); }},
        {"call without result", [](json& b) { b["messages"][2]["content"].erase(0); }},
        {"result of another call", [](json& b) { b["messages"][2]["content"][0]["tool_use_id"] = "t2"; }},
        {"odd id", [](json& b) { b["messages"][1]["content"][0]["id"] = "t:1"; }},
        {"input as text", [](json& b) { b["messages"][1]["content"][0]["input"] = "{}"; }},
        {"foreign signature",
         [](json& b) {
             b["messages"][1]["content"].insert(b["messages"][1]["content"].begin(),
                                                json{{"type", "thinking"}, {"thinking", "x"}, {"signature", "y"}});
         }},
        {"begun answer", [](json& b) { b["messages"].push_back(json{{"role", "assistant"}, {"content", "{"}}); }},
        {"tool_choice without tools", [](json& b) { b.erase("tools"); }},
        {"tool_choice as text", [](json& b) { b["tool_choice"] = "auto"; }},
        {"temperature over one", [](json& b) { b["temperature"] = 1.5; }},
        {"open schema",
         [](json& b) {
             b["output_config"] =
                 json{{"format", {{"type", "json_schema"}, {"schema", {{"type", "object"}, {"properties", json::object()}}}}}};
         }},
        {"bounded schema",
         [](json& b) {
             b["output_config"]["format"] = *parse_json(
                 R"({"type":"json_schema","schema":{"type":"object","properties":{"a":{"type":"integer","minimum":1}},"required":["a"],"additionalProperties":false}})");
         }},
        {"unknown effort", [](json& b) { b["output_config"]["effort"] = "minimal"; }},
    };
    for (const auto& [name, change] : breaks) {
        json body = good();
        change(body);
        INFO(name);
        const HttpReply reply = ask(body);
        CHECK(reply.status == 400);
        CHECK(string_or_empty(*parse_json(reply.body), "error.type") == "invalid_request_error");
    }
}

TEST_CASE("a call without key or version or to another path is refused as there") {
    CHECK(ask(good(), {{"anthropic-version", "2023-06-01"}, {"Content-Type", "application/json"}}).status == 401);
    CHECK(ask(good(), {{"x-api-key", "k"}, {"Content-Type", "application/json"}}).status == 400);
    CHECK(ask(good(), usual, R"({"llm":{"anthropic":{"api_key":"other"}}})").status == 401);
    CHECK(ask(good(), usual, "{}", "/v1/complete").status == 404);
    CHECK(ask(json(), usual, "{}", "/models", "GET").status == 200);
}

TEST_CASE("reasoning that the simulation signed is taken back") {
    const auto dialect = anthropic::make_dialect();
    json body = good();
    body["output_config"] = json{{"effort", "low"}};
    const HttpReply reply = ask(body);
    const auto outcome = dialect->read(test::http_response(200, reply.body));
    const std::string opaque = std::get<llm::Reply>(outcome).opaque;
    REQUIRE_FALSE(opaque.empty());
    body["messages"].push_back(json{{"role", "assistant"}, {"content", *parse_json(opaque)}});
    body["messages"].push_back(json{{"role", "user"}, {"content", "and?"}});
    CHECK(ask(body).status == 200);
}

TEST_CASE("every named fault is one, whole or streamed") {
    const auto dialect = anthropic::make_dialect();
    for (const std::string_view name : anthropic::fault_names()) {
        json body = good();
        body["model"] = "fb-" + std::string(name);
        body["output_config"] = json{{"effort", "low"}};
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
