// The simulated Bedrock is as strict as the real one: who calls, what is asked; its answers are ones our dialect reads.
#include "integrations/bedrock/sandbox.hpp"

#include <catch2/catch.hpp>
#include <functional>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "integrations/bedrock/dialect.hpp"
#include "integrations/bedrock/sandbox_check.hpp"
#include "integrations/bedrock/sandbox_faults.hpp"
#include "integrations/bedrock/sandbox_signature.hpp"
#include "llm/repair.hpp"
#include "tests/support/llm_conversation.hpp"
#include "tests/support/llm_simulation.hpp"
#include "tests/support/result_printing.hpp"

namespace sandbox_test {

using namespace gumshoe;
using namespace gumshoe::llm;
using namespace std::chrono_literals;
using test::conversation;

namespace {

const Timestamp now = from_millis(1785578400000);
const char* const claude = "anthropic.claude-sonnet-4-5-20250929-v1:0";

/// A caller, a simulation and what stands between them.
struct Line {
    std::unique_ptr<Dialect> dialect = bedrock::make_dialect();
    std::unique_ptr<sandbox::Simulation> simulation = bedrock::make_simulation();
    json scenario = *parse_json(R"({"llm":{"script":[{"answer":{"a":"b"}}]}})");
    Target target;

    explicit Line(std::string model = claude) {
        target.name = "main";
        target.provider = "bedrock";
        target.model = std::move(model);
        target.api_url = "http://127.0.0.1:4711/bedrock";
        target.settings = {{"region", "us-east-1"}};
        target.access_key_id = Secret(std::string(bedrock::sandbox_access_key));
        target.api_key = Secret(std::string(bedrock::sandbox_secret_key));
        target.dialect = dialect.get();
    }

    RawRequest signed_request(const Request& request, bool stream, Timestamp at = now) const {
        HttpRequest http = dialect->build(for_target(request, target), target, stream);
        dialect->sign(http, target, at);
        RawRequest raw;
        raw.method = http.method;
        raw.path = http.url.substr(target.api_url.size());
        raw.headers = http.headers;
        raw.headers.add("Host", "127.0.0.1:4711");
        raw.body = http.body;
        return raw;
    }
    HttpReply ask(const RawRequest& raw) {
        const sandbox::World world{
            .scenario = std::make_shared<const json>(scenario), .zero = now, .now = now, .base_url = "http://127.0.0.1:4711/bedrock"};
        return simulation->handle(raw, world);
    }
    std::variant<Reply, Failure> outcome(const Request& request, bool stream, Timestamp at = now) {
        return test::read_by(*dialect, ask(signed_request(request, stream, at)), stream);
    }
    FailureClass class_of(bool stream) { return test::class_of(outcome(conversation(), stream), conversation()); }
};

std::string type_of(const HttpReply& reply) {
    return std::string(reply.headers.find("x-amzn-errortype").value_or(""));
}

Headers without(const Headers& headers, std::string_view dropped) {
    Headers kept;
    for (const auto& [name, value] : headers) {
        if (!iequals(name, dropped)) kept.add(name, value);
    }
    return kept;
}

Headers with(const Headers& headers, std::string name, std::string value) {
    Headers changed = without(headers, name);
    changed.add(std::move(name), std::move(value));
    return changed;
}

json good() {
    json body = *parse_json(test::fixture("bedrock", "request.json"));
    body["messages"][1]["content"][0]["reasoningContent"]["reasoningText"]["signature"] = bedrock::simulated_signature;
    return body;
}

}  // namespace

TEST_CASE("what our dialect sends is answered, whole and streamed, signed and with a key") {
    for (const bool stream : {false, true}) {
        for (const ToolChoice choice : {ToolChoice::automatic, ToolChoice::required, ToolChoice::none}) {
            for (const char* model : {claude, "meta.llama3-3-70b-instruct-v1:0",
                                      "arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/a1b2c3"}) {
                Line line(model);
                Request request = conversation();
                request.tool_choice = choice;
                INFO(model << " " << static_cast<int>(choice));
                CHECK(std::holds_alternative<Reply>(line.outcome(request, stream)));
                line.target.access_key_id = {};
                CHECK(std::holds_alternative<Reply>(line.outcome(request, stream)));
                CHECK(line.simulation->model(line.signed_request(request, stream)) == model);
            }
        }
    }
}

TEST_CASE("T-63: a request that is not the one that was signed is refused") {
    Line line("arn:aws:bedrock:us-east-1:111122223333:inference-profile/x");
    const RawRequest signed_well = line.signed_request(conversation(), false);
    REQUIRE(line.ask(signed_well).status == 200);
    const std::vector<std::pair<const char*, std::function<void(RawRequest&)>>> changes{
        {"body", [](RawRequest& r) { r.body += " "; }},
        {"method", [](RawRequest& r) { r.method = "PUT"; }},
        {"path", [](RawRequest& r) { r.path = replace_all(r.path, "%2F", "/"); }},
        {"query", [](RawRequest& r) { r.query = "x=1"; }},
        {"host", [](RawRequest& r) { r.headers = with(r.headers, "Host", "bedrock-runtime.us-east-1.amazonaws.com"); }},
        {"digest", [](RawRequest& r) { r.headers = with(r.headers, "x-amz-content-sha256", std::string(64, '0')); }},
        {"signature",
         [](RawRequest& r) {
             std::string authorization(r.headers.find("authorization").value());
             authorization.back() = authorization.back() == '0' ? '1' : '0';
             r.headers = with(r.headers, "Authorization", authorization);
         }},
        {"host not signed",
         [](RawRequest& r) {
             const std::string authorization(r.headers.find("authorization").value());
             r.headers = with(r.headers, "Authorization", replace_all(authorization, "=host;", "="));
         }},
        {"region",
         [](RawRequest& r) {
             const std::string authorization(r.headers.find("authorization").value());
             r.headers = with(r.headers, "Authorization", replace_all(authorization, "us-east-1", "us-west-2"));
         }},
    };
    for (const auto& [name, change] : changes) {
        RawRequest raw = signed_well;
        change(raw);
        INFO(name);
        CHECK(type_of(line.ask(raw)) == "InvalidSignatureException");
    }
    RawRequest bare = signed_well;
    bare.headers = without(bare.headers, "authorization");
    CHECK(type_of(line.ask(bare)) == "MissingAuthenticationTokenException");
    RawRequest twice = signed_well;
    twice.headers.add("Authorization", "Bearer x");
    CHECK(type_of(line.ask(twice)) == "MissingAuthenticationTokenException");
}

TEST_CASE("a wrong secret, an unknown key and a session that is not ours are refused, and our dialect knows why") {
    Line line;
    const auto failure = [&] { return std::get<Failure>(line.outcome(conversation(), false)).failure; };
    line.target.api_key = Secret("another secret");
    CHECK(failure() == FailureClass::auth_bad);
    line.target.api_key = Secret(std::string(bedrock::sandbox_secret_key));
    line.scenario["llm"]["bedrock"]["session_token"] = "lent";
    CHECK(failure() == FailureClass::auth_bad);
    line.target.session_token = Secret("lent");
    CHECK(std::holds_alternative<Reply>(line.outcome(conversation(), false)));
    line.target.access_key_id = Secret("AKIAOTHER");
    CHECK(failure() == FailureClass::auth_bad);
    line.target.access_key_id = {};
    line.scenario["llm"]["bedrock"]["api_key"] = "bedrock-api-key-other";
    CHECK(failure() == FailureClass::auth_bad);
}

TEST_CASE("S41: when our clock is wrong the request is signed again with the vendor's time") {
    for (const Timestamp ours : {now, now + 45min}) {
        Line line("fb-s41");  // its clock is twenty minutes ahead
        const Failure refused = std::get<Failure>(line.outcome(conversation(), false, ours));
        CHECK(refused.failure == FailureClass::unsupported_param);  // mended once, no matter for a breaker or a quarantine
        CHECK(refused.param == "date");
        CHECK(std::holds_alternative<Reply>(line.outcome(conversation(), false, ours)));
        CHECK(std::holds_alternative<Reply>(line.outcome(conversation(), true, ours + 1min)));
    }
    // The Date of the answer does as well; without either the key is what is wrong.
    Line line;
    line.signed_request(conversation(), false);
    Headers headers{{"x-amzn-errortype", "RequestExpired"}, {"Date", "Sat, 01 Aug 2026 11:00:00 GMT"}};
    const auto read = [&](Headers fields) {
        return std::get<Failure>(line.dialect->read(test::http_response(400, R"({"message":"Request has expired."})", std::move(fields))));
    };
    CHECK(read({{"x-amzn-errortype", "RequestExpired"}}).failure == FailureClass::auth_bad);
    CHECK(read(headers).failure == FailureClass::unsupported_param);
    CHECK(std::get<Failure>(line.outcome(conversation(), false)).param == "date");  // its clock was right: ours is set back
    CHECK(std::holds_alternative<Reply>(line.outcome(conversation(), false)));
}

TEST_CASE("S41: calls that a wrong clock had refused together set it once") {
    Line line("fb-s41");
    std::vector<RawRequest> under_way;
    for (int i = 0; i < 3; ++i) under_way.push_back(line.signed_request(conversation(), false));
    for (const RawRequest& raw : under_way) {
        const auto outcome = test::read_by(*line.dialect, line.ask(raw), false);
        CHECK(std::get<Failure>(outcome).param == "date");
    }
    CHECK(std::holds_alternative<Reply>(line.outcome(conversation(), false)));
}

TEST_CASE("what the real API refuses the simulation refuses") {
    REQUIRE_FALSE(bedrock::check_request(good()));
    const std::vector<std::pair<const char*, std::function<void(json&)>>> breaks{
        {"unknown field", [](json& b) { b["model"] = "x"; }},
        {"a name of another vendor", [](json& b) { b["inferenceConfig"]["max_tokens"] = 1; }},
        {"no messages", [](json& b) { b.erase("messages"); }},
        {"begins with the model", [](json& b) { b["messages"].erase(0); }},
        {"ends with the model", [](json& b) { b["messages"].erase(2); }},
        {"two turns of one role", [](json& b) { b["messages"].push_back(b["messages"][0]); }},
        {"blank text", [](json& b) { b["messages"][0]["content"][0]["text"] = " "; }},
        {"no content", [](json& b) { b["messages"][0]["content"] = json::array(); }},
        {"a block of two kinds", [](json& b) { b["messages"][0]["content"][0]["cachePoint"] = json{{"type", "default"}}; }},
        {"unknown role", [](json& b) { b["messages"][0]["role"] = "system"; }},
        {"T-54: tools in the history alone", [](json& b) { b.erase("toolConfig"); }},
        {"T-54: an empty list of tools", [](json& b) { b["toolConfig"]["tools"] = json::array(); }},
        {"result of another call", [](json& b) { b["messages"][2]["content"][0]["toolResult"]["toolUseId"] = "call_2"; }},
        {"result without a call", [](json& b) { b["messages"][1]["content"].erase(1); }},
        {"input as text", [](json& b) { b["messages"][1]["content"][1]["toolUse"]["input"] = "{}"; }},
        {"bad id", [](json& b) { b["messages"][1]["content"][1]["toolUse"]["toolUseId"] = "a b"; }},
        {"unknown status", [](json& b) { b["messages"][2]["content"][0]["toolResult"]["status"] = "ok"; }},
        {"forged reasoning", [](json& b) { b["messages"][1]["content"][0]["reasoningContent"]["reasoningText"]["signature"] = "x"; }},
        {"thinking without the thought before", [](json& b) { b["messages"][1]["content"].erase(0); }},
        {"thinking and a forced tool", [](json& b) { b["toolConfig"]["toolChoice"] = json{{"any", json::object()}}; }},
        {"thinking and a temperature", [](json& b) { b["inferenceConfig"]["temperature"] = 0.2; }},
        {"thinking beyond the answer's room", [](json& b) { b["inferenceConfig"]["maxTokens"] = 1024; }},
        {"no such choice", [](json& b) { b["toolConfig"]["toolChoice"] = json{{"none", json::object()}}; }},
        {"tool without a schema", [](json& b) { b["toolConfig"]["tools"][0]["toolSpec"].erase("inputSchema"); }},
        {"schema as an object", [](json& b) { b["outputConfig"]["textFormat"]["structure"]["jsonSchema"]["schema"] = json::object(); }},
        {"format without its structure", [](json& b) { b["outputConfig"]["textFormat"].erase("structure"); }},
        {"room as text", [](json& b) { b["inferenceConfig"]["maxTokens"] = "10"; }},
        {"system as text", [](json& b) { b["system"] = "x"; }},
    };
    for (const auto& [name, change] : breaks) {
        json body = good();
        change(body);
        INFO(name);
        const auto refusal = bedrock::check_request(body);
        REQUIRE(refusal);
        CHECK(refusal->status == 400);
        CHECK(type_of(*refusal) == "ValidationException");
    }
}

TEST_CASE("the simulation's reasoning is taken back, and the history of tools with it") {
    Line line;
    line.scenario = *parse_json(R"({"llm":{"script":[{"tool":"get_logs","arguments":{"svc":"api"}},{"answer":{"a":"Gr\u00fc\u00df"}}]}})");
    Request request = conversation();
    request.messages.resize(2);
    for (const bool stream : {false, true}) {
        const Reply call = std::get<Reply>(line.outcome(request, stream));
        REQUIRE(call.tool_calls.size() == 1);
        CHECK(call.tool_calls[0].arguments == R"({"svc":"api"})");
        REQUIRE_FALSE(call.opaque.empty());
        Request next = request;
        next.messages.push_back({.role = Role::assistant, .tool_calls = call.tool_calls, .opaque = call.opaque, .opaque_target = "main"});
        next.messages.push_back({.role = Role::tool, .text = "r", .tool_call_id = call.tool_calls[0].id});
        CHECK(std::get<Reply>(line.outcome(next, stream)).text == "{\"a\":\"Gr\xC3\xBC\xC3\x9F\"}");
        next.tool_choice = ToolChoice::none;
        CHECK(std::holds_alternative<Reply>(line.outcome(next, stream)));
    }
}

TEST_CASE("every numbered fault has its class in the vendor's words, whole and streamed") {
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
        {"s10-504", server_error},
        {"s11-424", server_error},
        {"s11-408", timeout},
        {"s12", model_gone},
        {"s13", forbidden},
        {"s14-1", context_overflow},
        {"s14-2", context_overflow},
        {"s14-3", context_overflow},
        {"s14-4", context_overflow},
        {"s14-5", context_overflow},
        {"s14-6", context_overflow},
        {"s14-7", context_overflow},
        {"s14-8", context_overflow},
        {"s14-9", context_overflow},
        {"s15-400", content_filter},
        {"s15-200", content_filter},
        {"s15-refusal", content_filter},
        {"s16", unsupported_param},
        {"s30", empty},
        {"s33", bad_body},
        {"s35", none},
        {"s36", output_truncated},
        {"s37", schema_invalid},
        {"s20", none},
    };
    for (const auto& [name, expected] : wall) {
        for (const bool stream : {false, true}) {
            INFO(name << (stream ? " streamed" : " whole"));
            CHECK(Line("fb-" + std::string(name)).class_of(stream) == expected);
        }
    }
    CHECK(Line("fb-s28").class_of(true) == server_error);
    CHECK(Line("fb-s29").class_of(true) == server_error);
    CHECK(std::get<Reply>(Line("fb-s35").outcome(conversation(), true)).text.find("verdict") != std::string::npos);
    for (const std::string_view name : bedrock::fault_names()) {
        INFO(name);
        CHECK((Line("fb-" + std::string(name)).class_of(true) != none || name == "bad-schema"));
    }
}

TEST_CASE("what the model refused by name is gone from the repaired request") {
    const json body = good();
    const auto mended = [&](const char* message) {
        const auto outcome = bedrock::make_dialect()->read(
            test::http_response(400, dump_json({{"message", message}}), {{"x-amzn-errortype", "ValidationException"}}));
        const std::string repair = repair_for(std::get<Failure>(outcome).param);
        INFO(message);
        CHECK_FALSE(repair.empty());
        return *parse_json(repaired(dump_json(body), {repair}));
    };
    CHECK_FALSE(mended("This model doesn't support the outputConfig.textFormat field. Remove it.").contains("outputConfig"));
    CHECK_FALSE(mended("This model doesn't support the toolConfig.toolChoice.any field. Remove it.")["toolConfig"].contains("toolChoice"));
    const json without_thought = mended("The model returned the following errors: messages.1: Invalid `signature` in `thinking` block");
    CHECK_FALSE(without_thought.contains("additionalModelRequestFields"));
    CHECK(without_thought["messages"][1]["content"].size() == 1);
    CHECK_FALSE(bedrock::check_request(without_thought));
}

TEST_CASE("an account's fault hits every model; models of a scenario are the only ones there are") {
    Line line;
    line.scenario["llm"]["bedrock"]["account"] = "quota";
    CHECK(line.class_of(true) == FailureClass::account_dead);
    line.scenario["llm"]["bedrock"] = json{{"models", {{claude, "ok"}, {"other", "500"}}}};
    CHECK(line.class_of(true) == FailureClass::none);
    line.target.model = "other";
    CHECK(line.class_of(true) == FailureClass::server_error);
    line.target.model = "third";
    CHECK(line.class_of(true) == FailureClass::model_gone);
}

}  // namespace sandbox_test
