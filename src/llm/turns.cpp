#include "llm/turns.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/text.hpp"

namespace gumshoe::llm {

Turns::Turns(TurnWords words) : words_(words) {}
Turns::~Turns() = default;

bool Turns::is_result(const json& block) const {
    return block.contains(std::string(words_.result)) || string_or_empty(block, "type") == words_.result;
}

void Turns::add(std::string_view role, json blocks) {
    if (blocks.empty()) return;
    const std::string content(words_.content);
    if (turns_.empty() || turns_.back()["role"] != role) turns_.push_back({{"role", role}, {content, json::array()}});
    auto& present = turns_.back()[content].get_ref<json::array_t&>();
    for (json& block : blocks) {
        auto place = present.end();
        if (is_result(block)) place = std::ranges::find_if_not(present, [this](const json& b) { return is_result(b); });
        present.insert(place, std::move(block));
    }
}

json Turns::take(json opening) {
    json out = json::array();
    if (!turns_.empty() && turns_.front()["role"] != words_.user) {
        out.push_back({{"role", words_.user}, {std::string(words_.content), json::array({std::move(opening)})}});
    }
    for (json& turn : turns_) out.push_back(std::move(turn));
    turns_.clear();
    return out;
}

std::string system_text(const std::vector<Message>& messages) {
    std::vector<std::string> texts;
    for (const Message& message : messages) {
        if (message.role == Role::system && !trim(message.text).empty()) texts.push_back(message.text);
    }
    return join(texts, "\n\n");
}

std::vector<Message> without_tools(const std::vector<Message>& messages) {
    std::vector<Message> out;
    std::map<std::string, std::string> names;  // call id -> tool
    for (const Message& message : messages) {
        Message told = message;
        told.opaque.clear();
        told.tool_calls.clear();
        for (const ToolCall& call : message.tool_calls) {
            names[call.id] = call.name;
            if (!told.text.empty()) told.text += "\n";
            told.text += "I called " + call.name + " with " + (call.arguments.empty() ? "{}" : call.arguments) + ".";
        }
        if (message.role == Role::tool) {
            told.role = Role::user;
            told.tool_call_id.clear();
            told.text = (message.is_error ? "The call of " : "The result of ") + names[message.tool_call_id] +
                        (message.is_error ? " failed:\n" : ":\n") + message.text;
        }
        out.push_back(std::move(told));
    }
    return out;
}

}  // namespace gumshoe::llm
