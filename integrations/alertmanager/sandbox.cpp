// Rules of a scenario become alerts of services and instances, and these the groups that Alertmanager posts.
#include "integrations/alertmanager/sandbox.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <tuple>

#include "base/text.hpp"
#include "integrations/alertmanager/sandbox_group.hpp"
#include "sandbox/world/telemetry.hpp"

namespace gumshoe::alertmanager {

namespace {

using sandbox::scenario_part;
using sandbox::World;

constexpr const char* webhook_token = "sandbox-alertmanager-webhook-token";

const json& list(const json& value, const char* path) {
    static const json none = json::array();
    const json& found = scenario_part(value, path);
    return found.is_array() ? found : none;
}

std::string fill(const std::string& text, const std::string& service, const std::string& instance) {
    return replace_all(replace_all(text, "{service}", service), "{instance}", instance);
}

/// The words of an object, with the places of service and instance filled in.
void add(Words& words, const json& object, const std::string& service, const std::string& instance) {
    for (const auto& [name, value] : object.items()) words[name] = fill(value.get<std::string>(), service, instance);
}

SentAlert make_alert(const json& block, const json& rule, const std::string& service, const std::string& instance, Timestamp starts_at) {
    SentAlert alert;
    add(alert.labels, scenario_part(block, "labels"), service, instance);
    add(alert.labels, scenario_part(rule, "labels"), service, instance);
    alert.labels["alertname"] = string_or_empty(rule, "alert");
    alert.labels["service"] = service;
    if (!instance.empty()) alert.labels["instance"] = instance + ":8080";
    add(alert.annotations, scenario_part(rule, "annotations"), service, instance);
    alert.starts_at = starts_at;
    const std::string expression = fill(string_or_empty(rule, "expr"), service, instance);
    alert.generator_url = string_or_empty(block, "prometheus_url") + "/graph?g0.expr=" + url_encode(expression) + "&g0.tab=1";
    return alert;
}

std::vector<SentAlert> alerts_of(const World& world) {
    const json& block = scenario_part(*world.scenario, "alertmanager");
    const auto seed = static_cast<std::uint64_t>(get_int(block, "seed").value_or(1));
    std::vector<SentAlert> alerts;
    for (const json& rule : list(block, "rules")) {
        const double from = get_number(rule, "from").value_or(0);
        const double span = get_number(rule, "to").value_or(from) - from;
        const std::int64_t instances = get_int(rule, "instances").value_or(0);
        for (const json& name : list(rule, "services")) {
            const std::string service = name.get<std::string>();
            for (std::int64_t k = 1; k <= std::max<std::int64_t>(instances, 1); ++k) {
                const std::string instance = instances > 0 ? service + "-" + std::to_string(k) : "";
                const auto part = static_cast<double>(sandbox::mix(seed, alerts.size()) % 1000) / 1000;
                const auto offset = std::chrono::milliseconds(static_cast<std::int64_t>((from + span * part) * 1000));
                alerts.push_back(make_alert(block, rule, service, instance, world.zero + offset));
            }
        }
    }
    return alerts;
}

/// By the labels of `group_by`, in the order in which the groups began.
std::vector<SentGroup> groups_of(const World& world, bool resolved) {
    const json& block = scenario_part(*world.scenario, "alertmanager");
    std::vector<SentAlert> alerts = alerts_of(world);
    std::sort(alerts.begin(), alerts.end(),
              [](const SentAlert& a, const SentAlert& b) { return std::tie(a.starts_at, a.labels) < std::tie(b.starts_at, b.labels); });
    std::vector<SentGroup> groups;
    std::map<Words, std::size_t> places;
    for (SentAlert& alert : alerts) {
        Words key;
        for (const json& name : list(block, "group_by")) key[name.get<std::string>()] = alert.labels[name.get<std::string>()];
        const auto [place, fresh] = places.emplace(key, groups.size());
        if (fresh) {
            groups.push_back({string_or_empty(block, "receiver"), "{}", std::move(key), string_or_empty(block, "external_url"), {}});
        }
        if (resolved) alert.ends_at = world.now;
        groups[place->second].alerts.push_back(std::move(alert));
    }
    return groups;
}

class AlertmanagerSimulation final : public sandbox::Simulation {
public:
    std::string_view name() const override { return "alertmanager"; }

    HttpReply handle(const RawRequest&, const World&) override { return text_reply(404, "404 page not found\n"); }

    /// A repeat has the bytes of the first: nothing of the group has changed.
    std::vector<HttpRequest> webhooks(const World& world, std::string_view moment) override {
        std::vector<HttpRequest> requests;
        if (moment == "annotated") return requests;
        for (const SentGroup& group : groups_of(world, moment == "recovery")) {
            requests.push_back(group_request(group));
            requests.back().headers.add("Authorization", std::string("Bearer ") + webhook_token);
        }
        return requests;
    }

    json state() const override { return nullptr; }

    std::string settings(const World& world) const override {
        if (scenario_part(*world.scenario, "alertmanager").is_null()) return {};
        return dump_json(json{{"webhook", {{"token", webhook_token}}}});
    }
};

}  // namespace

std::unique_ptr<sandbox::Simulation> make_simulation() {
    return std::make_unique<AlertmanagerSimulation>();
}

}  // namespace gumshoe::alertmanager
