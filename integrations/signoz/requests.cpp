// What we ask of SigNoz. Each filter is rendered for both generations of its query API: as an expression, and as a list of items.
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "base/text.hpp"
#include "integrations/signoz/codec.hpp"

namespace gumshoe::signoz {

namespace {

constexpr std::size_t value_bytes = 200;
constexpr std::array trouble_words{"WARN", "WARNING", "ERROR", "FATAL", "CRITICAL", "ALERT", "EMERGENCY", "PANIC"};

bool letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool digit(char c) {
    return c >= '0' && c <= '9';
}

/// A value without what could be mistaken for anything else than its letters.
std::string plain(std::string_view value) {
    std::string text = strip_invisible(sanitize_utf8(value.substr(0, value_bytes)));
    std::replace_if(text.begin(), text.end(), [](char c) { return c == '\n' || c == '\t'; }, ' ');
    return text;
}

std::string literal(std::string_view value) {
    std::string text = "'";
    for (const char c : plain(value)) {
        if (c == '\'' || c == '\\') text += '\\';
        text += c;
    }
    return text + "'";
}

std::string one_of(const std::string& key, const std::vector<std::string>& values) {
    std::vector<std::string> literals;
    for (const std::string& value : values) {
        if (!value.empty()) literals.push_back(literal(value));
    }
    if (literals.empty()) return {};
    return literals.size() == 1 ? key + " = " + literals.front() : key + " IN (" + join(literals, ", ") + ")";
}

/// Severities are written as the logging library likes: upper case, lower case.
std::vector<std::string> trouble_severities() {
    std::vector<std::string> words;
    for (const char* word : trouble_words) {
        words.emplace_back(word);
        words.push_back(to_lower(word));
    }
    return words;
}

HttpRequest authorised(const Account& account, std::string method, const std::string& path) {
    HttpRequest request;
    request.method = std::move(method);
    request.url = account.api_url + path;
    request.headers.add("Accept", "application/json");
    request.headers.add("SIGNOZ-API-KEY", std::string(account.api_key.reveal()));
    return request;
}

HttpRequest posted(const Account& account, const std::string& path, const json& body) {
    HttpRequest request = authorised(account, "POST", path);
    request.headers.add("Content-Type", "application/json");
    request.body = dump_json(body);
    return request;
}

HttpRequest query_range(const Account& account, Api api, const json& body) {
    return posted(account, "/api/" + std::string(to_string(api)) + "/query_range", body);
}

// The current API.

json v5_body(const char* type, json queries, Window window) {
    return {{"schemaVersion", "v1"},
            {"start", to_millis(window.from)},
            {"end", to_millis(window.to)},
            {"requestType", type},
            {"compositeQuery", {{"queries", std::move(queries)}}}};
}

json v5_rows(const RowQuery& query) {
    const char* direction = query.newest_first ? "desc" : "asc";
    json order = json::array({{{"key", {{"name", "timestamp"}}}, {"direction", direction}}});
    if (query.signal == Signal::logs) order.push_back({{"key", {{"name", "id"}}}, {"direction", direction}});  // else pages overlap
    json spec = {{"name", "A"},
                 {"signal", query.signal == Signal::logs ? "logs" : "traces"},
                 {"filter", {{"expression", expression(query.filter, query.signal)}}},
                 {"order", std::move(order)},
                 {"limit", query.limit},
                 {"offset", query.offset}};
    return v5_body("raw", json::array({{{"type", "builder_query"}, {"spec", std::move(spec)}}}), query.window);
}

json v5_series(const std::vector<SeriesQuery>& queries, Window window) {
    json list = json::array();
    for (const SeriesQuery& query : queries) {
        const bool metric = query.expression.empty();
        json aggregation = {{"expression", query.expression}};
        if (metric) aggregation = {{"metricName", query.metric}, {"timeAggregation", "avg"}, {"spaceAggregation", query.space_aggregation}};
        json spec = {{"name", query_name(list.size())},
                     {"signal", metric ? "metrics" : "traces"},
                     {"stepInterval", step_of(window)},
                     {"aggregations", json::array({std::move(aggregation)})},
                     {"filter", {{"expression", expression(query.filter, Signal::traces)}}}};
        list.push_back({{"type", "builder_query"}, {"spec", std::move(spec)}});
    }
    return v5_body("time_series", std::move(list), window);
}

// The API of older builds. Their spans have columns of their own, their metrics underscores.

json item(const char* key, const char* type, bool column, const char* op, json value, const char* data_type = "string") {
    return {
        {"key", {{"key", key}, {"dataType", data_type}, {"type", type}, {"isColumn", column}}}, {"op", op}, {"value", std::move(value)}};
}

json texts(const std::vector<std::string>& values) {
    json list = json::array();
    for (const std::string& value : values) list.push_back(plain(value));
    return list;
}

json legacy_filters(const Filter& filter, const char* source) {
    const bool spans = std::string_view(source) == "traces";
    const bool metrics = std::string_view(source) == "metrics";
    json items = json::array();
    if (!filter.services.empty()) {
        const json services = texts(filter.services);
        if (spans) items.push_back(item("serviceName", "tag", true, "in", services));
        if (metrics) items.push_back(item("service_name", "tag", false, "in", services));
        if (!spans && !metrics) items.push_back(item("service.name", "resource", false, "in", services));
    }
    if (!filter.environment.empty() && is_environment_key(filter.environment_key)) {
        const std::string key = metrics ? replace_all(filter.environment_key, ".", "_") : filter.environment_key;
        items.push_back(item(key.c_str(), metrics ? "tag" : "resource", false, "=", plain(filter.environment)));
    }
    if (spans && filter.level == Level::trouble) items.push_back(item("hasError", "tag", true, "=", true, "bool"));
    if (!spans && !metrics && filter.level != Level::all) {
        items.push_back(item("severity_text", "", true, filter.level == Level::trouble ? "in" : "nin", texts(trouble_severities())));
    }
    return {{"op", "AND"}, {"items", std::move(items)}};
}

json legacy_query(const std::string& name, const char* source, const char* aggregate, const Filter& filter, std::int64_t step) {
    return {{"queryName", name},    {"expression", name},
            {"dataSource", source}, {"aggregateOperator", aggregate},
            {"disabled", false},    {"filters", legacy_filters(filter, source)},
            {"stepInterval", step}};
}

json legacy_body(const char* panel, json queries, Window window) {
    return {{"start", to_millis(window.from)},
            {"end", to_millis(window.to)},
            {"step", step_of(window)},
            {"variables", json::object()},
            {"compositeQuery", {{"queryType", "builder"}, {"panelType", panel}, {"builderQueries", std::move(queries)}}}};
}

json legacy_rows(const RowQuery& query) {
    const bool spans = query.signal == Signal::traces;
    json spec = legacy_query("A", spans ? "traces" : "logs", "noop", query.filter, step_of(query.window));
    spec["orderBy"] = json::array({{{"columnName", "timestamp"}, {"order", query.newest_first ? "desc" : "asc"}}});
    spec["limit"] = 0;
    spec["pageSize"] = query.limit;
    spec["offset"] = query.offset;
    if (spans) {
        json columns = json::array();
        for (const auto& [name, type] :
             {std::pair{"serviceName", "string"}, std::pair{"name", "string"}, std::pair{"durationNano", "float64"},
              std::pair{"hasError", "bool"}, std::pair{"parentSpanID", "string"}}) {
            columns.push_back({{"key", name}, {"dataType", type}, {"type", "tag"}, {"isColumn", true}});
        }
        spec["selectColumns"] = std::move(columns);
    }
    return legacy_body("list", {{"A", std::move(spec)}}, query.window);
}

json legacy_series(const std::vector<SeriesQuery>& queries, Window window) {
    json all = json::object();
    for (const SeriesQuery& query : queries) {
        const std::string name = query_name(all.size());
        if (query.expression.empty()) {
            json spec = legacy_query(name, "metrics", query.space_aggregation.c_str(), query.filter, step_of(window));
            spec["aggregateAttribute"] = {
                {"key", replace_all(query.metric, ".", "_")}, {"dataType", "float64"}, {"type", "Gauge"}, {"isColumn", true}};
            spec["timeAggregation"] = "avg";
            spec["spaceAggregation"] = query.space_aggregation;
            all[name] = std::move(spec);
            continue;
        }
        const bool counted = query.expression == "rate()";
        json spec = legacy_query(name, "traces", counted ? "rate" : "p95", query.filter, step_of(window));
        if (!counted) {
            spec["aggregateAttribute"] = {{"key", "durationNano"}, {"dataType", "float64"}, {"type", "tag"}, {"isColumn", true}};
        }
        all[name] = std::move(spec);
    }
    return legacy_body("graph", std::move(all), window);
}

/// Services, topology and exceptions: nanoseconds as text.
json in_nanos(Window window) {
    return {{"start", std::to_string(to_millis(window.from)) + "000000"}, {"end", std::to_string(to_millis(window.to)) + "000000"}};
}

}  // namespace

std::string_view to_string(Api api) {
    return api == Api::v5 ? "v5" : api == Api::v4 ? "v4" : "v3";
}

bool is_environment_key(std::string_view key) {
    return key == "deployment.environment.name" || key == "deployment.environment";
}

bool is_metric_name(std::string_view name) {
    if (name.empty() || name.size() > 200 || !letter(name[0])) return false;
    return std::all_of(name.begin(), name.end(),
                       [](char c) { return letter(c) || digit(c) || c == '_' || c == '.' || c == '-' || c == '/'; });
}

bool is_rule_id(std::string_view id) {
    return !id.empty() && id.size() <= 64 && std::all_of(id.begin(), id.end(), [](char c) { return letter(c) || digit(c) || c == '-'; });
}

std::string expression(const Filter& filter, Signal signal) {
    std::vector<std::string> terms{one_of("service.name", filter.services)};
    if (!filter.environment.empty() && is_environment_key(filter.environment_key)) {
        terms.push_back(filter.environment_key + " = " + literal(filter.environment));
    }
    if (signal == Signal::logs && filter.level != Level::all) {
        const std::string trouble = "(severity_number >= 13 OR " + one_of("severity_text", trouble_severities()) + ")";
        terms.push_back(filter.level == Level::trouble ? trouble : "NOT " + trouble);
    }
    if (signal == Signal::traces && filter.level == Level::trouble) terms.emplace_back("has_error = true");
    if (signal == Signal::traces && filter.entries) terms.emplace_back("kind_string IN ('Server', 'Consumer')");
    std::erase(terms, "");
    return join(terms, " AND ");
}

std::vector<SeriesQuery> span_series(const Filter& service) {
    const std::string entity = service.services.empty() ? "" : service.services.front();
    Filter all = service;
    all.entries = true;
    Filter failed = all;
    failed.level = Level::trouble;
    return {{"calls.rate", entity, "1/s", all, "rate()", "", ""},
            {"calls.errors", entity, "1/s", failed, "rate()", "", ""},
            {"calls.duration.p95", entity, "ns", all, "p95(duration_nano)", "", ""}};
}

std::vector<SeriesQuery> runtime_series(const Filter& service, const std::vector<std::string>& extra) {
    const std::string entity = service.services.empty() ? "" : service.services.front();
    std::vector<SeriesQuery> queries;
    const auto add = [&](const std::string& metric, const char* space) {
        if (is_metric_name(metric)) queries.push_back({metric, entity, "", service, "", metric, space});
    };
    for (const char* gauge :
         {"process.cpu.utilization", "jvm.cpu.recent_utilization", "k8s.pod.cpu.usage", "nodejs.eventloop.utilization"}) {
        add(gauge, "avg");
    }
    for (const char* sum : {"process.memory.usage", "jvm.memory.used", "go.memory.used", "k8s.pod.memory.working_set",
                            "db.client.connection.count", "db.client.connection.pending_requests"}) {
        add(sum, "sum");
    }
    for (const std::string& metric : extra) add(metric, "avg");
    return queries;
}

std::string query_name(std::size_t index) {
    return std::string(1, static_cast<char>('A' + index % 26));
}

std::int64_t step_of(Window window) {
    constexpr std::int64_t most_points = 300;
    const std::int64_t span = to_seconds(window.to) - to_seconds(window.from);
    return std::max<std::int64_t>(1, (span + 60 * most_points - 1) / (60 * most_points)) * 60;
}

HttpRequest version_request(const Account& account) {
    return authorised(account, "GET", "/api/v1/version");
}

HttpRequest rows_request(const Account& account, Api api, const RowQuery& query) {
    return query_range(account, api, api == Api::v5 ? v5_rows(query) : legacy_rows(query));
}

HttpRequest series_request(const Account& account, Api api, const std::vector<SeriesQuery>& queries, Window window) {
    return query_range(account, api, api == Api::v5 ? v5_series(queries, window) : legacy_series(queries, window));
}

HttpRequest graph_request(const Account& account, const Rule& rule, Api api, Window window) {
    auto parsed = parse_json(rule.graph);
    json queries = parsed ? std::move(*parsed) : json();
    if (rule.graph_api == Api::v5) return query_range(account, Api::v5, v5_body("time_series", std::move(queries), window));
    json body = legacy_body("graph", json::object(), window);
    body["compositeQuery"] = std::move(queries);
    return query_range(account, api == Api::v5 ? Api::v4 : api, body);
}

HttpRequest rule_request(const Account& account, std::string_view id, bool legacy) {
    return authorised(account, "GET", (legacy ? "/api/v1/rules/" : "/api/v2/rules/") + url_encode(id));
}

HttpRequest history_request(const Account& account, std::string_view id, Window window, bool legacy) {
    constexpr int limit = 200;
    if (legacy) {
        return posted(account, "/api/v1/rules/" + url_encode(id) + "/history/timeline",
                      {{"start", to_millis(window.from)},
                       {"end", to_millis(window.to)},
                       {"limit", limit},
                       {"offset", 0},
                       {"order", "desc"},
                       {"filters", {{"items", json::array()}, {"op", "AND"}}}});
    }
    return authorised(account, "GET",
                      "/api/v2/rules/" + url_encode(id) + "/history/timeline?start=" + std::to_string(to_millis(window.from)) +
                          "&end=" + std::to_string(to_millis(window.to)) + "&limit=" + std::to_string(limit) + "&order=desc");
}

HttpRequest services_request(const Account& account, Window window, bool legacy) {
    json body = in_nanos(window);
    body["tags"] = json::array();
    return posted(account, legacy ? "/api/v1/services" : "/api/v2/services", body);
}

HttpRequest dependencies_request(const Account& account, Window window) {
    json body = in_nanos(window);
    body["tags"] = json::array();
    return posted(account, "/api/v1/dependency_graph", body);
}

HttpRequest exceptions_request(const Account& account, Window window) {
    json body = in_nanos(window);
    body.update({{"limit", 100}, {"orderParam", "exceptionCount"}, {"order", "descending"}});
    return posted(account, "/api/v1/listErrors", body);
}

}  // namespace gumshoe::signoz
