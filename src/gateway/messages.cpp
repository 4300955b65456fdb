// The history, message by message.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "gateway/fields.hpp"

namespace gumshoe::gateway {
namespace {

/// A string, or a list of text parts.
Refusal take_content(json& content, const std::string& path, std::string& out) {
    if (content.is_string()) {
        out = std::move(content.get_ref<std::string&>());
        return std::nullopt;
    }
    if (!content.is_array() || content.empty()) return refuse_type(path, "a string or a list of text parts");
    for (std::size_t i = 0; i < content.size(); ++i) {
        json& part = content[i];
        const std::string at = item(path, i);
        if (!part.is_object() || string_or_empty(part, "type") != "text")
            return refuse(inside(at, "type"), "Only parts of the type 'text' are supported by this endpoint.", "unsupported_value");
        std::string text;
        if (auto refusal = only(part, {"type", "text"}, at)) return refusal;
        if (auto refusal = take_text(part, "text", at, text)) return refusal;
        if (i > 0) out += '\n';
        out += text;
    }
    return std::nullopt;
}

Refusal take_calls(json& calls, const std::string& path, std::vector<llm::ToolCall>& out) {
    if (!calls.is_array()) return refuse_type(path, "a list");
    for (std::size_t i = 0; i < calls.size(); ++i) {
        json& call = calls[i];
        const std::string at = item(path, i);
        llm::ToolCall read;
        if (auto refusal = only(call, {"id", "type", "function"}, at)) return refusal;
        if (auto refusal = check_function(call, at)) return refusal;
        if (auto refusal = take_text(call, "id", at, read.id)) return refusal;
        json& function = call["function"];
        const std::string of_function = inside(at, "function");
        if (auto refusal = only(function, {"name", "arguments"}, of_function)) return refusal;
        if (auto refusal = take_name(function, of_function, read.name)) return refusal;
        if (auto refusal = take_text(function, "arguments", of_function, read.arguments)) return refusal;
        out.push_back(std::move(read));
    }
    return std::nullopt;
}

std::optional<llm::Role> role_of(std::string_view name) {
    if (name == "system" || name == "developer") return llm::Role::system;
    if (name == "user") return llm::Role::user;
    if (name == "assistant") return llm::Role::assistant;
    if (name == "tool") return llm::Role::tool;
    return std::nullopt;
}

Refusal take_message(json& message, const std::string& at, llm::Message& out) {
    if (!message.is_object()) return refuse_type(at, "an object");
    const auto role = role_of(string_or_empty(message, "role"));
    if (!role) return refuse(inside(at, "role"), "Expected one of system, developer, user, assistant, tool.");
    out.role = *role;
    Refusal refusal;
    if (*role == llm::Role::assistant) {
        refusal = only(message, {"role", "content", "tool_calls"}, at);
    } else if (*role == llm::Role::tool) {
        refusal = only(message, {"role", "content", "tool_call_id"}, at);
        if (!refusal) refusal = take_text(message, "tool_call_id", at, out.tool_call_id);
    } else {
        refusal = only(message, {"role", "content"}, at);
    }
    if (refusal) return refusal;
    const auto calls = message.find("tool_calls");
    if (calls != message.end() && !calls->is_null()) refusal = take_calls(*calls, inside(at, "tool_calls"), out.tool_calls);
    if (refusal) return refusal;
    const auto content = message.find("content");
    const bool silent = content == message.end() || content->is_null();
    if (silent && !out.tool_calls.empty()) return std::nullopt;
    if (silent) return refuse_missing(inside(at, "content"));
    return take_content(*content, inside(at, "content"), out.text);
}

/// Each call is answered once before anybody else speaks, and nothing else is answered.
class OpenCalls {
public:
    Refusal follow(const llm::Message& message, const std::string& at) {
        if (message.role == llm::Role::tool) {
            const auto call = std::ranges::find(open_, message.tool_call_id);
            if (call == open_.end()) return refuse(inside(at, "tool_call_id"), "Answers no call of the assistant's message before it.");
            open_.erase(call);
            return std::nullopt;
        }
        if (auto refusal = close(at)) return refusal;
        for (const llm::ToolCall& call : message.tool_calls) open_.push_back(call.id);
        return std::nullopt;
    }
    Refusal close(const std::string& at) const {
        if (open_.empty()) return std::nullopt;
        return refuse(at, "A message with 'tool_calls' must be followed by one tool message for each 'tool_call_id'.");
    }

private:
    std::vector<std::string> open_;
};

}  // namespace

Refusal read_messages(json& value, std::vector<llm::Message>& out) {
    if (!value.is_array() || value.empty()) return refuse_type("messages", "a list of at least one message");
    OpenCalls calls;
    out.reserve(value.size());
    for (std::size_t i = 0; i < value.size(); ++i) {
        const std::string at = item("messages", i);
        llm::Message message;
        if (auto refusal = take_message(value[i], at, message)) return refusal;
        if (auto refusal = calls.follow(message, at)) return refusal;
        out.push_back(std::move(message));
    }
    return calls.close("messages");
}

}  // namespace gumshoe::gateway
