// generateContent on the wire: golden requests, whole and streamed answers, the many ways to refuse.
#include "integrations/gemini/dialect.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "integrations/gemini/content.hpp"
#include "tests/support/fake_http.hpp"
#include "tests/support/llm_conversation.hpp"

using namespace gumshoe;
using namespace gumshoe::llm;
using test::conversation;
using test::streamed;

namespace {

const std::unique_ptr<Dialect> dialect = gemini::make_dialect();

Target target(std::string model) {
    Target out;
    out.name = "main";
    out.provider = "gemini";
    out.model = std::move(model);
    out.api_key = Secret("AIza-test");
    out.dialect = dialect.get();
    return out;
}

json body_of(const Request& request, const std::string& model) {
    return *parse_json(dialect->build(request, target(model), true).body);
}

const std::string stream =
    "data: "
    "{\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\"hm\",\"thought\":true}]},\"index\":0}],\"modelVersion\":"
    "\"gemini-3-pro\"}\r\n\r\n"
    "data: {\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\"Gr\\u00fc\xC3\x9F\"}]}}]}\n\n"
    "data: "
    "{\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"functionCall\":{\"name\":\"get_logs\",\"args\":{\"svc\":\"api\"}},"
    "\"thoughtSignature\":\"c2ln\"}]}}]}\n\n"
    "data: {\"candidates\":[{\"content\":{\"parts\":[]},\"finishReason\":\"STOP\"}],\"usageMetadata\":{\"promptTokenCount\":10,"
    "\"cachedContentTokenCount\":4,\"candidatesTokenCount\":5,\"thoughtsTokenCount\":2,\"totalTokenCount\":17}}\n\n";

Failure failure(int status, const std::string& body) {
    return std::get<Failure>(dialect->read(test::http_response(status, body)));
}

}  // namespace

TEST_CASE("a request of a tool loop, as documented") {
    const json expected = *parse_json(R"({
        "systemInstruction":{"parts":[{"text":"You are an analyst."}]},
        "contents":[{"role":"user","parts":[{"text":"Alert."}]},
            {"role":"model","parts":[{"functionCall":{"name":"get_logs","args":{"svc":"api"}}}]},
            {"role":"user","parts":[{"functionResponse":{"name":"get_logs","response":{"result":"log text"}}}]}],
        "tools":[{"functionDeclarations":[{"name":"get_logs","description":"Reads logs.","parametersJsonSchema":
            {"type":"object","properties":{"svc":{"type":"string"}},"required":["svc"],"additionalProperties":false}}]}],
        "toolConfig":{"functionCallingConfig":{"mode":"AUTO"}},
        "generationConfig":{"maxOutputTokens":5120,"temperature":0.2,"thinkingConfig":{"thinkingBudget":1024}},
        "safetySettings":[{"category":"HARM_CATEGORY_DANGEROUS_CONTENT","threshold":"BLOCK_ONLY_HIGH"}]})");
    CHECK(body_of(conversation(), "gemini-2.5-pro") == expected);
}

TEST_CASE("tools and a schema never stand in one request: the last turn has the schema") {
    Request request = conversation();
    request.tool_choice = ToolChoice::none;
    const json body = body_of(request, "gemini-2.5-flash");
    CHECK_FALSE(body.contains("tools"));
    CHECK_FALSE(body.contains("toolConfig"));
    CHECK(body.dump().find("functionCall") == std::string::npos);
    CHECK(body["generationConfig"]["responseMimeType"] == "application/json");
    CHECK(body["generationConfig"]["responseSchema"] ==
          *parse_json(R"({"type":"object","properties":{"a":{"type":"string","nullable":true}},"required":["a"]})"));
}

TEST_CASE("the third generation wants signatures and levels: foreign calls get the mark that passes") {
    const json body = body_of(conversation(), "gemini-3-pro-preview");
    CHECK(body["contents"][1]["parts"][0]["thoughtSignature"] == "skip_thought_signature_validator");
    CHECK(body["generationConfig"]["thinkingConfig"] == json({{"thinkingLevel", "LOW"}}));
    Request own = conversation();
    own.messages[2].opaque = R"([{"functionCall":{"name":"get_logs","args":{}},"thoughtSignature":"c2ln"}])";
    CHECK(body_of(own, "gemini-3-pro-preview")["contents"][1]["parts"][0]["thoughtSignature"] == "c2ln");
}

TEST_CASE("the key is in one header, never in the address") {
    const HttpRequest http = dialect->build(conversation(), target("gemini-2.5-pro"), true);
    CHECK(http.url == "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse");
    CHECK(http.headers.find("x-goog-api-key") == "AIza-test");
    CHECK(http.body.find("AIza-test") == std::string::npos);
    CHECK(dialect->probe(target("m"))->url.find("AIza-test") == std::string::npos);
}

TEST_CASE("a streamed answer is the same however its bytes are cut") {
    for (const std::size_t piece : {1, 2, 3, 7, 64, 100000}) {
        const Reply reply = std::get<Reply>(streamed(*dialect, stream, piece));
        CHECK(reply.text == "Gr\xC3\xBC\xC3\x9F");
        CHECK(reply.stop == Stop::tool_calls);
        REQUIRE(reply.tool_calls.size() == 1);
        CHECK(reply.tool_calls[0].id == "call_1");
        CHECK(reply.tool_calls[0].arguments == R"({"svc":"api"})");
        CHECK(reply.usage.input_tokens == 10);
        CHECK(reply.usage.output_tokens == 7);
        CHECK(reply.usage.reasoning_tokens == 2);
        CHECK(reply.opaque.find("c2ln") != std::string::npos);
        CHECK(reply.model == "gemini-3-pro");
    }
}

TEST_CASE("a stream without a finish reason was cut; an error in it is the vendor's") {
    const std::size_t last = stream.rfind("data: ");
    CHECK(std::get<Failure>(streamed(*dialect, std::string_view(stream).substr(0, last), 11)).failure == FailureClass::truncated_stream);
    const std::string error = R"(data: {"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}})";
    CHECK(std::get<Failure>(streamed(*dialect, stream.substr(0, last) + error + "\n\n", 11)).failure == FailureClass::overloaded);
    CHECK(std::get<Failure>(streamed(*dialect, "data: {\"cand\n\n", 5)).failure == FailureClass::truncated_stream);
}

TEST_CASE("finish reasons have their meaning") {
    const auto outcome = [](const std::string& reason) {
        return dialect->read(
            test::http_response(200, R"({"candidates":[{"content":{"parts":[{"text":"x"}]},"finishReason":")" + reason + R"("}]})"));
    };
    CHECK(std::get<Reply>(outcome("STOP")).stop == Stop::end);
    CHECK(std::get<Reply>(outcome("MAX_TOKENS")).stop == Stop::length);
    for (const char* reason : {"SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "OTHER"}) {
        INFO(reason);
        CHECK(std::get<Reply>(outcome(reason)).stop == Stop::filter);
    }
    for (const char* reason : {"MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS"}) {
        INFO(reason);
        CHECK(std::get<Failure>(outcome(reason)).failure == FailureClass::schema_invalid);
    }
    CHECK(failure(200, R"({"promptFeedback":{"blockReason":"SAFETY"}})").failure == FailureClass::content_filter);
    for (const char* body : {"{}", "[]", R"({"candidates":[]})", R"({"candidates":7})", "{\"cand"}) {
        INFO(body);
        CHECK(failure(200, body).failure == FailureClass::bad_body);
    }
}

TEST_CASE("a bad key is a 400, a day's quota a 429, a spending cap an account") {
    CHECK(failure(400, R"({"error":{"code":400,"message":"API key not valid.","status":"INVALID_ARGUMENT","details":[
        {"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID","domain":"googleapis.com"}]}})")
              .failure == FailureClass::auth_bad);
    const Failure minute =
        failure(429, R"({"error":{"code":429,"message":"You exceeded your current quota ...","status":"RESOURCE_EXHAUSTED","details":[
        {"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"quotaId":"GenerateRequestsPerMinutePerProjectPerModel-FreeTier"}]},
        {"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"34s"}]}})");
    CHECK(minute.failure == FailureClass::rate_limit);
    CHECK(minute.retry_after == milliseconds(34'000));
    CHECK(failure(429,
                  R"({"error":{"code":429,"message":"Your project has exceeded its monthly spending cap.","status":"RESOURCE_EXHAUSTED"}})")
              .failure == FailureClass::account_dead);
    CHECK(
        failure(
            400,
            R"({"error":{"code":400,"message":"The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).","status":"INVALID_ARGUMENT"}})")
            .failure == FailureClass::context_overflow);
    CHECK(failure(403, R"({"error":{"code":403,"message":"x","status":"PERMISSION_DENIED","details":[
        {"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"CONSUMER_SUSPENDED"}]}})")
              .failure == FailureClass::account_dead);
    CHECK(failure(404, R"({"error":{"code":404,"message":"models/x is not found for API version v1beta","status":"NOT_FOUND"}})").failure ==
          FailureClass::model_gone);
    CHECK(failure(503, R"([{"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}])").failure ==
          FailureClass::overloaded);
    CHECK(failure(400, R"({"error":{"code":"invalid_request","message":"m"}})").failure == FailureClass::bad_request_unknown);
    CHECK(failure(500, "<html>").failure == FailureClass::server_error);
}
