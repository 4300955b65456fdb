// Which parameters a request can do without, and what stands in for those it cannot.
#include "llm/repair.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/json.hpp"

namespace gumshoe::llm {
namespace {

/// Fields an answer can be had without. `a.b` is a member of an object.
constexpr auto droppable = std::to_array<std::string_view>({
    "temperature",
    "top_p",
    "reasoning_effort",
    "parallel_tool_calls",
    "stream_options",
    "seed",
    "store",
    "response_format",
    "output_config.effort",
    "output_config.format",
    "output_config",
    "tool_choice",
    "thinking",
    "think",
    "inferenceConfig.temperature",
    "date",  // of no body: the dialect has taken the vendor's time over, and the request need only be signed again
    "generationConfig.temperature",
});

/// As droppable, and what a vendor names of them may lie deeper: "generationConfig.thinkingConfig.thinkingLevel".
constexpr auto droppable_whole = std::to_array<std::string_view>(
    {"generationConfig.thinkingConfig", "generationConfig.responseSchema", "outputConfig", "toolConfig.toolChoice", "text.format"});

constexpr std::string_view unreasoned = "reasoning_effort=none";

constexpr std::array<std::pair<std::string_view, std::string_view>, 2> renamed{
    {{"max_tokens", "max_completion_tokens"}, {"max_completion_tokens", "max_tokens"}}};

void drop(json& body, std::string_view path) {
    const auto dot = path.find('.');
    const std::string head(path.substr(0, dot));
    if (!body.is_object() || !body.contains(head)) return;
    if (dot == std::string_view::npos) {
        body.erase(head);
        return;
    }
    drop(body[head], path.substr(dot + 1));
    if (body[head].empty()) body.erase(head);
}

void rename(json& body, std::string_view from, std::string_view to) {
    const auto value = body.find(from);
    if (value == body.end()) return;
    json kept = std::move(*value);
    body.erase(value);
    body[std::string(to)] = std::move(kept);
}

/// Signed reasoning goes out of every turn; the rest of the turn stays.
void drop_thinking(json& body) {
    body.erase("thinking");
    drop(body, "additionalModelRequestFields.thinking");
    const auto is_thought = [](const json& block) {
        const std::string type = string_or_empty(block, "type");
        return type.ends_with("thinking") || type == "reasoning" || find(block, "reasoningContent") != nullptr;
    };
    if (const auto input = body.find("input"); input != body.end() && input->is_array()) {
        std::erase_if(input->get_ref<json::array_t&>(), is_thought);
        for (json& item : *input) {
            if (item.is_object()) item.erase("id");  // it ties an item to the thought before it
        }
    }
    const auto messages = body.find("messages");
    if (messages == body.end() || !messages->is_array()) return;
    for (json& message : *messages) {
        const auto content = message.find("content");
        if (content != message.end() && content->is_array()) std::erase_if(content->get_ref<json::array_t&>(), is_thought);
    }
}

/// Signatures go; what a call has in their place says that there is none to check.
void drop_signatures(json& body) {
    const auto contents = body.find("contents");
    if (contents == body.end() || !contents->is_array()) return;
    for (json& turn : *contents) {
        const auto parts = turn.find("parts");
        if (parts == turn.end() || !parts->is_array()) continue;
        bool first = true;
        for (json& part : *parts) {
            if (!part.is_object()) continue;
            part.erase("thoughtSignature");
            if (part.contains("functionCall") && std::exchange(first, false)) part["thoughtSignature"] = "skip_thought_signature_validator";
        }
    }
}

void developer_to_system(json& body) {
    const auto messages = body.find("messages");
    if (messages == body.end() || !messages->is_array()) return;
    for (json& message : *messages) {
        if (string_or_empty(message, "role") == "developer") message["role"] = "system";
    }
}

}  // namespace

std::string repair_for(std::string_view param) {
    if (param.ends_with(".role")) return "role";  // "messages[0].role": the model knows no developer
    if (param.starts_with("stream_options.")) return "stream_options";
    if (param.starts_with("response_format.")) return "response_format";
    if (param == "effort") return "output_config.effort";
    if (param.starts_with("output_config.format")) return "output_config.format";
    if (param == "thoughtSignature" || param == unreasoned) return std::string(param);
    for (const std::string_view field : droppable_whole) {
        if (param.starts_with(field)) return std::string(field);
    }
    for (const auto& [from, to] : renamed) {
        if (param == from) return std::string(param);
    }
    return std::ranges::find(droppable, param) == droppable.end() ? std::string() : std::string(param);
}

std::string repaired(std::string body, const std::set<std::string>& repairs) {
    if (repairs.empty()) return body;
    auto document = parse_json(body);
    if (!document || !document->is_object()) return body;
    for (const std::string& repair : repairs) {
        if (repair == "role") {
            developer_to_system(*document);
        } else if (repair == unreasoned) {
            if (document->contains("tools")) (*document)["reasoning_effort"] = "none";  // without them it may reason
        } else if (repair == "thinking") {
            drop_thinking(*document);
        } else if (repair == "thoughtSignature") {
            drop_signatures(*document);
        } else if (repair == "generationConfig.responseSchema") {
            drop(*document, repair);
            drop(*document, "generationConfig.responseMimeType");
        } else if (const auto name = std::ranges::find(renamed, repair, [](const auto& pair) { return pair.first; });
                   name != renamed.end()) {
            rename(*document, name->first, name->second);
        } else {
            drop(*document, repair);
        }
    }
    return dump_json(*document);
}

}  // namespace gumshoe::llm
