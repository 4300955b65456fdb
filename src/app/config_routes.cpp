// The list `routes`: reading it, and finding an alert's route and chain.
#include <algorithm>
#include <utility>

#include "app/config_read.hpp"
#include "integrations/registry.hpp"

namespace gumshoe {

namespace {

constexpr Severity severities[] = {Severity::critical, Severity::error, Severity::warning, Severity::info};

bool asks_nothing(const RouteMatch& match) {
    return match.services.empty() && match.environments.empty() && match.sources.empty() && match.severities.empty() && match.tags.empty();
}

RouteMatch read_match(Section* section) {
    RouteMatch match;
    if (!section) return match;
    match.services = section->texts("service");
    match.environments = section->texts("environment");
    match.tags = section->texts("tag");
    match.sources = section->texts("source");
    std::vector<std::string> known;
    for (const Vendor& vendor : vendors()) {
        if (vendor.connect) known.emplace_back(vendor.name);
    }
    for (std::size_t i = 0; i < match.sources.size(); ++i) {
        refuse_unknown_word(*section, item_key("source", i, match.sources.size()), "a source of this build", match.sources[i], known);
    }
    known.clear();
    for (Severity severity : severities) known.emplace_back(to_string(severity));
    auto words = section->texts("severity");
    for (std::size_t i = 0; i < words.size(); ++i) {
        refuse_unknown_word(*section, item_key("severity", i, words.size()), "a severity", words[i], known);
        for (Severity severity : severities) {
            if (to_string(severity) == words[i]) match.severities.push_back(severity);
        }
    }
    return match;
}

std::shared_ptr<const llm::Target> read_key(Section& section, const llm::Chain& chain) {
    std::string name = section.required_text("target");
    if (!section.has("api_key")) section.error("api_key", "is missing");
    Secret key = section.secret("api_key");
    std::vector<std::string> known;
    for (const llm::Link& link : chain) known.push_back(link.target->name);
    if (!name.empty()) refuse_unknown_word(section, "target", "a target of the route's chain", name, known);
    auto found = std::find(known.begin(), known.end(), name);
    if (found == known.end()) return nullptr;
    auto keyed = std::make_shared<llm::Target>(*chain[static_cast<std::size_t>(found - known.begin())].target);
    keyed->api_key = std::move(key);
    keyed->account = llm::key_fingerprint(*keyed);
    return keyed;
}

RouteRule read_route(Section& section, const LlmConfig& llm) {
    RouteRule route;
    route.match = read_match(section.child("match").get());
    if (section.has("channel")) route.channel = section.required_text("channel");
    route.investigate = section.flag("investigate", true);
    if (section.has("chain")) route.chain = section.required_text("chain");
    std::vector<std::string> known;
    for (const auto& [name, chain] : llm.chains) known.push_back(name);
    if (!route.chain.empty()) refuse_unknown_word(section, "chain", "a chain", route.chain, known);
    if (section.has("team")) {
        known.clear();
        for (const auto& [name, per_day] : llm.teams) known.push_back(name);
        route.team = section.required_text("team");
        if (!route.team.empty()) refuse_unknown_word(section, "team", "a team of llm.teams", route.team, known);
    }
    if (auto key = section.child("llm_key")) route.keyed = read_key(*key, chain_of(llm, &route, "", "analysis"));
    return route;
}

template <class T>
bool among(const std::vector<T>& wanted, const T& value) {
    return wanted.empty() || std::find(wanted.begin(), wanted.end(), value) != wanted.end();
}

bool has_tag(const Alert& alert, const std::string& tag) {
    std::size_t colon = tag.find(':');
    auto label = alert.labels.find(tag.substr(0, colon));
    return label != alert.labels.end() && (colon == std::string::npos || label->second == tag.substr(colon + 1));
}

bool matches(const RouteMatch& match, const Alert& alert) {
    bool tagged =
        match.tags.empty() || std::any_of(match.tags.begin(), match.tags.end(), [&](const auto& tag) { return has_tag(alert, tag); });
    return tagged && among(match.services, alert.service) && among(match.environments, alert.environment) &&
           among(match.sources, alert.source) && among(match.severities, alert.severity);
}

}  // namespace

std::vector<RouteRule> read_routes(Section& root, const LlmConfig& llm) {
    std::vector<RouteRule> routes;
    for (const auto& section : root.children("routes")) {
        if (!routes.empty() && asks_nothing(routes.back().match)) {
            section->warning("", "is never reached: the route before it matches every alert");
        }
        routes.push_back(read_route(*section, llm));
        routes.back().name = std::to_string(routes.size());
    }
    return routes;
}

const RouteRule* find_route(const std::vector<RouteRule>& routes, const Alert& alert) {
    auto found = std::find_if(routes.begin(), routes.end(), [&](const RouteRule& route) { return matches(route.match, alert); });
    return found == routes.end() ? nullptr : &*found;
}

llm::Chain chain_of(const LlmConfig& llm, const RouteRule* route, const std::string& name, const std::string& task) {
    std::string wanted = !name.empty() ? name : route ? route->chain : "";
    if (const auto own = llm.tasks.find(task); wanted.empty() && own != llm.tasks.end()) wanted = own->second;
    const auto found = llm.chains.find(wanted.empty() ? "default" : wanted);
    if (found == llm.chains.end()) return {};
    if (!route || !route->keyed) return found->second;
    llm::Chain chain;
    bool placed = false;  // one link with the route's key stands for all keys of its target
    for (llm::Link link : found->second) {
        if (link.target->name == route->keyed->name) {
            if (std::exchange(placed, true)) continue;
            link.target = route->keyed;
        }
        chain.push_back(std::move(link));
    }
    return chain;
}

}  // namespace gumshoe
