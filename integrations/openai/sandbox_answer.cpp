// Chat completions: the script's next turn as a whole answer; streams are cut from it.
#include "integrations/openai/sandbox_answer.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "integrations/openai/sandbox_check.hpp"
#include "llm/playback.hpp"

namespace gumshoe::openai {
namespace {

llm::Heard heard_in_chat(const json& body) {
    llm::Heard heard;
    for (const json& message : body["messages"]) {
        if (string_or_empty(message, "role") == "assistant") ++heard.turns;
        heard.prompt += string_or_empty(message, "content");
        heard.prompt += '\n';
    }
    if (string_or_empty(body, "tool_choice") == "none" || !body.contains("tools")) return heard;
    for (const json& tool : body["tools"]) heard.tools.push_back(string_or_empty(tool, "function.name"));
    return heard;
}

struct Completion {
    json message;
    std::string finish_reason = "stop";
    json usage = {};
};

Completion completion_of(const Asked& asked) {
    const llm::Heard heard = heard_in_chat(asked.body);
    const json* script = llm::script_of(*asked.world.scenario, asked.provider);
    const llm::Said said =
        llm::spoilt(llm::play(script == nullptr ? json() : *script, heard, asked.world.zero, "call_"), asked.fault, heard);
    Completion out{.message = {{"role", "assistant"}, {"content", said.text}, {"refusal", nullptr}}};
    for (const llm::ToolCall& call : said.calls) {
        out.message["tool_calls"].push_back(
            {{"id", call.id}, {"type", "function"}, {"function", {{"name", call.name}, {"arguments", call.arguments}}}});
        out.finish_reason = "tool_calls";
    }
    if (!said.calls.empty() && said.text.empty()) out.message["content"] = nullptr;
    if (asked.fault == "refusal") {
        out.message["content"] = nullptr;
        out.message["refusal"] = "I can't help with that.";
    }
    if (asked.fault == "length") out.finish_reason = "length";
    if (asked.fault == "filtered") out.finish_reason = "content_filter";
    const std::size_t in = dump_json(asked.body["messages"]).size() / 4;
    const std::size_t written = dump_json(out.message).size() / 4;
    out.usage = {{"prompt_tokens", in},
                 {"completion_tokens", written},
                 {"total_tokens", in + written},
                 {"prompt_tokens_details", {{"cached_tokens", 0}}},
                 {"completion_tokens_details", {{"reasoning_tokens", 0}}}};
    return out;
}

const json& nothing_found() {
    static const json found{{"hate", {{"filtered", false}, {"severity", "safe"}}},
                            {"violence", {{"filtered", false}, {"severity", "safe"}}}};
    return found;
}

std::string chunk_event(const json& data) {
    return "data: " + dump_json(data) + "\n\n";
}

/// One streamed answer as it grows.
class Chunks {
public:
    explicit Chunks(const Asked& asked) : asked_(asked) {
        if (!asked.filter_results) return;
        json first = chunk(json::array());  // before the first token, and none itself
        first["prompt_filter_results"] = json::array({{{"prompt_index", 0}, {"content_filter_results", nothing_found()}}});
        out_ += chunk_event(first);
    }

    void delta(json delta, const json& finish_reason = nullptr) {
        json choice{{"index", 0}, {"delta", std::move(delta)}, {"finish_reason", finish_reason}};
        if (asked_.filter_results) choice["content_filter_results"] = nothing_found();
        out_ += chunk_event(chunk(json::array({std::move(choice)})));
    }
    void texts(const char* key, const json& message) {
        for (const std::string& piece : pieces_of(string_or_empty(message, key))) delta({{key, piece}});
    }
    void call(const json& call, std::size_t index) {
        json opening = call;
        opening["index"] = index;
        opening["function"]["arguments"] = "";
        delta({{"tool_calls", json::array({opening})}});
        for (const std::string& piece : pieces_of(string_or_empty(call, "function.arguments"))) {
            const json part{{"index", index}, {"function", {{"arguments", piece}}}};
            delta({{"tool_calls", json::array({part})}});
        }
    }
    void usage(const json& usage) {
        json last = chunk(json::array());
        last["usage"] = usage;
        out_ += chunk_event(last);
    }
    void raw(std::string_view text) { out_ += text; }
    void error() {
        out_ += "data: " + error_reply(200, "The server had an error while processing your request.", "server_error", "", "").body + "\n\n";
    }
    std::string take() { return std::move(out_); }

private:
    json chunk(json choices) const {
        return {{"id", "chatcmpl-sim"},
                {"object", "chat.completion.chunk"},
                {"created", 1},
                {"model", asked_.body["model"]},
                {"choices", std::move(choices)}};
    }

    const Asked& asked_;
    std::string out_;
};

std::string stream_of(const Asked& asked, const Completion& completion) {
    Chunks chunks(asked);
    if (asked.fault == "error-first") {
        chunks.error();
        return chunks.take();
    }
    chunks.delta({{"role", "assistant"}, {"content", ""}});
    chunks.texts("content", completion.message);
    chunks.texts("refusal", completion.message);
    if (const json* calls = find(completion.message, "tool_calls")) {
        for (std::size_t i = 0; i < calls->size(); ++i) chunks.call((*calls)[i], i);
    }
    if (asked.fault == "broken-json") chunks.raw("data: {\"choices\":[{\"del\n\n");
    if (asked.fault == "error-in-stream") chunks.error();
    if (asked.fault == "truncated-stream" || asked.fault == "broken-json" || asked.fault == "error-in-stream") return chunks.take();
    chunks.delta(json::object(), completion.finish_reason);
    if (get_bool(asked.body, "stream_options.include_usage").value_or(false)) chunks.usage(completion.usage);
    chunks.raw("data: [DONE]\n\n");
    return chunks.take();
}

}  // namespace

HttpReply answer_chat(const Asked& asked) {
    const Completion completion = completion_of(asked);
    if (get_bool(asked.body, "stream").value_or(false)) return event_stream(stream_of(asked, completion));
    if (asked.fault.starts_with("error-"))
        return error_reply(200, "The server had an error while processing your request.", "server_error", "", "");
    json choice{{"index", 0}, {"message", completion.message}, {"finish_reason", completion.finish_reason}};
    if (asked.filter_results) choice["content_filter_results"] = nothing_found();
    json whole{{"id", "chatcmpl-sim"},
               {"object", "chat.completion"},
               {"created", 1},
               {"model", asked.body["model"]},
               {"choices", json::array({std::move(choice)})},
               {"usage", completion.usage}};
    if (asked.filter_results)
        whole["prompt_filter_results"] = json::array({{{"prompt_index", 0}, {"content_filter_results", nothing_found()}}});
    return document(dump_json(whole), asked.fault);
}

std::vector<std::string> pieces_of(std::string_view text) {
    constexpr std::size_t size = 24;
    std::vector<std::string> pieces;
    while (!text.empty()) {
        std::size_t n = std::min(size, text.size());
        while (n < text.size() && (static_cast<unsigned char>(text[n]) & 0xC0) == 0x80) ++n;
        pieces.emplace_back(text.substr(0, n));
        text.remove_prefix(n);
    }
    return pieces;
}

HttpReply event_stream(std::string body) {
    HttpReply reply;
    reply.headers.add("Content-Type", "text/event-stream; charset=utf-8");
    reply.body = std::move(body);
    return reply;
}

HttpReply document(std::string body, std::string_view fault) {
    if (fault == "truncated-stream" || fault == "broken-json") body.resize(body.size() / 2);
    return json_reply(200, std::move(body));
}

}  // namespace gumshoe::openai
