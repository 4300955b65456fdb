// The simulated Ollama: POST /api/chat (lines of JSON, or one document) and GET /api/tags; strict about requests, failing on demand.
#include "integrations/ollama/sandbox.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "integrations/ollama/dialect.hpp"
#include "integrations/ollama/sandbox_check.hpp"
#include "integrations/ollama/sandbox_faults.hpp"
#include "llm/playback.hpp"

namespace gumshoe::ollama {
namespace {

constexpr std::int64_t trained_window = 131072;  // what the simulated models were trained for
constexpr std::string_view cut = "an error was encountered while running the model: unexpected EOF";

llm::Heard heard_in(const json& body) {
    llm::Heard heard;
    for (const json& message : body.value("messages", json::array())) {
        if (string_or_empty(message, "role") == "assistant") ++heard.turns;
        heard.prompt += string_or_empty(message, "content") + "\n";
    }
    for (const json& tool : body.value("tools", json::array())) heard.tools.push_back(string_or_empty(tool, "function.name"));
    return heard;
}

json line_of(const std::string& model, const sandbox::World& world, json message) {
    message["role"] = "assistant";
    if (!message.contains("content")) message["content"] = "";
    return {{"model", model}, {"created_at", format_rfc3339(world.now)}, {"message", std::move(message)}, {"done", false}};
}

json calls_of(const llm::Said& said) {
    json calls = json::array();
    for (const llm::ToolCall& call : said.calls) {
        const auto arguments = parse_json(call.arguments);
        calls.push_back({{"function", {{"name", call.name}, {"arguments", arguments ? *arguments : json::object()}}}});
    }
    return calls;
}

/// The prompt's length as the server would count it.
std::int64_t prompt_tokens(const json& body) {
    return static_cast<std::int64_t>(dump_json(body.value("messages", json::array())).size() / 4);
}

std::int64_t window_of(const json& body) {
    return std::min(get_int(body, "options.num_ctx").value_or(4096), trained_window) - 1;
}

void close(json& line, const json& body, const llm::Said& said, std::string_view fault, bool later_turn) {
    line["done"] = true;
    line["done_reason"] = fault == "length" ? "length" : "stop";
    const std::int64_t in = std::min(prompt_tokens(body), window_of(body));
    line["prompt_eval_count"] = in;
    if (later_turn) line["prompt_eval_cached_count"] = in / 2;  // what it read a turn before
    line["eval_count"] = (said.text.size() + dump_json(calls_of(said)).size()) / 4;
    for (const char* span : {"total_duration", "load_duration", "prompt_eval_duration", "eval_duration"}) line[span] = 1'000'000;
}

HttpReply lines_reply(const std::vector<json>& lines) {
    HttpReply reply;
    reply.headers.add("Content-Type", "application/x-ndjson");
    for (const json& line : lines) reply.body += dump_json(line) + "\n";
    return reply;
}

class OllamaSimulation final : public sandbox::Simulation {
public:
    std::string_view name() const override { return provider_name; }

    HttpReply handle(const RawRequest& request, const sandbox::World& world) override {
        ++requests_;
        return answer(request, world);
    }

    std::string model(const RawRequest& request) const override {
        const auto body = parse_json(request.body);
        return body ? string_or_empty(*body, "model") : std::string();
    }

    std::string settings(const sandbox::World& world) const override {
        const std::string model = string_or_empty(*world.scenario, "llm.ollama.model");
        json settings{{"api_url", world.base_url}, {"model", model.empty() ? "qwen3:32b" : model}, {"context_window", 65536}};
        const std::string key = string_or_empty(*world.scenario, "llm.ollama.api_key");
        if (!key.empty()) settings["api_key"] = key;
        return dump_json(settings);
    }

    json state() const override { return {{"requests", requests_}, {"refused", refused_}}; }

private:
    HttpReply answer(const RawRequest& request, const sandbox::World& world) {
        const std::string key = string_or_empty(*world.scenario, "llm.ollama.api_key");
        if (!key.empty() && request.headers.find("authorization") != "Bearer " + key) return *fault_reply("bad-key", "");
        if (request.path == "/api/tags" && request.method == "GET") return tags(*world.scenario);
        if (request.path == "/api/version" && request.method == "GET") return json_reply(200, R"({"version":"0.33.2"})");
        if (request.path != "/api/chat") return text_reply(404, "404 page not found");
        if (request.method != "POST") return text_reply(405, "405 method not allowed");
        return chat(request, world);
    }

    static HttpReply tags(const json& scenario) {
        const std::string account = llm::fault_name(string_or_empty(scenario, "llm.ollama.account"));
        if (fault_of_account(account)) return *fault_reply(account, "");
        json list = json::array();
        const json* models = find(scenario, "llm.ollama.models");
        const json none = json::object();
        for (const auto& [name, fault] : (models != nullptr && models->is_object() ? *models : none).items())
            list.push_back({{"name", name}, {"model", name}, {"size", 1}, {"digest", "sim"}, {"details", {{"format", "gguf"}}}});
        return json_reply(200, dump_json({{"models", list}}));
    }

    HttpReply chat(const RawRequest& request, const sandbox::World& world) {
        const auto body = parse_json(request.body);
        const json& scenario = *world.scenario;
        auto refusal = check_request(body ? *body : json());
        if (refusal) {
            ++refused_;
            return *refusal;
        }
        const std::string model = string_or_empty(*body, "model");
        const std::string fault = llm::fault_name(llm::fault_of(scenario, provider_name, model));
        if (auto reply = fault == "unsupported-param" ? refuse_parameter(*body) : fault_reply(fault, model)) return *reply;
        if (llm::unknown_model(scenario, provider_name, model)) return *fault_reply("no-model", model);
        const std::int64_t window = window_of(*body);
        const bool may_cut = get_bool(*body, "truncate").value_or(true) || get_bool(*body, "shift").value_or(true);
        const std::int64_t over = prompt_tokens(*body) - window;
        if (over > 0 && !may_cut)
            return error_reply(400, "prompt too long; exceeded max context length by " + std::to_string(over) + " tokens");
        const json* script = llm::script_of(scenario, provider_name);
        llm::Heard heard = heard_in(*body);
        if (over > 0)
            heard.prompt.erase(
                0, heard.prompt.size() - std::min<std::size_t>(heard.prompt.size(), static_cast<std::size_t>(4 * window)));  // untold
        llm::Said said = llm::play(script == nullptr ? json() : *script, heard, world.zero, "call_");
        said = llm::spoilt(std::move(said), fault, heard);
        const std::vector<json> lines = lines_of(*body, said, fault, world);
        if (get_bool(*body, "stream").value_or(true)) return lines_reply(lines);
        if (lines.back().contains("error")) return json_reply(500, dump_json(lines.back()));
        json whole = lines.back();
        whole["message"]["content"] = said.text;
        if (!said.calls.empty()) whole["message"]["tool_calls"] = calls_of(said);
        return json_reply(200, dump_json(whole));
    }

    static std::vector<json> lines_of(const json& body, const llm::Said& said, std::string_view fault, const sandbox::World& world) {
        const std::string model = string_or_empty(body, "model");
        std::vector<json> lines;
        if (fault == "error-first") return {{{"error", cut}}};
        if (body.contains("think") && body["think"] != false) lines.push_back(line_of(model, world, {{"thinking", "Let me see."}}));
        for (const std::string& piece : llm::pieces_of(said.text)) lines.push_back(line_of(model, world, {{"content", piece}}));
        if (!said.calls.empty()) lines.push_back(line_of(model, world, {{"tool_calls", calls_of(said)}}));
        if (fault == "error-in-stream") {
            lines.push_back({{"error", cut}});
            return lines;
        }
        json last = line_of(model, world, json::object());
        close(last, body, said, fault, heard_in(body).turns > 0);
        lines.push_back(std::move(last));
        return lines;
    }

    std::int64_t requests_ = 0;
    std::int64_t refused_ = 0;
};

}  // namespace

std::unique_ptr<sandbox::Simulation> make_simulation() {
    return std::make_unique<OllamaSimulation>();
}

}  // namespace gumshoe::ollama
