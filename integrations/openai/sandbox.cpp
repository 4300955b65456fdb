// The simulated OpenAI: POST /chat/completions (whole and streamed) and GET /models, strict about requests, failing on demand.
#include "integrations/openai/sandbox.hpp"

#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "base/text.hpp"
#include "integrations/openai/dialect.hpp"
#include "integrations/openai/sandbox_check.hpp"
#include "integrations/openai/sandbox_faults.hpp"
#include "llm/playback.hpp"

namespace gumshoe::openai {
namespace {

llm::Heard heard_in(const json& body) {
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

/// The answer as a whole; streams are cut from it.
struct Completion {
    json message;
    std::string finish_reason;
    json usage;
};

Completion completion_of(const llm::Said& said, const json& body, std::string_view fault) {
    Completion out;
    out.message = {{"role", "assistant"}, {"content", said.text}, {"refusal", nullptr}};
    out.finish_reason = "stop";
    for (const llm::ToolCall& call : said.calls) {
        out.message["tool_calls"].push_back(
            {{"id", call.id}, {"type", "function"}, {"function", {{"name", call.name}, {"arguments", call.arguments}}}});
        out.finish_reason = "tool_calls";
    }
    if (!said.calls.empty() && said.text.empty()) out.message["content"] = nullptr;
    if (fault == "empty") out.message = {{"role", "assistant"}, {"content", ""}, {"refusal", nullptr}};
    if (fault == "refusal") out.message = {{"role", "assistant"}, {"content", nullptr}, {"refusal", "I can't help with that."}};
    if (fault == "length") {
        out.message = {{"role", "assistant"}, {"content", "{\"summary\":\"it began"}, {"refusal", nullptr}};
        out.finish_reason = "length";
    }
    const std::size_t in = dump_json(body["messages"]).size() / 4;
    const std::size_t written = dump_json(out.message).size() / 4;
    out.usage = {{"prompt_tokens", in},
                 {"completion_tokens", written},
                 {"total_tokens", in + written},
                 {"prompt_tokens_details", {{"cached_tokens", 0}}},
                 {"completion_tokens_details", {{"reasoning_tokens", 0}}}};
    return out;
}

json chunk(const std::string& model, json choices) {
    return {{"id", "chatcmpl-sim"}, {"object", "chat.completion.chunk"}, {"created", 1}, {"model", model}, {"choices", std::move(choices)}};
}

json delta_chunk(const std::string& model, json delta, const json& finish_reason = nullptr) {
    return chunk(model, json::array({{{"index", 0}, {"delta", std::move(delta)}, {"finish_reason", finish_reason}}}));
}

std::string event(const json& data) {
    return "data: " + dump_json(data) + "\n\n";
}

/// Pieces of a text as a model streams it; cuts fall between code points.
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

std::string stream_of(const Completion& completion, const std::string& model, bool with_usage, std::string_view fault) {
    std::string out = event(delta_chunk(model, {{"role", "assistant"}, {"content", ""}}));
    for (const std::string& piece : pieces_of(string_or_empty(completion.message, "content")))
        out += event(delta_chunk(model, {{"content", piece}}));
    for (const std::string& piece : pieces_of(string_or_empty(completion.message, "refusal")))
        out += event(delta_chunk(model, {{"refusal", piece}}));
    if (const json* calls = find(completion.message, "tool_calls")) {
        for (std::size_t i = 0; i < calls->size(); ++i) {
            json opening = (*calls)[i];
            opening["index"] = i;
            opening["function"]["arguments"] = "";
            out += event(delta_chunk(model, {{"tool_calls", json::array({opening})}}));
            for (const std::string& piece : pieces_of(string_or_empty((*calls)[i], "function.arguments"))) {
                const json call{{"index", i}, {"function", {{"arguments", piece}}}};
                out += event(delta_chunk(model, {{"tool_calls", json::array({call})}}));
            }
        }
    }
    if (fault == "truncated-stream") return out;
    if (fault == "broken-json") return out + "data: {\"choices\":[{\"del\n\n";
    if (fault == "error-in-stream") {
        return out + event({{"error",
                             {{"message", "The server had an error while processing your request."},
                              {"type", "server_error"},
                              {"param", nullptr},
                              {"code", nullptr}}}});
    }
    out += event(delta_chunk(model, json::object(), completion.finish_reason));
    if (with_usage) {
        json last = chunk(model, json::array());
        last["usage"] = completion.usage;
        out += event(last);
    }
    return out + "data: [DONE]\n\n";
}

class OpenAiSimulation final : public sandbox::Simulation {
public:
    std::string_view name() const override { return provider_name; }

    HttpReply handle(const RawRequest& request, const sandbox::World& world) override {
        HttpReply reply = answer(request, world);
        reply.headers.add("x-request-id", "req_sim_" + std::to_string(++requests_));
        return reply;
    }

    std::string settings(const sandbox::World& world) const override {
        const std::string key = string_or_empty(*world.scenario, "llm.openai.api_key");
        const std::string model = string_or_empty(*world.scenario, "llm.openai.model");
        return dump_json(json{{"api_url", world.base_url},
                              {"model", model.empty() ? "gpt-5.1" : model},
                              {"api_key", key.empty() ? "sandbox-openai-api-key" : key},
                              {"context_window", 400000},
                              {"price", {{"input_per_million", 1.25}, {"cached_per_million", 0.125}, {"output_per_million", 10}}}});
    }

    json state() const override { return {{"requests", requests_}, {"refused", refused_}}; }

private:
    HttpReply answer(const RawRequest& request, const sandbox::World& world) {
        std::string_view path = request.path;
        if (path.starts_with("/v1/")) path.remove_prefix(3);
        if (auto refusal = check_key(request, *world.scenario)) return *refusal;
        if (path == "/models" && request.method == "GET") return models(*world.scenario);
        if (path != "/chat/completions")
            return error_reply(404, "Invalid URL (" + request.method + " " + request.path + ")", "invalid_request_error", "", "");
        if (request.method != "POST")
            return error_reply(405, "Not allowed to " + request.method + " on this path.", "invalid_request_error", "",
                               "method_not_supported");
        if (!icontains(request.headers.find("content-type").value_or(""), "application/json")) {
            return error_reply(400, "you must provide a JSON body with Content-Type application/json", "invalid_request_error", "", "");
        }
        return complete(request, world);
    }

    static std::optional<HttpReply> check_key(const RawRequest& request, const json& scenario) {
        const std::string authorization(request.headers.find("authorization").value_or(""));
        if (!authorization.starts_with("Bearer ") || authorization.size() < 8) {
            return error_reply(
                401, "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth.",
                "invalid_request_error", "", "");
        }
        const std::string expected = string_or_empty(scenario, "llm.openai.api_key");
        if (expected.empty() || authorization == "Bearer " + expected) return std::nullopt;
        return fault_reply("bad-key");
    }

    static HttpReply models(const json& scenario) {
        const std::string account = string_or_empty(scenario, "llm.openai.account");
        if (fault_of_account(account)) return *fault_reply(account);
        json list = json::array();
        if (const json* models = find(scenario, "llm.openai.models"); models != nullptr && models->is_object()) {
            for (const auto& [id, fault] : models->items())
                list.push_back({{"id", id}, {"object", "model"}, {"created", 1}, {"owned_by", "openai"}});
        }
        return json_reply(200, dump_json({{"object", "list"}, {"data", list}}));
    }

    HttpReply complete(const RawRequest& request, const sandbox::World& world) {
        const auto body = parse_json(request.body);
        auto refusal = check_request(body ? *body : json());
        if (refusal) {
            ++refused_;
            return *refusal;
        }
        const json& scenario = *world.scenario;
        const std::string model = string_or_empty(*body, "model");
        const std::string fault = llm::fault_of(scenario, provider_name, model);
        if (auto reply = fault == "unsupported-param" && !body->contains("response_format") ? std::nullopt : fault_reply(fault))
            return *reply;
        if (llm::unknown_model(scenario, provider_name, model)) return *fault_reply("no-model");
        const json* script = llm::script_of(scenario, provider_name);
        const llm::Said said = llm::play(script == nullptr ? json() : *script, heard_in(*body), world.zero, "call_");
        const Completion completion = completion_of(said, *body, fault);
        if (get_bool(*body, "stream").value_or(false)) {
            HttpReply reply;
            reply.headers.add("Content-Type", "text/event-stream");
            reply.body = stream_of(completion, model, get_bool(*body, "stream_options.include_usage").value_or(false), fault);
            return reply;
        }
        const json choice{{"index", 0}, {"message", completion.message}, {"finish_reason", completion.finish_reason}};
        std::string whole = dump_json({{"id", "chatcmpl-sim"},
                                       {"object", "chat.completion"},
                                       {"created", 1},
                                       {"model", model},
                                       {"choices", json::array({choice})},
                                       {"usage", completion.usage}});
        if (fault == "truncated-stream" || fault == "broken-json") whole.resize(whole.size() / 2);
        return json_reply(200, std::move(whole));
    }

    std::int64_t requests_ = 0;
    std::int64_t refused_ = 0;
};

}  // namespace

std::unique_ptr<sandbox::Simulation> make_simulation() {
    return std::make_unique<OpenAiSimulation>();
}

}  // namespace gumshoe::openai
