// History into turns, content blocks into a reply.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/text.hpp"
#include "integrations/anthropic/blocks.hpp"
#include "llm/turns.hpp"

namespace gumshoe::anthropic {
namespace {

json text_block(std::string text) {
    return {{"type", "text"}, {"text", std::move(text)}};
}

json result_block(const llm::Message& message) {
    json block{{"type", "tool_result"}, {"tool_use_id", message.tool_call_id}, {"content", json::array()}};
    if (!trim(message.text).empty()) block["content"].push_back(text_block(message.text));
    if (message.is_error) block["is_error"] = true;
    return block;
}

json assistant_blocks(const llm::Message& message) {
    if (!message.opaque.empty()) {
        auto blocks = parse_json(message.opaque);
        if (blocks && blocks->is_array()) return std::move(*blocks);
    }
    json blocks = json::array();
    if (!trim(message.text).empty()) blocks.push_back(text_block(message.text));
    for (const llm::ToolCall& call : message.tool_calls) {
        auto input = parse_json(call.arguments);
        json arguments = input && input->is_object() ? std::move(*input) : json::object();
        blocks.push_back({{"type", "tool_use"}, {"id", call.id}, {"name", call.name}, {"input", std::move(arguments)}});
    }
    return blocks;
}

}  // namespace

json turns_of(const std::vector<llm::Message>& messages) {
    llm::Turns turns({});
    for (const llm::Message& message : messages) {
        switch (message.role) {
            case llm::Role::system:
                break;
            case llm::Role::assistant:
                turns.add("assistant", assistant_blocks(message));
                break;
            case llm::Role::tool:
                turns.add("user", json::array({result_block(message)}));
                break;
            case llm::Role::user:
                if (!trim(message.text).empty()) turns.add("user", json::array({text_block(message.text)}));
                break;
        }
    }
    return turns.take(text_block("(continued)"));
}

llm::Reply reply_of(const json& content) {
    llm::Reply reply;
    json kept = json::array();
    bool signed_reasoning = false;
    for (const json& block : content) {
        const std::string type = string_or_empty(block, "type");
        if (type == "text") {
            const std::string text = string_or_empty(block, "text");
            if (text.empty()) continue;  // the vendor refuses them when they come back
            reply.text += text;
        } else if (type == "tool_use") {
            const json* input = find(block, "input");
            reply.tool_calls.push_back(
                {string_or_empty(block, "id"), string_or_empty(block, "name"), input == nullptr ? "{}" : dump_json(*input)});
        } else if (type == "thinking" || type == "redacted_thinking") {
            signed_reasoning = true;
        }
        kept.push_back(block);
    }
    if (signed_reasoning) reply.opaque = dump_json(kept);
    return reply;
}

void set_stop(llm::Reply& reply, std::string_view stop_reason, std::string explanation) {
    if (stop_reason == "tool_use") {
        reply.stop = llm::Stop::tool_calls;
    } else if (stop_reason == "max_tokens" || stop_reason == "model_context_window_exceeded" || stop_reason == "pause_turn") {
        reply.stop = llm::Stop::length;  // pause_turn is of the vendor's own tools, which we do not use: an unfinished answer all the same
    } else if (stop_reason == "refusal") {
        reply.stop = llm::Stop::refusal;
        if (reply.text.empty()) reply.text = std::move(explanation);
    } else {
        reply.stop = llm::Stop::end;
    }
}

void add_usage(llm::Usage& usage, const json& holder) {
    // No answer has more: the sum of what is read here cannot overflow.
    constexpr std::int64_t most = 1'000'000'000'000;
    const auto tokens = [&](std::string_view path, std::int64_t otherwise) {
        return std::clamp<std::int64_t>(get_int(holder, path).value_or(otherwise), 0, most);
    };
    if (get_int(holder, "usage.input_tokens")) {
        usage.cached_tokens = tokens("usage.cache_read_input_tokens", 0);
        usage.input_tokens = tokens("usage.input_tokens", 0) + tokens("usage.cache_creation_input_tokens", 0) + usage.cached_tokens;
    }
    usage.output_tokens = tokens("usage.output_tokens", usage.output_tokens);
    usage.reasoning_tokens = tokens("usage.output_tokens_details.thinking_tokens", usage.reasoning_tokens);
}

}  // namespace gumshoe::anthropic
