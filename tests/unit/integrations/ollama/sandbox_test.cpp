// The simulated Ollama takes what our dialect sends and nothing else, and its answers are ones our dialect reads.
#include "integrations/ollama/sandbox.hpp"

#include <nlohmann/json.hpp>

#include "integrations/ollama/dialect.hpp"
#include "integrations/ollama/sandbox_faults.hpp"
#include "llm/repair.hpp"
#include "tests/support/llm_conversation.hpp"
#include "tests/support/llm_simulation.hpp"

namespace sandbox_test {

using namespace gumshoe;
using namespace gumshoe::llm;
using test::asked;
using test::conversation;

namespace {

const std::unique_ptr<Dialect> dialect = ollama::make_dialect();
const std::unique_ptr<sandbox::Simulation> simulation = ollama::make_simulation();

const json scripted =
    *parse_json(R"({"llm":{"script":[{"tool":"get_logs","arguments":{"svc":"api"}},{"answer":{"a":"pool exhausted"}}]}})");

Target target(const std::string& model = "qwen3") {
    Target out;
    out.name = "local";
    out.provider = "ollama";
    out.model = model;
    out.api_url = "http://sim";
    out.context_window = 32768;
    out.dialect = dialect.get();
    return out;
}

Request last_turn() {
    Request request = conversation();
    request.tool_choice = ToolChoice::none;
    return request;
}

std::variant<Reply, Failure> exchanged(const Request& request, const Target& target, bool stream, const json& scenario = scripted) {
    return test::read_by(*dialect, asked(*simulation, dialect->build(request, target, stream), scenario), stream);
}

HttpRequest post(const json& body) {
    HttpRequest http = dialect->build(conversation(), target(), false);
    http.body = dump_json(body);
    return http;
}

json good() {
    return *parse_json(dialect->build(conversation(), target(), false).body);
}

}  // namespace

TEST_CASE("a tool loop and its last turn, whole and streamed") {
    for (const bool stream : {false, true}) {
        INFO((stream ? "streamed" : "whole"));
        Request request = conversation();
        request.messages.resize(2);
        const Reply called = std::get<Reply>(exchanged(request, target(), stream));
        REQUIRE(called.tool_calls.size() == 1);
        CHECK(called.tool_calls[0].arguments == R"({"svc":"api"})");
        request.messages.push_back({.role = Role::assistant, .tool_calls = called.tool_calls});
        request.messages.push_back({.role = Role::tool, .text = "log text", .tool_call_id = called.tool_calls[0].id});
        for (const ToolChoice choice : {ToolChoice::automatic, ToolChoice::none}) {
            request.tool_choice = choice;
            const Reply end = std::get<Reply>(exchanged(for_target(request, target()), target(), stream));
            CHECK(end.text == R"({"a":"pool exhausted"})");
            CHECK(end.usage.input_tokens > end.usage.cached_tokens);
            CHECK(end.usage.cached_tokens > 0);
        }
    }
}

TEST_CASE("what the server's reader of requests refuses, and fields that nobody reads") {
    const std::vector<std::pair<const char*, std::function<void(json&)>>> breaks{
        {"unknown field \"foo\"", [](json& b) { b["foo"] = 1; }},
        {"unknown field \"truncated\"", [](json& b) { b["truncated"] = false; }},
        {"invalid options: num_context", [](json& b) { b["options"]["num_context"] = 1; }},
        {"option \"num_ctx\" must be of type integer", [](json& b) { b["options"]["num_ctx"] = "32k"; }},
        {"ChatRequest.stream of type bool", [](json& b) { b["stream"] = "yes"; }},
        {"ChatRequest.messages of type", [](json& b) { b["messages"] = "hi"; }},
        {"ChatRequest.messages.content of type string", [](json& b) { b["messages"][0]["content"] = nullptr; }},
        {"arguments of type object", [](json& b) { b["messages"][2]["tool_calls"][0]["function"]["arguments"] = "{}"; }},
        {"ChatRequest.format", [](json& b) { b["format"] = "yaml"; }},
        {"ChatRequest.think", [](json& b) { b["think"] = "a little"; }},
        {"ChatRequest.keep_alive", [](json& b) { b["keep_alive"] = "ten minutes"; }},
        {"model is required", [](json& b) { b.erase("model"); }},
        {"invalid role", [](json& b) { b["messages"][0]["role"] = "developer"; }},
        {"tool message without a call", [](json& b) { b["messages"][3]["tool_name"] = "get_metrics"; }},
        {"tool call without a result", [](json& b) { b["messages"].erase(3); }},
        {"unknown field \"strict\"", [](json& b) { b["tools"][0]["function"]["strict"] = true; }},
        {"parameters must be", [](json& b) { b["tools"][0]["function"]["parameters"] = json::object(); }},
    };
    CHECK(asked(*simulation, post(good())).status == 200);
    for (const auto& [words, change] : breaks) {
        json body = good();
        change(body);
        INFO(words);
        const HttpReply reply = asked(*simulation, post(body));
        CHECK(reply.status == 400);
        CHECK(parse_json(reply.body)->at("error").get<std::string>().find(words) != std::string::npos);
    }
    HttpRequest none = post(good());
    none.body = "";
    CHECK(parse_json(asked(*simulation, none).body)->at("error") == "missing request body");
}

TEST_CASE("T-55: a prompt longer than the window is an error, because the request says so; else its beginning would be lost in silence") {
    Request request = last_turn();
    request.messages[1].text = "[E1] log pool exhausted " + std::string(20'000, 'x');
    Target small = target();
    small.context_window = 2048;
    const json scenario = *parse_json(R"({"llm":{"script":[{"answer":{"a":"{{E:pool exhausted}}"}}]}})");
    const Failure failure = std::get<Failure>(exchanged(request, small, true, scenario));
    CHECK(failure.failure == FailureClass::context_overflow);
    CHECK_FALSE(failure.window);
    CHECK(std::get<Reply>(exchanged(request, target(), true, scenario)).text == R"({"a":"E1"})");
    HttpRequest http = dialect->build(request, small, false);
    json body = *parse_json(http.body);
    body.erase("truncate");
    http.body = dump_json(body);
    const Reply cut = std::get<Reply>(test::read_by(*dialect, asked(*simulation, http, scenario), false));
    CHECK(cut.text != R"({"a":"E1"})");
    CHECK(cut.usage.input_tokens < 2048);
}

TEST_CASE("other paths and methods are not there; a key is asked for where the scenario has one") {
    HttpRequest http = post(good());
    http.url = "http://sim/api/generate";
    CHECK(asked(*simulation, http).status == 404);
    http = post(good());
    http.method = "GET";
    CHECK(asked(*simulation, http).status == 405);
    const json keyed = *parse_json(R"({"llm":{"ollama":{"api_key":"k"}}})");
    Target target_with_key = target();
    CHECK(test::class_of(exchanged(last_turn(), target_with_key, true, keyed), last_turn()) == FailureClass::auth_bad);
    target_with_key.api_key = Secret("k");
    CHECK(std::holds_alternative<Reply>(exchanged(last_turn(), target_with_key, true, keyed)));
    CHECK(asked(*simulation, *dialect->probe(target()), keyed).status == 401);
    CHECK(asked(*simulation, *dialect->probe(target())).status == 200);
}

TEST_CASE("models of a scenario are the only ones there are, each with its fault") {
    const json scenario = *parse_json(R"({"llm":{"ollama":{"models":{"qwen3":"ok","llama3":"503"}},"script":[{"answer":{"a":"x"}}]}})");
    CHECK(test::class_of(exchanged(last_turn(), target("qwen3"), true, scenario), last_turn()) == FailureClass::none);
    CHECK(test::class_of(exchanged(last_turn(), target("llama3"), true, scenario), last_turn()) == FailureClass::overloaded);
    CHECK(test::class_of(exchanged(last_turn(), target("other"), true, scenario), last_turn()) == FailureClass::model_gone);
    CHECK(parse_json(asked(*simulation, *dialect->probe(target()), scenario).body)->at("models").size() == 2);
}

TEST_CASE("the simulation says which model is asked") {
    RawRequest raw;
    raw.body = R"({"model":"fb-s06"})";
    CHECK(simulation->model(raw) == "fb-s06");
    for (const char* body : {"", "{", "[]", R"({"model":7})"}) {
        raw.body = body;
        CHECK(simulation->model(raw).empty());
    }
}

TEST_CASE("every fault of the wall that a model server can have has its class, whole and streamed") {
    using enum FailureClass;
    const std::vector<std::pair<const char*, FailureClass>> wall{
        {"s01", auth_bad},
        {"s06", rate_limit},
        {"s07", rate_limit},
        {"s08", rate_limit},
        {"s09", overloaded},
        {"s10-500", server_error},
        {"s10-502", server_error},
        {"s10-503", overloaded},
        {"s10-504", server_error},
        {"s11-424", server_error},
        {"s11-408", timeout},
        {"s12", model_gone},
        {"s14-1", context_overflow},
        {"s14-2", context_overflow},
        {"s14-3", context_overflow},
        {"s14-9", context_overflow},
        {"s16", unsupported_param},
        {"s30", empty},
        {"s33", bad_body},
        {"s36", output_truncated},
        {"s37", schema_invalid},
        {"s20", none},
        {"s28", bad_body},
        {"s29", bad_body},
        {"s35", none},
    };
    for (const auto& [name, wanted] : wall) {
        for (const bool stream : {false, true}) {
            const std::string_view number(name);
            if (!stream && (number == "s28" || number == "s29")) continue;
            INFO(name << (stream ? " streamed" : " whole"));
            const auto outcome = exchanged(last_turn(), target("fb-" + std::string(name)), stream);
            CHECK(to_string(test::class_of(outcome, last_turn())) == to_string(wanted));
            if (number == "s35") CHECK(std::get<Reply>(outcome).text.find("verdict") != std::string::npos);
            if (number == "s06") CHECK(std::get<Failure>(outcome).retry_after == milliseconds(1000));
            if (number == "s07") CHECK_FALSE(std::get<Failure>(outcome).retry_after);
            if (number == "s16") CHECK(repair_for(std::get<Failure>(outcome).param) == "think");
        }
    }
}

TEST_CASE("every named fault is one") {
    for (const std::string_view name : ollama::fault_names()) {
        INFO(name);
        const auto outcome = exchanged(last_turn(), target("fb-" + std::string(name)), true);
        const bool kept = name == "bad-schema";
        CHECK((kept || test::class_of(outcome, last_turn()) != FailureClass::none));
    }
}

}  // namespace sandbox_test
