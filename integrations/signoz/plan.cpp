// The plan of an investigation in SigNoz. Incident and baseline are asked the same way: only then can they be compared.
#include "integrations/signoz/plan.hpp"

#include <algorithm>
#include <set>

#include "base/text.hpp"
#include "evidence/plan.hpp"
#include "integrations/signoz/codec.hpp"

namespace gumshoe::signoz {

namespace {

constexpr auto history_reach = std::chrono::days(7);
constexpr const char* sample_pages = "5";  // of what only shows how things usually are

using Arguments = std::map<std::string, std::string>;

Query make(std::string id, QueryKind kind, const std::string& entity, Window window, Arguments arguments) {
    return Query{"signoz", "signoz/" + std::move(id), kind, entity, window, std::move(arguments)};
}

/// The environment is asked for only where the alert names it by a key that SigNoz knows: a key that is not there is refused.
Arguments in_environment(const Subject& subject) {
    for (const auto& [key, value] : subject.alert.labels) {
        const std::string dotted = key == "deployment_environment" ? "deployment.environment" : key;
        const bool same = !value.empty() && value == subject.alert.environment;
        if (same && is_environment_key(dotted)) return {{argument::environment_key, dotted}, {argument::environment, value}};
    }
    return {};
}

Arguments with(Arguments arguments, const char* name, std::string value) {
    arguments[name] = std::move(value);
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

void add_rule(std::vector<Query>& queries, const Subject& subject, const std::string& entity) {
    const Arguments rule{{argument::rule, subject.alert.monitor_id}};
    queries.push_back(make("rule", QueryKind::monitor, entity, subject.incident, rule));
    queries.push_back(make("rule/graph", QueryKind::monitor, entity, whole_window(subject), with(rule, argument::view, "graph")));
    const Window week{subject.onset - history_reach, subject.incident.to};
    queries.push_back(
        make("rule/history", QueryKind::history, entity, week, with(rule, argument::onset, std::to_string(to_millis(subject.onset)))));
}

}  // namespace

std::vector<Query> plan(const Subject& subject) {
    std::vector<Query> queries;
    const std::vector<std::string> services = services_asked(subject);
    const std::string entity = services.empty() ? subject.alert.service : services.front();
    // Another tool's alert names that tool's monitor.
    if (subject.alert.source == "signoz" && is_rule_id(subject.alert.monitor_id)) add_rule(queries, subject, entity);
    if (services.empty()) return queries;  // an alert about no service: all we know is its rule

    const Arguments environment = in_environment(subject);
    const Arguments own = with(environment, argument::services, services.front());
    add_pair(queries, subject, QueryKind::logs, "logs", "", entity, with(own, argument::level, "error"));
    add_pair(queries, subject, QueryKind::logs, "logs", "/other", entity,
             with(with(own, argument::level, "other"), argument::pages, sample_pages));

    for (const std::string& service : services) {
        Arguments arguments = with(environment, argument::services, service);
        if (service == services.front()) {
            arguments[argument::runtime] = "yes";
            if (is_metric_name(subject.alert.metric)) arguments[argument::metrics] = subject.alert.metric;
        }
        queries.push_back(make("metrics/" + service, QueryKind::metrics, service, whole_window(subject), std::move(arguments)));
    }

    // Callers and callees in one search: pages are slices of time, so most traces in them are whole.
    const Arguments all = with(environment, argument::services, join(services, "\n"));
    add_pair(queries, subject, QueryKind::spans, "spans", "", entity, with(all, argument::pages, sample_pages));

    const Arguments everywhere{{argument::services, join(services, "\n")},
                               {argument::onset, std::to_string(to_millis(subject.incident.from))}};
    queries.push_back(make("dependencies", QueryKind::compare, entity, subject.incident, with(everywhere, argument::view, "dependencies")));
    queries.push_back(
        make("exceptions", QueryKind::compare, entity, whole_window(subject), with(everywhere, argument::view, "exceptions")));
    if (services.size() > 1) {
        queries.push_back(
            make("services", QueryKind::compare, entity, whole_window(subject), with(everywhere, argument::view, "services")));
        Arguments neighbours = with(with(environment, argument::level, "error"), argument::pages, sample_pages);
        const std::vector<std::string> others(services.begin() + 1, services.end());
        neighbours[argument::services] = join(others, "\n");
        add_pair(queries, subject, QueryKind::logs, "logs", "/neighbours", join(others, ", "), neighbours);
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
    if (callees.empty()) return queries;
    const Arguments environment = in_environment(subject);
    for (const std::string& callee : callees) {
        queries.push_back(
            make("metrics/" + callee, QueryKind::metrics, callee, whole_window(subject), with(environment, argument::services, callee)));
    }
    Arguments errors = with(with(environment, argument::level, "error"), argument::pages, sample_pages);
    const std::vector<std::string> all(callees.begin(), callees.end());
    errors[argument::services] = join(all, "\n");
    add_pair(queries, subject, QueryKind::logs, "logs", "/callees", join(all, ", "), errors);
    return queries;
}

result<Query> ask(QueryKind kind, const std::string& service, Window window, const Subject& subject) {
    if (service.empty() || service.size() > 200) return Error{errc::invalid_argument, "a question to SigNoz names a service"};
    if (window.from >= window.to) return Error{errc::invalid_argument, "the window's end is not after its beginning"};
    const std::string id = std::string(to_string(kind)) + "/asked/" + service;
    Arguments arguments = with(in_environment(subject), argument::services, service);
    switch (kind) {
        case QueryKind::logs:
            return make(id, kind, service, window, with(std::move(arguments), argument::pages, sample_pages));
        case QueryKind::spans:
            return make(id, kind, service, window,
                        with(with(std::move(arguments), argument::pages, sample_pages), argument::level, "error"));
        case QueryKind::metrics:
            return make(id, kind, service, window, with(std::move(arguments), argument::runtime, "yes"));
        default:
            return Error{errc::unsupported, "SigNoz is not asked for " + std::string(to_string(kind))};
    }
}

}  // namespace gumshoe::signoz
