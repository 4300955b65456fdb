// The endpoints of the simulated Datadog. Requests are checked as strictly as there: an unknown field, a wrong type or a wrong unit is 400.
#include "integrations/datadog/sandbox.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "integrations/datadog/sandbox_catalogue.hpp"
#include "integrations/datadog/sandbox_query.hpp"
#include "integrations/datadog/sandbox_search.hpp"
#include "integrations/datadog/sandbox_webhook.hpp"
#include "sandbox/world/telemetry.hpp"

namespace gumshoe::datadog {

using sandbox::PlayedMetric;
using sandbox::scenario_part;
using sandbox::Telemetry;

namespace {

using sandbox::World;

HttpReply refused(int status, const std::string& why) {
    return json_reply(status, dump_json(json{{"errors", {why}}}));
}
/// Whether the application key was scoped without this permission.
bool lacks(const World& world, const std::string& permission) {
    const json& missing = scenario_part(*world.scenario, "datadog.missing_scopes");
    return missing.is_array() && std::find(missing.begin(), missing.end(), json(permission)) != missing.end();
}

json datadog_unit(const std::string& ucum) {
    const auto unit = [](const char* family, const char* name, const char* symbol) {
        return json{{"family", family}, {"name", name}, {"short_name", symbol}, {"plural", std::string(name) + "s"}, {"scale_factor", 1}};
    };
    if (ucum == "s") return json::array({unit("time", "second", "s"), nullptr});
    if (ucum == "ms") return json::array({unit("time", "millisecond", "ms"), nullptr});
    if (ucum == "%") return json::array({unit("percentage", "percent", "%"), nullptr});
    if (ucum == "By") return json::array({unit("bytes", "byte", "B"), nullptr});
    if (ucum == "1/s") return json::array({unit("general", "hit", "hit"), unit("time", "second", "s")});
    return nullptr;
}

bool in_scope(const PlayedMetric& metric, const MetricExpression& expression) {
    const bool percentile = expression.aggregator.starts_with('p');
    if (metric.name != expression.metric || (percentile ? metric.statistic != expression.aggregator : !metric.statistic.empty()))
        return false;
    return std::all_of(expression.scope.begin(), expression.scope.end(), [&metric](const auto& tag) {
        const auto& [key, value] = tag;
        return key == "*" || (key == "service" && value == metric.entity) || (key == "env" && value == metric.environment) ||
               (key == "host" && value == metric.instance);
    });
}

double combine(const std::string& aggregator, const std::vector<double>& values) {
    if (aggregator == "min") return *std::min_element(values.begin(), values.end());
    if (aggregator == "max" || aggregator.starts_with('p')) return *std::max_element(values.begin(), values.end());
    double sum = 0;
    for (const double value : values) sum += value;
    return aggregator == "sum" ? sum : sum / static_cast<double>(values.size());
}

json series_of(const std::vector<PlayedMetric>& members, const MetricExpression& expression, const std::string& group, Window window,
               const Telemetry& telemetry) {
    const std::int64_t span = to_seconds(window.to) - to_seconds(window.from);
    const std::int64_t interval = span <= 3600 ? 20 : span <= 4 * 3600 ? 60 : 300;
    json points = json::array();
    for (std::int64_t at = (to_seconds(window.from) / interval + 1) * interval; at < to_seconds(window.to); at += interval) {
        std::vector<double> values;
        for (const PlayedMetric& member : members) values.push_back(member.value_at(telemetry.seconds_from_zero(from_seconds(at))));
        points.push_back({at * 1000, combine(expression.aggregator, values)});
    }
    json tag_set = json::array();
    if (!group.empty()) tag_set.push_back(group);
    const std::size_t length = points.size();
    return {{"metric", expression.metric},
            {"display_name", expression.metric},
            {"scope", group.empty() ? expression.scope_text : group + "," + expression.scope_text},
            {"tag_set", std::move(tag_set)},
            {"expression", expression.text},
            {"aggr", expression.aggregator},
            {"interval", interval},
            {"length", length},
            {"start", length == 0 ? json() : points.front()[0]},
            {"end", length == 0 ? json() : points.back()[0]},
            {"unit", datadog_unit(members.front().unit)},
            {"pointlist", std::move(points)}};
}

HttpReply query_metrics(const RawRequest& request, const World& world) {
    std::map<std::string, std::string> arguments;
    for (auto& [key, value] : parse_form(request.query)) arguments[key] = value;
    for (const auto& [key, value] : arguments) {
        if (key != "from" && key != "to" && key != "query") return refused(400, "Unknown parameter: " + key);
    }
    const auto from = whole_number(arguments["from"]);
    const auto to = whole_number(arguments["to"]);
    if (!from || !to || *from >= *to) return refused(400, "from and to must be POSIX timestamps, from before to");
    if (*from > 100'000'000'000) return refused(400, "from and to must be in seconds");
    const auto expressions = parse_metric_query(arguments["query"]);
    if (!expressions) return refused(400, "Error parsing query: " + expressions.error().message);

    const Telemetry telemetry(world.scenario, world.zero, world.now);
    const Window window{from_seconds(*from), std::min(from_seconds(*to), world.now)};
    json series = json::array();
    for (std::size_t index = 0; index < expressions->size(); ++index) {
        const MetricExpression& expression = (*expressions)[index];
        std::map<std::string, std::vector<PlayedMetric>> groups;
        for (PlayedMetric& metric : telemetry.metrics()) {
            if (!in_scope(metric, expression)) continue;
            std::string group;
            for (const std::string& key : expression.by) {
                const std::string& value = key == "service" ? metric.entity : key == "host" ? metric.instance : metric.environment;
                group += (group.empty() ? "" : ",") + key + ":" + value;
            }
            groups[group].push_back(std::move(metric));
        }
        for (const auto& [group, members] : groups) {
            series.push_back(series_of(members, expression, group, window, telemetry));
            series.back()["query_index"] = index;
        }
    }
    return json_reply(200, dump_json(json{{"status", "ok"},
                                          {"res_type", "time_series"},
                                          {"resp_version", 1},
                                          {"query", arguments["query"]},
                                          {"from_date", *from * 1000},
                                          {"to_date", *to * 1000},
                                          {"series", std::move(series)},
                                          {"message", ""},
                                          {"error", ""}}));
}

HttpReply service_dependencies(const RawRequest& request, const World& world) {
    std::string environment;
    for (const auto& [key, value] : parse_form(request.query)) {
        if (key == "env") environment = value;
        const auto time = whole_number(value);
        const bool is_time = key == "start" || key == "end";
        if (is_time && (!time || *time > 100'000'000'000)) return refused(400, key + " must be in seconds");
        if (!is_time && key != "env" && key != "primary_tag") return refused(400, "Unknown parameter: " + key);
    }
    if (environment.empty()) return refused(400, "Missing required parameter: env");
    json services = json::object();
    if (environment == string_or_empty(*world.scenario, "environment")) {
        for (const json& edge : scenario_part(*world.scenario, "telemetry.edges")) {
            services[string_or_empty(edge, "caller")]["calls"].push_back(string_or_empty(edge, "callee"));
            if (!services.contains(string_or_empty(edge, "callee"))) services[string_or_empty(edge, "callee")]["calls"] = json::array();
        }
    }
    return json_reply(200, dump_json(services));
}

json datadog_monitor(const World& world, bool with_groups) {
    const json& told = scenario_part(*world.scenario, "datadog.monitor");
    const bool alerts = world.now >= world.zero;
    const std::string state = alerts ? "Alert" : "OK";
    json monitor = {{"id", scenario_part(told, "id")},
                    {"org_id", 123456},
                    {"type", string_or_empty(told, "type")},
                    {"name", string_or_empty(told, "name")},
                    {"message", string_or_empty(told, "message")},
                    {"query", string_or_empty(told, "query")},
                    {"tags", told.value("tags", json::array())},
                    {"options", {{"thresholds", told.value("thresholds", json::object())}, {"notify_no_data", false}}},
                    {"multi", false},
                    {"priority", scenario_part(told, "priority")},
                    {"overall_state", state},
                    {"overall_state_modified", format_rfc3339(alerts ? world.zero : world.zero - std::chrono::days(3))},
                    {"created", format_rfc3339(world.zero - std::chrono::days(200))},
                    {"modified", format_rfc3339(world.zero - std::chrono::days(40))},
                    {"creator", {{"name", "Ana"}, {"handle", "ana@example.com"}, {"email", "ana@example.com"}}},
                    {"matching_downtimes", json::array()}};
    if (with_groups) {
        const std::int64_t since = alerts ? to_seconds(world.zero) : 0;
        monitor["state"]["groups"]["*"] = {{"name", "*"}, {"status", state}, {"last_triggered_ts", since}, {"last_resolved_ts", 0}};
    }
    return monitor;
}

HttpReply monitors(const RawRequest& request, const std::string& id, const World& world) {
    bool with_groups = false;
    for (const auto& [key, value] : parse_form(request.query)) {
        const bool known = id.empty() ? key == "page" || key == "page_size" : key == "group_states" || key == "with_downtimes";
        if (!known) return refused(400, "Unknown parameter: " + key);
        if (key == "group_states") with_groups = true;
    }
    const json& own = scenario_part(*world.scenario, "datadog.monitor.id");
    if (id.empty()) return json_reply(200, dump_json(own.is_null() ? json::array() : json::array({datadog_monitor(world, false)})));
    if (!whole_number(id)) return refused(400, "The value provided for parameter 'monitor_id' is invalid");
    if (own.is_null() || dump_json(own) != id) return refused(404, "Monitor not found");
    return json_reply(200, dump_json(datadog_monitor(world, with_groups)));
}

class DatadogSimulation final : public sandbox::Simulation {
public:
    std::string_view name() const override { return "datadog"; }

    HttpReply handle(const RawRequest& request, const World& world) override {
        for (const char* key : {"DD-API-KEY", "DD-APPLICATION-KEY"}) {
            if (trim(request.headers.find(key).value_or("")).empty()) return refused(403, "Forbidden");
        }
        constexpr std::string_view monitor = "/api/v1/monitor";
        const std::string_view path = request.path;
        if (request.method == "GET" && path == "/api/v1/query") return query_metrics(request, world);
        if (request.method == "GET" && path == "/api/v1/service_dependencies") return service_dependencies(request, world);
        constexpr std::string_view definitions = "/api/v2/services/definitions/";
        const bool catalogue = path == "/api/v2/catalog/entity" || path.starts_with(definitions);
        if (request.method == "GET" && catalogue && lacks(world, "apm_service_catalog_read")) return refused(403, "Forbidden");
        if (request.method == "GET" && path == "/api/v2/catalog/entity") return catalogue_entities(request, world);
        if (request.method == "GET" && path.starts_with(definitions)) {
            return service_definition(request, url_decode(path.substr(definitions.size())), world);
        }
        if (request.method == "GET" && path == monitor) return monitors(request, "", world);
        if (request.method == "GET" && path.starts_with("/api/v1/monitor/")) {
            return monitors(request, std::string(path.substr(monitor.size() + 1)), world);
        }
        const bool logs = path == "/api/v2/logs/events/search";
        const bool spans = path == "/api/v2/spans/events/search";
        const bool events = path == "/api/v2/events/search";
        if (request.method == "POST" && (logs || spans || events))
            return search(request, logs ? SearchIn::logs : spans ? SearchIn::spans : SearchIn::events, world);
        return refused(404, "Not Found");
    }

    std::vector<HttpRequest> webhooks(const World& world, std::string_view moment) override {
        if (scenario_part(*world.scenario, "datadog.webhook").is_null() || moment == "annotated") return {};
        return {render_webhook(world, moment)};
    }

    json state() const override { return nullptr; }

    std::string settings(const World& world) const override {
        if (!scenario_part(*world.scenario, "datadog").is_object()) return {};
        return dump_json(json{{"site", "datadoghq.com"},
                              {"api_url", world.base_url},
                              {"api_key", "sandbox-datadog-api-key"},
                              {"application_key", "sandbox-datadog-application-key"},
                              {"webhook", {{"token", webhook_token}}}});
    }
};

}  // namespace

std::unique_ptr<sandbox::Simulation> make_simulation() {
    return std::make_unique<DatadogSimulation>();
}

}  // namespace gumshoe::datadog
