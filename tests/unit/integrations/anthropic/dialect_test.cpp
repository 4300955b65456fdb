// Messages on the wire: golden requests, turns, whole and streamed answers, streams cut anywhere.
#include "integrations/anthropic/dialect.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "integrations/anthropic/sandbox_check.hpp"
#include "tests/support/fake_http.hpp"

namespace dialect_test {

using namespace gumshoe;
using namespace gumshoe::llm;

namespace {

const std::unique_ptr<Dialect> dialect = anthropic::make_dialect();

Target target() {
    Target out;
    out.name = "second";
    out.provider = "anthropic";
    out.model = "claude-sonnet-5";
    out.api_key = Secret("sk-ant-test");
    out.dialect = dialect.get();
    return out;
}

Request conversation() {
    Request request;
    request.messages = {
        {.role = Role::system, .text = "You are an analyst."},
        {.role = Role::user, .text = "Alert."},
        {.role = Role::assistant, .text = "Let me see.", .tool_calls = {{"toolu_1", "get_logs", R"({"svc":"api"})"}}},
        {.role = Role::tool, .text = "log text", .tool_call_id = "toolu_1"},
    };
    request.tools = {{"get_logs", "Reads logs.",
                      R"({"type":"object","properties":{"svc":{"type":"string"}},"required":["svc"],"additionalProperties":false})"}};
    request.schema_name = "finding";
    request.schema = R"({"type":"object","properties":{"a":{"type":"integer","minimum":1}},"required":["a"],"additionalProperties":false})";
    return request;
}

json body_of(const Request& request, bool stream = false) {
    return *parse_json(dialect->build(request, target(), stream).body);
}

std::variant<Reply, Failure> streamed(std::string_view bytes, std::size_t piece) {
    const auto reader = dialect->stream_reader();
    for (std::size_t at = 0; at < bytes.size(); at += piece) reader->feed(bytes.substr(at, piece));
    return reader->finish();
}

const std::string stream =
    "event: message_start\ndata: "
    "{\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"model\":\"claude-sonnet-5\",\"role\":\"assistant\",\"content\":[],\"stop_"
    "reason\":null,"
    "\"usage\":{\"input_tokens\":25,\"cache_creation_input_tokens\":5,\"cache_read_input_tokens\":70,\"output_tokens\":1}}}\n\n"
    "event: content_block_start\ndata: "
    "{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}}\n\n"
    "event: ping\ndata: {\"type\": \"ping\"}\n\n"
    "event: content_block_delta\ndata: "
    "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"thinking_delta\",\"thinking\":\"hm\"}}\n\n"
    "event: content_block_delta\ndata: "
    "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"signature_delta\",\"signature\":\"c2ln\"}}\n\n"
    "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n"
    "event: content_block_start\ndata: "
    "{\"type\":\"content_block_start\",\"index\":1,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n"
    "event: content_block_delta\ndata: "
    "{\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"text_delta\",\"text\":\"Gr\\u00fc\xC3\x9F\"}}\n\n"
    "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":1}\n\n"
    "event: content_block_start\ndata: "
    "{\"type\":\"content_block_start\",\"index\":2,\"content_block\":{\"type\":\"tool_use\",\"id\":\"toolu_1\",\"name\":\"get_logs\","
    "\"input\":{}}}\n\n"
    "event: content_block_delta\ndata: "
    "{\"type\":\"content_block_delta\",\"index\":2,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"{\\\"svc\"}}\n\n"
    "event: content_block_delta\ndata: "
    "{\"type\":\"content_block_delta\",\"index\":2,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"\\\":1}\"}}\n\n"
    "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":2}\n\n"
    "event: message_delta\ndata: "
    "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"tool_use\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":15}}\n\n"
    "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";

}  // namespace

TEST_CASE("a Messages request, as documented") {
    const json expected = *parse_json(R"({
        "model":"claude-sonnet-5","max_tokens":4096,
        "system":[{"type":"text","text":"You are an analyst.","cache_control":{"type":"ephemeral"}}],
        "messages":[{"role":"user","content":[{"type":"text","text":"Alert."}]},
            {"role":"assistant","content":[{"type":"text","text":"Let me see."},{"type":"tool_use","id":"toolu_1","name":"get_logs","input":{"svc":"api"}}]},
            {"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","content":[{"type":"text","text":"log text"}]}]}],
        "tools":[{"name":"get_logs","description":"Reads logs.",
            "input_schema":{"type":"object","properties":{"svc":{"type":"string"}},"required":["svc"],"additionalProperties":false}}],
        "tool_choice":{"type":"auto"},
        "output_config":{"format":{"type":"json_schema","schema":{"type":"object","properties":{"a":{"type":"integer"}},"required":["a"],"additionalProperties":false}}},
        "stream":true})");
    CHECK(body_of(conversation(), true) == expected);
}

TEST_CASE("turns alternate, results come first, empty text is left out") {
    Request request;
    request.messages = {
        {.role = Role::user, .text = "one"},
        {.role = Role::user, .text = "  "},
        {.role = Role::user, .text = "two"},
        {.role = Role::assistant, .text = "", .tool_calls = {{"a", "t", "{}"}, {"b", "t", "not json"}}},
        {.role = Role::tool, .text = "ra", .tool_call_id = "a"},
        {.role = Role::user, .text = "aside"},
        {.role = Role::tool, .text = "", .tool_call_id = "b", .is_error = true},
        {.role = Role::assistant, .text = ""},
        {.role = Role::user, .text = "three"},
    };
    const json messages = body_of(request)["messages"];
    REQUIRE(messages.size() == 3);
    CHECK(messages[0]["content"].size() == 2);
    CHECK(messages[1]["content"][1]["input"] == json::object());
    const json& last = messages[2]["content"];
    REQUIRE(last.size() == 4);
    CHECK(last[0]["tool_use_id"] == "a");
    CHECK(last[1]["tool_use_id"] == "b");
    CHECK(last[1]["is_error"] == true);
    CHECK(last[1]["content"].empty());
    CHECK(last[2]["text"] == "aside");
    CHECK(last[3]["text"] == "three");
}

TEST_CASE("signed reasoning goes back verbatim") {
    Request request = conversation();
    request.messages[2].opaque =
        R"([{"type":"thinking","thinking":"x","signature":"s"},{"type":"tool_use","id":"toolu_1","name":"get_logs","input":{"svc":"api"}}])";
    request.messages[2].opaque_target = "second";
    CHECK(body_of(request)["messages"][1]["content"] == *parse_json(request.messages[2].opaque));
}

TEST_CASE("every request we build is one the strict simulation takes") {
    for (const ToolChoice choice : {ToolChoice::automatic, ToolChoice::none, ToolChoice::required}) {
        Request request = conversation();
        request.tool_choice = choice;
        request.temperature = 0.3;
        request.reasoning_effort = "minimal";
        const auto refusal = anthropic::check_request(body_of(request, true));
        INFO((refusal ? refusal->body : ""));
        CHECK_FALSE(refusal.has_value());
    }
}

TEST_CASE("the key is in one header and nowhere else") {
    const HttpRequest http = dialect->build(conversation(), target(), true);
    CHECK(http.url == "https://api.anthropic.com/v1/messages");
    CHECK(http.headers.find("x-api-key") == "sk-ant-test");
    CHECK(http.headers.find("anthropic-version") == "2023-06-01");
    CHECK_FALSE(http.headers.find("authorization"));
    CHECK(http.body.find("sk-ant-test") == std::string::npos);
    CHECK(dialect->probe(target())->url == "https://api.anthropic.com/v1/models");
}

TEST_CASE("a whole answer is read, its cached input counted in") {
    const auto outcome = dialect->read(
        test::http_response(200, R"({"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-5","stop_reason":"tool_use",
        "content":[{"type":"thinking","thinking":"hm","signature":"s"},{"type":"text","text":""},{"type":"text","text":"Hi"},{"type":"tool_use","id":"toolu_1","name":"get","input":{"a":1}}],
        "usage":{"input_tokens":25,"cache_creation_input_tokens":5,"cache_read_input_tokens":70,"output_tokens":15,"output_tokens_details":{"thinking_tokens":4}}})",
                            {{"request-id", "req_9"}}));
    const Reply& reply = std::get<Reply>(outcome);
    CHECK(reply.text == "Hi");
    CHECK(reply.stop == Stop::tool_calls);
    CHECK(reply.tool_calls.at(0).arguments == R"({"a":1})");
    CHECK(reply.usage.input_tokens == 100);
    CHECK(reply.usage.cached_tokens == 70);
    CHECK(reply.usage.output_tokens == 15);
    CHECK(reply.usage.reasoning_tokens == 4);
    CHECK(reply.request_id == "req_9");
    CHECK(parse_json(reply.opaque)->size() == 3);  // the empty text would be refused when it came back
}

TEST_CASE("counts of tokens that cannot be are cut to what can be added up") {
    const auto outcome = dialect->read(test::http_response(
        200,
        R"({"content":[],"stop_reason":"end_turn","usage":{"input_tokens":9223372036854775807,"cache_creation_input_tokens":1,"output_tokens":-5}})"));
    const auto& usage = std::get<Reply>(outcome).usage;
    CHECK(usage.input_tokens == 1'000'000'000'001);
    CHECK(usage.output_tokens == 0);
}

TEST_CASE("stop reasons have their stop") {
    const auto stop = [](const std::string& reason) {
        return std::get<Reply>(
                   dialect->read(test::http_response(200, R"({"content":[{"type":"text","text":"x"}],"stop_reason":")" + reason + "\"}")))
            .stop;
    };
    CHECK(stop("end_turn") == Stop::end);
    CHECK(stop("stop_sequence") == Stop::end);
    CHECK(stop("max_tokens") == Stop::length);
    CHECK(stop("model_context_window_exceeded") == Stop::length);
    CHECK(stop("refusal") == Stop::refusal);
    for (const char* body : {"{}", R"({"content":[]})", R"({"content":7,"stop_reason":"end_turn"})", "{\"content\":["}) {
        CHECK(std::get<Failure>(dialect->read(test::http_response(200, body))).failure == FailureClass::bad_body);
    }
}

TEST_CASE("a streamed answer is the same however its bytes are cut") {
    for (const std::size_t piece : {1, 2, 3, 7, 64, 100000}) {
        const Reply reply = std::get<Reply>(streamed(stream, piece));
        CHECK(reply.text == "Grü\xC3\x9F");
        CHECK(reply.stop == Stop::tool_calls);
        CHECK(reply.tool_calls.at(0).id == "toolu_1");
        CHECK(reply.tool_calls.at(0).arguments == "{\"svc\":1}");
        CHECK(reply.usage.input_tokens == 100);
        CHECK(reply.usage.output_tokens == 15);
        const json opaque = *parse_json(reply.opaque);
        CHECK(opaque[0] == json{{"type", "thinking"}, {"thinking", "hm"}, {"signature", "c2ln"}});
        CHECK(opaque[2]["input"] == json{{"svc", 1}});
    }
}

TEST_CASE("a stream that ends anywhere is the whole answer or says it was cut") {
    const std::size_t whole = stream.size() - 2;  // the last blank line may be missing
    for (std::size_t size = 0; size <= stream.size(); ++size) {
        const auto outcome = streamed(std::string_view(stream).substr(0, size), 11);
        INFO(size);
        if (size < whole) {
            CHECK(std::get<Failure>(outcome).failure == FailureClass::truncated_stream);
        } else {
            CHECK(std::get<Reply>(outcome).tool_calls.size() == 1);
        }
    }
}

TEST_CASE("pings and empty starts are no progress") {
    const auto reader = dialect->stream_reader();
    CHECK_FALSE(reader->feed("event: ping\ndata: {\"type\":\"ping\"}\n\n"));
    CHECK_FALSE(reader->feed("event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":1}}}\n\n"));
    CHECK_FALSE(
        reader->feed("event: content_block_start\ndata: "
                     "{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n"));
    CHECK(
        reader->feed("event: content_block_delta\ndata: "
                     "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"x\"}}\n\n"));
    CHECK_FALSE(reader->feed("event: something_new\ndata: {\"type\":\"something_new\"}\n\n"));
}

TEST_CASE("an error in a stream is the failure it names, before and after text") {
    const std::string error =
        "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n";
    CHECK(std::get<Failure>(streamed(error, 9)).failure == FailureClass::overloaded);
    CHECK(std::get<Failure>(streamed(stream.substr(0, stream.find("event: message_delta")) + error, 9)).failure ==
          FailureClass::overloaded);
    const std::string broken = stream.substr(0, stream.find("event: message_delta")) + "event: message_delta\ndata: {\"type\n\n";
    CHECK(std::get<Failure>(streamed(broken, 9)).failure == FailureClass::truncated_stream);
}

TEST_CASE("arguments that the model wrote broken stay as they are, to be judged") {
    std::string bytes = stream;
    const auto at = bytes.find("\\\":1}");
    bytes.replace(at, 5, "\\\":1");
    CHECK(std::get<Reply>(streamed(bytes, 100)).tool_calls.at(0).arguments == "{\"svc\":1");
}

}  // namespace dialect_test
