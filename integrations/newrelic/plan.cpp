// The plan of an investigation in New Relic. Incident and baseline are asked the same way: only then can they be compared.
#include "integrations/newrelic/plan.hpp"

#include <algorithm>
#include <set>

#include "base/text.hpp"
#include "evidence/plan.hpp"
#include "integrations/newrelic/requests.hpp"

namespace gumshoe::newrelic {

namespace {

constexpr auto change_reach = std::chrono::hours(6);  // a deploy may need its time to hurt
constexpr auto issue_reach = std::chrono::hours(24);  // an issue may be older than the trouble that we look at

using Arguments = std::map<std::string, std::string>;

Query make(std::string id, QueryKind kind, const std::string& entity, Window window, Arguments arguments) {
    return Query{"newrelic", "newrelic/" + std::move(id), kind, entity, window, std::move(arguments)};
}

/// The alert's entities, as far as they are GUIDs and the alert is New Relic's.
std::string guids_of(const Alert& alert) {
    const auto label = alert.labels.find("entity.guid");
    if (alert.source != "newrelic" || label == alert.labels.end()) return {};
    std::vector<std::string> guids;
    for (const std::string& guid : split(label->second, ',')) {
        if (is_guid(guid) && guids.size() <= most_neighbours) guids.push_back(guid);
    }
    return join(guids, "\n");
}

/// The same search over the incident and over the baseline: oldest first in the incident (how it began), newest first before it.
void add_pair(std::vector<Query>& queries, const Subject& subject, QueryKind kind, const std::string& id, const std::string& entity,
              const Arguments& arguments) {
    Arguments incident = arguments;
    if (kind == QueryKind::logs) incident[argument::order] = "oldest";
    const std::size_t slash = id.find('/');
    const std::string suffix = slash == std::string::npos ? "" : id.substr(slash);
    queries.push_back(make(id.substr(0, slash) + "/incident" + suffix, kind, entity, subject.incident, std::move(incident)));
    queries.push_back(make(id.substr(0, slash) + "/baseline" + suffix, kind, entity, subject.baseline, arguments));
}

/// What only an alert of New Relic's own can name.
void add_own_alert(std::vector<Query>& queries, const Subject& subject, const std::string& entity) {
    const Alert& alert = subject.alert;
    if (alert.source != "newrelic") return;
    if (is_issue_id(alert.episode)) {
        const Window reach{subject.incident.from - issue_reach, subject.incident.to};
        queries.push_back(make("issue", QueryKind::monitor, entity, reach, {{argument::issue, alert.episode}}));
    }
    if (!alert.monitor_id.empty()) {
        queries.push_back(make("condition", QueryKind::monitor, entity, subject.incident, {{argument::condition, alert.monitor_id}}));
        queries.push_back(
            make("metrics/condition", QueryKind::metrics, entity, whole_window(subject), {{argument::condition, alert.monitor_id}}));
    }
}

/// What our service calls, then what those call: a dependency that fails has often lost one of its own. Not those that were asked about.
std::set<std::string> unknown_callees(const std::vector<std::string>& known, const std::vector<Edge>& edges) {
    std::set<std::string> near{known.front()};
    std::set<std::string> fresh;
    for (int step = 0; step < 2; ++step) {
        std::set<std::string> callees;
        for (const Edge& edge : edges) {
            if (!near.contains(edge.caller)) continue;
            callees.insert(edge.callee);
            const bool seen = std::find(known.begin(), known.end(), edge.callee) != known.end();
            if (!seen && fresh.size() < most_neighbours) fresh.insert(edge.callee);
        }
        near = std::move(callees);
    }
    return fresh;
}

}  // namespace

std::vector<Query> plan(const Subject& subject) {
    std::vector<Query> queries;
    const Alert& alert = subject.alert;
    const std::vector<std::string> services = services_asked(subject);
    const std::string entity = services.empty() ? alert.service : services.front();
    const std::string guids = guids_of(alert);
    add_own_alert(queries, subject, entity);
    if (services.empty()) return queries;  // an alert about nothing in particular: all we know is its issue

    const std::string all = join(services, "\n");
    const Arguments own{{argument::environment, alert.environment}, {argument::services, services.front()}};
    Arguments trouble = own;
    trouble[argument::level] = "trouble";
    Arguments other = own;
    other[argument::level] = "other";
    other[argument::rows] = "1000";
    add_pair(queries, subject, QueryKind::logs, "logs", entity, trouble);
    add_pair(queries, subject, QueryKind::logs, "logs/other", entity, other);
    add_pair(queries, subject, QueryKind::logs, "errors", entity,
             {{argument::services, services.front()}, {argument::view, "errors"}, {argument::rows, "1000"}});
    for (const std::string& service : services) {
        queries.push_back(make("metrics/" + service, QueryKind::metrics, service, whole_window(subject), {}));
    }
    // Callers and callees in one search: rows are slices of time, so most traces in them are whole.
    add_pair(queries, subject, QueryKind::spans, "spans", entity,
             {{argument::environment, alert.environment}, {argument::services, all}, {argument::rows, "2000"}});

    const Window reach{std::min(subject.baseline.from, subject.onset - change_reach), subject.incident.to};
    const Arguments entities{{argument::services, all}, {argument::guids, guids}};
    queries.push_back(make("deployments", QueryKind::deployments, entity, reach, entities));
    Arguments relations = entities;
    relations[argument::view] = "relations";
    queries.push_back(make("relations", QueryKind::spans, entity, subject.incident, std::move(relations)));
    if (services.size() > 1) {
        Arguments neighbours = trouble;
        neighbours[argument::services] = join({services.begin() + 1, services.end()}, "\n");
        neighbours[argument::rows] = "1000";
        add_pair(queries, subject, QueryKind::logs, "logs/neighbours", entity, neighbours);
    }
    return queries;
}

std::vector<Query> follow_up(const Subject& subject, const Records& found) {
    const std::vector<std::string> known = services_asked(subject);
    const std::set<std::string> callees = known.empty() ? std::set<std::string>() : unknown_callees(known, found.edges);
    std::vector<Query> queries;
    if (callees.empty()) return queries;
    for (const std::string& callee : callees) {
        queries.push_back(make("metrics/" + callee, QueryKind::metrics, callee, whole_window(subject), {}));
    }
    Arguments trouble{{argument::environment, subject.alert.environment}, {argument::level, "trouble"}, {argument::rows, "1000"}};
    trouble[argument::services] = join({callees.begin(), callees.end()}, "\n");
    add_pair(queries, subject, QueryKind::logs, "logs/callees", known.front(), trouble);
    return queries;
}

result<Query> ask(QueryKind kind, const std::string& service, Window window, const Subject& subject) {
    if (service.empty() || service.size() > 200) return Error{errc::invalid_argument, "a question to New Relic names a service"};
    if (window.from >= window.to) return Error{errc::invalid_argument, "the window's end is not after its beginning"};
    const std::string id = std::string(to_string(kind)) + "/asked/" + service;
    const Arguments arguments{{argument::environment, subject.alert.environment}, {argument::services, service}, {argument::rows, "1000"}};
    switch (kind) {
        case QueryKind::logs:
        case QueryKind::spans:
            return make(id, kind, service, window, arguments);
        case QueryKind::metrics:
            return make(id, kind, service, window, {});
        case QueryKind::deployments:
            return make(id, kind, service, window, {{argument::services, service}});
        default:
            return Error{errc::unsupported, "New Relic is not asked for " + std::string(to_string(kind))};
    }
}

}  // namespace gumshoe::newrelic
