// The simulated Groq, OpenRouter, vLLM and llama.cpp: Chat Completions of OpenAI's simulation, with what each adds to an answer.
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "base/text.hpp"
#include "integrations/openai/dialect.hpp"
#include "integrations/openai/sandbox.hpp"
#include "integrations/openai/sandbox_answer.hpp"
#include "integrations/openai/sandbox_check.hpp"
#include "integrations/openai/sandbox_compatible_faults.hpp"
#include "llm/playback.hpp"

namespace gumshoe::openai {
namespace {

/// How an answer ends: the last pieces of a stream tell it in several places.
struct Ending {
    json usage;
    std::string finish_reason;
};

/// One of the four. `adds` what is its own to an answer, or to a piece of one.
struct Compatible {
    const Flavour& flavour;
    std::string_view base;  // of its API's paths
    std::string_view model;
    std::int64_t window;
    std::string_view price;  // "": it costs nothing
    void (*adds)(json& document, const Ending& ending);
};

bool is_chunk(const json& document) {
    return string_or_empty(document, "object") == "chat.completion.chunk";
}

void add_of_groq(json& document, const Ending& ending) {
    document["system_fingerprint"] = "fp_sim";
    json times{{"queue_time", 0.06}, {"prompt_time", 0.0002}, {"completion_time", 0.8}, {"total_time", 0.8}};
    if (!is_chunk(document)) {
        document["x_groq"] = {{"id", "req_sim"}};
        document["usage"].update(times);
        return;
    }
    const bool last = !document["choices"].empty() && document["choices"][0]["finish_reason"].is_string();
    if (!last) return;
    document["x_groq"] = {{"id", "req_sim"}};
    if (!ending.usage.is_null()) times.update(ending.usage);
    document["x_groq"]["usage"] = std::move(times);
}

void add_of_openrouter(json& document, const Ending& ending) {
    document["id"] = "gen-sim";
    document["provider"] = "Sim";
    if (document.contains("usage")) {
        document["usage"]["cost"] = 0.00014;
        document["usage"]["is_byok"] = false;
        if (document["choices"].empty()) {
            document["choices"].push_back(
                {{"index", 0}, {"delta", {{"role", "assistant"}, {"content", ""}}}, {"finish_reason", ending.finish_reason}});
        }
    }
    for (json& choice : document["choices"]) choice["native_finish_reason"] = choice["finish_reason"];
}

void add_of_vllm(json& document, const Ending&) {
    for (json& choice : document["choices"]) choice["stop_reason"] = nullptr;
    if (document.contains("usage")) document["usage"]["prompt_tokens_details"] = nullptr;
    if (is_chunk(document)) return;
    document["prompt_logprobs"] = nullptr;
    json& message = document["choices"][0]["message"];
    if (!message.contains("tool_calls")) message["tool_calls"] = json::array();
    message["reasoning_content"] = nullptr;
}

void add_of_llamacpp(json& document, const Ending&) {
    document["system_fingerprint"] = "b7634-f1768d8f0";
    if (!document.contains("usage")) return;
    document["timings"] = {{"cache_n", 0},
                           {"prompt_n", document["usage"]["prompt_tokens"]},
                           {"prompt_ms", 4.8},
                           {"predicted_n", document["usage"]["completion_tokens"]},
                           {"predicted_ms", 1605.3}};
}

constexpr Compatible groq_api{groq,
                              "/openai/v1",
                              "openai/gpt-oss-120b",
                              131072,
                              R"({"input_per_million":0.15,"cached_per_million":0.075,"output_per_million":0.6})",
                              add_of_groq};
constexpr Compatible openrouter_api{openrouter,
                                    "/api/v1",
                                    "openai/gpt-5.1",
                                    400000,
                                    R"({"input_per_million":1.25,"cached_per_million":0.125,"output_per_million":10})",
                                    add_of_openrouter};
constexpr Compatible vllm_api{vllm, "/v1", "Qwen/Qwen3-32B", 65536, "", add_of_vllm};
constexpr Compatible llamacpp_api{llamacpp, "/v1", "qwen3", 65536, "", add_of_llamacpp};

class CompatibleSimulation final : public sandbox::Simulation {
public:
    explicit CompatibleSimulation(const Compatible& its) : its_(its), provider_(its.flavour.provider) {}

    std::string_view name() const override { return provider_; }

    HttpReply handle(const RawRequest& request, const sandbox::World& world) override {
        ++requests_;
        HttpReply reply = answer(request, world);
        if (provider_ == groq.provider) add_limits(reply);
        if (provider_ == openrouter.provider && reply.status == 200) reply.headers.add("X-Generation-Id", "gen-sim");
        return reply;
    }

    std::string model(const RawRequest& request) const override {
        const auto body = parse_json(request.body);
        return body ? string_or_empty(*body, "model") : std::string();
    }

    std::string settings(const sandbox::World& world) const override {
        const std::string model = of_scenario(world, "model");
        const std::string key = of_scenario(world, "api_key");
        json settings{{"api_url", world.base_url + std::string(its_.base)},
                      {"model", model.empty() ? std::string(its_.model) : model},
                      {"context_window", its_.window}};
        if (!key.empty() || its_.flavour.needs_key)
            settings["api_key"] = key.empty() ? "sandbox-" + std::string(provider_) + "-api-key" : key;
        if (const auto price = parse_json(its_.price)) settings["price"] = *price;
        return dump_json(settings);
    }

    json state() const override { return {{"requests", requests_}, {"refused", refused_}}; }

private:
    std::string of_scenario(const sandbox::World& world, const std::string& key) const {
        return string_or_empty(*world.scenario, "llm." + std::string(provider_) + "." + key);
    }

    HttpReply fault(std::string_view name) const { return *compatible_fault(provider_, name); }

    /// Limits come with every answer, their resets as Go writes durations.
    void add_limits(HttpReply& reply) const {
        reply.headers.add("x-request-id", "req_sim_" + std::to_string(requests_));
        const bool limited = reply.status == 429;
        if (!limited && reply.status != 200) return;
        for (const auto& [name, value] : {std::pair("limit-requests", "14400"), std::pair("remaining-requests", "14370"),
                                          std::pair("reset-requests", "2m59.56s"), std::pair("limit-tokens", "18000"),
                                          std::pair("remaining-tokens", limited ? "0" : "17997"), std::pair("reset-tokens", "7.66s")})
            reply.headers.add("x-ratelimit-" + std::string(name), value);
    }

    HttpReply answer(const RawRequest& request, const sandbox::World& world) {
        const std::string_view path = request.path;
        if (!path.starts_with(its_.base)) return fault("unknown-path");
        const std::string_view call = path.substr(its_.base.size());
        const bool is_list = request.method == "GET" && call == "/models";
        const bool is_public = is_list && provider_ == openrouter.provider;
        if (auto refusal = is_public ? std::nullopt : check_key(request, world)) return *refusal;
        if (const std::string account = llm::fault_name(of_scenario(world, "account"));
            request.method == "GET" && !is_public && compatible_fault_of_account(provider_, account))
            return fault(account);
        if (is_list) return models(world);
        if (request.method == "GET" && call == its_.flavour.probe)
            return json_reply(200, R"({"data":{"label":"sk-or-v1-sim","usage":0,"limit":null,"limit_remaining":null}})");
        if (request.method != "POST" || call != "/chat/completions") return fault("unknown-path");
        return complete(request, world);
    }

    std::optional<HttpReply> check_key(const RawRequest& request, const sandbox::World& world) const {
        const std::string expected = of_scenario(world, "api_key");
        if (expected.empty() && !its_.flavour.needs_key) return std::nullopt;
        const std::string_view authorization = request.headers.find("authorization").value_or("");
        const bool given = authorization.starts_with("Bearer ") && authorization.size() > 7;
        if (!given && provider_ == openrouter.provider) return fault("no-key");
        if (!given || (!expected.empty() && authorization.substr(7) != expected)) return fault("bad-key");
        return std::nullopt;
    }

    HttpReply models(const sandbox::World& world) const {
        json list = json::array();
        if (const json* models = find(*world.scenario, "llm." + std::string(provider_) + ".models");
            models != nullptr && models->is_object()) {
            for (const auto& [id, fault] : models->items()) list.push_back({{"id", id}, {"object", "model"}, {"created", 1}});
        }
        return json_reply(200, dump_json({{"object", "list"}, {"data", list}}));
    }

    /// What OpenAI asks of a request all of them do; whether a model reasons is not to be seen in its name here.
    std::optional<HttpReply> check(json body) const {
        if (body.is_object()) {
            if (!string_or_empty(body, "model").empty()) body["model"] = "sim";
            body.erase("reasoning_effort");
        }
        if (const auto refusal = check_request(body)) {
            const auto document = parse_json(refusal->body);
            return compatible_error(provider_, refusal->status, string_or_empty(*document, "error.message"));
        }
        if (provider_ == groq.provider && body.contains("tools") && body.contains("response_format"))
            return compatible_error(provider_, 400, "json mode cannot be combined with tool/function calling");
        return std::nullopt;
    }

    HttpReply complete(const RawRequest& request, const sandbox::World& world) {
        const auto body = parse_json(request.body);
        if (auto refusal = check(body ? *body : json())) {
            ++refused_;
            return *refusal;
        }
        const std::string model = string_or_empty(*body, "model");
        const bool streamed = get_bool(*body, "stream").value_or(false);
        const std::string name = llm::fault_name(llm::fault_of(*world.scenario, provider_, model));
        const bool of_format = name == "unsupported-param" || name == "bad-schema";  // no format, no such trouble
        if (!of_format || body->contains("response_format")) {
            if (auto reply = compatible_fault(provider_, name, streamed)) return *reply;
        }
        // llama.cpp has the model it was started with, whatever name it is called by.
        if (provider_ != llamacpp.provider && llm::unknown_model(*world.scenario, provider_, model)) return fault("no-model");
        HttpReply reply = answer_chat({.body = *body, .world = world, .provider = provider_, .fault = name});
        reply.body = streamed ? accented_stream(reply.body) : accented_document(std::move(reply.body));
        return reply;
    }

    std::string accented_document(std::string whole) const {
        auto document = parse_json(whole);
        if (!document) return whole;  // cut short
        if (document->contains("error")) return fault("error-in-200").body;
        its_.adds(*document, {});
        return dump_json(*document);
    }

    std::string accented_stream(const std::string& stream) const {
        Ending ending;
        std::vector<std::pair<std::string, std::optional<json>>> events;
        for (const std::string& line : lines(stream)) {
            if (line.empty()) continue;
            auto chunk = parse_json(std::string_view(line).substr(6));  // behind "data: "
            if (chunk && chunk->contains("usage")) ending.usage = (*chunk)["usage"];
            if (chunk && chunk->contains("choices") && !(*chunk)["choices"].empty())
                ending.finish_reason = string_or_empty((*chunk)["choices"][0], "finish_reason");
            events.emplace_back(line, chunk ? std::optional<json>(std::move(*chunk)) : std::nullopt);
        }
        std::string out = provider_ == openrouter.provider ? ": OPENROUTER PROCESSING\n\n" : "";
        for (auto& [line, chunk] : events) {
            if (chunk && chunk->contains("error")) {
                out += compatible_error_event(provider_, *parse_json(fault("error-in-200").body));
                continue;
            }
            if (chunk) its_.adds(*chunk, ending);
            out += (chunk ? "data: " + dump_json(*chunk) : line) + "\n\n";
        }
        return out;
    }

    const Compatible& its_;
    std::string_view provider_;
    std::int64_t requests_ = 0;
    std::int64_t refused_ = 0;
};

}  // namespace

std::unique_ptr<sandbox::Simulation> make_groq_simulation() {
    return std::make_unique<CompatibleSimulation>(groq_api);
}

std::unique_ptr<sandbox::Simulation> make_openrouter_simulation() {
    return std::make_unique<CompatibleSimulation>(openrouter_api);
}

std::unique_ptr<sandbox::Simulation> make_vllm_simulation() {
    return std::make_unique<CompatibleSimulation>(vllm_api);
}

std::unique_ptr<sandbox::Simulation> make_llamacpp_simulation() {
    return std::make_unique<CompatibleSimulation>(llamacpp_api);
}

}  // namespace gumshoe::openai
