// The plan of an investigation in Datadog. Incident and baseline are asked the same way: only then can they be compared.
#include "integrations/datadog/plan.hpp"

#include <algorithm>
#include <set>

#include "base/text.hpp"
#include "evidence/plan.hpp"
#include "evidence/running_versions.hpp"
#include "integrations/datadog/requests.hpp"

namespace gumshoe::datadog {

namespace {

constexpr std::size_t most_catalogued = 3;
constexpr auto event_reach = std::chrono::hours(6);  // a deploy may need its time to hurt

using Arguments = std::map<std::string, std::string>;

Query make(std::string id, QueryKind kind, const std::string& entity, Window window, Arguments arguments) {
    return Query{"datadog", "datadog/" + std::move(id), kind, entity, window, std::move(arguments)};
}

/// "trace.http.request.errors" names its operation; else the ones that Datadog's tracers use most.
std::string operations_of(const std::string& metric) {
    constexpr std::string_view prefix = "trace.";
    if (metric.starts_with(prefix) && is_metric_name(metric)) {
        std::string operation = metric.substr(prefix.size());
        for (const char* part : {".hits", ".errors", ".apdex", ".duration"}) {
            if (const std::size_t at = operation.find(part); at != std::string::npos && at > 0) operation.resize(at);
        }
        return operation;
    }
    return "http.request\nservlet.request\nweb.request\nexpress.request\nflask.request\ndjango.request\nrack.request\ngrpc.server";
}

Arguments metric_arguments(const Subject& subject, bool of_alert) {
    Arguments arguments{{argument::environment, subject.alert.environment}, {argument::operations, operations_of(subject.alert.metric)}};
    const std::string& metric = subject.alert.metric;
    if (of_alert && is_metric_name(metric) && !metric.starts_with("trace.")) arguments[argument::metrics] = metric;
    return arguments;
}

/// The same search over the incident and over the baseline: oldest first in the incident (how it began), newest first before it.
void add_pair(std::vector<Query>& queries, const Subject& subject, QueryKind kind, const std::string& id, const std::string& suffix,
              const std::string& entity, const Arguments& arguments) {
    Arguments incident = arguments;
    if (kind == QueryKind::logs) incident[argument::order] = "oldest";
    queries.push_back(make(id + "/incident" + suffix, kind, entity, subject.incident, std::move(incident)));
    queries.push_back(make(id + "/baseline" + suffix, kind, entity, subject.baseline, arguments));
}

/// Where nobody told it: the catalogue may know the code of these services.
void add_catalogue(std::vector<Query>& queries, const Subject& subject, const std::vector<std::string>& services) {
    std::size_t asked = 0;
    for (const std::string& service : services) {
        if (subject.repositories.contains(service) || asked == most_catalogued) continue;
        queries.push_back(make("catalogue/" + service, QueryKind::code, service, subject.incident, {{argument::view, "catalogue"}}));
        ++asked;
    }
}

/// Searches return samples: when a version that replaced another one began is asked for by itself.
void add_first_sightings(std::vector<Query>& queries, const Subject& subject, const Records& found) {
    std::set<std::string> services;
    for (const CodeLocation& code : found.code) {
        if (services.size() < most_neighbours) services.insert(code.service);
    }
    for (const std::string& service : services) {
        const auto versions = versions_of(found, service);
        if (versions.size() < 2) continue;
        const RunningVersion& newest = versions.back();
        const std::string& name = newest.version.empty() ? newest.revision : newest.version;
        Arguments arguments{{argument::environment, subject.alert.environment}, {argument::services, service}};
        arguments[newest.version.empty() ? argument::revision : argument::version] = name;
        arguments[argument::view] = newest.origin.starts_with("log") ? "logs" : "spans";
        queries.push_back(make("first/" + service + "/" + name, QueryKind::code, service, whole_window(subject), std::move(arguments)));
    }
}

}  // namespace

std::vector<Query> plan(const Subject& subject) {
    std::vector<Query> queries;
    const Alert& alert = subject.alert;
    const std::vector<std::string> services = services_asked(subject);
    const std::string entity = services.empty() ? alert.service : services.front();
    const std::string& environment = alert.environment;

    if (!alert.monitor_id.empty()) {
        queries.push_back(make("monitor", QueryKind::monitor, entity, subject.incident, {{argument::monitor, alert.monitor_id}}));
        // A monitor on logs or checks has a query and no metric: there is nothing to graph. Default webhooks tell neither.
        if (!alert.metric.empty() || alert.query.empty()) {
            queries.push_back(
                make("metrics/monitor", QueryKind::metrics, entity, whole_window(subject), {{argument::monitor, alert.monitor_id}}));
        }
    }
    if (services.empty()) return queries;  // an alert about no service: all we know is its monitor

    const Arguments own{{argument::environment, environment}, {argument::services, services.front()}};
    Arguments errors = own;
    errors[argument::level] = "error";
    Arguments other = own;
    other[argument::level] = "other";
    other[argument::pages] = "1";
    add_pair(queries, subject, QueryKind::logs, "logs", "", entity, errors);
    add_pair(queries, subject, QueryKind::logs, "logs", "/other", entity, other);

    for (const std::string& service : services) {
        queries.push_back(make("metrics/" + service, QueryKind::metrics, service, whole_window(subject),
                               metric_arguments(subject, service == services.front())));
    }

    // Callers and callees in one search: pages are slices of time, so most traces in them are whole.
    const Arguments all{{argument::environment, environment}, {argument::services, join(services, "\n")}, {argument::pages, "1"}};
    add_pair(queries, subject, QueryKind::spans, "spans", "", entity, all);

    const Window reach{std::min(subject.baseline.from, subject.onset - event_reach), subject.incident.to};
    queries.push_back(
        make("events", QueryKind::events, entity, reach, {{argument::services, join(services, "\n")}, {argument::pages, "1"}}));
    if (!environment.empty()) {  // Datadog wants it
        queries.push_back(make("dependencies", QueryKind::spans, entity, subject.incident,
                               {{argument::environment, environment}, {argument::view, "dependencies"}}));
    }
    add_catalogue(queries, subject, services);
    if (services.size() > 1) {
        Arguments neighbours{{argument::environment, environment}, {argument::level, "error"}, {argument::pages, "1"}};
        neighbours[argument::services] = join({services.begin() + 1, services.end()}, "\n");
        add_pair(queries, subject, QueryKind::logs, "logs", "/neighbours", entity, neighbours);
    }
    return queries;
}

std::vector<Query> follow_up(const Subject& subject, const Records& found) {
    const std::vector<std::string> known = services_asked(subject);
    std::set<std::string> callees;
    for (const Edge& edge : found.edges) {
        const bool ours = !known.empty() && edge.caller == known.front();
        const bool seen = std::find(known.begin(), known.end(), edge.callee) != known.end();
        if (ours && !seen && callees.size() < most_neighbours) callees.insert(edge.callee);
    }
    std::vector<Query> queries;
    add_first_sightings(queries, subject, found);
    if (callees.empty()) return queries;
    add_catalogue(queries, subject, {callees.begin(), callees.end()});
    for (const std::string& callee : callees) {
        queries.push_back(make("metrics/" + callee, QueryKind::metrics, callee, whole_window(subject), metric_arguments(subject, false)));
    }
    Arguments errors{{argument::environment, subject.alert.environment}, {argument::level, "error"}, {argument::pages, "1"}};
    errors[argument::services] = join({callees.begin(), callees.end()}, "\n");
    add_pair(queries, subject, QueryKind::logs, "logs", "/callees", known.front(), errors);
    return queries;
}

result<Query> ask(QueryKind kind, const std::string& service, Window window, const Subject& subject) {
    if (service.empty() || service.size() > 200) return Error{errc::invalid_argument, "a question to Datadog names a service"};
    if (window.from >= window.to) return Error{errc::invalid_argument, "the window's end is not after its beginning"};
    const std::string id = std::string(to_string(kind)) + "/asked/" + service;
    Arguments arguments{{argument::environment, subject.alert.environment}, {argument::services, service}, {argument::pages, "1"}};
    switch (kind) {
        case QueryKind::logs:
            return make(id, kind, service, window, std::move(arguments));
        case QueryKind::spans:
            arguments[argument::level] = "error";
            return make(id, kind, service, window, std::move(arguments));
        case QueryKind::events:
            return make(id, kind, service, window, std::move(arguments));
        case QueryKind::metrics:
            return make(id, kind, service, window, metric_arguments(subject, service == subject.alert.service));
        default:
            return Error{errc::unsupported, "Datadog is not asked for " + std::string(to_string(kind))};
    }
}

}  // namespace gumshoe::datadog
