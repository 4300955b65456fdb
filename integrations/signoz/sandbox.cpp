// The endpoints of the simulated SigNoz. A scenario says which build it is: older ones answer 404 where the route is not there.
#include "integrations/signoz/sandbox.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "integrations/signoz/sandbox_data.hpp"
#include "integrations/signoz/sandbox_webhook.hpp"

namespace gumshoe::signoz {

using sandbox::scenario_part;
using sandbox::Telemetry;
using sandbox::World;

namespace {

constexpr const char* api_key = "sandbox-signoz-api-key";

/// What a build from before the v5 API has, and has not.
bool is_old(const World& world) {
    return string_or_empty(*world.scenario, "signoz.version").starts_with("v0.7");
}

HttpReply succeeded(json data) {
    return json_reply(200, dump_json(json{{"status", "success"}, {"data", std::move(data)}}));
}

/// The current shape of errors, and that of older builds.
HttpReply refused(const World& world, int status, const char* type, const std::string& message) {
    if (is_old(world))
        return json_reply(status, dump_json(json{{"status", "error"}, {"errorType", type}, {"error", message}, {"data", nullptr}}));
    return json_reply(status, dump_json(json{{"status", "error"},
                                             {"error",
                                              {{"type", type},
                                               {"code", replace_all(type, "-", "_")},
                                               {"message", message},
                                               {"url", ""},
                                               {"errors", json::array()},
                                               {"suggestions", json::array()}}}}));
}

HttpReply no_route() {
    return text_reply(404, "404 page not found\n");
}

json v5_result(const Telemetry& telemetry, const std::vector<KeptSpan>& spans, const AskedRange& range, const AskedQuery& query,
               const std::vector<KeptSeries>& found) {
    if (range.rows) {
        json rows = rows_of(telemetry, spans, range, query, false);
        return {{"queryName", query.name}, {"nextCursor", ""}, {"rows", rows.empty() ? json() : std::move(rows)}};
    }
    json list = json::array();
    for (const KeptSeries& series : found) {
        json values = json::array();
        for (const auto& [at, value] : series.points) {
            json point = {{"timestamp", at}, {"value", std::round(value * 1000) / 1000}};
            const bool partial = at < to_millis(range.window.from) || at + query.step * 1000 > to_millis(range.window.to);
            if (partial) point["partial"] = true;
            values.push_back(std::move(point));
        }
        json labels = json::array();
        if (!series.service.empty()) labels.push_back({{"key", {{"name", "service.name"}}}, {"value", series.service}});
        list.push_back({{"labels", std::move(labels)}, {"values", std::move(values)}});
    }
    const std::string unit = found.empty() ? "" : found.front().unit;
    json aggregation = {
        {"index", 0}, {"alias", ""}, {"meta", unit.empty() ? json::object() : json{{"unit", unit}}}, {"series", std::move(list)}};
    return {{"queryName", query.name}, {"aggregations", json::array({std::move(aggregation)})}};
}

json legacy_result(const Telemetry& telemetry, const std::vector<KeptSpan>& spans, const AskedRange& range, const AskedQuery& query,
                   const std::vector<KeptSeries>& found) {
    if (range.rows) return {{"queryName", query.name}, {"series", nullptr}, {"list", rows_of(telemetry, spans, range, query, true)}};
    json list = json::array();
    for (const KeptSeries& series : found) {
        json values = json::array();
        for (const auto& [at, value] : series.points) values.push_back({{"timestamp", at}, {"value", dump_json(value)}});
        json labels = json::object();
        if (!series.service.empty()) labels["service_name"] = series.service;
        list.push_back({{"labels", std::move(labels)}, {"labelsArray", json::array()}, {"values", std::move(values)}});
    }
    return {{"queryName", query.name}, {"series", std::move(list)}, {"list", nullptr}};
}

HttpReply query_range(const RawRequest& request, const World& world, bool legacy) {
    auto range = legacy ? read_legacy_body(request.body) : read_v5_body(request.body);
    if (!range) return refused(world, 400, legacy ? "bad_data" : "invalid-input", range.error().message);
    range->window.to = std::min(range->window.to, world.now);
    const Telemetry telemetry(world.scenario, world.zero, world.now);
    const bool traced = std::any_of(range->queries.begin(), range->queries.end(), [](const AskedQuery& q) { return q.signal == "traces"; });
    const std::vector<KeptSpan> spans = traced ? spans_of(telemetry, range->window) : std::vector<KeptSpan>();
    json results = json::array();
    std::vector<std::string> unknown;
    for (const AskedQuery& query : range->queries) {
        auto series = range->rows ? result<std::vector<KeptSeries>>(std::vector<KeptSeries>()) : series_of(telemetry, spans, *range, query);
        if (!series && !legacy) unknown.push_back(query.metric);
        const std::vector<KeptSeries> found = series ? std::move(*series) : std::vector<KeptSeries>();
        results.push_back(legacy ? legacy_result(telemetry, spans, *range, query, found)
                                 : v5_result(telemetry, spans, *range, query, found));
    }
    if (unknown.size() == 1) return refused(world, 404, "not-found", "could not find the metric " + unknown.front());
    if (!unknown.empty()) return refused(world, 404, "not-found", "the following metrics were not found: " + join(unknown, ", "));
    if (legacy) return succeeded({{"resultType", ""}, {"result", std::move(results)}});
    const json meta = {{"rowsScanned", 1200}, {"bytesScanned", 99000}, {"durationMs", 35}, {"stepIntervals", json::object()}};
    return succeeded({{"type", range->rows ? "raw" : "time_series"}, {"meta", meta}, {"data", {{"results", std::move(results)}}}});
}

json rule_of(const World& world) {
    const json told = scenario_part(*world.scenario, "signoz.rule");
    json rule = {{"id", string_or_empty(told, "id")},
                 {"state", world.now >= world.zero ? "firing" : "inactive"},
                 {"alert", string_or_empty(told, "name")},
                 {"alertType", string_or_empty(told, "alertType")},
                 {"ruleType", get_string(told, "ruleType").value_or("threshold_rule")},
                 {"description", string_or_empty(told, "description")},
                 {"condition", told.value("condition", json::object())},
                 {"labels", told.value("labels", json::object())},
                 {"annotations", told.value("annotations", json::object())},
                 {"preferredChannels", json::array({"gumshoe"})},
                 {"disabled", false},
                 {"version", is_old(world) ? "v4" : "v5"},
                 {"createdAt", format_rfc3339(world.zero - std::chrono::days(200))},
                 {"updatedAt", format_rfc3339(world.zero - std::chrono::days(40))}};
    const std::string span = get_string(told, "evalWindow").value_or("5m0s");
    if (is_old(world)) {
        rule["evalWindow"] = span;
        rule["frequency"] = "1m0s";
    } else {
        rule["schemaVersion"] = "v2alpha1";
        rule["evaluation"] = {{"kind", "rolling"}, {"spec", {{"evalWindow", span}, {"frequency", "1m0s"}}}};
    }
    return rule;
}

/// Each firing of the scenario's `signoz.history` and the one being played: an item for its beginning, one for its end.
json history_items(const World& world, Window window, bool legacy) {
    json items = json::array();
    const std::string service = string_or_empty(*world.scenario, "service");
    const auto add = [&](Timestamp at, const char* state, const json& value) {
        if (!window.contains(at) || at > world.now) return;
        json labels = json::array({{{"key", {{"name", "service.name"}}}, {"value", service}}});
        if (legacy) labels = {{"service.name", service}};
        items.push_back({{legacy ? "ruleID" : "ruleId", string_or_empty(*world.scenario, "signoz.rule.id")},
                         {"ruleName", string_or_empty(*world.scenario, "signoz.rule.name")},
                         {"overallState", state},
                         {"overallStateChanged", true},
                         {"state", state},
                         {"stateChanged", true},
                         {"unixMilli", to_millis(at)},
                         {"labels", std::move(labels)},
                         {"fingerprint", 1234567890123456789ULL},
                         {"value", value}});
    };
    const json firings = scenario_part(*world.scenario, "signoz.history");
    for (const json& firing : firings.is_array() ? firings : json::array()) {
        const Timestamp at = world.zero + seconds(get_int(firing, "t").value_or(0));
        add(at, "firing", firing.value("value", json(0)));
        add(at + seconds(get_int(firing, "for").value_or(60)), "inactive", 0);
    }
    add(world.zero, "firing", nullptr);
    return items;
}

HttpReply history(json items, bool descending, std::int64_t limit) {
    if (descending) std::reverse(items.begin(), items.end());
    const std::size_t total = items.size();
    while (static_cast<std::int64_t>(items.size()) > limit) items.erase(items.size() - 1);
    return succeeded({{"items", std::move(items)}, {"total", total}});
}

HttpReply rule_history(const RawRequest& request, const World& world, bool legacy) {
    json asked = json::object();
    if (legacy) {
        auto body = parse_json(request.body);
        if (!body || !body->is_object()) return refused(world, 400, "bad_data", "cannot parse the request body");
        asked = std::move(*body);
    } else {
        for (const auto& [key, value] : parse_form(request.query)) asked[key] = value;
        const std::string unknown = unknown_key(asked, {"start", "end", "state", "filterExpression", "limit", "order", "cursor"});
        if (!unknown.empty()) return refused(world, 400, "invalid-input", "unknown query parameter " + unknown);
    }
    const auto start = get_int(asked, "start");
    const auto end = get_int(asked, "end");
    const std::string order = string_or_empty(asked, "order");
    if (!start || !end || *start >= *end) return refused(world, 400, "invalid-input", "start and end are required");
    if (order != "asc" && order != "desc") return refused(world, 400, "invalid-input", "order must be asc or desc");
    return history(history_items(world, {from_millis(*start), from_millis(*end)}, legacy), order == "desc",
                   get_int(asked, "limit").value_or(50));
}

HttpReply rules(const RawRequest& request, const World& world, bool legacy) {
    constexpr std::string_view root = "/api/v1/rules/";
    constexpr std::string_view timeline = "/history/timeline";
    std::string id(std::string_view(request.path).substr(root.size()));
    const bool of_history = id.ends_with(timeline);
    if (of_history) id.resize(id.size() - timeline.size());
    if (request.method != (of_history && legacy ? "POST" : "GET")) return text_reply(405, "");
    const std::string own = string_or_empty(*world.scenario, "signoz.rule.id");
    if (own.empty() || id != own) return refused(world, 404, "not-found", "rule with ID: " + id + " does not exist");
    return of_history ? rule_history(request, world, legacy) : succeeded(rule_of(world));
}

/// Nanoseconds as text; the errors of these endpoints have a shape of their own.
HttpReply in_nanoseconds(const RawRequest& request, const World& world) {
    const auto wrong = [](const std::string& why) {
        return json_reply(
            400,
            dump_json(json{{"data", nullptr}, {"total", 0}, {"limit", 0}, {"offset", 0}, {"errors", {{{"code", 400}, {"msg", why}}}}}));
    };
    const auto body = parse_json(request.body);
    if (!body || !body->is_object()) return wrong("cannot parse the request body");
    for (const char* key : {"start", "end"}) {
        if (!body->contains(key) || !body->at(key).is_string())
            return wrong(std::string("json: cannot unmarshal into field ") + key + " of type string");
    }
    const auto start = get_int(*body, "start");
    const auto end = get_int(*body, "end");
    if (!start || !end || *start < 1'000'000'000'000'000'000) return wrong("start and end must be in nanoseconds");
    const Window window{from_millis(*start / 1'000'000), std::min(from_millis(*end / 1'000'000), world.now)};
    const Telemetry telemetry(world.scenario, world.zero, world.now);
    if (request.path == "/api/v2/services") return succeeded(services_of(telemetry, window));
    if (request.path == "/api/v1/services") return json_reply(200, dump_json(services_of(telemetry, window)));
    if (request.path == "/api/v1/listErrors") {
        const std::string order = string_or_empty(*body, "orderParam");
        if (order != "exceptionCount" || !get_int(*body, "limit")) return wrong("given orderParam: " + order + " is not allowed");
        return json_reply(200, dump_json(exceptions_of(telemetry, window)));
    }
    json edges = json::array();
    const json told = scenario_part(*world.scenario, "telemetry.edges");
    for (const json& edge : told.is_array() ? told : json::array()) {
        edges.push_back({{"parent", string_or_empty(edge, "caller")},
                         {"child", string_or_empty(edge, "callee")},
                         {"callCount", 1800},
                         {"callRate", 2},
                         {"errorRate", 0},
                         {"p99", 1},
                         {"p95", 1},
                         {"p90", 1},
                         {"p75", 1},
                         {"p50", 1}});
    }
    return json_reply(200, dump_json(edges));
}

class SignozSimulation final : public sandbox::Simulation {
public:
    std::string_view name() const override { return "signoz"; }

    HttpReply handle(const RawRequest& request, const World& world) override {
        const std::string_view path = request.path;
        const bool old = is_old(world);
        const bool post = request.method == "POST";
        if (path == "/api/v1/version") {
            const std::string version = get_string(*world.scenario, "signoz.version").value_or("v0.98.0");
            return json_reply(200, dump_json(json{{"version", version}, {"ee", "Y"}, {"setupCompleted", true}}));
        }
        const std::string key(trim(request.headers.find("SIGNOZ-API-KEY").value_or("")));
        if (key.empty()) return refused(world, 401, "unauthenticated", "missing api key");
        if (key != api_key) return refused(world, 401, "unauthenticated", "invalid api key");
        if (post && path == "/api/v5/query_range" && !old) return query_range(request, world, false);
        if (post && (path == "/api/v4/query_range" || path == "/api/v3/query_range")) return query_range(request, world, true);
        if (path.starts_with("/api/v2/rules/") && !old) return rules(request, world, false);
        if (path.starts_with("/api/v1/rules/")) return rules(request, world, true);
        const bool listed = path == "/api/v1/services" || path == "/api/v1/dependency_graph" || path == "/api/v1/listErrors" ||
                            (path == "/api/v2/services" && !old);
        return post && listed ? in_nanoseconds(request, world) : no_route();
    }

    std::vector<HttpRequest> webhooks(const World& world, std::string_view moment) override { return render_webhooks(world, moment); }

    json state() const override { return nullptr; }

    std::string settings(const World& world) const override {
        if (scenario_part(*world.scenario, "signoz").is_null()) return {};
        return dump_json(json{{"api_url", world.base_url},
                              {"api_key", api_key},
                              {"webhook", {{"basic", {{"user", webhook_user}, {"password", webhook_password}}}}}});
    }
};

}  // namespace

std::unique_ptr<sandbox::Simulation> make_simulation() {
    return std::make_unique<SignozSimulation>();
}

}  // namespace gumshoe::signoz
