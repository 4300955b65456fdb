#include "app/company.hpp"

#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "base/text.hpp"
#include "integrations/registry.hpp"
#include "io/event_loop.hpp"
#include "sandbox/scenario.hpp"

namespace gumshoe {

result<std::unique_ptr<Company>> Company::open(EventLoop& loop, const std::string& scenario, const std::string& listen) {
    auto loaded = sandbox::load_scenario(scenario);
    if (!loaded) return loaded.error();
    auto play = sandbox::read_play(**loaded);
    if (!play) return in_context("scenario " + scenario, play.error());
    std::unique_ptr<Company> company(new Company);
    company->scenario_ = *loaded;
    company->play_ = std::move(*play);
    sandbox::SandboxOptions options;
    options.listen = listen;
    options.scenario = *loaded;
    options.zero = loop.clock().now();
    options.simulations = sandbox::registered_simulations();
    auto server = make_sandbox_server(loop, std::move(options));
    if (!server) return server.error();
    company->server_ = std::move(*server);
    return company;
}

std::string Company::title() const {
    return string_or_empty(*scenario_, "title");
}
std::string Company::description() const {
    return string_or_empty(*scenario_, "description");
}

std::string Company::configuration(const CompanyService& service) const {
    json config = {{"server", {{"listen", service.listen}}},
                   {"admin",
                    {{"listen", service.admin_listen},
                     {"tokens", {{{"name", "demo"}, {"token", service.admin_token}, {"scopes", {"read", "replay", "admin"}}}}}}},
                   {"store", {{"sqlite", service.database}}}};
    if (scenario_->contains("services")) config["services"] = scenario_->at("services");
    std::map<std::string, json> targets;
    for (const Vendor& vendor : vendors()) {
        const sandbox::Simulation* simulation = server_->simulation(vendor.name);
        if (!simulation) continue;
        auto settings = parse_json(simulation->settings(server_->world(vendor.name)));
        if (!settings || !settings->is_object()) continue;
        if (vendor.connect) config[std::string(vendor.name)] = *settings;
        if (vendor.dialect) {
            (*settings)["name"] = vendor.name;
            (*settings)["provider"] = vendor.name;
            targets[std::string(vendor.name)] = *settings;
        }
    }
    // The scenario says in which order the company asks its models.
    json chain = json::array();
    json listed = json::array();
    const json* order = find(*scenario_, "llm.chain");
    for (const json& name : order ? *order : json::array()) {
        const auto target = targets.find(name.get<std::string>());
        if (target == targets.end()) continue;
        listed.push_back(target->second);
        chain.push_back(name);
    }
    config["llm"] = {{"deadline", "60s"}, {"targets", listed}, {"chains", {{"default", chain}}}};
    return dump_json(config, 2) + "\n";
}

std::vector<HttpRequest> Company::webhooks(const std::string& moment, const std::string& url) const {
    std::vector<HttpRequest> all = server_->webhooks(moment);
    for (HttpRequest& request : all) request.url = url + request.url;
    return all;
}

std::vector<std::string> Company::screen() const {
    std::vector<std::string> all;
    for (const Vendor& vendor : vendors()) {
        const sandbox::Simulation* simulation = server_->simulation(vendor.name);
        if (!simulation) continue;
        for (std::string& message : simulation->screen()) all.push_back(std::move(message));
    }
    return all;
}

}  // namespace gumshoe
