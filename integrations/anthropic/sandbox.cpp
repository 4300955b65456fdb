// The simulated Anthropic: POST /messages (whole and streamed) and GET /models, strict about requests, failing on demand.
#include "integrations/anthropic/sandbox.hpp"

#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "base/text.hpp"
#include "integrations/anthropic/dialect.hpp"
#include "integrations/anthropic/sandbox_check.hpp"
#include "integrations/anthropic/sandbox_faults.hpp"
#include "llm/playback.hpp"

namespace gumshoe::anthropic {
namespace {

void add_text(std::string& prompt, const json& content) {
    if (content.is_string()) prompt += content.get<std::string>() + "\n";
    if (!content.is_array()) return;
    for (const json& block : content) {
        if (auto text = get_string(block, "text")) prompt += *text + "\n";
        if (const json* inner = find(block, "content")) add_text(prompt, *inner);
    }
}

llm::Heard heard_in(const json& body) {
    llm::Heard heard;
    for (const json& message : body["messages"]) {
        if (string_or_empty(message, "role") == "assistant") ++heard.turns;
        add_text(heard.prompt, message["content"]);
    }
    if (string_or_empty(body, "tool_choice.type") == "none" || !body.contains("tools")) return heard;
    for (const json& tool : body["tools"]) heard.tools.push_back(string_or_empty(tool, "name"));
    return heard;
}

/// The answer as a whole; streams are cut from it.
struct Completion {
    json content = json::array();
    json stop_reason = "end_turn";
    std::size_t input_tokens = 0;
    std::size_t output_tokens = 0;
};

Completion completion_of(const llm::Said& said, const json& body, std::string_view fault) {
    Completion out;
    // With an effort asked for, the model shows its signed reasoning.
    if (find(body, "output_config.effort") != nullptr)
        out.content.push_back({{"type", "thinking"}, {"thinking", "Let me see."}, {"signature", simulated_signature}});
    if (!said.text.empty()) out.content.push_back({{"type", "text"}, {"text", said.text}});
    for (const llm::ToolCall& call : said.calls) {
        const auto input = parse_json(call.arguments);
        out.content.push_back(
            {{"type", "tool_use"}, {"id", call.id}, {"name", call.name}, {"input", input ? *input : json(call.arguments)}});
        out.stop_reason = "tool_use";
    }
    if (fault == "empty") out.content = json::array();
    if (fault == "length") out.stop_reason = "max_tokens";
    if (fault == "refusal" || fault == "filtered") {  // one and the same here
        out.content = json::array();
        out.stop_reason = "refusal";
    }
    out.input_tokens = dump_json(body["messages"]).size() / 4;
    out.output_tokens = dump_json(out.content).size() / 4;
    return out;
}

std::string event(const json& data) {
    return "event: " + string_or_empty(data, "type") + "\ndata: " + dump_json(data) + "\n\n";
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

std::string block_events(const json& block, std::size_t index) {
    json start = block;
    std::string delta_type = "text_delta";
    std::string field = "text";
    std::string whole = string_or_empty(block, "text");
    const std::string type = string_or_empty(block, "type");
    if (type == "tool_use") {
        delta_type = "input_json_delta";
        field = "partial_json";
        whole = block["input"].is_string() ? block["input"].get<std::string>() : dump_json(block["input"]);
        start["input"] = json::object();
    } else if (type == "thinking") {
        delta_type = "thinking_delta";
        field = "thinking";
        whole = string_or_empty(block, "thinking");
        start["thinking"] = "";
        start["signature"] = "";
    } else {
        start["text"] = "";
    }
    std::string out = event({{"type", "content_block_start"}, {"index", index}, {"content_block", start}});
    for (const std::string& piece : pieces_of(whole))
        out += event({{"type", "content_block_delta"}, {"index", index}, {"delta", {{"type", delta_type}, {field, piece}}}});
    if (type == "thinking") {
        out += event({{"type", "content_block_delta"},
                      {"index", index},
                      {"delta", {{"type", "signature_delta"}, {"signature", block["signature"]}}}});
    }
    return out + event({{"type", "content_block_stop"}, {"index", index}});
}

std::string stream_of(const Completion& completion, const std::string& model, std::string_view fault) {
    const json message{{"id", "msg_sim"},
                       {"type", "message"},
                       {"role", "assistant"},
                       {"model", model},
                       {"content", json::array()},
                       {"stop_reason", nullptr},
                       {"usage", {{"input_tokens", completion.input_tokens}, {"output_tokens", 1}}}};
    const std::string overloaded = event({{"type", "error"}, {"error", {{"type", "overloaded_error"}, {"message", "Overloaded"}}}});
    if (fault == "error-first") return overloaded;
    std::string out = event({{"type", "message_start"}, {"message", message}}) + event({{"type", "ping"}});
    for (std::size_t i = 0; i < completion.content.size(); ++i) out += block_events(completion.content[i], i);
    if (fault == "truncated-stream") return out;
    if (fault == "broken-json") return out + "event: message_delta\ndata: {\"type\":\"message_del\n\n";
    if (fault == "error-in-stream") return out + overloaded;
    out += event({{"type", "message_delta"},
                  {"delta", {{"stop_reason", completion.stop_reason}, {"stop_sequence", nullptr}}},
                  {"usage", {{"output_tokens", completion.output_tokens}}}});
    return out + event({{"type", "message_stop"}});
}

class AnthropicSimulation final : public sandbox::Simulation {
public:
    std::string_view name() const override { return provider_name; }

    HttpReply handle(const RawRequest& request, const sandbox::World& world) override {
        HttpReply reply = answer(request, world);
        reply.headers.add("request-id", "req_sim_" + std::to_string(++requests_));
        return reply;
    }

    std::string model(const RawRequest& request) const override {
        const auto body = parse_json(request.body);
        return body ? string_or_empty(*body, "model") : std::string();
    }

    std::string settings(const sandbox::World& world) const override {
        const std::string key = string_or_empty(*world.scenario, "llm.anthropic.api_key");
        const std::string model = string_or_empty(*world.scenario, "llm.anthropic.model");
        return dump_json(json{{"api_url", world.base_url},
                              {"model", model.empty() ? "claude-sonnet-5" : model},
                              {"api_key", key.empty() ? "sandbox-anthropic-api-key" : key},
                              {"context_window", 200000},
                              {"price", {{"input_per_million", 3}, {"cached_per_million", 0.3}, {"output_per_million", 15}}}});
    }

    json state() const override { return {{"requests", requests_}, {"refused", refused_}}; }

private:
    HttpReply answer(const RawRequest& request, const sandbox::World& world) {
        std::string_view path = request.path;
        if (path.starts_with("/v1/")) path.remove_prefix(3);
        if (auto refusal = check_headers(request, *world.scenario)) return *refusal;
        if (path == "/models" && request.method == "GET") return models(*world.scenario);
        if (path != "/messages") return error_reply(404, "not_found_error", "Not Found");
        if (request.method != "POST") return error_reply(405, "invalid_request_error", "Method Not Allowed");
        if (!icontains(request.headers.find("content-type").value_or(""), "application/json")) {
            return error_reply(400, "invalid_request_error", "Content-Type must be application/json");
        }
        return complete(request, world);
    }

    static std::optional<HttpReply> check_headers(const RawRequest& request, const json& scenario) {
        const std::string key(request.headers.find("x-api-key").value_or(""));
        if (key.empty()) return error_reply(401, "authentication_error", "x-api-key header is required");
        const std::string expected = string_or_empty(scenario, "llm.anthropic.api_key");
        if (!expected.empty() && key != expected) return fault_reply("bad-key");
        if (request.headers.find("anthropic-version") != "2023-06-01")
            return error_reply(400, "invalid_request_error", "anthropic-version: header is required");
        return std::nullopt;
    }

    static HttpReply models(const json& scenario) {
        const std::string account = string_or_empty(scenario, "llm.anthropic.account");
        if (fault_of_account(account)) return *fault_reply(account);
        json list = json::array();
        if (const json* models = find(scenario, "llm.anthropic.models"); models != nullptr && models->is_object()) {
            for (const auto& [id, fault] : models->items()) list.push_back({{"id", id}, {"type", "model"}, {"display_name", id}});
        }
        return json_reply(200, dump_json({{"data", list}, {"has_more", false}}));
    }

    HttpReply complete(const RawRequest& request, const sandbox::World& world) {
        const auto body = parse_json(request.body);
        if (auto refusal = check_request(body ? *body : json())) {
            ++refused_;
            return *refusal;
        }
        const json& scenario = *world.scenario;
        const std::string model = string_or_empty(*body, "model");
        const std::string fault = llm::fault_name(llm::fault_of(scenario, provider_name, model));
        const bool mended = fault == "unsupported-param" && !body->contains("output_config");
        if (auto reply = mended ? std::nullopt : fault_reply(fault)) return *reply;
        if (llm::unknown_model(scenario, provider_name, model)) return error_reply(404, "not_found_error", "model: " + model);
        const json* script = llm::script_of(scenario, provider_name);
        const llm::Heard heard = heard_in(*body);
        const llm::Said said = llm::spoilt(llm::play(script == nullptr ? json() : *script, heard, world.zero, "toolu_"), fault, heard);
        const Completion completion = completion_of(said, *body, fault);
        if (get_bool(*body, "stream").value_or(false)) {
            HttpReply reply;
            reply.headers.add("Content-Type", "text/event-stream; charset=utf-8");
            reply.body = stream_of(completion, model, fault);
            return reply;
        }
        if (fault.starts_with("error-")) return *fault_reply("error-in-200");
        std::string whole =
            dump_json({{"id", "msg_sim"},
                       {"type", "message"},
                       {"role", "assistant"},
                       {"model", model},
                       {"content", completion.content},
                       {"stop_reason", completion.stop_reason},
                       {"stop_sequence", nullptr},
                       {"usage", {{"input_tokens", completion.input_tokens}, {"output_tokens", completion.output_tokens}}}});
        if (fault == "truncated-stream" || fault == "broken-json") whole.resize(whole.size() / 2);
        return json_reply(200, std::move(whole));
    }

    std::int64_t requests_ = 0;
    std::int64_t refused_ = 0;
};

}  // namespace

std::unique_ptr<sandbox::Simulation> make_simulation() {
    return std::make_unique<AnthropicSimulation>();
}

}  // namespace gumshoe::anthropic
