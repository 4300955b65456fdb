// Converse requests: fields, turns and their tool calls, tools, thinking, the answer's format.
#include "integrations/bedrock/sandbox_check.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "integrations/bedrock/sandbox_faults.hpp"
#include "llm/schema.hpp"

namespace gumshoe::bedrock {
namespace {

using Refusal = std::optional<HttpReply>;

Refusal refuse(const std::string& message) {
    return error_reply(400, "ValidationException", message);
}

Refusal unknown_keys(const json& object, const std::set<std::string, std::less<>>& known, const std::string& at) {
    if (!object.is_object())
        return refuse("Malformed input request: " + at + ": expected type: JSONObject, please reformat your input and try again.");
    for (const auto& [key, value] : object.items()) {
        if (known.contains(key)) continue;
        return refuse("Malformed input request: " + at + ": extraneous key [" + key +
                      "] is not permitted, please reformat your input and try again.");
    }
    return std::nullopt;
}

bool is_id(const std::string& id) {
    return !id.empty() && id.size() <= 64 &&
           id.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == std::string::npos;
}

/// What one turn's blocks call for and answer.
struct Turn {
    std::string role;
    std::vector<std::string> uses;
    std::vector<std::string> results;
    bool thinks = false;  // begins with reasoning
};

Refusal check_tool_result(const json& result, const std::string& at, Turn& turn) {
    if (auto refusal = unknown_keys(result, {"toolUseId", "content", "status"}, at)) return refusal;
    turn.results.push_back(string_or_empty(result, "toolUseId"));
    const json* content = find(result, "content");
    if (content == nullptr || !content->is_array()) return refuse("The content field at " + at + " is missing.");
    for (const json& part : *content) {
        if (auto refusal = unknown_keys(part, {"text", "json"}, at + ".content")) return refusal;
        if (part.contains("text") && trim(string_or_empty(part, "text")).empty())
            return refuse("The text field in the ContentBlock object at " + at + " is blank. Add text to the text field, and try again.");
    }
    const std::string status = string_or_empty(result, "status");
    return status == "success" || status == "error" || status.empty() ? std::nullopt : refuse("The status at " + at + " is not valid.");
}

Refusal check_block(const json& block, const std::string& at, Turn& turn) {
    if (!block.is_object() || block.size() != 1)
        return refuse("ContentBlock object at " + at + " must set one of the following keys: text, toolUse, toolResult, reasoningContent.");
    if (block.contains("text")) {
        const bool blank = trim(string_or_empty(block, "text")).empty();
        return blank
                   ? refuse("The text field in the ContentBlock object at " + at + " is blank. Add text to the text field, and try again.")
                   : std::nullopt;
    }
    const bool assistant = turn.role == "assistant";
    if (const json* call = find(block, "toolUse"); call != nullptr && assistant) {
        if (auto refusal = unknown_keys(*call, {"toolUseId", "name", "input"}, at + ".toolUse")) return refusal;
        const std::string id = string_or_empty(*call, "toolUseId");
        if (!is_id(id)) return refuse("The value at " + at + ".toolUse.toolUseId failed to satisfy constraint: [a-zA-Z0-9_-]+");
        if (!is_id(string_or_empty(*call, "name")))
            return refuse("The value at " + at + ".toolUse.name failed to satisfy constraint: [a-zA-Z0-9_-]+");
        const json* input = find(*call, "input");
        if (input == nullptr || !input->is_object())
            return refuse("The format of the value at " + at +
                          ".toolUse.input is invalid. Provide a json object for the field and try again.");
        if (std::ranges::find(turn.uses, id) != turn.uses.end())
            return refuse("The toolUse blocks at " + at + " contain duplicate Ids: " + id);
        turn.uses.push_back(id);
        return std::nullopt;
    }
    if (const json* result = find(block, "toolResult"); result != nullptr && turn.role == "user")
        return check_tool_result(*result, at, turn);
    if (const json* text = find(block, "reasoningContent.reasoningText"); text != nullptr && assistant) {
        if (string_or_empty(*text, "signature") == simulated_signature) return std::nullopt;
        return refuse("The model returned the following errors: " + at + ": Invalid `signature` in `thinking` block");
    }
    return refuse("ContentBlock object at " + at + " is not allowed in a turn of " + turn.role + ".");
}

Refusal check_turn(const json& message, const std::string& at, Turn& turn) {
    if (auto refusal = unknown_keys(message, {"role", "content"}, at)) return refusal;
    turn.role = string_or_empty(message, "role");
    if (turn.role != "user" && turn.role != "assistant")
        return refuse("Value '" + turn.role + "' at '" + at +
                      ".role' failed to satisfy constraint: Member must satisfy enum value set: [user, assistant]");
    const json* content = find(message, "content");
    if (content == nullptr || !content->is_array() || content->empty())
        return refuse("The content field in the Message object at " + at +
                      " is empty. Add a ContentBlock object to the content field and try again.");
    turn.thinks = find(content->front(), "reasoningContent") != nullptr;
    for (std::size_t i = 0; i < content->size(); ++i) {
        if (auto refusal = check_block((*content)[i], at + ".content." + std::to_string(i), turn)) return refusal;
    }
    return std::nullopt;
}

Refusal check_pairing(const Turn& before, const Turn& turn, const std::string& at) {
    if (turn.results.size() > before.uses.size())
        return refuse("The number of toolResult blocks at " + at + ".content exceeds the number of toolUse blocks of previous turn.");
    for (const std::string& id : before.uses) {
        if (std::ranges::count(turn.results, id) != 1)
            return refuse("Expected toolResult blocks at " + at + ".content for the following Ids: " + id);
    }
    return std::nullopt;
}

Refusal check_messages(const json& body) {
    const json* messages = find(body, "messages");
    if (messages == nullptr || !messages->is_array() || messages->empty())
        return refuse("A conversation must start with a user message. Try again with a conversation that starts with a user message.");
    const bool thinking = find(body, "additionalModelRequestFields.thinking") != nullptr;
    Turn before;
    bool tools = false;
    for (std::size_t i = 0; i < messages->size(); ++i) {
        const std::string at = "messages." + std::to_string(i);
        Turn turn;
        if (auto refusal = check_turn((*messages)[i], at, turn)) return refusal;
        if (i == 0 && turn.role != "user")
            return refuse("A conversation must start with a user message. Try again with a conversation that starts with a user message.");
        if (turn.role == before.role) {
            return refuse(
                "A conversation must alternate between user and assistant roles. Make sure the conversation alternates between user and "
                "assistant roles and try again.");
        }
        if (auto refusal = check_pairing(before, turn, at)) return refusal;
        tools = tools || !turn.uses.empty() || !turn.results.empty();
        const bool last_call = i + 2 == messages->size() && !turn.uses.empty();
        if (thinking && last_call && !turn.thinks) {
            return refuse(
                "The model returned the following errors: " + at +
                ".content.0.type: Expected `thinking` or `redacted_thinking`, but found `tool_use`. When `thinking` is enabled, a "
                "final `assistant` message must start with a thinking block.");
        }
        before = std::move(turn);
    }
    if (before.role == "assistant")
        return refuse("The model returned the following errors: This model does not support assistant message prefill.");
    if (tools && !body.contains("toolConfig"))
        return refuse("The toolConfig field must be defined when using toolUse and toolResult content blocks.");
    return std::nullopt;
}

Refusal check_system(const json& body) {
    const json* system = find(body, "system");
    if (system == nullptr) return std::nullopt;
    if (!system->is_array())
        return refuse("Malformed input request: #/system: expected type: JSONArray, please reformat your input and try again.");
    for (const json& block : *system) {
        if (auto refusal = unknown_keys(block, {"text", "cachePoint"}, "#/system")) return refusal;
        const bool good =
            block.contains("text") ? !trim(string_or_empty(block, "text")).empty() : string_or_empty(block, "cachePoint.type") == "default";
        if (!good)
            return refuse("The text field in the ContentBlock object at system.0 is blank. Add text to the text field, and try again.");
    }
    return std::nullopt;
}

Refusal check_tools(const json& body) {
    const json* config = find(body, "toolConfig");
    if (config == nullptr) return std::nullopt;
    if (auto refusal = unknown_keys(*config, {"tools", "toolChoice"}, "#/toolConfig")) return refusal;
    const json* tools = find(*config, "tools");
    if (tools == nullptr || !tools->is_array() || tools->empty()) {
        return refuse(
            "1 validation error detected: Value at 'toolConfig.tools' failed to satisfy constraint: Member must have length greater than "
            "or equal to 1");
    }
    for (const json& tool : *tools) {
        if (auto refusal = unknown_keys(tool, {"toolSpec"}, "#/toolConfig/tools")) return refusal;
        if (auto refusal = unknown_keys(tool["toolSpec"], {"name", "description", "inputSchema", "strict"}, "#/toolConfig/tools/toolSpec"))
            return refusal;
        if (!is_id(string_or_empty(tool, "toolSpec.name")))
            return refuse("The value at toolConfig.tools.0.toolSpec.name failed to satisfy constraint: [a-zA-Z0-9_-]+");
        if (string_or_empty(tool, "toolSpec.inputSchema.json.type") != "object")
            return refuse("The value at toolConfig.tools.0.toolSpec.inputSchema.json.type must be one of the following: object.");
    }
    const json* choice = find(*config, "toolChoice");
    if (choice == nullptr) return std::nullopt;
    if (auto refusal = unknown_keys(*choice, {"auto", "any", "tool"}, "#/toolConfig/toolChoice")) return refusal;
    if (choice->size() != 1 || !choice->begin()->is_object())
        return refuse("ToolChoice must set one of the following keys: auto, any, tool.");
    if (!choice->contains("auto") && find(body, "additionalModelRequestFields.thinking") != nullptr)
        return refuse("The model returned the following errors: Thinking may not be enabled when tool_choice forces tool use.");
    return std::nullopt;
}

Refusal check_inference(const json& body) {
    const json* config = find(body, "inferenceConfig");
    const std::int64_t room = config == nullptr ? 0 : get_int(*config, "maxTokens").value_or(0);
    if (config != nullptr) {
        if (auto refusal = unknown_keys(*config, {"maxTokens", "temperature", "topP", "stopSequences"}, "#/inferenceConfig"))
            return refusal;
        if (config->contains("maxTokens") && (!(*config)["maxTokens"].is_number_integer() || room < 1))
            return refuse(
                "1 validation error detected: Value at 'inferenceConfig.maxTokens' failed to satisfy constraint: Member must have value "
                "greater than or equal to 1");
        const double temperature = config->contains("temperature") ? get_number(*config, "temperature").value_or(-1) : 0;
        if (temperature < 0 || temperature > 1)
            return refuse(
                "1 validation error detected: Value at 'inferenceConfig.temperature' failed to satisfy constraint: Member must have value "
                "less than or equal to 1");
    }
    const json* thinking = find(body, "additionalModelRequestFields.thinking");
    if (thinking == nullptr) return std::nullopt;
    if (auto refusal = unknown_keys(*thinking, {"type", "budget_tokens"}, "#/thinking")) return refusal;
    const std::int64_t budget = get_int(*thinking, "budget_tokens").value_or(0);
    if (string_or_empty(*thinking, "type") != "enabled" || budget < 1024)
        return refuse(
            "The model returned the following errors: thinking.enabled.budget_tokens: Input should be greater than or equal to 1024");
    if (budget >= room)
        return refuse("The model returned the following errors: `max_tokens` must be greater than `thinking.budget_tokens`.");
    if (config != nullptr && config->contains("temperature"))
        return refuse("The model returned the following errors: `temperature` may only be set to 1 when thinking is enabled.");
    return std::nullopt;
}

Refusal check_output(const json& body) {
    const json* output = find(body, "outputConfig");
    if (output == nullptr) return std::nullopt;
    if (auto refusal = unknown_keys(*output, {"textFormat"}, "#/outputConfig")) return refusal;
    if (auto refusal = unknown_keys(output->value("textFormat", json()), {"type", "structure"}, "#/outputConfig/textFormat"))
        return refusal;
    const json* format = find(*output, "textFormat.structure.jsonSchema");
    if (string_or_empty(*output, "textFormat.type") != "json_schema" || format == nullptr)
        return refuse("The outputConfig.textFormat.structure field must set jsonSchema.");
    if (auto refusal = unknown_keys(*format, {"schema", "name", "description"}, "#/outputConfig/textFormat/structure/jsonSchema"))
        return refusal;
    const auto schema = parse_json(string_or_empty(*format, "schema"));  // JSON in a string
    if (!schema || !llm::is_strict(*schema) || llm::without_bounds(*schema) != *schema) {
        return refuse(
            "The model returned the following errors: output_config.format.schema: For 'object' type, 'additionalProperties' must be "
            "explicitly set to false");
    }
    return std::nullopt;
}

}  // namespace

std::optional<HttpReply> check_request(const json& body) {
    if (!body.is_object()) return error_reply(400, "SerializationException", "Could not parse the request body as JSON.");
    static const std::set<std::string, std::less<>> known{"messages",
                                                          "system",
                                                          "inferenceConfig",
                                                          "toolConfig",
                                                          "outputConfig",
                                                          "serviceTier",
                                                          "requestMetadata",
                                                          "performanceConfig",
                                                          "guardrailConfig",
                                                          "promptVariables",
                                                          "additionalModelRequestFields",
                                                          "additionalModelResponseFieldPaths"};
    if (auto refusal = unknown_keys(body, known, "#")) return refusal;
    for (const auto check : {check_system, check_tools, check_inference, check_output}) {
        if (auto refusal = check(body)) return refusal;
    }
    return check_messages(body);
}

}  // namespace gumshoe::bedrock
