// First the fields and their types, as the server's reader of JSON knows them, then what generateContent makes of them.
#include "integrations/gemini/sandbox_check.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "base/text.hpp"

namespace gumshoe::gemini {
namespace {

struct Field {
    std::string_view name;
    std::string_view type;  // of the values, or a message of the table below
    enum class Many { one, list, map } many = Many::one;
};

using enum Field::Many;

const std::map<std::string_view, std::vector<Field>>& message_types() {
    static const std::map<std::string_view, std::vector<Field>> types{
        {"GenerateContentRequest",
         {{"contents", "Content", list},
          {"systemInstruction", "Content"},
          {"tools", "Tool", list},
          {"toolConfig", "ToolConfig"},
          {"safetySettings", "SafetySetting", list},
          {"generationConfig", "GenerationConfig"},
          {"cachedContent", "string"}}},
        {"Content", {{"parts", "Part", list}, {"role", "string"}}},
        {"Part",
         {{"text", "string"},
          {"thought", "bool"},
          {"thoughtSignature", "string"},
          {"functionCall", "FunctionCall"},
          {"functionResponse", "FunctionResponse"}}},
        {"FunctionCall", {{"id", "string"}, {"name", "string"}, {"args", "struct"}}},
        {"FunctionResponse", {{"id", "string"}, {"name", "string"}, {"response", "struct"}}},
        {"Tool", {{"functionDeclarations", "FunctionDeclaration", list}}},
        {"FunctionDeclaration",
         {{"name", "string"}, {"description", "string"}, {"parameters", "Schema"}, {"parametersJsonSchema", "struct"}}},
        {"ToolConfig", {{"functionCallingConfig", "FunctionCallingConfig"}}},
        {"FunctionCallingConfig", {{"mode", "FunctionCallingConfig.Mode"}, {"allowedFunctionNames", "string", list}}},
        {"SafetySetting", {{"category", "HarmCategory"}, {"threshold", "HarmBlockThreshold"}}},
        {"GenerationConfig",
         {{"temperature", "number"},
          {"topP", "number"},
          {"topK", "integer"},
          {"candidateCount", "integer"},
          {"maxOutputTokens", "integer"},
          {"stopSequences", "string", list},
          {"seed", "integer"},
          {"responseMimeType", "string"},
          {"responseSchema", "Schema"},
          {"responseJsonSchema", "struct"},
          {"thinkingConfig", "ThinkingConfig"}}},
        {"ThinkingConfig", {{"includeThoughts", "bool"}, {"thinkingBudget", "integer"}, {"thinkingLevel", "ThinkingLevel"}}},
        {"Schema",
         {{"type", "Type"},
          {"format", "string"},
          {"title", "string"},
          {"description", "string"},
          {"nullable", "bool"},
          {"enum", "string", list},
          {"properties", "Schema", map},
          {"required", "string", list},
          {"propertyOrdering", "string", list},
          {"items", "Schema"},
          {"anyOf", "Schema", list},
          {"minimum", "number"},
          {"maximum", "number"}}},
    };
    return types;
}

const std::map<std::string_view, std::set<std::string, std::less<>>>& word_types() {
    static const std::map<std::string_view, std::set<std::string, std::less<>>> types{
        {"FunctionCallingConfig.Mode", {"AUTO", "ANY", "NONE", "VALIDATED"}},
        {"HarmCategory",
         {"HARM_CATEGORY_HARASSMENT", "HARM_CATEGORY_HATE_SPEECH", "HARM_CATEGORY_SEXUALLY_EXPLICIT", "HARM_CATEGORY_DANGEROUS_CONTENT",
          "HARM_CATEGORY_CIVIC_INTEGRITY"}},
        {"HarmBlockThreshold", {"BLOCK_NONE", "BLOCK_ONLY_HIGH", "BLOCK_MEDIUM_AND_ABOVE", "BLOCK_LOW_AND_ABOVE", "OFF"}},
        {"ThinkingLevel", {"MINIMAL", "LOW", "MEDIUM", "HIGH", "minimal", "low", "medium", "high"}},
        {"Type",
         {"STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT", "string", "number", "integer", "boolean", "array", "object"}},
    };
    return types;
}

struct Complaint {
    std::string field;
    std::string words;
};
using Complaints = std::optional<Complaint>;

std::string snake_case(std::string_view name) {
    std::string out;
    for (const char c : name) {
        const bool upper = c >= 'A' && c <= 'Z';
        if (upper) out += '_';
        out += upper ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return out;
}

bool is_of(const json& value, std::string_view type) {
    if (const auto words = word_types().find(type); words != word_types().end())
        return value.is_string() && words->second.contains(value.get<std::string>());
    if (type == "string") return value.is_string();
    if (type == "integer") return value.is_number_integer();
    if (type == "number") return value.is_number();
    if (type == "bool") return value.is_boolean();
    return value.is_object();  // a struct, or a message
}

Complaints check_value(const json& value, std::string_view type, const std::string& path) {
    if (!is_of(value, type)) return Complaint{path, "Invalid value at '" + path + "' (" + std::string(type) + "), " + dump_json(value)};
    const auto message = message_types().find(type);
    if (message == message_types().end()) return std::nullopt;
    for (const auto& [key, member] : value.items()) {
        const auto field = std::ranges::find(message->second, key, &Field::name);
        if (field == message->second.end()) {
            const std::string place = path.empty() ? "" : " at '" + path + "'";
            return Complaint{path, "Invalid JSON payload received. Unknown name \"" + key + "\"" + place + ": Cannot find field."};
        }
        const std::string below = (path.empty() ? "" : path + ".") + snake_case(key);
        if (member.is_array() && field->many != list) {
            return Complaint{path, "Invalid JSON payload received. Unknown name \"" + key + "\" at '" + path +
                                       "': Proto field is not repeating, cannot start list."};
        }
        const bool wrong = field->many == one ? false : field->many == list ? !member.is_array() : !member.is_object();
        if (wrong) return Complaint{below, "Invalid value at '" + below + "' (" + std::string(field->type) + "), " + dump_json(member)};
        if (field->many == one) {
            if (auto complaint = check_value(member, field->type, below)) return complaint;
            continue;
        }
        std::size_t index = 0;
        for (const auto& [name, item] : member.items()) {
            const std::string place =
                below + (field->many == list ? "[" : "[\"") + std::to_string(index++) + (field->many == list ? "]" : "\"]");
            if (auto complaint = check_value(item, field->type, place)) return complaint;
        }
    }
    return std::nullopt;
}

Complaints complain(const std::string& field, const std::string& words) {
    return Complaint{"", "* GenerateContentRequest." + field + ": " + words + "\n"};
}

bool is_function_name(const std::string& name) {
    const std::string allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:-";
    return !name.empty() && name.size() <= 64 && (name[0] < '0' || name[0] > '9') && name.find_first_not_of(allowed) == std::string::npos;
}

Complaints check_schema(const json& schema, const std::string& path) {
    const std::string type = to_lower(string_or_empty(schema, "type"));
    if (schema.contains("anyOf")) {
        for (const json& part : schema["anyOf"]) {
            if (auto complaint = check_schema(part, path + ".any_of[0]")) return complaint;
        }
        return std::nullopt;
    }
    if (type.empty()) return complain(path + ".type", "must be specified");
    if (schema.contains("enum") && type != "string") return complain(path + ".enum", "only allowed for STRING type");
    if (type == "array") {
        if (!schema.contains("items")) return complain(path + ".items", "missing field.");
        return check_schema(schema["items"], path + ".items");
    }
    if (type != "object") return std::nullopt;
    if (!schema.contains("properties") || schema["properties"].empty())
        return complain(path + ".properties", "should be non-empty for OBJECT type");
    if (schema.contains("required")) {
        for (const json& name : schema["required"]) {
            if (!schema["properties"].contains(name.get<std::string>())) return complain(path + ".required[0]", "property is not defined");
        }
    }
    for (const auto& [name, property] : schema["properties"].items()) {
        if (auto complaint = check_schema(property, path + ".properties[" + name + "]")) return complaint;
    }
    return std::nullopt;
}

/// The calls of a turn that wait for their results.
struct Turn {
    std::string role;
    std::vector<json> calls;
    std::vector<json> results;
};

Complaints check_parts(const json& content, const std::string& path, bool signed_calls, Turn& turn) {
    if (!content.contains("parts") || content["parts"].empty()) return complain(path + ".parts", "contents.parts must not be empty.");
    for (const json& part : content["parts"]) {
        const std::size_t kinds = part.count("text") + part.count("functionCall") + part.count("functionResponse");
        if (kinds != 1) return complain(path + ".parts[0].data", "required oneof field 'data' must have one initialized field");
        if (const json* result = find(part, "functionResponse")) {
            if (string_or_empty(*result, "name").empty())
                return complain(path + ".parts[0].function_response.name", "Name cannot be empty.");
            if (!result->contains("response")) return complain(path + ".parts[0].function_response.response", "required field is not set");
            turn.results.push_back(*result);
        }
        const json* call = find(part, "functionCall");
        if (call == nullptr) continue;
        if (!is_function_name(string_or_empty(*call, "name")))
            return complain(path + ".parts[0].function_call.name", "Name cannot be empty.");
        const std::string signature = string_or_empty(part, "thoughtSignature");
        if (signed_calls && turn.calls.empty() && signature.empty()) {
            return Complaint{"",
                             "Function call is missing a thought_signature in functionCall parts. This is required for tools to work "
                             "correctly, and missing thought_signature may lead to degraded model performance. Additional data, "
                             "function call `default_api:" +
                                 string_or_empty(*call, "name") + "`."};
        }
        if (signed_calls && !signature.empty() && signature != simulated_signature && signature != "skip_thought_signature_validator") {
            return Complaint{"", "Invalid thought signature."};
        }
        turn.calls.push_back(*call);
    }
    return std::nullopt;
}

/// Every call of the turn before has its result in this one, by name and, where it has one, by id.
Complaints check_results(const std::vector<json>& calls, const std::vector<json>& results) {
    if (calls.empty() && !results.empty())
        return Complaint{"", "Please ensure that function response turn comes immediately after a function call turn."};
    if (calls.size() != results.size()) {
        return Complaint{"",
                         "Please ensure that the number of function response parts is equal to the number of function call parts of the "
                         "function call turn."};
    }
    for (const json& result : results) {
        const bool known = std::ranges::any_of(calls, [&](const json& call) {
            return string_or_empty(call, "name") == string_or_empty(result, "name") &&
                   (!result.contains("id") || string_or_empty(call, "id") == string_or_empty(result, "id"));
        });
        if (!known) return Complaint{"", "Please ensure that function response parts name the function calls of the turn before."};
    }
    return std::nullopt;
}

Complaints check_contents(const json& body, std::string_view model) {
    if (!body.contains("contents") || body["contents"].empty()) return complain("contents", "contents is not specified");
    Turn before;
    std::size_t index = 0;
    for (const json& content : body["contents"]) {
        const std::string path = "contents[" + std::to_string(index++) + "]";
        Turn turn{.role = content.contains("role") ? string_or_empty(content, "role") : "user", .calls = {}, .results = {}};
        if (turn.role != "user" && turn.role != "model") return Complaint{"", "Please use a valid role: user, model."};
        if (auto complaint = check_parts(content, path, signs(model), turn)) return complaint;
        if (auto complaint = check_results(before.calls, turn.results)) return complaint;
        if (!turn.calls.empty() && (turn.role != "model" || before.role != "user")) {
            return Complaint{
                "", "Please ensure that function call turn comes immediately after a user turn or after a function response turn."};
        }
        before = std::move(turn);
    }
    return check_results(before.calls, {});
}

Complaints check_tools(const json& body) {
    std::set<std::string> names;
    for (const json& tool : body.value("tools", json::array())) {
        for (const json& function : tool.value("functionDeclarations", json::array())) {
            const std::string name = string_or_empty(function, "name");
            if (!is_function_name(name)) {
                return complain("tools[0].function_declarations[0].name",
                                "[Invalid function name. Must start with a letter or an underscore. Must be alphanumeric (a-z, A-Z, 0-9), "
                                "underscores (_), dots (.), colons (:), or dashes (-), with a maximum length of 64.]");
            }
            if (!names.insert(name).second) return Complaint{"", "Duplicate function declaration found: " + name};
            if (const json* schema = find(function, "parameters")) {
                if (auto complaint = check_schema(*schema, "tools[0].function_declarations[0].parameters")) return complaint;
            }
        }
    }
    const json* calling = find(body, "toolConfig.functionCallingConfig");
    if (calling == nullptr) return std::nullopt;
    const std::string mode = string_or_empty(*calling, "mode");
    if (names.empty()) return Complaint{"", "Function calling config is set without function_declarations."};
    if (calling->contains("allowedFunctionNames") && mode != "ANY" && mode != "VALIDATED")
        return complain("tool_config.function_calling_config.allowed_function_names", "only allowed when mode is ANY or VALIDATED");
    return std::nullopt;
}

Complaints check_config(const json& body, std::string_view model) {
    const json* config = find(body, "generationConfig");
    if (config == nullptr) return std::nullopt;
    if (get_int(*config, "maxOutputTokens").value_or(1) < 1) return complain("generation_config.max_output_tokens", "must be positive.");
    const double temperature = get_number(*config, "temperature").value_or(1);
    if (temperature < 0 || temperature > 2) return complain("generation_config.temperature", "must be in the range [0.0, 2.0].");
    const json* schema = find(*config, "responseSchema");
    const bool as_json = string_or_empty(*config, "responseMimeType") == "application/json";
    if ((schema != nullptr || config->contains("responseJsonSchema")) && !as_json)
        return complain("generation_config.response_schema", "only allowed when response_mime_type is application/json");
    if (schema != nullptr) {
        if (auto complaint = check_schema(*schema, "generation_config.response_schema")) return complaint;
    }
    if (as_json && body.contains("tools") && !signs(model))
        return Complaint{"", "Function calling with a response mime type: 'application/json' is unsupported"};
    const bool budget = find(*config, "thinkingConfig.thinkingBudget") != nullptr;
    const bool level = find(*config, "thinkingConfig.thinkingLevel") != nullptr;
    if (budget && level) return Complaint{"", "You can only set only one of thinking budget and thinking level."};
    if (level && !signs(model)) return Complaint{"", "Thinking level is not supported for this model."};
    if (model.find("pro") != std::string_view::npos && get_int(*config, "thinkingConfig.thinkingBudget").value_or(1) == 0)
        return Complaint{"", "Budget 0 is invalid. This model only works in thinking mode."};
    return std::nullopt;
}

}  // namespace

bool signs(std::string_view model) {
    return model.starts_with("gemini-") && model.size() > 7 && model[7] >= '3' && model[7] <= '9';
}

HttpReply error_reply(int status, const std::string& message, std::string_view word, json details) {
    json error{{"code", status}, {"message", message}, {"status", word}};
    if (!details.empty()) error["details"] = std::move(details);
    return json_reply(status, dump_json({{"error", std::move(error)}}));
}

std::optional<HttpReply> check_request(const json& body, std::string_view model) {
    Complaints complaint = check_value(body, "GenerateContentRequest", "");
    if (complaint) {
        const json violation{{"field", complaint->field}, {"description", complaint->words}};
        return error_reply(
            400, complaint->words, "INVALID_ARGUMENT",
            json::array({{{"@type", "type.googleapis.com/google.rpc.BadRequest"}, {"fieldViolations", json::array({violation})}}}));
    }
    complaint = check_contents(body, model);
    if (!complaint) complaint = check_tools(body);
    if (!complaint) complaint = check_config(body, model);
    if (!complaint) return std::nullopt;
    return error_reply(400, complaint->words, "INVALID_ARGUMENT", json::array());
}

}  // namespace gumshoe::gemini
