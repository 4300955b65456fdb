// The simulated Azure OpenAI: deployments in the path, a key of its own, what the filters found in every answer, its own errors.
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "base/text.hpp"
#include "integrations/openai/dialect.hpp"
#include "integrations/openai/sandbox.hpp"
#include "integrations/openai/sandbox_answer.hpp"
#include "integrations/openai/sandbox_check.hpp"
#include "integrations/openai/sandbox_faults.hpp"
#include "llm/playback.hpp"

namespace gumshoe::openai {
namespace {

constexpr std::string_view deployments = "/openai/deployments/";
constexpr std::string_view completions = "/chat/completions";

/// The deployment that the path names; "" where it names none.
std::string deployment_of(std::string_view path) {
    if (!path.starts_with(deployments) || !path.ends_with(completions)) return {};
    path.remove_prefix(deployments.size());
    if (path.size() <= completions.size()) return {};
    return url_decode(path.substr(0, path.size() - completions.size()));
}

bool has_version(const RawRequest& request) {
    for (const auto& [key, value] : parse_form(request.query)) {
        if (key == "api-version") return !value.empty();
    }
    return false;
}

class AzureSimulation final : public sandbox::Simulation {
public:
    std::string_view name() const override { return azure.provider; }

    HttpReply handle(const RawRequest& request, const sandbox::World& world) override {
        HttpReply reply = answer(request, world);
        reply.headers.add("apim-request-id", "azure-sim-" + std::to_string(++requests_));
        reply.headers.add("x-ms-region", "Sandbox");
        reply.headers.add("x-ratelimit-remaining-requests", "-1");  // it means nothing there, and must mean nothing to a caller
        return reply;
    }

    std::string model(const RawRequest& request) const override {
        if (std::string deployment = deployment_of(request.path); !deployment.empty()) return deployment;
        const auto body = parse_json(request.body);
        return body ? string_or_empty(*body, "model") : std::string();
    }

    std::string settings(const sandbox::World& world) const override {
        const std::string key = string_or_empty(*world.scenario, "llm.azure.api_key");
        const std::string model = string_or_empty(*world.scenario, "llm.azure.model");
        return dump_json(json{{"api_url", world.base_url},
                              {"api_version", "2024-10-21"},
                              {"model", model.empty() ? "gpt-4o" : model},
                              {"base_model", "gpt-4o"},
                              {"api_key", key.empty() ? "sandbox-azure-api-key" : key},
                              {"price", {{"input_per_million", 2.5}, {"cached_per_million", 1.25}, {"output_per_million", 10}}}});
    }

    json state() const override { return {{"requests", requests_}, {"refused", refused_}}; }

private:
    HttpReply answer(const RawRequest& request, const sandbox::World& world) {
        const json& scenario = *world.scenario;
        if (!accepts_key(request, scenario)) return *fault_reply("bad-key", Words::of_azure);
        const bool v1 = request.path.starts_with("/openai/v1/");  // the one surface that goes without a version
        if (!v1 && !has_version(request)) return not_found();
        if (request.method == "GET" && (request.path == "/openai/models" || request.path == "/openai/v1/models")) return models(scenario);
        const std::string deployment = deployment_of(request.path);
        if (request.method != "POST" || (deployment.empty() && request.path != "/openai/v1/chat/completions")) return not_found();
        if (!icontains(request.headers.find("content-type").value_or(""), "application/json"))
            return error_reply(415, "The content type is not supported.", "", "", "UnsupportedMediaType");
        return complete(request, world, deployment);
    }

    static HttpReply not_found() { return error_reply(404, "Resource not found", "", "", "404"); }

    static bool accepts_key(const RawRequest& request, const json& scenario) {
        const std::string expected = string_or_empty(scenario, "llm.azure.api_key");
        const std::string authorization(request.headers.find("authorization").value_or(""));
        std::string key(request.headers.find("api-key").value_or(""));
        if (key.empty() && authorization.starts_with("Bearer ")) key = authorization.substr(7);  // of Entra
        return !key.empty() && (expected.empty() || key == expected);
    }

    static HttpReply models(const json& scenario) {
        const std::string account = string_or_empty(scenario, "llm.azure.account");
        if (fault_of_account(account)) return *fault_reply(account, Words::of_azure);
        return json_reply(200, dump_json({{"object", "list"}, {"data", json::array()}}));
    }

    HttpReply complete(const RawRequest& request, const sandbox::World& world, const std::string& deployment) {
        auto body = parse_json(request.body);
        if (!body) body = json();
        if (body->is_object() && !deployment.empty()) (*body)["model"] = deployment;  // whatever the body says
        if (auto refusal = check_request(*body)) {
            ++refused_;
            return *refusal;
        }
        const std::string model = string_or_empty(*body, "model");
        const std::string fault = llm::fault_name(llm::fault_of(*world.scenario, azure.provider, model));
        if (auto reply = fault_of_request(fault, *body, Words::of_azure)) return *reply;
        if (llm::unknown_model(*world.scenario, azure.provider, model)) return *fault_reply("no-model", Words::of_azure);
        return answer_chat({.body = *body, .world = world, .provider = azure.provider, .fault = fault, .filter_results = true});
    }

    std::int64_t requests_ = 0;
    std::int64_t refused_ = 0;
};

}  // namespace

std::unique_ptr<sandbox::Simulation> make_azure_simulation() {
    return std::make_unique<AzureSimulation>();
}

}  // namespace gumshoe::openai
