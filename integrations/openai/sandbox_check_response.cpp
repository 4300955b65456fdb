// Requests to /responses: fields, the items of the input and their tool calls, tools, the answer's format.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "integrations/openai/dialect.hpp"
#include "integrations/openai/sandbox_answer.hpp"
#include "integrations/openai/sandbox_check.hpp"
#include "llm/schema.hpp"

namespace gumshoe::openai {
namespace {

using Refused = std::optional<HttpReply>;

Refused refuse_response(const std::string& message, const std::string& param = {}, const std::string& code = {}) {
    return error_reply(400, message, "invalid_request_error", param, code);
}

Refused unknown_keys(const json& object, const std::set<std::string, std::less<>>& known, const std::string& at) {
    if (!object.is_object()) return refuse_response("Invalid type for '" + at + "': expected an object.", at, "invalid_type");
    for (const auto& [key, value] : object.items()) {
        const std::string path = at.empty() ? key : at + "." + key;
        if (!known.contains(key)) return refuse_response("Unknown parameter: '" + path + "'.", path, "unknown_parameter");
    }
    return std::nullopt;
}

Refused check_response_fields(const json& body) {
    static const std::set<std::string, std::less<>> known{"model",
                                                          "input",
                                                          "instructions",
                                                          "tools",
                                                          "tool_choice",
                                                          "text",
                                                          "reasoning",
                                                          "include",
                                                          "store",
                                                          "stream",
                                                          "temperature",
                                                          "top_p",
                                                          "truncation",
                                                          "metadata",
                                                          "prompt_cache_key",
                                                          "parallel_tool_calls",
                                                          "service_tier",
                                                          "user",
                                                          "max_tool_calls",
                                                          "max_output_tokens",
                                                          "safety_identifier",
                                                          "previous_response_id",
                                                          "stream_options",
                                                          "background"};
    if (auto refusal = unknown_keys(body, known, "")) return refusal;
    for (const char* required : {"model", "input"}) {
        if (!body.contains(required))
            return refuse_response("Missing required parameter: '" + std::string(required) + "'.", required, "missing_required_parameter");
    }
    if (!body["model"].is_string()) return refuse_response("Invalid type for 'model': expected a string.", "model", "invalid_type");
    for (const char* flag : {"stream", "store", "parallel_tool_calls"}) {
        if (body.contains(flag) && !body[flag].is_boolean())
            return refuse_response("Invalid type for '" + std::string(flag) + "': expected a boolean.", flag, "invalid_type");
    }
    if (body.contains("instructions") && !body["instructions"].is_string())
        return refuse_response("Invalid type for 'instructions': expected a string.", "instructions", "invalid_type");
    if (get_int(body, "max_output_tokens").value_or(16) < 16) {
        return refuse_response("Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16.", "max_output_tokens",
                               "integer_below_min_value");
    }
    return std::nullopt;
}

Refused check_thinking(const json& body) {
    const bool thinks = reasons(string_or_empty(body, "model"));
    if (thinks && body.contains("temperature"))
        return refuse_response("Unsupported parameter: 'temperature' is not supported with this model.", "temperature",
                               "unsupported_parameter");
    if (!thinks && body.contains("reasoning")) {
        return refuse_response("Unsupported parameter: 'reasoning.effort' is not supported with this model.", "reasoning.effort",
                               "unsupported_parameter");
    }
    if (!thinks && body.contains("include"))
        return refuse_response("Encrypted content is not supported with this model.", "include", "invalid_value");
    const json* reasoning = find(body, "reasoning");
    return reasoning == nullptr ? std::nullopt : unknown_keys(*reasoning, {"effort", "summary"}, "reasoning");
}

Refused check_content(const json& item, const std::string& at) {
    const std::string role = string_or_empty(item, "role");
    static const std::set<std::string, std::less<>> roles{"user", "assistant", "system", "developer"};
    if (!roles.contains(role)) return refuse_response("Invalid value: '" + role + "'.", at + ".role", "invalid_value");
    const json* content = find(item, "content");
    if (content != nullptr && content->is_string()) return std::nullopt;
    if (content == nullptr || !content->is_array()) return refuse_response("Invalid type for '" + at + ".content'.", at, "invalid_type");
    for (const json& part : *content) {
        const std::string type = string_or_empty(part, "type");
        const bool fits = role == "assistant" ? type == "output_text" || type == "refusal" : type == "input_text";
        if (!fits) return refuse_response("Invalid value: '" + type + "'.", at + ".content[0].type", "invalid_value");
        if (auto refusal = unknown_keys(part, {"type", "text", "refusal", "annotations", "logprobs"}, at + ".content[0]")) return refusal;
    }
    return std::nullopt;
}

Refused check_item(const json& item, const std::string& at, std::set<std::string>& open) {
    const std::string type = item.is_object() && !item.contains("type") ? "message" : string_or_empty(item, "type");
    if (type == "message") {
        if (auto refusal = unknown_keys(item, {"type", "role", "content", "id", "status", "phase"}, at)) return refusal;
        return check_content(item, at);
    }
    if (type == "function_call") {
        if (auto refusal = unknown_keys(item, {"type", "call_id", "name", "arguments", "id", "status"}, at)) return refusal;
        if (!get_string(item, "arguments"))
            return refuse_response("Invalid type for '" + at + ".arguments': expected a string.", at + ".arguments", "invalid_type");
        const std::string id = string_or_empty(item, "call_id");
        if (id.empty() || id.size() > 64 || !is_name(string_or_empty(item, "name")))
            return refuse_response("Invalid '" + at + "'.", at, "invalid_value");
        open.insert(id);
        return std::nullopt;
    }
    if (type == "function_call_output") {
        if (auto refusal = unknown_keys(item, {"type", "call_id", "output", "id", "status"}, at)) return refusal;
        const std::string id = string_or_empty(item, "call_id");
        if (open.erase(id) == 0) return refuse_response("No tool call found for function call output with call_id " + id + ".", "input");
        return std::nullopt;
    }
    if (type == "reasoning") {
        if (auto refusal = unknown_keys(item, {"type", "id", "summary", "encrypted_content", "content", "status"}, at)) return refusal;
        if (string_or_empty(item, "encrypted_content") != simulated_seal) {
            return refuse_response("The encrypted content for item " + string_or_empty(item, "id") + " could not be verified.", "",
                                   "invalid_encrypted_content");
        }
        return std::nullopt;
    }
    return refuse_response("Invalid value: '" + type + "'.", at + ".type", "invalid_value");
}

Refused check_input(const json& body) {
    const json& input = body["input"];
    if (input.is_string()) return std::nullopt;
    if (!input.is_array() || input.empty()) return refuse_response("Invalid type for 'input'.", "input", "invalid_type");
    std::set<std::string> open;
    for (std::size_t i = 0; i < input.size(); ++i) {
        if (auto refusal = check_item(input[i], "input[" + std::to_string(i) + "]", open)) return refusal;
    }
    if (!open.empty()) return refuse_response("No tool output found for function call " + *open.begin() + ".", "input");
    return std::nullopt;
}

Refused check_functions(const json& body) {
    if (!body.contains("tools")) {
        return body.contains("tool_choice") && body["tool_choice"] != "auto" && body["tool_choice"] != "none"
                   ? refuse_response("Tool choice 'required' must be specified with 'tools' parameter.", "tool_choice")
                   : std::nullopt;
    }
    for (const json& tool : body["tools"]) {
        if (auto refusal = unknown_keys(tool, {"type", "name", "description", "parameters", "strict"}, "tools[0]")) return refusal;
        const std::string name = string_or_empty(tool, "name");
        if (string_or_empty(tool, "type") != "function" || !is_name(name))
            return refuse_response("Missing required parameter: 'tools[0].name'.", "tools[0].name", "missing_required_parameter");
        const json* parameters = find(tool, "parameters");
        const bool strict = get_bool(tool, "strict").value_or(true);
        if (parameters == nullptr || string_or_empty(*parameters, "type") != "object" || (strict && !llm::is_strict(*parameters))) {
            return refuse_response("Invalid schema for function '" + name +
                                       "': In context=(), 'additionalProperties' is required to be "
                                       "supplied and to be false.",
                                   "tools[0].parameters", "invalid_function_parameters");
        }
    }
    return std::nullopt;
}

Refused check_text(const json& body) {
    const json* text = find(body, "text");
    if (text == nullptr) return std::nullopt;
    if (auto refusal = unknown_keys(*text, {"format", "verbosity"}, "text")) return refusal;
    const json* format = find(*text, "format");
    if (format == nullptr || string_or_empty(*format, "type") == "text") return std::nullopt;
    if (auto refusal = unknown_keys(*format, {"type", "name", "schema", "strict", "description"}, "text.format")) return refusal;
    const json* schema = find(*format, "schema");
    if (string_or_empty(*format, "type") != "json_schema" || schema == nullptr || !is_name(string_or_empty(*format, "name")))
        return refuse_response("Missing required parameter: 'text.format.name'.", "text.format.name", "missing_required_parameter");
    if (get_bool(*format, "strict").value_or(false) && !llm::is_strict(*schema)) {
        return refuse_response("Invalid schema for response_format: 'additionalProperties' is required to be supplied and to be false.",
                               "text.format.schema", "invalid_json_schema");
    }
    return std::nullopt;
}

}  // namespace

std::optional<HttpReply> check_response_request(const json& body) {
    if (!body.is_object()) return refuse_response("We could not parse the JSON body of your request.");
    for (const auto check : {check_response_fields, check_thinking, check_input, check_functions, check_text}) {
        if (auto refusal = check(body)) return refusal;
    }
    return std::nullopt;
}

}  // namespace gumshoe::openai
