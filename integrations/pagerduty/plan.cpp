// The plan: the incident with its alerts, log, notes and relatives; changes, dependencies and history of the services.
#include "integrations/pagerduty/plan.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "integrations/pagerduty/codec.hpp"
#include "integrations/pagerduty/labels.hpp"

namespace gumshoe::pagerduty {
namespace {

constexpr std::size_t services_asked = 4;
constexpr std::size_t services_added = 4;

std::string id_in(const Alert& alert, const char* name) {
    const auto found = alert.labels.find(name);
    const bool ours = alert.source == "pagerduty" && found != alert.labels.end() && is_id(found->second);
    return ours ? found->second : std::string();
}

/// The alert's service first, then its neighbours, each once.
std::vector<std::string> services_of(const Subject& subject) {
    std::vector<std::string> services;
    const auto add = [&services](const std::string& service) {
        const bool known = std::ranges::find(services, service) != services.end();
        if (!service.empty() && !known && services.size() < services_asked) services.push_back(service);
    };
    add(subject.alert.service);
    for (const std::string& service : subject.services) add(service);
    return services;
}

class Planner {
public:
    explicit Planner(const Subject& subject) : subject_(subject), services_(services_of(subject)) {}

    Query make(QueryKind kind, const std::string& ask, const std::string& suffix, const std::string& entity, Window window) const {
        Query query{"pagerduty", "pagerduty/" + ask + (suffix.empty() ? "" : "/" + suffix), kind, entity, window, {}};
        query.arguments = {{argument::ask, ask}, {argument::known, join(subject_.services, "\n")}};
        return query;
    }

    Query of_incident(QueryKind kind, const std::string& ask) const {
        Query query = make(kind, ask, "", subject_.alert.service, whole());
        query.arguments[argument::incident] = id_in(subject_.alert, label::incident_id);
        return query;
    }

    Query of_service(QueryKind kind, const std::string& ask, const std::string& service, Window window) const {
        Query query = make(kind, ask, service, service, window);
        const bool alerting = service == subject_.alert.service;
        query.arguments[argument::service] = alerting ? id_in(subject_.alert, label::service_id) : std::string();
        return query;
    }

    Window whole() const { return {std::min(subject_.baseline.from, subject_.incident.from), subject_.incident.to}; }
    Window changes() const { return {subject_.onset - changes_reach, subject_.incident.to}; }
    Window history() const { return {subject_.onset - history_reach, subject_.onset}; }
    const std::vector<std::string>& services() const { return services_; }

private:
    const Subject& subject_;
    std::vector<std::string> services_;
};

}  // namespace

std::vector<Query> first_round(const Subject& subject) {
    const Planner planner(subject);
    std::vector<Query> queries;
    if (!id_in(subject.alert, label::incident_id).empty()) {
        queries.push_back(planner.of_incident(QueryKind::monitor, "incident"));
        queries.push_back(planner.of_incident(QueryKind::monitor, "alerts"));
        queries.push_back(planner.of_incident(QueryKind::history, "log"));
        queries.push_back(planner.of_incident(QueryKind::history, "notes"));
        queries.push_back(planner.of_incident(QueryKind::history, "past_incidents"));
        queries.push_back(planner.of_incident(QueryKind::history, "related_incidents"));
        queries.push_back(planner.of_incident(QueryKind::monitor, "related_changes"));
    }
    if (const std::string policy = id_in(subject.alert, label::escalation_policy_id); !policy.empty()) {
        Query query = planner.make(QueryKind::monitor, "oncall", "", subject.alert.service, subject.incident);
        query.arguments[argument::policy] = policy;
        queries.push_back(std::move(query));
    }
    for (const std::string& service : planner.services()) {
        queries.push_back(planner.of_service(QueryKind::events, "changes", service, planner.changes()));
    }
    if (!planner.services().empty()) {
        const std::string& first = planner.services().front();
        queries.push_back(planner.of_service(QueryKind::monitor, "dependencies", first, planner.whole()));
        Query history = planner.of_service(QueryKind::history, "resolved_incidents", first, planner.history());
        history.arguments[argument::title] = subject.alert.title;
        queries.push_back(std::move(history));
    }
    return queries;
}

std::vector<Query> second_round(const Subject& subject, const Records& found) {
    const Planner planner(subject);
    std::vector<Query> queries;
    std::vector<std::string> asked = planner.services();
    for (const Edge& edge : found.edges) {
        const bool ours = !asked.empty() && edge.caller == asked.front();
        const bool known = std::ranges::find(asked, edge.callee) != asked.end();
        if (!ours || known || queries.size() == services_added) continue;
        asked.push_back(edge.callee);
        queries.push_back(planner.of_service(QueryKind::events, "changes", edge.callee, planner.changes()));
    }
    return queries;
}

result<Query> question(QueryKind kind, const std::string& service, Window window, const Subject& subject) {
    if (kind != QueryKind::events && kind != QueryKind::history)
        return Error{errc::unsupported, "PagerDuty has change events and past incidents"};
    if (service.empty() || service.size() > 200) return Error{errc::invalid_argument, "a question to PagerDuty names a service"};
    if (window.from >= window.to) return Error{errc::invalid_argument, "the window's end is not after its beginning"};
    Query query = Planner(subject).of_service(kind, kind == QueryKind::events ? "changes" : "resolved_incidents", service, window);
    query.id = "pagerduty/" + std::string(to_string(kind)) + "/asked/" + service;
    return query;
}

}  // namespace gumshoe::pagerduty
