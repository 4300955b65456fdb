// The simulated OpenAI: POST /chat/completions and /responses (whole and streamed), GET /models; strict about requests, failing on demand.
#include "integrations/openai/sandbox.hpp"

#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "base/text.hpp"
#include "integrations/openai/dialect.hpp"
#include "integrations/openai/sandbox_answer.hpp"
#include "integrations/openai/sandbox_check.hpp"
#include "integrations/openai/sandbox_faults.hpp"
#include "llm/playback.hpp"

namespace gumshoe::openai {
namespace {

class OpenAiSimulation final : public sandbox::Simulation {
public:
    std::string_view name() const override { return chat.provider; }

    HttpReply handle(const RawRequest& request, const sandbox::World& world) override {
        HttpReply reply = answer(request, world);
        reply.headers.add("x-request-id", "req_sim_" + std::to_string(++requests_));
        return reply;
    }

    std::string model(const RawRequest& request) const override {
        const auto body = parse_json(request.body);
        return body ? string_or_empty(*body, "model") : std::string();
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
        if (path != "/chat/completions" && path != "/responses")
            return error_reply(404, "Invalid URL (" + request.method + " " + request.path + ")", "invalid_request_error", "", "");
        if (request.method != "POST")
            return error_reply(405, "Not allowed to " + request.method + " on this path.", "invalid_request_error", "",
                               "method_not_supported");
        if (!icontains(request.headers.find("content-type").value_or(""), "application/json")) {
            return error_reply(400, "you must provide a JSON body with Content-Type application/json", "invalid_request_error", "", "");
        }
        return complete(request, world, path == "/responses");
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

    HttpReply complete(const RawRequest& request, const sandbox::World& world, bool responses) {
        auto body = parse_json(request.body);
        if (!body) body = json();
        if (auto refusal = responses ? check_response_request(*body) : check_request(*body)) {
            ++refused_;
            return *refusal;
        }
        const std::string model = string_or_empty(*body, "model");
        const std::string fault = llm::fault_name(llm::fault_of(*world.scenario, chat.provider, model));
        if (auto reply = fault_of_request(fault, *body)) return *reply;
        if (llm::unknown_model(*world.scenario, chat.provider, model)) return *fault_reply("no-model");
        const Asked asked{.body = *body, .world = world, .provider = chat.provider, .fault = fault};
        return responses ? answer_response(asked) : answer_chat(asked);
    }

    std::int64_t requests_ = 0;
    std::int64_t refused_ = 0;
};

}  // namespace

std::unique_ptr<sandbox::Simulation> make_simulation() {
    return std::make_unique<OpenAiSimulation>();
}

}  // namespace gumshoe::openai
