// The simulated Gemini is as strict as the real one, takes what our dialect sends, and its answers are ones our dialect reads.
#include "integrations/gemini/sandbox.hpp"

#include <nlohmann/json.hpp>

#include "integrations/gemini/dialect.hpp"
#include "integrations/gemini/sandbox_faults.hpp"
#include "llm/repair.hpp"
#include "tests/support/llm_conversation.hpp"
#include "tests/support/llm_simulation.hpp"

namespace sandbox_test {

using namespace gumshoe;
using namespace gumshoe::llm;
using test::asked;
using test::conversation;

namespace {

const std::unique_ptr<Dialect> dialect = gemini::make_dialect();
const std::unique_ptr<sandbox::Simulation> simulation = gemini::make_simulation();

const json scripted =
    *parse_json(R"({"llm":{"script":[{"tool":"get_logs","arguments":{"svc":"api"}},{"answer":{"a":"pool exhausted"}}]}})");

Target target(const std::string& model) {
    Target out;
    out.name = "main";
    out.provider = "gemini";
    out.model = model;
    out.api_url = "http://sim/v1beta";
    out.api_key = Secret("AIza-canary");
    out.dialect = dialect.get();
    return out;
}

Request last_turn() {
    Request request = conversation();
    request.tool_choice = ToolChoice::none;
    return request;
}

std::variant<Reply, Failure> exchanged(const Request& request, const std::string& model, bool stream, const json& scenario = scripted) {
    return test::read_by(*dialect, asked(*simulation, dialect->build(request, target(model), stream), scenario), stream);
}

HttpRequest post(const json& body, const std::string& model = "gemini-2.5-pro") {
    HttpRequest http = dialect->build(conversation(), target(model), false);
    http.body = dump_json(body);
    return http;
}

json good() {
    return *parse_json(dialect->build(conversation(), target("gemini-2.5-pro"), false).body);
}

}  // namespace

TEST_CASE("a tool loop and its last turn, with every generation, whole and streamed") {
    for (const char* model : {"gemini-2.0-flash", "gemini-2.5-pro", "gemini-3-pro-preview", "gemini-flash-latest"}) {
        for (const bool stream : {false, true}) {
            INFO(model << (stream ? " streamed" : " whole"));
            Request first = conversation();
            first.messages.resize(2);
            const auto outcome = exchanged(first, model, stream);
            REQUIRE(std::holds_alternative<Reply>(outcome));
            const Reply called = std::get<Reply>(outcome);
            REQUIRE(called.tool_calls.size() == 1);
            CHECK(called.tool_calls[0].arguments == R"({"svc":"api"})");
            first.messages.push_back(
                {.role = Role::assistant, .tool_calls = called.tool_calls, .opaque = called.opaque, .opaque_target = "main"});
            first.messages.push_back({.role = Role::tool, .text = "log text", .tool_call_id = called.tool_calls[0].id});
            for (const ToolChoice choice : {ToolChoice::automatic, ToolChoice::none}) {
                first.tool_choice = choice;
                const auto end = exchanged(for_target(first, target(model)), model, stream);
                REQUIRE(std::holds_alternative<Reply>(end));
                CHECK(std::get<Reply>(end).text == R"({"a":"pool exhausted"})");
                CHECK(std::get<Reply>(end).usage.cached_tokens > 0);
                CHECK(std::get<Reply>(end).usage.input_tokens > std::get<Reply>(end).usage.cached_tokens);
            }
        }
    }
}

TEST_CASE("the schema of a real finding passes the reader of schemas") {
    std::ifstream in(std::string(GUMSHOE_SOURCE_DIR) + "/prompts/finding.schema.json");
    REQUIRE(in.good());
    Request request = last_turn();
    request.schema.assign(std::istreambuf_iterator<char>(in), {});
    CHECK(std::holds_alternative<Reply>(exchanged(request, "gemini-2.5-pro", true)));
}

TEST_CASE("what the real API refuses the simulation refuses, in its words") {
    const std::vector<std::pair<const char*, std::function<void(json&)>>> breaks{
        {"Unknown name \"foo\": Cannot find field", [](json& b) { b["foo"] = 1; }},
        {"Unknown name \"topX\" at 'generation_config'", [](json& b) { b["generationConfig"]["topX"] = 1; }},
        {"at 'contents[0].parts[0]'", [](json& b) { b["contents"][0]["parts"][0]["opaque"] = "x"; }},
        {"at 'tools[0].function_declarations[0]'", [](json& b) { b["tools"][0]["functionDeclarations"][0]["strict"] = true; }},
        {"Invalid value at 'generation_config.max_output_tokens'", [](json& b) { b["generationConfig"]["maxOutputTokens"] = "many"; }},
        {"Invalid value at 'safety_settings[0].category'", [](json& b) { b["safetySettings"][0]["category"] = "HARM"; }},
        {"Invalid value at 'contents'", [](json& b) { b["contents"] = json::object(); }},
        {"Proto field is not repeating", [](json& b) { b["systemInstruction"] = json::array({b["systemInstruction"]}); }},
        {"function_response.response", [](json& b) { b["contents"][2]["parts"][0]["functionResponse"]["response"] = "text"; }},
        {"contents is not specified", [](json& b) { b.erase("contents"); }},
        {"contents.parts must not be empty", [](json& b) { b["contents"][0]["parts"] = json::array(); }},
        {"required oneof field 'data'", [](json& b) { b["contents"][0]["parts"][0] = json::object(); }},
        {"valid role", [](json& b) { b["contents"][1]["role"] = "assistant"; }},
        {"number of function response parts", [](json& b) { b["contents"].erase(2); }},
        {"immediately after a function call turn", [](json& b) { b["contents"].push_back(b["contents"][2]); }},
        {"name the function calls", [](json& b) { b["contents"][2]["parts"][0]["functionResponse"]["id"] = "other"; }},
        {"Name cannot be empty", [](json& b) { b["contents"][2]["parts"][0]["functionResponse"]["name"] = ""; }},
        {"Invalid function name", [](json& b) { b["tools"][0]["functionDeclarations"][0]["name"] = "get it"; }},
        {"Duplicate function declaration",
         [](json& b) { b["tools"][0]["functionDeclarations"].push_back(b["tools"][0]["functionDeclarations"][0]); }},
        {"without function_declarations", [](json& b) { b.erase("tools"); }},
        {"FunctionCallingConfig.Mode", [](json& b) { b["toolConfig"]["functionCallingConfig"]["mode"] = "REQUIRED"; }},
        {"only allowed when mode is ANY", [](json& b) { b["toolConfig"]["functionCallingConfig"]["allowedFunctionNames"] = {"get_logs"}; }},
        {"response mime type", [](json& b) { b["generationConfig"]["responseMimeType"] = "application/json"; }},
        {"Budget 0 is invalid", [](json& b) { b["generationConfig"]["thinkingConfig"]["thinkingBudget"] = 0; }},
        {"only set only one", [](json& b) { b["generationConfig"]["thinkingConfig"]["thinkingLevel"] = "LOW"; }},
        {"temperature", [](json& b) { b["generationConfig"]["temperature"] = 3; }},
    };
    CHECK(asked(*simulation, post(good())).status == 200);
    for (const auto& [words, change] : breaks) {
        json body = good();
        change(body);
        INFO(words);
        const HttpReply reply = asked(*simulation, post(body));
        CHECK(reply.status == 400);
        const json error = parse_json(reply.body)->at("error");
        CHECK(error["status"] == "INVALID_ARGUMENT");
        CHECK(error["message"].get<std::string>().find(words) != std::string::npos);
    }
}

TEST_CASE("a schema is read as strictly") {
    const auto refused = [](const char* schema) {
        json body = good();
        for (const char* key : {"tools", "toolConfig"}) body.erase(key);
        body["generationConfig"]["responseMimeType"] = "application/json";
        body["generationConfig"]["responseSchema"] = *parse_json(schema);
        return asked(*simulation, post(body)).status == 400;
    };
    CHECK_FALSE(
        refused(R"({"type":"object","properties":{"a":{"type":"array","items":{"type":"string","enum":["x"]}}},"required":["a"]})"));
    for (const char* schema :
         {R"({"type":"object","properties":{"a":{"type":"string"}},"additionalProperties":false})", R"({"type":"object","properties":{}})",
          R"({"type":["string","null"]})", R"({"type":"array"})", R"({"type":"integer","enum":["1"]})", R"({"description":"x"})",
          R"({"type":"object","properties":{"a":{"type":"string"}},"required":["b"]})", R"({"type":"string","enum":[null]})"}) {
        INFO(schema);
        CHECK(refused(schema));
    }
}

TEST_CASE("T-52: the third generation refuses calls that nobody signed, and takes the mark") {
    json body = *parse_json(dialect->build(conversation(), target("gemini-3-pro-preview"), false).body);
    CHECK(asked(*simulation, post(body, "gemini-3-pro-preview")).status == 200);
    for (const char* signature : {"", "bm9uZQ=="}) {
        body["contents"][1]["parts"][0]["thoughtSignature"] = signature;
        const HttpReply reply = asked(*simulation, post(body, "gemini-3-pro-preview"));
        const Failure failure = std::get<Failure>(test::read_by(*dialect, reply, false));
        REQUIRE(failure.failure == FailureClass::unsupported_param);
        const std::string mended = repaired(dump_json(body), {repair_for(failure.param)});
        CHECK(asked(*simulation, post(*parse_json(mended), "gemini-3-pro-preview")).status == 200);
    }
}

TEST_CASE("a call without a key, with another key or to another path is refused as there") {
    HttpRequest http = post(good());
    http.headers = Headers{{"Content-Type", "application/json"}};
    CHECK(asked(*simulation, http).status == 403);
    http.url += "?key=AIza-canary";  // addresses get logged
    CHECK(asked(*simulation, http).status == 403);
    const json one_key = *parse_json(R"({"llm":{"gemini":{"api_key":"AIza-other"}}})");
    const HttpReply other = asked(*simulation, post(good()), one_key);
    CHECK(std::get<Failure>(test::read_by(*dialect, other, false)).failure == FailureClass::auth_bad);
    http = post(good());
    http.url = "http://sim/v1beta/models/gemini-2.5-pro:countTokens";
    CHECK(asked(*simulation, http).status == 404);
    http = post(good());
    http.method = "GET";
    CHECK(asked(*simulation, http).status == 404);
}

TEST_CASE("the list of models comes in pages, and a dead account has none") {
    const HttpRequest probe = *dialect->probe(target("m"));
    const json page = *parse_json(asked(*simulation, probe).body);
    CHECK(page["models"].size() == 1);
    CHECK(page["models"][0]["name"] == "models/gemini-2.5-flash");
    HttpRequest next = probe;
    next.url = "http://sim/v1beta/models?pageSize=50&pageToken=" + page["nextPageToken"].get<std::string>();
    const json rest = *parse_json(asked(*simulation, next).body);
    CHECK(rest["models"].size() == 2);
    CHECK_FALSE(rest.contains("nextPageToken"));
    const HttpReply dead = asked(*simulation, probe, *parse_json(R"({"llm":{"gemini":{"account":"deactivated"}}})"));
    CHECK(std::get<Failure>(dialect->read(test::http_response(dead.status, dead.body))).failure == FailureClass::account_dead);
    CHECK(dead.body.find("AIza-canary") != std::string::npos);  // Google echoes it: see T-60
}

TEST_CASE("without frames a stream is a list, and so is its refusal") {
    HttpRequest http = dialect->build(last_turn(), target("gemini-2.5-pro"), true);
    http.url.resize(http.url.find('?'));
    const HttpReply reply = asked(*simulation, http, scripted);
    CHECK(parse_json(reply.body)->is_array());
    CHECK(std::get<Reply>(test::read_by(*dialect, reply, true)).text == R"({"a":"pool exhausted"})");
    http.body = "{}";
    CHECK(parse_json(asked(*simulation, http).body)->at(0)["error"]["code"] == 400);
}

TEST_CASE("models of a scenario are the only ones there are, each with its fault") {
    const json scenario = *parse_json(R"({"llm":{"gemini":{"models":{"gemini-2.5-pro":"ok","gemini-2.5-flash":"500"}}}})");
    CHECK(test::class_of(exchanged(last_turn(), "gemini-2.5-pro", false, scenario), last_turn()) == FailureClass::schema_invalid);
    CHECK(test::class_of(exchanged(last_turn(), "gemini-2.5-flash", false, scenario), last_turn()) == FailureClass::server_error);
    CHECK(test::class_of(exchanged(last_turn(), "gemini-9", false, scenario), last_turn()) == FailureClass::model_gone);
}

TEST_CASE("the simulation says which model is asked") {
    RawRequest raw;
    raw.path = "/v1beta/models/fb-s06:streamGenerateContent";
    CHECK(simulation->model(raw) == "fb-s06");
    raw.path = "/v1beta/models/a%2Fb:generateContent";
    CHECK(simulation->model(raw) == "a/b");
    for (const char* path : {"/v1beta/models", "/v1beta/models/gemini-2.5-pro", "/", ""}) {
        raw.path = path;
        CHECK(simulation->model(raw).empty());
    }
}

TEST_CASE("every fault of the wall has its class, whole and streamed") {
    using enum FailureClass;
    const std::vector<std::pair<const char*, FailureClass>> wall{
        {"s01", auth_bad},
        {"s02", account_dead},
        {"s03", account_dead},
        {"s04", account_dead},
        {"s05", account_dead},
        {"s06", rate_limit},
        {"s07", rate_limit},
        {"s08", rate_limit},
        {"s09", overloaded},
        {"s10-500", server_error},
        {"s10-502", server_error},
        {"s10-503", overloaded},
        {"s10-504", timeout},
        {"s11-424", server_error},
        {"s11-408", timeout},
        {"s12", model_gone},
        {"s13", forbidden},
        {"s14-1", context_overflow},
        {"s14-2", context_overflow},
        {"s14-9", context_overflow},
        {"s15-400", content_filter},
        {"s15-200", content_filter},
        {"s15-refusal", content_filter},
        {"s16", unsupported_param},
        {"s30", empty},
        {"s33", overloaded},
        {"s36", output_truncated},
        {"s37", schema_invalid},
        {"s20", none},
        {"s28", overloaded},
        {"s29", overloaded},
        {"s35", none},
    };
    for (const auto& [name, wanted] : wall) {
        for (const bool stream : {false, true}) {
            const std::string_view number(name);
            if (!stream && (number == "s28" || number == "s29")) continue;
            INFO(name << (stream ? " streamed" : " whole"));
            const auto outcome = exchanged(last_turn(), "fb-" + std::string(name), stream);
            CHECK(to_string(test::class_of(outcome, last_turn())) == to_string(wanted));
            if (number == "s35") CHECK(std::get<Reply>(outcome).text.find("verdict") != std::string::npos);
            if (number == "s06") CHECK(std::get<Failure>(outcome).retry_after == milliseconds(1000));
            if (number == "s08") CHECK(std::get<Failure>(outcome).retry_after == milliseconds(3'600'000));
            if (number == "s07") CHECK_FALSE(std::get<Failure>(outcome).retry_after);
            if (number == "s16") CHECK_FALSE(repair_for(std::get<Failure>(outcome).param).empty());
        }
    }
}

TEST_CASE("every named fault is one") {
    for (const std::string_view name : gemini::fault_names()) {
        INFO(name);
        const auto outcome = exchanged(last_turn(), "fb-" + std::string(name), true);
        const bool kept = name == "bad-schema";
        CHECK((kept || test::class_of(outcome, last_turn()) != FailureClass::none));
    }
}

}  // namespace sandbox_test
