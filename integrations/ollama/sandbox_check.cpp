#include "integrations/ollama/sandbox_check.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "base/text.hpp"

namespace gumshoe::ollama {
namespace {

/// Of a struct of the server: its fields, each with its type in Go or the struct that it is.
using Fields = std::map<std::string, std::string_view, std::less<>>;

const std::map<std::string_view, Fields>& structs() {
    static const std::map<std::string_view, Fields> all{
        {"ChatRequest",
         {{"model", "string"},
          {"messages", "[]Message"},
          {"stream", "bool"},
          {"format", "format"},
          {"tools", "[]Tool"},
          {"think", "think"},
          {"truncate", "bool"},
          {"shift", "bool"},
          {"keep_alive", "duration"},
          {"options", "Options"}}},
        {"Message",
         {{"role", "string"},
          {"content", "string"},
          {"thinking", "string"},
          {"tool_calls", "[]ToolCall"},
          {"tool_name", "string"},
          {"tool_call_id", "string"}}},
        {"ToolCall", {{"id", "string"}, {"function", "ToolCallFunction"}}},
        {"ToolCallFunction", {{"name", "string"}, {"arguments", "object"}, {"index", "int"}}},
        {"Tool", {{"type", "string"}, {"function", "ToolFunction"}}},
        {"ToolFunction", {{"name", "string"}, {"description", "string"}, {"parameters", "object"}}},
        {"Options",
         {{"num_ctx", "int"},
          {"num_predict", "int"},
          {"temperature", "float32"},
          {"top_p", "float32"},
          {"top_k", "int"},
          {"seed", "int"},
          {"stop", "[]string"}}},
    };
    return all;
}

/// "10m", "-1", or a number of seconds.
bool is_duration(const json& value) {
    if (value.is_number()) return true;
    if (!value.is_string()) return false;
    const std::string text = value.get<std::string>();
    return !text.empty() && text.find_first_not_of("-0123456789.hms") == std::string::npos;
}

bool is_of(const json& value, std::string_view type) {
    if (type == "string") return value.is_string();
    if (type == "bool") return value.is_boolean();
    if (type == "int") return value.is_number_integer();
    if (type == "float32") return value.is_number();
    if (type == "duration") return is_duration(value);
    if (type == "format") return value.is_object() || value == "json" || value == json("");
    if (type == "think") return value.is_boolean() || value == "low" || value == "medium" || value == "high" || value == "max";
    if (type.starts_with("[]")) return value.is_array();
    return value.is_object();
}

std::string kind_of(const json& value) {
    return value.is_boolean() ? "bool" : value.is_number() ? "number" : std::string(value.type_name());
}

using Complaint = std::optional<std::string>;

Complaint check_struct(const json& value, std::string_view name, const std::string& path) {
    const Fields& fields = structs().at(name);
    for (const auto& [key, member] : value.items()) {
        const auto field = fields.find(key);
        if (field == fields.end()) return name == "Options" ? "invalid options: " + key : "json: unknown field \"" + key + "\"";
        const std::string_view type = field->second;
        if (!is_of(member, type)) {
            if (name == "Options") return "option \"" + key + "\" must be of type " + (type == "int" ? "integer" : std::string(type));
            return "json: cannot unmarshal " + kind_of(member) + " into Go struct field " + path + "." + key + " of type " +
                   std::string(type);
        }
        const bool list = type.starts_with("[]");
        const std::string_view inner = list ? type.substr(2) : type;
        const json items = list ? member : json::array({member});
        for (const json& item : items) {
            const bool known = structs().contains(inner);
            if (!is_of(item, inner)) return "json: cannot unmarshal " + kind_of(item) + " into Go struct field " + path + "." + key;
            if (!known) continue;
            if (auto complaint = check_struct(item, inner, path + "." + key)) return complaint;
        }
    }
    return std::nullopt;
}

/// Results come after the calls they belong to, by name.
Complaint check_messages(const json& messages) {
    static const std::set<std::string, std::less<>> roles{"system", "user", "assistant", "tool"};
    std::multiset<std::string> open;
    for (const json& message : messages) {
        const std::string role = string_or_empty(message, "role");
        if (!roles.contains(role)) return "invalid role: \"" + role + "\"";
        if (role == "tool") {
            const auto call = open.find(string_or_empty(message, "tool_name"));
            if (call == open.end()) return "tool message without a call: \"" + string_or_empty(message, "tool_name") + "\"";
            open.erase(call);
            continue;
        }
        if (!open.empty()) return "tool call without a result: \"" + *open.begin() + "\"";
        if (role != "assistant") continue;
        for (const json& call : message.value("tool_calls", json::array())) open.insert(string_or_empty(call, "function.name"));
    }
    return open.empty() ? Complaint() : "tool call without a result: \"" + *open.begin() + "\"";
}

Complaint check_tools(const json& tools) {
    for (const json& tool : tools) {
        if (string_or_empty(tool, "type") != "function") return "invalid tool type: \"" + string_or_empty(tool, "type") + "\"";
        if (string_or_empty(tool, "function.name").empty()) return "tool function name is required";
        if (string_or_empty(tool, "function.parameters.type") != "object") return "tool parameters must be of type object";
    }
    return std::nullopt;
}

}  // namespace

HttpReply error_reply(int status, const std::string& message) {
    return json_reply(status, dump_json({{"error", message}}));
}

std::optional<HttpReply> check_request(const json& body) {
    if (!body.is_object()) return error_reply(400, "missing request body");
    Complaint complaint = check_struct(body, "ChatRequest", "ChatRequest");
    if (!complaint && string_or_empty(body, "model").empty()) complaint = "model is required";
    if (!complaint) complaint = check_messages(body.value("messages", json::array()));
    if (!complaint) complaint = check_tools(body.value("tools", json::array()));
    if (!complaint) return std::nullopt;
    return error_reply(400, *complaint);
}

}  // namespace gumshoe::ollama
