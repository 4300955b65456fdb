// Chat completions out of replies.
#include "gateway/completion_reply.hpp"

#include <algorithm>
#include <functional>
#include <string_view>
#include <utility>

#include "base/json_writer.hpp"

namespace gumshoe::gateway {
namespace {

constexpr std::size_t piece_bytes = 4096;  // of text in one event

std::string_view finish_reason(const llm::Reply& reply) {
    if (!reply.tool_calls.empty()) return "tool_calls";
    return reply.stop == llm::Stop::length ? "length" : "stop";
}

void write_usage(JsonWriter& out, const llm::Usage& usage) {
    out.begin_object().key("prompt_tokens").number(usage.input_tokens).key("completion_tokens").number(usage.output_tokens);
    out.key("total_tokens").number(usage.input_tokens + usage.output_tokens);
    out.key("prompt_tokens_details").begin_object().key("cached_tokens").number(usage.cached_tokens).end_object();
    out.key("completion_tokens_details").begin_object().key("reasoning_tokens").number(usage.reasoning_tokens).end_object();
    out.end_object();
}

void write_call(JsonWriter& out, const llm::ToolCall& call) {
    out.key("id").text(call.id).key("type").text("function").key("function").begin_object();
    out.key("name").text(call.name).key("arguments").text(call.arguments).end_object();
}

bool calls_alone(const llm::Reply& reply) {
    return reply.text.empty() && !reply.tool_calls.empty();
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
    JsonWriter out;
    out.begin_object().key("id").text(head.id).key("object").text("chat.completion").key("created").number(head.created);
    out.key("model").text(head.model).key("choices").begin_array().begin_object().key("index").number(std::int64_t{0});
    out.key("message").begin_object().key("role").text("assistant").key("content");
    if (calls_alone(reply)) {
        out.null();
    } else {
        out.text(reply.text);
    }
    out.key("refusal").null();
    if (!reply.tool_calls.empty()) {
        out.key("tool_calls").begin_array();
        for (const llm::ToolCall& call : reply.tool_calls) {
            out.begin_object();
            write_call(out, call);
            out.end_object();
        }
        out.end_array();
    }
    out.end_object().key("logprobs").null().key("finish_reason").text(finish_reason(reply)).end_object().end_array();
    out.key("usage");
    write_usage(out, reply.usage);
    return out.end_object().take();
}

std::string completion_events(const CompletionHead& head, const llm::Reply& reply, bool include_usage) {
    // What all events begin with is written once.
    JsonWriter opening;
    opening.begin_object().key("id").text(head.id).key("object").text("chat.completion.chunk").key("created").number(head.created);
    opening.key("model").text(head.model).key("choices");
    const std::string start = "data: " + opening.take();
    std::string out;
    const auto add = [&](const std::function<void(JsonWriter&)>& write_delta, std::string_view reason) {
        JsonWriter choice;
        choice.begin_array().begin_object().key("index").number(std::int64_t{0}).key("delta").begin_object();
        write_delta(choice);
        choice.end_object().key("finish_reason");
        if (reason.empty()) {
            choice.null();
        } else {
            choice.text(reason);
        }
        out += start + choice.end_object().end_array().take() + "}\n\n";
    };
    const auto begin = [&](JsonWriter& delta) {
        delta.key("role").text("assistant").key("content");
        if (calls_alone(reply)) {
            delta.null();
        } else {
            delta.text("");
        }
    };
    add(begin, "");
    for (std::string_view text = reply.text; !text.empty();) {
        const std::string_view piece = take_piece(text);
        add([&](JsonWriter& delta) { delta.key("content").text(piece); }, "");
    }
    for (std::size_t i = 0; i < reply.tool_calls.size(); ++i) {
        const auto call = [&](JsonWriter& delta) {
            delta.key("tool_calls").begin_array().begin_object().key("index").number(static_cast<std::int64_t>(i));
            write_call(delta, reply.tool_calls[i]);
            delta.end_object().end_array();
        };
        add(call, "");
    }
    add([](JsonWriter&) {}, finish_reason(reply));
    if (include_usage) {
        JsonWriter usage;
        write_usage(usage, reply.usage);
        out += start + "[],\"usage\":" + usage.take() + "}\n\n";
    }
    return out + "data: [DONE]\n\n";
}

}  // namespace gumshoe::gateway
