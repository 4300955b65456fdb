// The simulated Bedrock: Converse whole and as an event stream, callers checked by their signature, requests by the field; fails on demand.
#include "integrations/bedrock/sandbox.hpp"

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "integrations/bedrock/dialect.hpp"
#include "integrations/bedrock/event_stream.hpp"
#include "integrations/bedrock/sandbox_check.hpp"
#include "integrations/bedrock/sandbox_faults.hpp"
#include "integrations/bedrock/sandbox_signature.hpp"
#include "llm/playback.hpp"

namespace gumshoe::bedrock {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view root = "/model/";

void add_texts(std::string& prompt, const json& content) {
    for (const json& block : content) {
        if (const auto text = get_string(block, "text")) prompt += *text + "\n";
        if (const json* result = find(block, "toolResult.content")) add_texts(prompt, *result);
    }
}

llm::Heard heard_in(const json& body) {
    llm::Heard heard;
    if (const json* system = find(body, "system")) add_texts(heard.prompt, *system);
    for (const json& message : body["messages"]) {
        if (string_or_empty(message, "role") == "assistant") ++heard.turns;
        add_texts(heard.prompt, message["content"]);
    }
    if (const json* tools = find(body, "toolConfig.tools")) {
        for (const json& tool : *tools) heard.tools.push_back(string_or_empty(tool, "toolSpec.name"));
    }
    return heard;
}

/// The answer as a whole; streams are cut from it.
struct Completion {
    json content = json::array();
    std::string stop_reason = "end_turn";
    json usage = {};
};

Completion completion_of(const json& body, const sandbox::World& world, std::string_view fault) {
    const llm::Heard heard = heard_in(body);
    const json* script = llm::script_of(*world.scenario, provider_name);
    const llm::Said said = llm::spoilt(llm::play(script == nullptr ? json() : *script, heard, world.zero, "tooluse_"), fault, heard);
    Completion out;
    if (find(body, "additionalModelRequestFields.thinking") != nullptr) {
        const json text{{"text", "Let me see."}, {"signature", simulated_signature}};
        out.content.push_back({{"reasoningContent", {{"reasoningText", text}}}});
    }
    if (!said.text.empty()) out.content.push_back({{"text", said.text}});
    for (const llm::ToolCall& call : said.calls) {
        auto input = parse_json(call.arguments);
        out.content.push_back(
            {{"toolUse", {{"toolUseId", call.id}, {"name", call.name}, {"input", input ? std::move(*input) : json(call.arguments)}}}});
        out.stop_reason = "tool_use";
    }
    if (fault == "empty") out.content = json::array();
    if (fault == "length") out.stop_reason = "max_tokens";
    if (fault == "filtered") out.stop_reason = "content_filtered";
    if (fault == "bad-call") out.stop_reason = "malformed_tool_use";
    if (fault == "refusal") {
        out.content = json::array({{{"text", "Sorry, the model cannot answer this question."}}});
        out.stop_reason = "guardrail_intervened";
    }
    const std::size_t in = dump_json(body["messages"]).size() / 4;
    const std::size_t written = dump_json(out.content).size() / 4;
    out.usage = {{"inputTokens", in}, {"outputTokens", written}, {"totalTokens", in + written}, {"cacheReadInputTokens", 0}};
    return out;
}

std::string event_frame(const std::string& type, const json& payload) {
    return frame_bytes({{":event-type", type}, {":content-type", "application/json"}, {":message-type", "event"}}, dump_json(payload));
}

std::string exception_frame(const std::string& type, const std::string& message) {
    return frame_bytes({{":exception-type", type}, {":content-type", "application/json"}, {":message-type", "exception"}},
                       dump_json({{"message", message}}));
}

std::string delta_frames(std::string_view text, std::size_t index, const std::function<json(std::string)>& delta_of) {
    constexpr std::size_t size = 24;
    std::string out;
    while (!text.empty()) {
        std::size_t n = std::min(size, text.size());
        while (n < text.size() && (static_cast<unsigned char>(text[n]) & 0xC0) == 0x80) ++n;
        out += event_frame("contentBlockDelta",
                           {{"contentBlockIndex", index}, {"delta", delta_of(std::string(text.substr(0, n)))}, {"p", "abcdefgh"}});
        text.remove_prefix(n);
    }
    return out;
}

std::string block_frames(const json& block, std::size_t index) {
    std::string out;
    if (const json* call = find(block, "toolUse")) {
        const json start{{"toolUse", {{"toolUseId", (*call)["toolUseId"]}, {"name", (*call)["name"]}}}};
        out += event_frame("contentBlockStart", {{"contentBlockIndex", index}, {"start", start}});
        const json& input = (*call)["input"];
        out += delta_frames(input.is_string() ? input.get<std::string>() : dump_json(input), index,
                            [](std::string piece) { return json{{"toolUse", {{"input", std::move(piece)}}}}; });
    } else if (const json* thought = find(block, "reasoningContent.reasoningText")) {
        out += delta_frames(string_or_empty(*thought, "text"), index,
                            [](std::string piece) { return json{{"reasoningContent", {{"text", std::move(piece)}}}}; });
        const json delta{{"reasoningContent", {{"signature", (*thought)["signature"]}}}};
        out += event_frame("contentBlockDelta", {{"contentBlockIndex", index}, {"delta", delta}});
    } else {
        out += delta_frames(string_or_empty(block, "text"), index, [](std::string piece) { return json{{"text", std::move(piece)}}; });
    }
    return out + event_frame("contentBlockStop", {{"contentBlockIndex", index}});
}

std::string frames_of(const Completion& completion, std::string_view fault) {
    if (fault == "error-first") return exception_frame("internalServerException", "The system encountered an unexpected error.");
    std::string out = event_frame("messageStart", {{"role", "assistant"}});
    for (std::size_t i = 0; i < completion.content.size(); ++i) out += block_frames(completion.content[i], i);
    if (fault == "truncated-stream") return out;
    if (fault == "error-in-stream") return out + exception_frame("modelStreamErrorException", "The model returned an error.");
    std::string stop = event_frame("messageStop", {{"stopReason", completion.stop_reason}});
    if (fault == "broken-frame") stop.back() = static_cast<char>(stop.back() ^ 1);  // its checksum
    return out + stop + event_frame("metadata", {{"usage", completion.usage}, {"metrics", {{"latencyMs", 1}}}});
}

HttpReply http_reply_of(const Completion& completion, bool streams, std::string_view fault) {
    if (streams) {
        HttpReply reply;
        reply.headers.add("Content-Type", "application/vnd.amazon.eventstream");
        reply.body = frames_of(completion, fault);
        return reply;
    }
    if (fault.starts_with("error-")) return *fault_reply("error-in-200");
    std::string whole = dump_json({{"output", {{"message", {{"role", "assistant"}, {"content", completion.content}}}}},
                                   {"stopReason", completion.stop_reason},
                                   {"usage", completion.usage},
                                   {"metrics", {{"latencyMs", 1}}}});
    if (fault == "truncated-stream" || fault == "broken-frame") whole.resize(whole.size() / 2);
    return json_reply(200, std::move(whole));
}

class BedrockSimulation final : public sandbox::Simulation {
public:
    std::string_view name() const override { return provider_name; }

    HttpReply handle(const RawRequest& request, const sandbox::World& world) override {
        HttpReply reply = answer(request, world);
        reply.headers.add("x-amzn-requestid", "amzn-sim-" + std::to_string(++requests_));
        return reply;
    }

    std::string model(const RawRequest& request) const override {
        const std::string_view path = request.path;
        const auto end = path.rfind('/');
        if (!path.starts_with(root) || end < root.size()) return {};
        return url_decode(path.substr(root.size(), end - root.size()));
    }

    std::string settings(const sandbox::World& world) const override {
        const auto text = [&](const char* key, std::string_view otherwise) {
            const std::string value = string_or_empty(*world.scenario, "llm.bedrock." + std::string(key));
            return value.empty() ? std::string(otherwise) : value;
        };
        return dump_json(json{{"api_url", world.base_url},
                              {"region", text("region", "us-east-1")},
                              {"model", text("model", "global.anthropic.claude-sonnet-4-5-20250929-v1:0")},
                              {"access_key_id", text("access_key_id", sandbox_access_key)},
                              {"secret_access_key", text("secret_access_key", sandbox_secret_key)},
                              {"context_window", 200000},
                              {"price", {{"input_per_million", 3}, {"cached_per_million", 0.3}, {"output_per_million", 15}}}});
    }

    json state() const override { return {{"requests", requests_}, {"refused", refused_}}; }

private:
    HttpReply answer(const RawRequest& request, const sandbox::World& world) {
        const std::string id = model(request);
        const std::string numbered = llm::fault_of(*world.scenario, provider_name, id);
        const bool streams = request.path.ends_with("/converse-stream");
        if (id.empty() || (!streams && !request.path.ends_with("/converse")))
            return error_reply(404, "UnknownOperationException", "The requested operation is not recognized by the service.");
        // Under S41 the vendor's clock is far from everybody else's, as the refusal tells.
        const Timestamp clock = world.now + (numbered == "s41" ? 20min : 0min);
        if (auto refusal = check_caller(request, world, clock)) {
            ++refused_;
            return std::move(*refusal);
        }
        if (request.method != "POST") return error_reply(405, "MethodNotAllowedException", "Method not allowed");
        return converse(request, world, llm::fault_name(numbered), streams);
    }

    HttpReply converse(const RawRequest& request, const sandbox::World& world, const std::string& fault, bool streams) {
        auto body = parse_json(request.body);
        if (!body) body = json();
        if (auto refusal = check_request(*body)) {
            ++refused_;
            return std::move(*refusal);
        }
        const bool well = fault == "unsupported-param" && !body->contains("outputConfig");
        if (auto reply = well ? std::nullopt : fault_reply(fault)) return std::move(*reply);
        if (llm::unknown_model(*world.scenario, provider_name, model(request))) return *fault_reply("no-model");
        return http_reply_of(completion_of(*body, world, fault), streams, fault);
    }

    std::int64_t requests_ = 0;
    std::int64_t refused_ = 0;
};

}  // namespace

std::unique_ptr<sandbox::Simulation> make_simulation() {
    return std::make_unique<BedrockSimulation>();
}

}  // namespace gumshoe::bedrock
