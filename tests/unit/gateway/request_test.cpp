// Bodies of chat completions and what they are in the neutral request; what is refused, and which field the refusal names.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "gateway/completion_request.hpp"

namespace gumshoe::gateway {
namespace {

json body(const json& more = json::object()) {
    json out{{"model", "default"}, {"messages", json::array({{{"role", "user"}, {"content", "Why?"}}})}};
    out.update(more);
    return out;
}

CompletionRequest accepted(const json& body) {
    auto read = read_completion(dump_json(body));
    if (const auto* refused = std::get_if<ApiError>(&read)) FAIL(refused->param + ": " + refused->message);
    return std::get<CompletionRequest>(std::move(read));
}

ApiError refused(std::string_view text) {
    auto read = read_completion(text);
    if (std::holds_alternative<CompletionRequest>(read)) return {.message = "it was accepted"};
    return std::get<ApiError>(std::move(read));
}

json function(const json& more = json::object()) {
    json out{{"name", "get_logs"}};
    out.update(more);
    return {{"type", "function"}, {"function", out}};
}

json closed_schema() {
    return {{"type", "object"}, {"properties", {{"a", {{"type", "string"}}}}}, {"required", {"a"}}, {"additionalProperties", false}};
}

json call(const std::string& id) {
    return {{"id", id}, {"type", "function"}, {"function", {{"name", "get_logs"}, {"arguments", "{\"a\":1}"}}}};
}

json assistant(const std::vector<json>& calls) {
    return {{"role", "assistant"}, {"content", nullptr}, {"tool_calls", json(calls)}};
}

json result_of(const std::string& id) {
    return {{"role", "tool"}, {"tool_call_id", id}, {"content", "3 lines"}};
}

json user(const json& content) {
    return {{"role", "user"}, {"content", content}};
}

}  // namespace

TEST_CASE("roles, texts and parts of a history become neutral messages") {
    const json echoed{
        {"role", "assistant"}, {"content", "Before."}, {"refusal", nullptr}, {"annotations", json::array()}, {"audio", nullptr}};
    const auto request = accepted(body({{"messages",
                                         {{{"role", "system"}, {"content", "Be brief."}},
                                          {{"role", "developer"}, {"content", json::array({{{"type", "text"}, {"text", "Cite."}}})}},
                                          user(json::array({{{"type", "text"}, {"text", "One"}}, {{"type", "text"}, {"text", "two"}}})),
                                          echoed,
                                          user("Go on."),
                                          assistant({call("c1"), call("c2")}),
                                          result_of("c2"),
                                          result_of("c1")}}}))
                             .request;
    REQUIRE(request.messages.size() == 8);
    const auto& messages = request.messages;
    CHECK(messages[0].role == llm::Role::system);
    CHECK(messages[0].text == "Be brief.");
    CHECK(messages[1].role == llm::Role::system);
    CHECK(messages[1].text == "Cite.");
    CHECK(messages[2].text == "One\ntwo");
    CHECK(messages[3].role == llm::Role::assistant);
    CHECK(messages[3].text == "Before.");
    REQUIRE(messages[5].tool_calls.size() == 2);
    CHECK(messages[5].tool_calls[1].id == "c2");
    CHECK(messages[5].tool_calls[1].name == "get_logs");
    CHECK(messages[5].tool_calls[1].arguments == "{\"a\":1}");
    CHECK(messages[5].text.empty());
    CHECK(messages[6].role == llm::Role::tool);
    CHECK(messages[6].tool_call_id == "c2");
    CHECK(messages[6].text == "3 lines");
}

TEST_CASE("a plain request has the defaults, and an answer of its length may not be cut") {
    const auto read = accepted(body());
    CHECK(read.model == "default");
    CHECK_FALSE(read.stream);
    CHECK_FALSE(read.one_call);
    CHECK(read.request.purpose == "gateway");
    CHECK_FALSE(read.request.may_be_cut);
    CHECK_FALSE(read.request.temperature);
    CHECK_FALSE(read.request.reasoning_effort);
    CHECK(read.request.schema.empty());
}

TEST_CASE("limits, temperature, effort and the form of the answer are translated") {
    for (const char* name : {"max_tokens", "max_completion_tokens"}) {
        const auto limited = accepted(body({{name, 7}})).request;
        CHECK(limited.max_output_tokens == 7);
        CHECK(limited.may_be_cut);
    }
    CHECK(accepted(body({{"temperature", 0.5}})).request.temperature == 0.5);
    CHECK(accepted(body({{"reasoning_effort", "low"}})).request.reasoning_effort == "low");
    const json form{{"name", "finding"}, {"strict", true}, {"schema", closed_schema()}};
    const auto formed = accepted(body({{"response_format", {{"type", "json_schema"}, {"json_schema", form}}}})).request;
    CHECK(formed.schema_name == "finding");
    CHECK(json::parse(formed.schema) == closed_schema());
    CHECK(accepted(body({{"response_format", {{"type", "text"}}}})).request.schema.empty());
    const auto streamed = accepted(body({{"stream", true}, {"stream_options", {{"include_usage", true}}}}));
    CHECK(streamed.stream);
    CHECK(streamed.include_usage);
}

TEST_CASE("tools and their choice are translated; a named function is the only one left, and required") {
    const json tools{function({{"description", "Reads."}, {"parameters", closed_schema()}, {"strict", true}}),
                     function({{"name", "other"}})};
    const auto read = accepted(body({{"tools", tools}})).request;
    REQUIRE(read.tools.size() == 2);
    CHECK(read.tools[0].name == "get_logs");
    CHECK(read.tools[0].description == "Reads.");
    CHECK(json::parse(read.tools[0].parameters) == closed_schema());
    CHECK(read.tool_choice == llm::ToolChoice::automatic);
    CHECK(accepted(body({{"tools", tools}, {"tool_choice", "auto"}})).request.tool_choice == llm::ToolChoice::automatic);
    CHECK(accepted(body({{"tools", tools}, {"tool_choice", "none"}})).request.tool_choice == llm::ToolChoice::none);
    CHECK(accepted(body({{"tools", tools}, {"tool_choice", "required"}})).request.tool_choice == llm::ToolChoice::required);
    const auto named = accepted(body({{"tools", tools}, {"tool_choice", function({{"name", "other"}})}})).request;
    CHECK(named.tool_choice == llm::ToolChoice::required);
    REQUIRE(named.tools.size() == 1);
    CHECK(named.tools[0].name == "other");
    CHECK(accepted(body({{"tools", tools}, {"parallel_tool_calls", false}})).one_call);
    CHECK_FALSE(accepted(body({{"tools", tools}, {"parallel_tool_calls", true}})).one_call);
}

TEST_CASE("fields that ask for what happens anyway are taken, null is absent") {
    for (const json& more :
         {json{{"n", 1}}, json{{"top_p", 1.0}}, json{{"presence_penalty", 0}}, json{{"frequency_penalty", 0}}, json{{"logprobs", false}},
          json{{"store", false}}, json{{"modalities", {"text"}}}, json{{"seed", nullptr}}, json{{"tools", nullptr}},
          json{{"stop", json::array()}}, json{{"stream", false}}, json{{"temperature", nullptr}}}) {
        INFO(more.dump());
        CHECK(accepted(body(more)).request.messages.size() == 1);
    }
}

TEST_CASE("what is not supported or not valid is refused, and the refusal names the field") {
    const json image{{"type", "image_url"}, {"image_url", {{"url", "https://x.example/a.png"}}}};
    const json loose{{"type", "object"}, {"properties", {{"a", {{"type", "string"}}}}}};
    const auto with_messages = [](const std::vector<json>& messages) { return json{{"messages", json(messages)}}; };
    const auto form = [](json more) {
        json schema{{"name", "f"}, {"schema", closed_schema()}};
        schema.update(more);
        return json{{"response_format", {{"type", "json_schema"}, {"json_schema", schema}}}};
    };
    struct Case {
        json more;
        std::string param;
        std::string code;
    };
    const std::vector<Case> cases{
        {{{"n", 2}}, "n", "unsupported_parameter"},
        {{{"logprobs", true}}, "logprobs", "unsupported_parameter"},
        {{{"top_p", 0.5}}, "top_p", "unsupported_parameter"},
        {{{"stop", "END"}}, "stop", "unsupported_parameter"},
        {{{"seed", 7}}, "seed", "unsupported_parameter"},
        {{{"user", "u1"}}, "user", "unsupported_parameter"},
        {{{"store", true}}, "store", "unsupported_parameter"},
        {{{"modalities", {"text", "audio"}}}, "modalities", "unsupported_parameter"},
        {{{"audio", {{"voice", "alloy"}}}}, "audio", "unsupported_parameter"},
        {{{"functions", {function()}}}, "functions", "unsupported_parameter"},
        {{{"invented", 1}}, "invented", "unsupported_parameter"},
        {{{"model", 7}}, "model", "invalid_type"},
        {{{"model", ""}}, "model", "missing_required_parameter"},
        {{{"model", nullptr}}, "model", "missing_required_parameter"},
        {{{"messages", nullptr}}, "messages", "missing_required_parameter"},
        {{{"messages", json::array()}}, "messages", "invalid_type"},
        {{{"messages", "Why?"}}, "messages", "invalid_type"},
        {with_messages({"Why?"}), "messages[0]", "invalid_type"},
        {with_messages({{{"role", "oracle"}, {"content", "x"}}}), "messages[0].role", "invalid_value"},
        {with_messages({{{"role", "user"}}}), "messages[0].content", "missing_required_parameter"},
        {with_messages({user(7)}), "messages[0].content", "invalid_type"},
        {with_messages({user(json::array())}), "messages[0].content", "invalid_type"},
        {with_messages({user(json::array({image}))}), "messages[0].content[0].type", "unsupported_value"},
        {with_messages({user(json::array({{{"type", "text"}}}))}), "messages[0].content[0].text", "missing_required_parameter"},
        {with_messages({{{"role", "user"}, {"content", "x"}, {"name", "ana"}}}), "messages[0].name", "unsupported_parameter"},
        {with_messages({{{"role", "assistant"}, {"content", nullptr}}}), "messages[0].content", "missing_required_parameter"},
        {with_messages({{{"role", "assistant"}, {"content", "x"}, {"refusal", "no"}}}), "messages[0].refusal", "unsupported_parameter"},
        {with_messages({result_of("c1")}), "messages[0].tool_call_id", "invalid_value"},
        {with_messages({assistant({call("c1")}), result_of("c2")}), "messages[1].tool_call_id", "invalid_value"},
        {with_messages({assistant({call("c1")}), result_of("c1"), result_of("c1")}), "messages[2].tool_call_id", "invalid_value"},
        {with_messages({assistant({call("c1"), call("c2")}), result_of("c1"), user("x")}), "messages[2]", "invalid_value"},
        {with_messages({assistant({call("c1")})}), "messages", "invalid_value"},
        {with_messages({assistant({{{"id", "c1"}, {"type", "custom"}}})}), "messages[0].tool_calls[0].type", "unsupported_value"},
        {with_messages({assistant({{{"id", "c"}, {"type", "function"}, {"function", {{"name", "f"}}}}})}),
         "messages[0].tool_calls[0].function.arguments", "missing_required_parameter"},
        {{{"tools", {{{"type", "web_search"}}}}}, "tools[0].type", "unsupported_value"},
        {{{"tools", {function({{"name", "no spaces"}})}}}, "tools[0].function.name", "invalid_value"},
        {{{"tools", {function(), function()}}}, "tools[1].function.name", "invalid_value"},
        {{{"tools", {function({{"parameters", "none"}})}}}, "tools[0].function.parameters", "invalid_type"},
        {{{"tools", {function({{"strict", true}, {"parameters", loose}})}}}, "tools[0].function.strict", "invalid_schema"},
        {{{"tools", json(std::vector<json>(129, function()))}}, "tools", "invalid_type"},
        {{{"tool_choice", "auto"}}, "tool_choice", "invalid_value"},
        {{{"tools", {function()}}, {"tool_choice", "any"}}, "tool_choice", "invalid_value"},
        {{{"tools", {function()}}, {"tool_choice", {{"type", "allowed_tools"}}}}, "tool_choice.type", "unsupported_value"},
        {{{"tools", {function()}}, {"tool_choice", function({{"name", "other"}})}}, "tool_choice.function.name", "invalid_value"},
        {{{"parallel_tool_calls", "no"}}, "parallel_tool_calls", "invalid_type"},
        {{{"response_format", {{"type", "json_object"}}}}, "response_format.type", "unsupported_value"},
        {{{"response_format", "json"}}, "response_format.type", "unsupported_value"},
        {form({{"name", "a b"}}), "response_format.json_schema.name", "invalid_value"},
        {form({{"strict", true}, {"schema", loose}}), "response_format.json_schema.strict", "invalid_schema"},
        {form({{"schema", {{"type", "array"}}}}), "response_format.json_schema.schema", "invalid_schema"},
        {form({{"description", "what"}}), "response_format.json_schema.description", "unsupported_parameter"},
        {{{"max_tokens", 0}}, "max_tokens", "invalid_value"},
        {{{"max_tokens", 1.5}}, "max_tokens", "invalid_value"},
        {{{"max_tokens", 5}, {"max_completion_tokens", 5}}, "max_completion_tokens", "invalid_value"},
        {{{"max_completion_tokens", 1e12}}, "max_completion_tokens", "invalid_value"},
        {{{"temperature", 3}}, "temperature", "invalid_value"},
        {{{"temperature", "hot"}}, "temperature", "invalid_value"},
        {{{"reasoning_effort", "xhigh"}}, "reasoning_effort", "invalid_value"},
        {{{"stream", 1}}, "stream", "invalid_type"},
        {{{"stream_options", {{"include_usage", true}}}}, "stream_options", "invalid_value"},
        {{{"stream", true}, {"stream_options", {{"include_usage", 1}}}}, "stream_options.include_usage", "invalid_type"},
        {{{"stream", true}, {"stream_options", {{"include_obfuscation", true}}}},
         "stream_options.include_obfuscation",
         "unsupported_parameter"},
    };
    for (const Case& one : cases) {
        INFO(one.more.dump());
        const ApiError error = refused(dump_json(body(one.more)));
        CHECK(error.status == 400);
        CHECK(error.param == one.param);
        CHECK(error.code == one.code);
        CHECK(error.type == "invalid_request_error");
    }
}

TEST_CASE("bodies that are no JSON object, nest too deep, or hold invalid UTF-8 are refused without an echo") {
    const std::string deep(100, '[');
    for (const std::string& text : {std::string(), std::string("[]"), std::string("\"sk-canary\""), std::string("{\"model\": sk-canary"),
                                    deep, std::string("{\"model\":\"\xff\xfe\"}")}) {
        const ApiError error = refused(text);
        CHECK(error.code == "invalid_json");
        CHECK(error.message.find("canary") == std::string::npos);
    }
}

TEST_CASE("a long unknown key is shortened in the refusal") {
    const ApiError error = refused(dump_json(body({{std::string(100'000, 'k'), 1}})));
    CHECK(error.code == "unsupported_parameter");
    CHECK(error.param.size() <= 64);
}

}  // namespace gumshoe::gateway
