#include "integrations/anthropic/sandbox_check.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "llm/schema.hpp"

namespace gumshoe::anthropic {
namespace {

using Refusal = std::optional<HttpReply>;

Refusal refuse(const std::string& message) {
    return error_reply(400, "invalid_request_error", message);
}

Refusal extra(const json& object, const std::set<std::string, std::less<>>& known, const std::string& at) {
    for (const auto& [key, value] : object.items()) {
        if (!known.contains(key)) return refuse((at.empty() ? key : at + "." + key) + ": Extra inputs are not permitted");
    }
    return std::nullopt;
}

bool matches_id(const std::string& id) {
    return !id.empty() && id.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == std::string::npos;
}

/// What one turn's blocks call for and answer.
struct Turn {
    std::string role;
    std::vector<std::string> uses;
    std::vector<std::string> results;
};

Refusal check_block(const json& block, const std::string& at, Turn& turn, bool& text_seen) {
    const std::string type = string_or_empty(block, "type");
    if (type == "text") {
        text_seen = true;
        if (auto refusal = extra(block, {"type", "text", "cache_control", "citations"}, at)) return refusal;
        if (trim(string_or_empty(block, "text")).empty()) return refuse("messages: text content blocks must be non-empty");
    } else if (type == "tool_use" && turn.role == "assistant") {
        if (auto refusal = extra(block, {"type", "id", "name", "input", "cache_control"}, at)) return refusal;
        const std::string id = string_or_empty(block, "id");
        if (!matches_id(id)) return refuse(at + ".tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'");
        if (!block.contains("input") || !block["input"].is_object())
            return refuse(at + ".tool_use.input: Input should be a valid dictionary");
        if (std::ranges::find(turn.uses, id) != turn.uses.end()) return refuse("messages: `tool_use` ids must be unique");
        turn.uses.push_back(id);
    } else if (type == "tool_result" && turn.role == "user") {
        if (auto refusal = extra(block, {"type", "tool_use_id", "content", "is_error", "cache_control"}, at)) return refusal;
        if (text_seen) return refuse(at + ": `tool_result` blocks must come before other content");
        turn.results.push_back(string_or_empty(block, "tool_use_id"));
    } else if (type == "thinking" && turn.role == "assistant") {
        if (string_or_empty(block, "signature") != simulated_signature) return refuse(at + ": Invalid `signature` in `thinking` block");
    } else {
        return refuse(at + ": Input tag '" + type + "' found using 'type' does not match any of the expected tags");
    }
    return std::nullopt;
}

Refusal check_turn(const json& message, const std::string& at, Turn& turn) {
    if (!message.is_object()) return refuse(at + ": Input should be a valid dictionary");
    if (auto refusal = extra(message, {"role", "content"}, at)) return refusal;
    turn.role = string_or_empty(message, "role");
    if (turn.role != "user" && turn.role != "assistant")
        return refuse("messages: Unexpected role \"" + turn.role + "\". Allowed roles are \"user\" or \"assistant\".");
    if (!message.contains("content")) return refuse(at + ".content: Field required");
    const json& content = message["content"];
    if (content.is_string()) return content.get<std::string>().empty() ? refuse(at + ": content must be non-empty") : std::nullopt;
    if (!content.is_array() || content.empty()) return refuse(at + ": content must be non-empty");
    bool text_seen = false;
    for (std::size_t i = 0; i < content.size(); ++i) {
        if (auto refusal = check_block(content[i], at + ".content." + std::to_string(i), turn, text_seen)) return refusal;
    }
    return std::nullopt;
}

/// Each call is answered in the turn right after it, and nothing else is.
Refusal check_pairing(const Turn& before, const Turn& turn, const std::string& at) {
    for (const std::string& id : turn.results) {
        if (std::ranges::find(before.uses, id) == before.uses.end()) {
            return refuse(at + ": unexpected `tool_use_id` found in `tool_result` blocks: " + id +
                          ". Each `tool_result` block must have a corresponding `tool_use` block in the previous message.");
        }
    }
    for (const std::string& id : before.uses) {
        if (std::ranges::count(turn.results, id) != 1) {
            return refuse(at + ": `tool_use` ids were found without `tool_result` blocks immediately after: " + id +
                          ". Each `tool_use` block must have a corresponding `tool_result` block in the next message.");
        }
    }
    return std::nullopt;
}

Refusal check_messages(const json& messages) {
    if (!messages.is_array() || messages.empty()) return refuse("messages: at least one message is required");
    Turn before;
    for (std::size_t i = 0; i < messages.size(); ++i) {
        const std::string at = "messages." + std::to_string(i);
        Turn turn;
        if (auto refusal = check_turn(messages[i], at, turn)) return refusal;
        if (i == 0 && turn.role != "user") return refuse("messages: first message must use the \"user\" role");
        if (auto refusal = check_pairing(before, turn, at)) return refusal;
        before = std::move(turn);
    }
    if (before.role == "assistant")
        return refuse("This model does not support assistant message prefill. The conversation must end with a user message.");
    return std::nullopt;
}

Refusal check_system(const json& body) {
    const json* system = find(body, "system");
    if (system == nullptr || system->is_string()) return std::nullopt;
    if (!system->is_array()) return refuse("system: Input should be a valid list");
    for (const json& block : *system) {
        if (auto refusal = extra(block, {"type", "text", "cache_control"}, "system.0")) return refusal;
        if (string_or_empty(block, "type") != "text" || string_or_empty(block, "text").empty())
            return refuse("system: text content blocks must be non-empty");
    }
    return std::nullopt;
}

Refusal check_tools(const json& body) {
    if (!body.contains("tools"))
        return body.contains("tool_choice") ? refuse("tool_choice: may only be specified while providing tools") : std::nullopt;
    if (!body["tools"].is_array()) return refuse("tools: Input should be a valid list");
    for (std::size_t i = 0; i < body["tools"].size(); ++i) {
        const json& tool = body["tools"][i];
        const std::string at = "tools." + std::to_string(i);
        if (auto refusal = extra(tool, {"name", "description", "input_schema", "cache_control", "type", "strict"}, at)) return refusal;
        if (!matches_id(string_or_empty(tool, "name"))) return refuse(at + ".name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'");
        if (string_or_empty(tool, "input_schema.type") != "object") return refuse(at + ".input_schema.type: Field required");
    }
    static const std::set<std::string, std::less<>> choices{"auto", "any", "none", "tool"};
    if (body.contains("tool_choice") && !choices.contains(string_or_empty(body, "tool_choice.type")))
        return refuse("tool_choice: Input tag does not match any of the expected tags");
    return std::nullopt;
}

Refusal check_output_config(const json& body) {
    const json* config = find(body, "output_config");
    if (config == nullptr) return std::nullopt;
    if (auto refusal = extra(*config, {"format", "effort"}, "output_config")) return refusal;
    static const std::set<std::string, std::less<>> efforts{"low", "medium", "high", "max"};
    if (config->contains("effort") && !efforts.contains(string_or_empty(*config, "effort")))
        return refuse("output_config.effort: Input should be 'low', 'medium', 'high' or 'max'");
    const json* format = find(*config, "format");
    if (format == nullptr) return std::nullopt;
    const json* schema = find(*format, "schema");
    if (string_or_empty(*format, "type") != "json_schema" || schema == nullptr)
        return refuse("output_config.format: Input should be a valid dictionary");
    if (!llm::is_strict(*schema))
        return refuse("output_config.format.schema: For 'object' type, 'additionalProperties' must be explicitly set to false");
    if (llm::without_bounds(*schema) != *schema)
        return refuse("output_config.format.schema: For 'number' type, properties maximum, minimum are not supported");
    return std::nullopt;
}

Refusal check_fields(const json& body) {
    static const std::set<std::string, std::less<>> known{"model",       "max_tokens",     "messages",      "system",      "tools",
                                                          "tool_choice", "thinking",       "output_config", "temperature", "top_p",
                                                          "top_k",       "stop_sequences", "service_tier",  "metadata",    "stream"};
    if (auto refusal = extra(body, known, "")) return refusal;
    for (const char* required : {"model", "max_tokens", "messages"}) {
        if (!body.contains(required)) return refuse(std::string(required) + ": Field required");
    }
    if (!body["model"].is_string()) return refuse("model: Input should be a valid string");
    if (!body["max_tokens"].is_number_integer() || body["max_tokens"] < 1)
        return refuse("max_tokens: Input should be greater than or equal to 1");
    const auto temperature = body.contains("temperature") ? get_number(body, "temperature").value_or(-1) : 0;
    if (temperature < 0 || temperature > 1) return refuse("temperature: range: 0..1");
    if (body.contains("stream") && !body["stream"].is_boolean()) return refuse("stream: Input should be a valid boolean");
    return std::nullopt;
}

}  // namespace

HttpReply error_reply(int status, const std::string& type, const std::string& message) {
    return json_reply(status, dump_json({{"type", "error"}, {"error", {{"type", type}, {"message", message}}}, {"request_id", "req_sim"}}));
}

std::optional<HttpReply> check_request(const json& body) {
    if (!body.is_object()) return refuse("The request body is not valid JSON");
    for (const auto check : {check_fields, check_system, check_tools, check_output_config}) {
        if (auto refusal = check(body)) return refusal;
    }
    return check_messages(body["messages"]);
}

}  // namespace gumshoe::anthropic
