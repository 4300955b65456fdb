// Chat completions out of replies.
#include "gateway/completion_reply.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "base/json.hpp"

namespace gumshoe::gateway {
namespace {

constexpr std::size_t piece_bytes = 4096;  // of text in one event

std::string_view finish_reason(const llm::Reply& reply) {
    if (!reply.tool_calls.empty()) return "tool_calls";
    return reply.stop == llm::Stop::length ? "length" : "stop";
}

json usage_json(const llm::Usage& usage) {
    return {{"prompt_tokens", usage.input_tokens},
            {"completion_tokens", usage.output_tokens},
            {"total_tokens", usage.input_tokens + usage.output_tokens},
            {"prompt_tokens_details", {{"cached_tokens", usage.cached_tokens}}},
            {"completion_tokens_details", {{"reasoning_tokens", usage.reasoning_tokens}}}};
}

json call_json(const llm::ToolCall& call) {
    return {{"id", call.id}, {"type", "function"}, {"function", {{"name", call.name}, {"arguments", call.arguments}}}};
}

json content_json(const llm::Reply& reply) {
    return reply.text.empty() && !reply.tool_calls.empty() ? json() : json(reply.text);
}

/// The first bytes of a text, never ending inside a code point.
std::string_view take_piece(std::string_view& text) {
    std::size_t size = std::min(piece_bytes, text.size());
    while (size < text.size() && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) ++size;
    const std::string_view piece = text.substr(0, size);
    text.remove_prefix(size);
    return piece;
}

}  // namespace

std::string completion_json(const CompletionHead& head, const llm::Reply& reply) {
    json message{{"role", "assistant"}, {"content", content_json(reply)}, {"refusal", nullptr}};
    for (const llm::ToolCall& call : reply.tool_calls) message["tool_calls"].push_back(call_json(call));
    json choice{{"index", 0}, {"message", std::move(message)}, {"logprobs", nullptr}, {"finish_reason", finish_reason(reply)}};
    return dump_json({{"id", head.id},
                      {"object", "chat.completion"},
                      {"created", head.created},
                      {"model", head.model},
                      {"choices", json::array({std::move(choice)})},
                      {"usage", usage_json(reply.usage)}});
}

std::string completion_events(const CompletionHead& head, const llm::Reply& reply, bool include_usage) {
    // What all events begin with is written once.
    const std::string opening = "data: {\"id\":" + dump_json(head.id) +
                                ",\"object\":\"chat.completion.chunk\",\"created\":" + std::to_string(head.created) +
                                ",\"model\":" + dump_json(head.model) + ",\"choices\":";
    std::string out;
    const auto add = [&](const json& delta, const json& reason) {
        out += opening + "[{\"index\":0,\"delta\":" + dump_json(delta) + ",\"finish_reason\":" + dump_json(reason) + "}]}\n\n";
    };
    add({{"role", "assistant"}, {"content", reply.text.empty() && !reply.tool_calls.empty() ? json() : json("")}}, nullptr);
    for (std::string_view text = reply.text; !text.empty();) add({{"content", take_piece(text)}}, nullptr);
    for (std::size_t i = 0; i < reply.tool_calls.size(); ++i) {
        json call = call_json(reply.tool_calls[i]);
        call["index"] = i;
        add({{"tool_calls", json::array({std::move(call)})}}, nullptr);
    }
    add(json::object(), finish_reason(reply));
    if (include_usage) out += opening + "[],\"usage\":" + dump_json(usage_json(reply.usage)) + "}\n\n";
    return out + "data: [DONE]\n\n";
}

}  // namespace gumshoe::gateway
