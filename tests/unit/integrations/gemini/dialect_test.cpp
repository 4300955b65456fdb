// generateContent on the wire: golden requests, whole and streamed answers, the many ways to refuse.
#include "integrations/gemini/dialect.hpp"

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

const std::unique_ptr<Dialect> dialect = gemini::make_dialect();

Target target(std::string model) {
    Target out;
    out.name = "main";
    out.provider = "gemini";
    out.model = std::move(model);
    out.api_key = Secret("AIza-canary");
    out.dialect = dialect.get();
    return out;
}

json body_of(const Request& request, const std::string& model) {
    return *parse_json(dialect->build(request, target(model), true).body);
}

json golden(const std::string& name) {
    return *parse_json(fixture("gemini", name));
}

std::variant<Reply, Failure> read(int status, const std::string& body) {
    return dialect->read(test::http_response(status, body));
}

Request last_turn() {
    Request request = conversation();
    request.tool_choice = ToolChoice::none;
    return request;
}

/// The same however it came.
void check_reply(const Reply& reply) {
    CHECK(reply.text == "Gr\xC3\xBC\xC3\x9F");
    CHECK(reply.stop == Stop::tool_calls);
    REQUIRE(reply.tool_calls.size() == 2);
    CHECK(reply.tool_calls[0].id == "call_mAitaLmkHPPlz7IPvtfUqQ4_1");
    CHECK(reply.tool_calls[0].arguments == R"({"svc":"api"})");
    CHECK(reply.tool_calls[1].name == "get_deploys");
    CHECK(reply.usage.input_tokens == 10);  // the cached part is in it
    CHECK(reply.usage.cached_tokens == 4);
    CHECK(reply.usage.output_tokens == 7);  // thoughts are in it
    CHECK(reply.usage.reasoning_tokens == 2);
    CHECK(reply.model == "gemini-3-pro-preview");
    CHECK(reply.request_id == "mAitaLmkHPPlz7IPvtfUqQ4");
    CHECK(reply.opaque.find("c2ln") != std::string::npos);
}

}  // namespace

TEST_CASE("T-54: a request of a tool loop, as documented") {
    CHECK(body_of(conversation(), "gemini-2.5-pro") == golden("request-tools.json"));
}

TEST_CASE("T-54: tools and a schema never stand in one request: the last turn has the schema, and history in words") {
    CHECK(body_of(last_turn(), "gemini-2.5-flash") == golden("request-schema.json"));
    Request forced = conversation();
    forced.tool_choice = ToolChoice::required;
    CHECK(body_of(forced, "gemini-2.5-pro")["toolConfig"]["functionCallingConfig"]["mode"] == "ANY");
}

TEST_CASE("T-52: calls that another model made go to the third generation with the mark that passes") {
    CHECK(body_of(conversation(), "gemini-3-pro-preview") == golden("request-signed.json"));
    CHECK_FALSE(body_of(conversation(), "gemini-flash-latest").dump().find("thoughtSignature") != std::string::npos);
}

TEST_CASE("T-52, T-53: signed parts go back as they came, turn after turn, and results name the calls as these have them") {
    Request request;
    request.messages = {{.role = Role::user, .text = "Alert."}};
    for (const char* id : {"first", "second"}) {
        json document = golden("reply.json");
        document["responseId"] = id;
        if (std::string_view(id) == "second") document["candidates"][0]["content"]["parts"][2]["functionCall"]["id"] = "theirs";
        const Reply reply = std::get<Reply>(read(200, document.dump()));
        request.messages.push_back(
            {.role = Role::assistant, .text = reply.text, .tool_calls = reply.tool_calls, .opaque = reply.opaque, .opaque_target = "main"});
        for (const ToolCall& call : reply.tool_calls)
            request.messages.push_back({.role = Role::tool, .text = "r", .tool_call_id = call.id});
    }
    request.tools = conversation().tools;
    const json contents = body_of(for_target(request, target("gemini-3-pro-preview")), "gemini-3-pro-preview")["contents"];
    REQUIRE(contents.size() == 5);
    for (const std::size_t turn : {1, 3}) CHECK(contents[turn]["parts"][2]["thoughtSignature"] == "c2ln");
    CHECK_FALSE(contents[2]["parts"][0]["functionResponse"].contains("id"));
    CHECK(contents[4]["parts"][0]["functionResponse"]["id"] == "theirs");
    Target other = target("gemini-3-pro-preview");
    other.name = "second";
    CHECK(body_of(for_target(request, other), "gemini-3-pro-preview").dump().find("c2ln") == std::string::npos);
}

TEST_CASE("T-52: a refused signature is mended by the mark that passes") {
    const Failure failure = std::get<Failure>(read(200, R"({"candidates":[{"finishReason":"MISSING_THOUGHT_SIGNATURE"}]})"));
    CHECK(failure.failure == FailureClass::unsupported_param);
    const std::string repair = repair_for(failure.param);
    Request own = conversation();
    own.messages[2].opaque =
        R"([{"text":"a","thoughtSignature":"b"},{"functionCall":{"name":"get_logs","args":{}},"thoughtSignature":"c"}])";
    const json mended = *parse_json(repaired(dialect->build(own, target("gemini-3-pro-preview"), true).body, {repair}));
    const json parts = mended["contents"][1]["parts"];
    CHECK_FALSE(parts[0].contains("thoughtSignature"));
    CHECK(parts[1]["thoughtSignature"] == "skip_thought_signature_validator");
}

TEST_CASE("what a model refuses of a request is left out of it") {
    const std::string body = dialect->build(last_turn(), target("gemini-3-pro-preview"), true).body;
    const auto without = [&](const char* param) { return parse_json(repaired(body, {repair_for(param)}))->at("generationConfig"); };
    CHECK_FALSE(without("generationConfig.thinkingConfig.thinkingLevel").contains("thinkingConfig"));
    CHECK_FALSE(without("generationConfig.temperature").contains("temperature"));
    const json free_text = without("generationConfig.responseSchema.properties[0].value.nullable");
    CHECK_FALSE(free_text.contains("responseSchema"));
    CHECK_FALSE(free_text.contains("responseMimeType"));
    CHECK(repair_for("contents").empty());
}

TEST_CASE("thinking is said as the generation takes it, and the answer keeps its room beside it") {
    const auto config = [](const char* effort, const char* model) {
        Request request = conversation();
        request.reasoning_effort = effort;
        return body_of(request, model)["generationConfig"];
    };
    CHECK(config("none", "gemini-2.5-flash")["thinkingConfig"]["thinkingBudget"] == 0);
    CHECK(config("none", "gemini-2.5-pro")["thinkingConfig"]["thinkingBudget"] == 128);
    CHECK(config("high", "gemini-2.5-pro")["maxOutputTokens"] == 4096 + 16384);
    CHECK(config("high", "gemini-3-pro-preview")["thinkingConfig"] == json({{"thinkingLevel", "HIGH"}}));
    CHECK(config("high", "gemini-3-pro-preview")["maxOutputTokens"] == 4096 + 16384);
    CHECK(config("minimal", "gemini-3-flash")["thinkingConfig"]["thinkingLevel"] == "MINIMAL");
    CHECK(config("none", "gemini-3-pro-preview")["thinkingConfig"]["thinkingLevel"] == "LOW");
    CHECK(config("medium", "gemini-3.1-pro")["thinkingConfig"]["thinkingLevel"] == "MEDIUM");
    for (const char* model : {"gemini-2.0-flash", "gemini-flash-latest", "gemma-3-27b-it", "gemini-"}) {
        INFO(model);
        CHECK_FALSE(config("high", model).contains("thinkingConfig"));
        CHECK(config("high", model)["maxOutputTokens"] == 4096);
    }
}

TEST_CASE("the key is in one header, never in the address") {
    const HttpRequest http = dialect->build(conversation(), target("gemini-2.5-pro"), true);
    CHECK(http.url == "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse");
    CHECK(dialect->build(conversation(), target("m/../x"), false).url.ends_with("/models/m%2F..%2Fx:generateContent"));
    CHECK(http.headers.find("x-goog-api-key") == "AIza-canary");
    CHECK(http.body.find("AIza-canary") == std::string::npos);
    CHECK(dialect->probe(target("m"))->url == "https://generativelanguage.googleapis.com/v1beta/models?pageSize=1");
}

TEST_CASE("an answer is the same whole, as a list, and streamed however its bytes are cut") {
    check_reply(std::get<Reply>(read(200, fixture("gemini", "reply.json"))));
    check_reply(std::get<Reply>(read(200, fixture("gemini", "stream.json"))));
    const std::string stream = fixture("gemini", "stream.sse");
    for (const std::size_t piece : {1, 2, 3, 7, 64, 100000}) check_reply(std::get<Reply>(streamed(*dialect, stream, piece)));
}

TEST_CASE("a stream without a finish reason was cut; an error in it is the vendor's") {
    const std::string stream = fixture("gemini", "stream.sse");
    const std::string begun = stream.substr(0, stream.rfind("data: "));
    for (std::size_t size = 0; size <= begun.size(); size += 5) {
        CHECK(std::get<Failure>(streamed(*dialect, begun.substr(0, size), 11)).failure == FailureClass::truncated_stream);
    }
    const std::string error = R"(data: {"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}})";
    CHECK(std::get<Failure>(streamed(*dialect, error + "\r\n\r\n", 11)).failure == FailureClass::overloaded);
    CHECK(std::get<Failure>(streamed(*dialect, begun + error + "\r\n\r\n", 11)).failure == FailureClass::overloaded);
}

TEST_CASE("only content is progress: thoughts, text and calls, not an empty piece") {
    const auto reader = dialect->stream_reader();
    CHECK_FALSE(reader->feed("data: {\"candidates\":[{\"content\":{\"role\":\"model\"},\"index\":0}]}\r\n\r\n"));
    CHECK_FALSE(reader->feed("data: {\"usageMetadata\":{\"promptTokenCount\":3}}\r\n\r\n: ping\r\n\r\n"));
    CHECK(reader->feed("data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"hm\",\"thought\":true}]}}]}\r\n\r\n"));
}

TEST_CASE("finish reasons have their meaning") {
    const auto outcome = [](const std::string& reason) {
        return read(200, R"({"candidates":[{"content":{"parts":[{"text":"x"}]},"finishReason":")" + reason + R"("}]})");
    };
    CHECK(std::get<Reply>(outcome("STOP")).stop == Stop::end);
    CHECK(std::get<Reply>(outcome("MAX_TOKENS")).stop == Stop::length);
    for (const char* reason : {"SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "OTHER"}) {
        INFO(reason);
        CHECK(std::get<Reply>(outcome(reason)).stop == Stop::filter);
    }
    for (const char* reason : {"MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS", "MALFORMED_RESPONSE"}) {
        INFO(reason);
        CHECK(std::get<Failure>(outcome(reason)).failure == FailureClass::schema_invalid);
    }
    for (const char* body : {"{}", "[]", "[7]", R"({"candidates":[]})", R"({"candidates":7})", "{\"cand", "7"}) {
        INFO(body);
        CHECK(std::get<Failure>(read(200, body)).failure == FailureClass::bad_body);
    }
    CHECK(std::get<Reply>(read(200, R"({"candidates":[{"content":{"role":"model"},"finishReason":"STOP"}]})")).text.empty());
}

TEST_CASE("T-51: every known error body has its class, and what it names is read") {
    test::check_errors(*dialect, "gemini");
}

TEST_CASE("T-60: a refusal that echoes the key does not put it into our words") {
    const Failure failure = std::get<Failure>(read(403, R"({"error":{"code":403,"status":"PERMISSION_DENIED",
        "message":"Permission denied: Consumer 'api_key:AIza-canary' has been suspended."}})"));
    CHECK((failure.reason + failure.code + failure.param).find("AIza-canary") == std::string::npos);
}

}  // namespace dialect_test
