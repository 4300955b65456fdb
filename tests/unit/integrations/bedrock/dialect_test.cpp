// Converse on the wire: golden requests, whole answers, frames cut anywhere, exceptions inside a stream.
#include "integrations/bedrock/dialect.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "integrations/bedrock/event_stream.hpp"
#include "tests/support/fake_http.hpp"
#include "tests/support/llm_conversation.hpp"
#include "tests/support/llm_simulation.hpp"
#include "tests/support/result_printing.hpp"

namespace dialect_test {

using namespace gumshoe;
using namespace gumshoe::llm;
using test::conversation;
using test::streamed;

namespace {

const std::unique_ptr<Dialect> dialect = bedrock::make_dialect();

Target target(std::string model) {
    Target out;
    out.name = "main";
    out.provider = "bedrock";
    out.model = std::move(model);
    out.api_key = Secret("bedrock-api-key-test");
    out.api_url = "https://bedrock-runtime.us-east-1.amazonaws.com";
    out.settings["region"] = "us-east-1";
    out.dialect = dialect.get();
    return out;
}

json body_of(const Request& request, const std::string& model) {
    return *parse_json(dialect->build(request, target(model), false).body);
}

std::string event(const std::string& type, const json& payload) {
    return bedrock::frame_bytes({{":message-type", "event"}, {":event-type", type}, {":content-type", "application/json"}},
                                dump_json(payload));
}

const std::string usage =
    event("metadata", {{"usage", {{"inputTokens", 10}, {"outputTokens", 5}, {"totalTokens", 15}, {"cacheReadInputTokens", 4}}}});

const std::string stream =
    event("messageStart", {{"role", "assistant"}}) +
    event("contentBlockDelta", {{"contentBlockIndex", 0}, {"delta", {{"reasoningContent", {{"text", "hm"}}}}}}) +
    event("contentBlockDelta", {{"contentBlockIndex", 0}, {"delta", {{"reasoningContent", {{"signature", "c2ln"}}}}}}) +
    event("contentBlockStop", {{"contentBlockIndex", 0}}) +
    event("contentBlockDelta", {{"contentBlockIndex", 1}, {"delta", {{"text", "Gr\xC3\xBC\xC3\x9F"}}}, {"p", "abcd"}}) +
    event("contentBlockStart", {{"contentBlockIndex", 2}, {"start", {{"toolUse", {{"toolUseId", "t1"}, {"name", "get_logs"}}}}}}) +
    event("contentBlockDelta", {{"contentBlockIndex", 2}, {"delta", {{"toolUse", {{"input", "{\"svc\":"}}}}}}) +
    event("contentBlockDelta", {{"contentBlockIndex", 2}, {"delta", {{"toolUse", {{"input", "\"api\"}"}}}}}}) +
    event("messageStop", {{"stopReason", "tool_use"}}) + usage;

const std::size_t whole = stream.size() - usage.size();  // the answer ends here

}  // namespace

TEST_CASE("T-54: a request of a tool loop, as documented") {
    Request request = conversation();
    request.messages[2].opaque =
        R"([{"reasoningContent":{"reasoningText":{"text":"hm","signature":"c2ln"}}},{"toolUse":{"toolUseId":"call_1","name":"get_logs","input":{"svc":"api"}}}])";
    const json expected = *parse_json(test::fixture("bedrock", "request.json"));
    CHECK(body_of(request, "anthropic.claude-sonnet-4-5-20250929-v1:0") == expected);
    // What was thought elsewhere cannot be shown, and a loop that began without thought goes on without.
    json without = expected;
    without.erase("additionalModelRequestFields");
    without["inferenceConfig"]["temperature"] = 0.2;
    without["messages"][1]["content"].erase(0);
    CHECK(body_of(conversation(), "anthropic.claude-sonnet-4-5-20250929-v1:0") == without);
    request.tool_choice = ToolChoice::required;  // no tool may be forced on a model that thinks
    const json forced = body_of(request, "anthropic.claude-sonnet-4-5-20250929-v1:0");
    CHECK_FALSE(forced.contains("additionalModelRequestFields"));
    CHECK(forced["toolConfig"]["toolChoice"] == json{{"any", json::object()}});
}

TEST_CASE("T-54: without tools there is no toolConfig: what was called before is told in words") {
    Request request = conversation();
    request.tool_choice = ToolChoice::none;
    const json body = body_of(request, "meta.llama3-70b-instruct-v1:0");
    CHECK_FALSE(body.contains("toolConfig"));
    CHECK(body.dump().find("toolUse") == std::string::npos);
    CHECK(body.dump().find("toolResult") == std::string::npos);
    CHECK(body["messages"][2]["content"][0]["text"] == "The result of get_logs:\nlog text");
    CHECK(body["inferenceConfig"]["temperature"] == 0.2);
    CHECK_FALSE(body["system"].dump().find("cachePoint") != std::string::npos);
}

TEST_CASE("T-63: a model's id is one segment of the path, whatever is in it") {
    const auto url = [](const char* model, bool streams) { return dialect->build(conversation(), target(model), streams).url; };
    CHECK(url("anthropic.claude-v2:1", false) == "https://bedrock-runtime.us-east-1.amazonaws.com/model/anthropic.claude-v2%3A1/converse");
    CHECK(url("arn:aws:bedrock:us-east-1:1:inference-profile/x", true).ends_with("inference-profile%2Fx/converse-stream"));
}

TEST_CASE("an API key is a bearer, a pair of keys signs; neither stands in the body") {
    HttpRequest http = dialect->build(conversation(), target("m"), false);
    dialect->sign(http, target("m"), from_millis(1785578400000));
    CHECK(http.headers.find("authorization") == "Bearer bedrock-api-key-test");
    Target pair = target("m");
    pair.access_key_id = Secret("AKIDEXAMPLE");
    http = dialect->build(conversation(), pair, false);
    dialect->sign(http, pair, from_millis(1785578400000));
    CHECK(http.headers.find("authorization")->starts_with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260801/us-east-1/bedrock/"));
    CHECK(http.headers.find_all("authorization").size() == 1);
    CHECK(http.body.find("bedrock-api-key-test") == std::string::npos);
    CHECK_FALSE(dialect->probe(pair));
}

TEST_CASE("a whole answer is read") {
    const auto outcome =
        dialect->read(test::http_response(200, test::fixture("bedrock", "response.json"), {{"x-amzn-requestid", "req-1"}}));
    const Reply& reply = std::get<Reply>(outcome);
    CHECK(reply.text == "a");
    CHECK(reply.stop == Stop::tool_calls);
    CHECK(reply.tool_calls.at(0).arguments == R"({"svc":"api"})");
    CHECK(reply.usage.input_tokens == 15);
    CHECK(reply.usage.cached_tokens == 3);
    CHECK(reply.request_id == "req-1");
    for (const char* body :
         {"{}", R"({"output":{}})", R"({"output":{"message":{"content":7}},"stopReason":"end_turn"})", "[1]", "{\"out"}) {
        CHECK(std::get<Failure>(dialect->read(test::http_response(200, body))).failure == FailureClass::bad_body);
    }
}

TEST_CASE("errors have their class from the type, wherever it stands, and the field that is refused its place in our body") {
    test::check_errors(*dialect, "bedrock");
}

TEST_CASE("a streamed answer is the same however its bytes are cut") {
    for (const std::size_t piece : {1, 2, 3, 7, 64, 100000}) {
        const Reply reply = std::get<Reply>(streamed(*dialect, stream, piece));
        CHECK(reply.text == "Gr\xC3\xBC\xC3\x9F");
        CHECK(reply.stop == Stop::tool_calls);
        REQUIRE(reply.tool_calls.size() == 1);
        CHECK(reply.tool_calls[0].arguments == "{\"svc\":\"api\"}");
        CHECK(reply.usage.input_tokens == 14);
        CHECK(reply.opaque.find("c2ln") != std::string::npos);
    }
}

TEST_CASE("a stream cut anywhere before its stop is said to be cut") {
    for (std::size_t size = 0; size < stream.size(); size += 3) {
        const auto outcome = streamed(*dialect, std::string_view(stream).substr(0, size), 50);
        CHECK(std::holds_alternative<Reply>(outcome) == (size >= whole));
    }
}

TEST_CASE("a flipped bit anywhere in a frame breaks the answer, never the process") {
    for (std::size_t at = 0; at < stream.size(); at += 5) {
        std::string broken = stream;
        broken[at] = static_cast<char>(broken[at] ^ 0x10);
        const auto outcome = streamed(*dialect, broken, 64);
        CHECK(std::holds_alternative<Reply>(outcome) == (at >= whole));
    }
}

TEST_CASE("an exception inside a stream is the vendor's error") {
    const auto exception = [](const char* type) {
        const std::string bytes = event("messageStart", {{"role", "assistant"}}) +
                                  bedrock::frame_bytes({{":message-type", "exception"}, {":exception-type", type}}, R"({"message":"m"})");
        return std::get<Failure>(streamed(*dialect, bytes, 9)).failure;
    };
    CHECK(exception("throttlingException") == FailureClass::rate_limit);
    CHECK(exception("modelStreamErrorException") == FailureClass::server_error);
    CHECK(exception("serviceUnavailableException") == FailureClass::overloaded);
    CHECK(exception("internalServerException") == FailureClass::server_error);
}

TEST_CASE("frames that lie about their lengths are refused before anything is kept") {
    bedrock::FrameReader reader;
    std::string huge(12, '\0');
    huge[0] = '\x7f';
    CHECK(reader.feed(huge).empty());
    CHECK(reader.broken());
}

}  // namespace dialect_test
