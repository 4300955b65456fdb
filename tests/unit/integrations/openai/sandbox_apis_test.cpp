// Every API of the simulation against the dialect that speaks it: what is sent is taken, what is broken is refused, faults have their
// class.
#include <catch2/catch.hpp>
#include <functional>
#include <nlohmann/json.hpp>

#include "integrations/openai/dialect.hpp"
#include "integrations/openai/responses.hpp"
#include "integrations/openai/sandbox.hpp"
#include "integrations/openai/sandbox_answer.hpp"
#include "integrations/openai/sandbox_check.hpp"
#include "llm/repair.hpp"
#include "tests/support/llm_conversation.hpp"
#include "tests/support/llm_simulation.hpp"

namespace sandbox_apis_test {

using namespace gumshoe;
using namespace gumshoe::llm;
using test::conversation;

namespace {

struct Speaker {
    std::string_view provider;
    std::unique_ptr<Dialect> (*dialect)();
    std::unique_ptr<sandbox::Simulation> (*simulation)();
};

const Speaker speakers[] = {
    {"openai", [] { return openai::make_dialect(openai::chat); }, openai::make_simulation},
    {"openai_responses", openai::make_responses_dialect, openai::make_simulation},
    {"azure", [] { return openai::make_dialect(openai::azure); }, openai::make_azure_simulation},
};

/// A caller and a simulation.
struct Line {
    std::unique_ptr<Dialect> dialect;
    std::unique_ptr<sandbox::Simulation> simulation;
    json scenario = *parse_json(R"({"llm":{"script":[{"tool":"get_logs","arguments":{"svc":"api"}},{"answer":{"a":"Gr\u00fc\u00df"}}]}})");
    Target target;

    Line(const Speaker& speaker, std::string model) : dialect(speaker.dialect()), simulation(speaker.simulation()) {
        target.name = "main";
        target.provider = speaker.provider;
        target.model = std::move(model);
        target.api_key = Secret("a-key");
        target.api_url = test::simulated_host;
        target.dialect = dialect.get();
    }
    std::variant<Reply, Failure> outcome(const Request& request, bool stream) {
        const HttpRequest http = dialect->build(for_target(request, target), target, stream);
        return test::read_by(*dialect, test::asked(*simulation, http, scenario), stream);
    }
    FailureClass class_of(bool stream) { return test::class_of(outcome(conversation(), stream), conversation()); }
};

std::string message_in(const std::variant<Reply, Failure>& outcome) {
    const auto* failure = std::get_if<Failure>(&outcome);
    return failure == nullptr ? std::string() : failure->reason;
}

}  // namespace

TEST_CASE("T-54: what a dialect sends its simulation takes, through a whole tool loop, whole and streamed") {
    for (const Speaker& speaker : speakers) {
        for (const char* model : {"gpt-4o", "gpt-5.1", "o3"}) {
            for (const bool stream : {false, true}) {
                INFO(speaker.provider << " " << model << (stream ? " streamed" : " whole"));
                Line line(speaker, model);
                line.target.settings["base_model"] = model;
                Request request = conversation();
                request.messages.resize(2);
                const auto first = line.outcome(request, stream);
                INFO(message_in(first));
                REQUIRE(std::holds_alternative<Reply>(first));
                const Reply& call = std::get<Reply>(first);
                REQUIRE(call.tool_calls.size() == 1);
                CHECK(call.tool_calls[0].arguments == R"({"svc":"api"})");
                CHECK(call.usage.input_tokens > 0);
                request.messages.push_back(
                    {.role = Role::assistant, .tool_calls = call.tool_calls, .opaque = call.opaque, .opaque_target = "main"});
                request.messages.push_back({.role = Role::tool, .text = "r", .tool_call_id = call.tool_calls[0].id});
                request.tool_choice = ToolChoice::none;
                const auto second = line.outcome(request, stream);
                INFO(message_in(second));
                REQUIRE(std::holds_alternative<Reply>(second));
                CHECK(std::get<Reply>(second).text == "{\"a\":\"Gr\xC3\xBC\xC3\x9F\"}");
            }
        }
    }
}

TEST_CASE("sealed reasoning goes back to the target that sealed it, and to no other") {
    Line line(speakers[1], "gpt-5.1");
    Request request = conversation();
    request.messages.resize(2);
    const Reply call = std::get<Reply>(line.outcome(request, true));
    REQUIRE(call.opaque.find(openai::simulated_seal) != std::string::npos);
    request.messages.push_back({.role = Role::assistant, .tool_calls = call.tool_calls, .opaque = call.opaque, .opaque_target = "main"});
    request.messages.push_back({.role = Role::tool, .text = "r", .tool_call_id = call.tool_calls[0].id});
    const auto sent = [&] { return line.dialect->build(for_target(request, line.target), line.target, false).body; };
    CHECK(sent().find(openai::simulated_seal) != std::string::npos);
    line.target.name = "another";
    CHECK(sent().find(openai::simulated_seal) == std::string::npos);
    CHECK(std::holds_alternative<Reply>(line.outcome(request, false)));
    request.messages[2].opaque.replace(request.messages[2].opaque.find(openai::simulated_seal), 4, "else");
    request.messages[2].opaque_target = "another";
    const Failure failure = std::get<Failure>(line.outcome(request, false));  // sealed for another account
    CHECK(failure.failure == FailureClass::unsupported_param);
    HttpRequest http = line.dialect->build(for_target(request, line.target), line.target, false);
    http.body = repaired(std::move(http.body), {repair_for(failure.param)});
    CHECK(std::holds_alternative<Reply>(test::read_by(*line.dialect, test::asked(*line.simulation, http, line.scenario), false)));
}

TEST_CASE("every numbered fault has its class, in the words of each") {
    using enum FailureClass;
    const std::vector<std::pair<const char*, FailureClass>> wall{
        {"s01", auth_bad},           {"s02", account_dead},
        {"s03", account_dead},       {"s04", account_dead},
        {"s05", account_dead},       {"s06", rate_limit},
        {"s07", rate_limit},         {"s08", rate_limit},
        {"s09", overloaded},         {"s10-500", server_error},
        {"s10-502", server_error},   {"s10-503", overloaded},
        {"s10-504", server_error},   {"s11-424", server_error},
        {"s11-408", timeout},        {"s12", model_gone},
        {"s13", forbidden},          {"s14-1", context_overflow},
        {"s14-5", context_overflow}, {"s14-9", context_overflow},
        {"s15", content_filter},     {"s15-400", content_filter},
        {"s15-200", content_filter}, {"s15-refusal", refusal},
        {"s16", unsupported_param},  {"s30", empty},
        {"s33", server_error},       {"s36", output_truncated},
        {"s37", schema_invalid},     {"s20", none},
    };
    for (const Speaker& speaker : speakers) {
        for (const bool stream : {false, true}) {
            for (const auto& [name, expected] : wall) {
                INFO(speaker.provider << " " << name << (stream ? " streamed" : " whole"));
                Line line(speaker, "fb-" + std::string(name));
                CHECK(line.class_of(stream) == expected);
            }
        }
        for (const char* name : {"fb-s28", "fb-s29"}) CHECK(Line(speaker, name).class_of(true) == server_error);
        CHECK(std::get<Reply>(Line(speaker, "fb-s35").outcome(conversation(), true)).text.find("verdict") != std::string::npos);
    }
}

TEST_CASE("a parameter that was refused is taken once it is gone") {
    for (const Speaker& speaker : speakers) {
        Line line(speaker, "fb-s16");
        const Failure failure = std::get<Failure>(line.outcome(conversation(), false));
        HttpRequest http = line.dialect->build(conversation(), line.target, false);
        http.body = repaired(std::move(http.body), {repair_for(failure.param)});
        INFO(speaker.provider << " " << failure.param);
        CHECK(std::holds_alternative<Reply>(test::read_by(*line.dialect, test::asked(*line.simulation, http, line.scenario), false)));
    }
}

TEST_CASE("T-40: a response that was created has said nothing yet when it fails") {
    Line line(speakers[1], "fb-s28");
    const HttpRequest http = line.dialect->build(conversation(), line.target, true);
    const HttpReply reply = test::asked(*line.simulation, http, line.scenario);
    CHECK(reply.body.find("response.created") != std::string::npos);
    CHECK_FALSE(line.dialect->stream_reader()->feed(reply.body));
}

TEST_CASE("what the Responses API refuses the simulation refuses") {
    const json good = *parse_json(test::fixture("openai", "responses_request.json"));
    REQUIRE_FALSE(openai::check_response_request(good));
    const std::vector<std::pair<const char*, std::function<void(json&)>>> breaks{
        {"unknown field", [](json& b) { b["messages"] = json::array(); }},
        {"a name of the other API", [](json& b) { b["max_completion_tokens"] = 10; }},
        {"no input", [](json& b) { b.erase("input"); }},
        {"no model", [](json& b) { b.erase("model"); }},
        {"stream as text", [](json& b) { b["stream"] = "true"; }},
        {"too little room", [](json& b) { b["max_output_tokens"] = 8; }},
        {"temperature for a model that reasons", [](json& b) { b["temperature"] = 0.2; }},
        {"effort for one that does not", [](json& b) { b["model"] = "gpt-4o"; }},
        {"the other API's content", [](json& b) { b["input"][0]["content"][0]["type"] = "text"; }},
        {"unknown role", [](json& b) { b["input"][0]["role"] = "tool"; }},
        {"unknown item", [](json& b) { b["input"][0]["type"] = "note"; }},
        {"unknown field of an item", [](json& b) { b["input"][1]["function"] = json::object(); }},
        {"arguments as an object", [](json& b) { b["input"][1]["arguments"] = json::object(); }},
        {"output of another call", [](json& b) { b["input"][2]["call_id"] = "call_2"; }},
        {"call without an output", [](json& b) { b["input"].erase(2); }},
        {"seal of another", [](json& b) { b["input"].push_back({{"type", "reasoning"}, {"id", "rs_1"}, {"encrypted_content", "x"}}); }},
        {"the other API's tool",
         [](json& b) { b["tools"][0] = *parse_json(R"({"type":"function","function":{"name":"get","parameters":{}}})"); }},
        {"strict with an open object", [](json& b) { b["tools"][0]["parameters"].erase("additionalProperties"); }},
        {"tool forced without tools",
         [](json& b) {
             b.erase("tools");
             b["tool_choice"] = "required";
         }},
        {"format without a name", [](json& b) { b["text"]["format"].erase("name"); }},
        {"the other API's format", [](json& b) { b["text"]["format"]["json_schema"] = json::object(); }},
    };
    for (const auto& [name, change] : breaks) {
        json body = good;
        change(body);
        INFO(name);
        const auto refusal = openai::check_response_request(body);
        REQUIRE(refusal);
        CHECK(refusal->status == 400);
    }
}

TEST_CASE("Azure wants a deployment, a version and its own key") {
    const auto simulation = openai::make_azure_simulation();
    const auto dialect = openai::make_dialect(openai::azure);
    Target target;
    target.api_url = test::simulated_host;
    target.model = "prod gpt/4o";
    target.api_key = Secret("a-key");
    const auto status = [&](const std::function<void(HttpRequest&)>& change, const json& scenario = json::object()) {
        Request request = conversation();
        request.reasoning_effort.reset();
        HttpRequest http = dialect->build(request, target, false);
        change(http);
        return test::asked(*simulation, http, scenario).status;
    };
    const auto as_it_is = [](HttpRequest&) {};
    CHECK(status(as_it_is) == 200);  // the surface without versions
    target.settings["api_version"] = "2024-10-21";
    CHECK(status(as_it_is) == 200);
    target.settings["entra"] = "true";
    CHECK(status(as_it_is) == 200);
    CHECK(status([](HttpRequest& http) { http.url.resize(http.url.find('?')); }) == 404);
    CHECK(status([](HttpRequest& http) { http.headers = {{"Content-Type", "application/json"}}; }) == 401);
    CHECK(status([](HttpRequest& http) { http.method = "GET"; }) == 404);
    CHECK(status(as_it_is, *parse_json(R"({"llm":{"azure":{"api_key":"another"}}})")) == 401);
    CHECK(status(as_it_is, *parse_json(R"({"llm":{"azure":{"models":{"gpt-4o":"ok"}}}})")) == 404);
    CHECK(test::asked(*simulation, *dialect->probe(target)).status == 200);
    CHECK(test::asked(*simulation, *dialect->probe(target), *parse_json(R"({"llm":{"azure":{"account":"deactivated"}}})")).status == 403);
    RawRequest raw;
    raw.path = "/openai/deployments/prod%20gpt%2F4o/chat/completions";
    CHECK(simulation->model(raw) == "prod gpt/4o");
}

}  // namespace sandbox_apis_test
