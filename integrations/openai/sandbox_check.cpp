// Chat completion requests: fields, messages and their tool calls, tools, the answer's format.
#include "integrations/openai/sandbox_check.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "llm/schema.hpp"

namespace gumshoe::openai {
namespace {

enum class Kind { text, integer, number, boolean, list, object, text_or_object };

const std::map<std::string, Kind, std::less<>>& known_fields() {
    static const std::map<std::string, Kind, std::less<>> fields{
        {"model", Kind::text},
        {"messages", Kind::list},
        {"max_tokens", Kind::integer},
        {"max_completion_tokens", Kind::integer},
        {"temperature", Kind::number},
        {"top_p", Kind::number},
        {"tools", Kind::list},
        {"tool_choice", Kind::text_or_object},
        {"parallel_tool_calls", Kind::boolean},
        {"response_format", Kind::object},
        {"reasoning_effort", Kind::text},
        {"seed", Kind::integer},
        {"service_tier", Kind::text},
        {"store", Kind::boolean},
        {"stop", Kind::list},
        {"n", Kind::integer},
        {"user", Kind::text},
        {"metadata", Kind::object},
        {"verbosity", Kind::text},
        {"presence_penalty", Kind::number},
        {"frequency_penalty", Kind::number},
        {"stream", Kind::boolean},
        {"stream_options", Kind::object},
        {"prompt_cache_key", Kind::text},
        {"safety_identifier", Kind::text},
    };
    return fields;
}

bool is_of(const json& value, Kind kind) {
    switch (kind) {
        case Kind::text:
            return value.is_string();
        case Kind::integer:
            return value.is_number_integer();
        case Kind::number:
            return value.is_number();
        case Kind::boolean:
            return value.is_boolean();
        case Kind::list:
            return value.is_array();
        case Kind::object:
            return value.is_object();
        case Kind::text_or_object:
            return value.is_string() || value.is_object();
    }
    return false;
}

using Refusal = std::optional<HttpReply>;

Refusal refuse(const std::string& message, const std::string& param = {}, const std::string& code = {}) {
    return error_reply(400, message, "invalid_request_error", param, code);
}

Refusal check_fields(const json& body) {
    for (const auto& [key, value] : body.items()) {
        const auto field = known_fields().find(key);
        if (field == known_fields().end()) return refuse("Unrecognized request argument supplied: " + key);
        if (!is_of(value, field->second)) return refuse("Invalid type for '" + key + "'.", key, "invalid_type");
    }
    for (const char* required : {"model", "messages"}) {
        if (!body.contains(required))
            return refuse("Missing required parameter: '" + std::string(required) + "'.", required, "missing_required_parameter");
    }
    if (body["messages"].empty())
        return refuse("Invalid 'messages': empty array. Expected an array with minimum length 1.", "messages", "empty_array");
    if (body.contains("stream_options") && !get_bool(body, "stream").value_or(false)) {
        return refuse("The 'stream_options' parameter is only allowed when 'stream' is enabled.", "stream_options");
    }
    if (body.contains("max_tokens") && body.contains("max_completion_tokens")) {
        return refuse("Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.", "max_tokens",
                      "invalid_parameter_combination");
    }
    return std::nullopt;
}

/// o1, o3, gpt-5, gpt-6 and their kin.
Refusal check_reasoning(const json& body) {
    const std::string model = string_or_empty(body, "model");
    const bool o_series = model.size() > 1 && model[0] == 'o' && model[1] >= '1' && model[1] <= '9';
    const bool reasoning = o_series || model.starts_with("gpt-5") || model.starts_with("gpt-6");
    if (reasoning && body.contains("max_tokens")) {
        return refuse("Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
                      "max_tokens", "unsupported_parameter");
    }
    if (reasoning && get_number(body, "temperature").value_or(1) != 1) {
        return refuse(
            "Unsupported value: 'temperature' does not support this value with this model. Only the default (1) value is supported.",
            "temperature", "unsupported_value");
    }
    if (!reasoning && body.contains("reasoning_effort")) {
        return refuse("Unrecognized request argument supplied: reasoning_effort");
    }
    // They reason unless told otherwise, and beside tools only behind /v1/responses.
    const bool never_both = model.starts_with("gpt-5.6") || model.starts_with("gpt-6");
    if (never_both && body.contains("tools") && string_or_empty(body, "reasoning_effort") != "none") {
        return refuse("Function tools with reasoning_effort are not supported for " + model +
                          " in /v1/chat/completions. To use function tools, use /v1/responses or set reasoning_effort to 'none'.",
                      "reasoning_effort");
    }
    return std::nullopt;
}

Refusal check_tool_calls(const json& message, const std::string& at, std::set<std::string>& open) {
    if (!message.contains("tool_calls")) return std::nullopt;
    if (!message["tool_calls"].is_array() || message["tool_calls"].empty())
        return refuse("Invalid '" + at + ".tool_calls'.", at + ".tool_calls", "invalid_type");
    for (const json& call : message["tool_calls"]) {
        const std::string id = string_or_empty(call, "id");
        if (id.size() > 40)
            return refuse("Invalid '" + at + ".tool_calls[0].id': string too long. Expected a string with maximum length 40.", at,
                          "string_above_max_length");
        if (id.empty() || string_or_empty(call, "type") != "function" || !is_name(string_or_empty(call, "function.name"))) {
            return refuse("Invalid '" + at + ".tool_calls[0]'.", at, "invalid_value");
        }
        if (!get_string(call, "function.arguments"))
            return refuse("Invalid type for '" + at + ".tool_calls[0].function.arguments': expected a string.", at, "invalid_type");
        open.insert(id);
    }
    return std::nullopt;
}

Refusal check_messages(const json& messages) {
    static const std::set<std::string, std::less<>> keys{"role", "content", "name", "tool_calls", "tool_call_id", "refusal"};
    std::set<std::string> open;  // calls without a result yet
    for (std::size_t i = 0; i < messages.size(); ++i) {
        const json& message = messages[i];
        const std::string at = "messages[" + std::to_string(i) + "]";
        if (!message.is_object()) return refuse("Invalid type for '" + at + "'.", at, "invalid_type");
        for (const auto& [key, value] : message.items()) {
            if (!keys.contains(key)) return refuse("Unknown parameter: '" + at + "." + key + "'.", at + "." + key, "unknown_parameter");
        }
        const std::string role = string_or_empty(message, "role");
        if (role == "tool") {
            if (open.erase(string_or_empty(message, "tool_call_id")) == 0) {
                return refuse("Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.",
                              at + ".role");
            }
        } else if (!open.empty()) {
            return refuse(
                "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following "
                "tool_call_ids did not have response messages: " +
                    *open.begin(),
                at + ".role");
        }
        const bool text = message.contains("content") && message["content"].is_string();
        if (role == "assistant") {
            if (!text && !message.contains("tool_calls"))
                return refuse("Invalid value for 'content': expected a string, got null.", at + ".content");
            if (auto refusal = check_tool_calls(message, at, open)) return refusal;
        } else if (role == "system" || role == "developer" || role == "user" || role == "tool") {
            if (!text) return refuse("Invalid value for 'content': expected a string, got null.", at + ".content");
        } else {
            return refuse(
                "Invalid value: '" + role + "'. Supported values are: 'system', 'assistant', 'user', 'function', 'tool', and 'developer'.",
                at + ".role", "invalid_value");
        }
    }
    if (!open.empty()) {
        return refuse(
            "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following "
            "tool_call_ids did not have response messages: " +
                *open.begin(),
            "messages");
    }
    return std::nullopt;
}

Refusal check_tools(const json& body) {
    if (!body.contains("tools")) {
        if (body.contains("tool_choice"))
            return refuse("Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified.", "tool_choice");
        return std::nullopt;
    }
    for (const json& tool : body["tools"]) {
        const std::string name = string_or_empty(tool, "function.name");
        if (string_or_empty(tool, "type") != "function" || !is_name(name))
            return refuse("Invalid 'tools[0].function.name'.", "tools[0].function.name", "invalid_value");
        const json* parameters = find(tool, "function.parameters");
        if (parameters == nullptr || string_or_empty(*parameters, "type") != "object") {
            return refuse("Invalid schema for function '" + name + "': schema must be a JSON Schema of 'type: \"object\"'.",
                          "tools[0].function.parameters", "invalid_function_parameters");
        }
        if (get_bool(tool, "function.strict").value_or(false) && !llm::is_strict(*parameters)) {
            return refuse("Invalid schema for function '" + name +
                              "': In context=(), 'additionalProperties' is required to be supplied and to be false.",
                          "tools[0].function.parameters", "invalid_function_parameters");
        }
    }
    return std::nullopt;
}

Refusal check_format(const json& body) {
    const json* format = find(body, "response_format");
    if (format == nullptr) return std::nullopt;
    const std::string type = string_or_empty(*format, "type");
    if (type == "text" || type == "json_object") return std::nullopt;
    const json* schema = find(*format, "json_schema.schema");
    const std::string name = string_or_empty(*format, "json_schema.name");
    if (type != "json_schema" || schema == nullptr || !is_name(name))
        return refuse("Invalid value for 'response_format'.", "response_format", "invalid_value");
    if (get_bool(*format, "json_schema.strict").value_or(false) && !llm::is_strict(*schema)) {
        return refuse(
            "Invalid schema for response_format '" + name + "': 'additionalProperties' is required to be supplied and to be false.",
            "response_format", "invalid_json_schema");
    }
    return std::nullopt;
}

}  // namespace

bool is_name(const std::string& name) {
    const std::string allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    return !name.empty() && name.size() <= 64 && name.find_first_not_of(allowed) == std::string::npos;
}

HttpReply error_reply(int status, const std::string& message, const std::string& type, const std::string& param, const std::string& code) {
    const auto or_null = [](const std::string& text) { return text.empty() ? json(nullptr) : json(text); };
    const json body{{"error", {{"message", message}, {"type", or_null(type)}, {"param", or_null(param)}, {"code", or_null(code)}}}};
    return json_reply(status, dump_json(body));
}

std::optional<HttpReply> check_request(const json& body) {
    if (!body.is_object()) return refuse("We could not parse the JSON body of your request.");
    if (auto refusal = check_fields(body)) return refusal;
    if (auto refusal = check_reasoning(body)) return refusal;
    if (auto refusal = check_messages(body["messages"])) return refusal;
    if (auto refusal = check_tools(body)) return refusal;
    return check_format(body);
}

}  // namespace gumshoe::openai
