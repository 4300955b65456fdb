// The two bodies of the query API. The current one is read as strictly as SigNoz reads it: it refuses every unknown field.
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "integrations/signoz/sandbox_query.hpp"

namespace gumshoe::signoz {

namespace {

constexpr std::int64_t most_rows = 10'000;

Error invalid(std::string why) {
    return {errc::parse, std::move(why)};
}

std::optional<Error> only(const json& object, std::initializer_list<std::string_view> known, const char* where) {
    if (!object.is_object()) return invalid(std::string("invalid JSON: ") + where + " must be an object");
    const std::string unknown = unknown_key(object, known);
    if (!unknown.empty()) return invalid("unknown field \"" + unknown + "\" in " + where);
    return std::nullopt;
}

/// Milliseconds as a number; a text is refused as Go's decoder refuses it.
result<std::int64_t> whole(const json& object, const char* key, std::int64_t fallback) {
    const auto found = object.find(key);
    if (found == object.end()) return fallback;
    if (!found->is_number_integer()) return invalid(std::string("invalid JSON: ") + key + " must be a number");
    return found->get<std::int64_t>();
}

result<Window> read_window(const json& body) {
    const auto start = whole(body, "start", 0);
    const auto end = whole(body, "end", 0);
    if (!start) return start.error();
    if (!end) return end.error();
    constexpr std::int64_t in_milliseconds = 100'000'000'000;
    if (*start >= *end) return invalid("start time must be before end time");
    if (*start < in_milliseconds || *end > 4'000'000'000'000) return invalid("start and end must be in milliseconds");
    return Window{from_millis(*start), from_millis(*end)};
}

bool is_span_aggregation(const std::string& text) {
    constexpr std::array<std::string_view, 7> known{
        "count()", "rate()", "avg(duration_nano)", "p50(duration_nano)", "p90(duration_nano)", "p95(duration_nano)", "p99(duration_nano)"};
    return std::find(known.begin(), known.end(), text) != known.end();
}

std::optional<Error> read_aggregations(const json& spec, AskedQuery& query) {
    const json list = spec.value("aggregations", json::array());
    if (!list.is_array() || list.empty()) return invalid("at least one aggregation is required");
    const json& first = list.front();
    if (query.signal == "metrics") {
        if (auto error =
                only(first, {"metricName", "temporality", "timeAggregation", "spaceAggregation", "reduceTo"}, "metric aggregation"))
            return error;
        query.metric = string_or_empty(first, "metricName");
        query.aggregation = string_or_empty(first, "spaceAggregation");
        if (query.metric.empty()) return invalid("metric name is required for aggregation #1 in query '" + query.name + "'");
        if (string_or_empty(first, "timeAggregation").empty() || query.aggregation.empty()) return invalid("invalid space aggregation");
        return std::nullopt;
    }
    if (auto error = only(first, {"expression", "alias"}, "aggregation")) return error;
    query.aggregation = string_or_empty(first, "expression");
    const bool known =
        query.signal == "traces" ? is_span_aggregation(query.aggregation) : query.aggregation == "count()" || query.aggregation == "rate()";
    if (!known) return invalid("invalid aggregation expression: " + query.aggregation);
    return std::nullopt;
}

std::optional<Error> read_order(const json& spec, AskedQuery& query) {
    const json order = spec.value("order", json::array());
    for (const json& clause : order) {
        if (auto error = only(clause, {"key", "direction"}, "order by")) return error;
        if (auto error = only(clause.value("key", json()), {"name", "fieldContext", "fieldDataType"}, "order by key")) return error;
        const std::string direction = string_or_empty(clause, "direction");
        if (direction != "asc" && direction != "desc") return invalid("invalid direction for order by clause: " + direction);
        query.newest_first = direction == "desc";
    }
    return std::nullopt;
}

result<AskedQuery> read_v5_query(const json& envelope, bool rows) {
    if (auto error = only(envelope, {"type", "spec"}, "query")) return *error;
    if (string_or_empty(envelope, "type") != "builder_query")
        return invalid("unknown query type \"" + string_or_empty(envelope, "type") + "\"");
    const json spec = envelope.value("spec", json());
    if (auto error =
            only(spec,
                 {"name", "stepInterval", "signal", "source", "aggregations", "disabled", "filter", "groupBy", "order", "selectFields",
                  "limit", "limitBy", "offset", "cursor", "having", "secondaryAggregations", "functions", "legend"},
                 "query spec")) {
        return *error;
    }
    AskedQuery query;
    query.name = string_or_empty(spec, "name");
    query.signal = string_or_empty(spec, "signal");
    if (query.signal != "logs" && query.signal != "traces" && query.signal != "metrics")
        return invalid("invalid signal type: " + query.signal);
    if (rows && query.signal == "metrics") return invalid("raw request type is not supported for metric queries");
    const json filter = spec.value("filter", json::object());
    if (auto error = only(filter, {"expression"}, "filter")) return *error;
    auto matches = parse_expression(string_or_empty(filter, "expression"));
    if (!matches) return matches.error();
    query.matches = std::move(*matches);
    const auto limit = whole(spec, "limit", 100);
    const auto offset = whole(spec, "offset", 0);
    const auto step = whole(spec, "stepInterval", 60);
    if (!limit || !offset || !step) return invalid("invalid JSON: limit, offset and stepInterval must be numbers");
    if (*limit < 0 || *limit > most_rows) return invalid("limit exceeds maximum allowed value of 10000");
    if (*offset < 0) return invalid("offset must be non-negative, got " + std::to_string(*offset));
    query.limit = static_cast<std::size_t>(*limit);
    query.offset = static_cast<std::size_t>(*offset);
    query.step = std::max<std::int64_t>(60, *step);
    if (auto error = rows ? read_order(spec, query) : read_aggregations(spec, query)) return *error;
    return query;
}

// Older builds ignore unknown fields; what our queries need is read with its type.

Predicate key_in(std::string key, std::vector<std::string> values, bool negated) {
    return [key = std::move(key), values = std::move(values), negated](const FieldLookup& lookup) {
        const auto actual = lookup(key);
        return (actual && std::find(values.begin(), values.end(), *actual) != values.end()) != negated;
    };
}

/// The columns and labels of older builds under their present names.
std::string present_name(const std::string& key) {
    if (key == "serviceName" || key == "service_name") return "service.name";
    if (key == "hasError") return "has_error";
    return key == "deployment_environment" ? "deployment.environment" : key;
}

result<Predicate> read_items(const json& filters) {
    std::vector<Predicate> all;
    for (const json& item : filters.value("items", json::array())) {
        const std::string op = string_or_empty(item, "op");
        const json* key = find(item, "key");
        if (key == nullptr || !key->is_object() || !key->contains("dataType") || !key->contains("isColumn"))
            return invalid("filter item key is invalid");
        if (op != "=" && op != "in" && op != "nin") return invalid("unsupported operator " + op);
        std::vector<std::string> values;
        const json value = item.value("value", json());
        for (const json& one : value.is_array() ? value : json::array({value}))
            values.push_back(one.is_string() ? one.get<std::string>() : dump_json(one));
        all.push_back(key_in(present_name(string_or_empty(*key, "key")), std::move(values), op == "nin"));
    }
    return Predicate([all = std::move(all)](const FieldLookup& lookup) {
        return std::all_of(all.begin(), all.end(), [&lookup](const Predicate& one) { return one(lookup); });
    });
}

result<AskedQuery> read_legacy_query(const std::string& name, const json& spec, bool rows) {
    AskedQuery query;
    query.name = name;
    query.signal = string_or_empty(spec, "dataSource");
    if (string_or_empty(spec, "queryName") != name || string_or_empty(spec, "expression").empty()) return invalid("expression is required");
    if (query.signal != "logs" && query.signal != "traces" && query.signal != "metrics")
        return invalid("data source is invalid: " + query.signal);
    const std::string operation = string_or_empty(spec, "aggregateOperator");
    const std::string attribute = string_or_empty(spec, "aggregateAttribute.key");
    if (rows != (operation == "noop")) return invalid("aggregate operator is invalid: " + operation);
    if (operation.starts_with('p') && attribute != "durationNano") return invalid("aggregate attribute is required");
    query.metric = query.signal == "metrics" ? attribute : "";
    query.aggregation = operation.starts_with('p')  ? operation + "(duration_nano)"
                        : query.signal == "metrics" ? operation
                                                    : operation + "()";
    if (rows && query.signal == "traces" && spec.value("selectColumns", json::array()).empty())
        return invalid("select columns are required");
    auto matches = read_items(spec.value("filters", json::object()));
    if (!matches) return matches.error();
    query.matches = std::move(*matches);
    const auto size = whole(spec, "pageSize", 100);
    const auto offset = whole(spec, "offset", 0);
    if (!size || !offset) return invalid("pageSize and offset must be numbers");
    query.limit = static_cast<std::size_t>(*size);
    query.offset = static_cast<std::size_t>(*offset);
    for (const json& order : spec.value("orderBy", json::array())) query.newest_first = string_or_empty(order, "order") == "desc";
    return query;
}

}  // namespace

std::string unknown_key(const json& object, std::initializer_list<std::string_view> known) {
    for (const auto& [key, value] : object.items()) {
        if (std::find(known.begin(), known.end(), key) == known.end()) return key;
    }
    return {};
}

result<AskedRange> read_v5_body(const std::string& text) {
    const auto body = parse_json(text);
    if (!body) return invalid("invalid JSON: " + body.error().message);
    if (auto error =
            only(*body, {"schemaVersion", "start", "end", "requestType", "compositeQuery", "variables", "noCache", "formatOptions"},
                 "query range request")) {
        return *error;
    }
    const auto window = read_window(*body);
    if (!window) return window.error();
    const std::string type = string_or_empty(*body, "requestType");
    if (type != "raw" && type != "time_series") return invalid("invalid request type: " + type);
    const json composite = body->value("compositeQuery", json());
    if (auto error = only(composite, {"queries"}, "composite query")) return *error;
    AskedRange range{*window, type == "raw", {}};
    for (const json& envelope : composite.value("queries", json::array())) {
        auto query = read_v5_query(envelope, range.rows);
        if (!query) return query.error();
        const bool twice =
            std::any_of(range.queries.begin(), range.queries.end(), [&](const AskedQuery& q) { return q.name == query->name; });
        if (twice) return invalid("duplicate query name '" + query->name + "'");
        range.queries.push_back(std::move(*query));
    }
    if (range.queries.empty()) return invalid("at least one query is required");
    return range;
}

result<AskedRange> read_legacy_body(const std::string& text) {
    const auto body = parse_json(text);
    if (!body || !body->is_object()) return invalid("cannot parse the request body");
    const auto window = read_window(*body);
    if (!window) return window.error();
    const auto step = whole(*body, "step", 60);
    if (!step) return step.error();
    const json composite = body->value("compositeQuery", json::object());
    const std::string panel = string_or_empty(composite, "panelType");
    if (panel != "list" && panel != "graph") return invalid("panel type is invalid: " + panel);
    if (string_or_empty(composite, "queryType") != "builder") return invalid("query type is invalid");
    AskedRange range{*window, panel == "list", {}};
    const json queries = composite.value("builderQueries", json::object());
    for (const auto& [name, spec] : queries.items()) {
        auto query = read_legacy_query(name, spec, range.rows);
        if (!query) return query.error();
        query->step = std::max<std::int64_t>(60, *step);
        range.queries.push_back(std::move(*query));
    }
    if (range.queries.empty()) return invalid("composite query must contain at least one query");
    return range;
}

}  // namespace gumshoe::signoz
