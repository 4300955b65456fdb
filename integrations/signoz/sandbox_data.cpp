// Rows, series and services out of a scenario's telemetry.
#include "integrations/signoz/sandbox_data.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>

#include "base/text.hpp"

namespace gumshoe::signoz {

using sandbox::PlayedLog;
using sandbox::PlayedMetric;
using sandbox::PlayedSpan;
using sandbox::Telemetry;

namespace {

std::string hex(const std::string& decimal, const char* format) {
    std::uint64_t number = 0;
    std::from_chars(decimal.data(), decimal.data() + decimal.size(), number);
    char text[33];
    std::snprintf(text, sizeof text, format, static_cast<unsigned long long>(number));
    return text;
}

std::string span_hex(const std::string& id) {
    return id == "0" ? "" : hex(id, "%016llx");
}

int severity_number(const std::string& severity) {
    if (severity == "debug") return 5;
    if (severity == "info") return 9;
    if (severity == "warn") return 13;
    return severity == "critical" ? 21 : 17;
}

std::string severity_text(const std::string& severity) {
    std::string upper = severity == "critical" ? "fatal" : severity;
    for (char& c : upper) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    return upper;
}

/// Attributes that describe the process belong to its resource.
bool of_resource(const std::string& key) {
    for (const char* prefix : {"service.", "vcs.", "git.", "k8s.", "deployment."}) {
        if (key.starts_with(prefix)) return true;
    }
    return false;
}

void split_attributes(const std::map<std::string, std::string>& from, json& resource, json& attributes) {
    for (const auto& [key, value] : from) {
        const std::string name = key == "version" ? "service.version" : key;
        (of_resource(name) ? resource : attributes)[name] = value;
    }
}

std::string iso(std::int64_t nanos) {
    char fraction[16];
    std::snprintf(fraction, sizeof fraction, ".%09lldZ", static_cast<long long>(nanos % 1'000'000'000));
    return format_rfc3339(from_seconds(nanos / 1'000'000'000)).substr(0, 19) + fraction;
}

FieldLookup lookup_of(const PlayedLog& log, const std::string& environment) {
    return [&log, environment](std::string_view key) -> std::optional<std::string> {
        if (key == "service.name") return log.service;
        if (key == "deployment.environment") return environment;
        if (key == "host.name") return log.instance;
        if (key == "severity_text") return severity_text(log.severity);
        if (key == "severity_number") return std::to_string(severity_number(log.severity));
        if (key == "body") return log.text;
        return std::nullopt;
    };
}

FieldLookup lookup_of(const KeptSpan& kept, const std::string& environment) {
    return [&kept, environment](std::string_view key) -> std::optional<std::string> {
        if (key == "service.name") return kept.span.service;
        if (key == "deployment.environment") return environment;
        if (key == "has_error") return kept.span.error ? "true" : "false";
        if (key == "kind_string") return kept.entry ? "Server" : "Internal";
        if (key == "name") return kept.span.name;
        if (key == "trace_id") return hex(kept.span.trace_id, "%032llx");
        return std::nullopt;
    };
}

json log_row(const PlayedLog& log, const std::string& environment) {
    json resource = {{"service.name", log.service}, {"deployment.environment", environment}};
    json attributes = json::object();
    if (!log.instance.empty()) resource["host.name"] = log.instance;
    split_attributes(log.attributes, resource, attributes);
    const std::int64_t at = to_millis(log.at) * 1'000'000;
    return {{"timestamp", iso(at)},
            {"data",
             {{"id", log.id},
              {"timestamp", at},
              {"body", log.text},
              {"severity_text", severity_text(log.severity)},
              {"severity_number", severity_number(log.severity)},
              {"trace_id", ""},
              {"span_id", ""},
              {"trace_flags", 0},
              {"scope_name", ""},
              {"scope_version", ""},
              {"resources_string", std::move(resource)},
              {"attributes_string", std::move(attributes)},
              {"attributes_number", json::object()},
              {"attributes_bool", json::object()}}}};
}

json span_row(const KeptSpan& kept, const std::string& environment, bool legacy) {
    const PlayedSpan& span = kept.span;
    json data;
    if (legacy) {
        data = {{"traceID", hex(span.trace_id, "%032llx")},
                {"spanID", span_hex(span.span_id)},
                {"parentSpanID", span_hex(span.parent_id)},
                {"serviceName", span.service},
                {"name", span.name},
                {"durationNano", span.duration_nanos},
                {"hasError", span.error}};
        return {{"timestamp", iso(span.start_nanos)}, {"data", std::move(data)}};
    }
    json resource = {{"service.name", span.service}, {"deployment.environment", environment}};
    json attributes = json::object();
    split_attributes(span.attributes, resource, attributes);
    data = {{"trace_id", hex(span.trace_id, "%032llx")},
            {"span_id", span_hex(span.span_id)},
            {"parent_span_id", span_hex(span.parent_id)},
            {"name", span.name},
            {"kind", kept.entry ? 2 : 1},
            {"kind_string", kept.entry ? "Server" : "Internal"},
            {"duration_nano", span.duration_nanos},
            {"status_code", span.error ? 2 : 0},
            {"status_code_string", span.error ? "Error" : "Unset"},
            {"status_message", ""},
            {"has_error", span.error},
            {"timestamp", iso(span.start_nanos)},
            {"flags", 0},
            {"trace_state", ""},
            {"events", json::array()},
            {"links", "[]"},
            {"attributes", std::move(attributes)},
            {"resource", std::move(resource)}};
    return {{"timestamp", iso(span.start_nanos)}, {"data", std::move(data)}};
}

/// The asked slice of what matches; `all` ascends in time.
template <class T, class Row>
json slice(const std::vector<T>& all, const AskedQuery& query, const std::string& environment, Row row) {
    std::vector<const T*> found;
    for (const T& one : all) {
        if (query.matches(lookup_of(one, environment))) found.push_back(&one);
    }
    if (query.newest_first) std::reverse(found.begin(), found.end());
    json rows = json::array();
    for (std::size_t i = query.offset; i < found.size() && rows.size() < query.limit; ++i) rows.push_back(row(*found[i]));
    return rows;
}

double played_share(std::vector<double>& values, double share) {
    std::sort(values.begin(), values.end());
    return values[static_cast<std::size_t>(static_cast<double>(values.size() - 1) * share)];
}

double aggregate(const std::string& aggregation, std::vector<double>& durations, std::int64_t step) {
    if (aggregation == "count()") return static_cast<double>(durations.size());
    if (aggregation == "rate()") return static_cast<double>(durations.size()) / static_cast<double>(step);
    if (aggregation.starts_with("p")) return played_share(durations, std::stod(aggregation.substr(1, 2)) / 100);
    double sum = 0;
    for (const double value : durations) sum += value;
    return sum / static_cast<double>(durations.size());
}

/// Counts and durations by buckets of a step; empty buckets are not there, as in SigNoz.
std::vector<std::pair<std::int64_t, double>> in_buckets(const std::vector<std::pair<std::int64_t, double>>& values,
                                                        const AskedQuery& query) {
    std::map<std::int64_t, std::vector<double>> buckets;
    for (const auto& [at, value] : values) buckets[at / (query.step * 1000) * query.step * 1000].push_back(value);
    std::vector<std::pair<std::int64_t, double>> points;
    for (auto& [at, members] : buckets) points.emplace_back(at, aggregate(query.aggregation, members, query.step));
    return points;
}

result<std::vector<KeptSeries>> metric_series(const Telemetry& telemetry, Window window, const AskedQuery& query) {
    std::vector<KeptSeries> found;
    bool sent = false;
    for (const PlayedMetric& metric : telemetry.metrics()) {
        const std::string name = metric.name + (metric.statistic.empty() ? "" : "." + metric.statistic);
        if (name != query.metric && replace_all(name, ".", "_") != query.metric) continue;
        sent = true;
        const FieldLookup lookup = [&](std::string_view key) -> std::optional<std::string> {
            return key == "service.name"             ? std::optional(metric.entity)
                   : key == "deployment.environment" ? std::optional(metric.environment)
                                                     : std::nullopt;
        };
        if (!query.matches(lookup)) continue;
        KeptSeries series{metric.entity, {}, metric.unit};
        const std::int64_t step = query.step * 1000;
        for (std::int64_t at = to_millis(window.from) / step * step; at < to_millis(window.to); at += step) {
            series.points.emplace_back(at, metric.value_at(telemetry.seconds_from_zero(from_millis(at))));
        }
        found.push_back(std::move(series));
    }
    if (!sent) return Error{errc::not_found, "could not find the metric " + query.metric};
    return found;
}

}  // namespace

std::vector<KeptSpan> spans_of(const Telemetry& telemetry, Window window) {
    std::vector<PlayedSpan> all = telemetry.spans({window.from - std::chrono::minutes(1), window.to});
    std::map<std::string, std::string> services;
    for (const PlayedSpan& span : all) services.emplace(span.span_id, span.service);
    std::vector<KeptSpan> kept;
    for (PlayedSpan& span : all) {
        if (span.start_nanos < to_millis(window.from) * 1'000'000) continue;
        const auto caller = services.find(span.parent_id);
        const bool entry = caller == services.end() || caller->second != span.service;
        kept.push_back({std::move(span), entry});
    }
    return kept;
}

json rows_of(const Telemetry& telemetry, const std::vector<KeptSpan>& spans, const AskedRange& range, const AskedQuery& query,
             bool legacy) {
    const std::string& environment = telemetry.environment();
    if (query.signal == "logs") {
        return slice(telemetry.logs(range.window), query, environment, [&](const PlayedLog& log) { return log_row(log, environment); });
    }
    return slice(spans, query, environment, [&](const KeptSpan& span) { return span_row(span, environment, legacy); });
}

result<std::vector<KeptSeries>> series_of(const Telemetry& telemetry, const std::vector<KeptSpan>& spans, const AskedRange& range,
                                          const AskedQuery& query) {
    if (query.signal == "metrics") return metric_series(telemetry, range.window, query);
    std::vector<std::pair<std::int64_t, double>> values;
    if (query.signal == "logs") {
        for (const PlayedLog& log : telemetry.logs(range.window)) {
            if (query.matches(lookup_of(log, telemetry.environment()))) values.emplace_back(to_millis(log.at), 0);
        }
    } else {
        for (const KeptSpan& kept : spans) {
            const bool matches = query.matches(lookup_of(kept, telemetry.environment()));
            if (matches) values.emplace_back(kept.span.start_nanos / 1'000'000, static_cast<double>(kept.span.duration_nanos));
        }
    }
    std::vector<KeptSeries> series;
    if (!values.empty()) series.push_back({"", in_buckets(values, query), ""});
    return series;
}

json services_of(const Telemetry& telemetry, Window window) {
    struct Figures {
        std::vector<double> durations;
        int errors = 0;
    };
    std::map<std::string, Figures> all;
    for (const KeptSpan& kept : spans_of(telemetry, window)) {
        if (!kept.entry) continue;
        Figures& figures = all[kept.span.service];
        figures.durations.push_back(static_cast<double>(kept.span.duration_nanos));
        figures.errors += kept.span.error ? 1 : 0;
    }
    json list = json::array();
    const double period = std::max(1.0, static_cast<double>(to_seconds(window.to) - to_seconds(window.from)));
    for (auto& [name, figures] : all) {
        const auto calls = static_cast<double>(figures.durations.size());
        double sum = 0;
        for (const double duration : figures.durations) sum += duration;
        list.push_back({{"serviceName", name},
                        {"p99", played_share(figures.durations, 0.99)},
                        {"avgDuration", sum / calls},
                        {"numCalls", calls},
                        {"callRate", calls / period},
                        {"numErrors", figures.errors},
                        {"errorRate", 100.0 * figures.errors / calls},
                        {"num4XX", 0},
                        {"fourXXRate", 0},
                        {"dataWarning", {{"topLevelOps", json::array()}}}});
    }
    return list;
}

json exceptions_of(const Telemetry& telemetry, Window window) {
    const auto attribute = [](const PlayedSpan& span, const char* key) {
        const auto found = span.attributes.find(key);
        return found == span.attributes.end() ? std::string() : found->second;
    };
    std::map<std::string, json> groups;
    for (const KeptSpan& kept : spans_of(telemetry, window)) {
        const std::string type = attribute(kept.span, "error.type");
        if (!kept.span.error || type.empty()) continue;
        const std::string message = attribute(kept.span, "error.message");
        json& group = groups[kept.span.service + "\n" + type + "\n" + message];
        if (group.is_null()) {
            group = {{"exceptionType", type},
                     {"exceptionMessage", message},
                     {"exceptionCount", 0},
                     {"firstSeen", iso(kept.span.start_nanos)},
                     {"serviceName", kept.span.service},
                     {"groupID", std::to_string(groups.size())}};
        }
        group["exceptionCount"] = group["exceptionCount"].get<int>() + 1;
        group["lastSeen"] = iso(kept.span.start_nanos);
    }
    json list = json::array();
    for (auto& [key, group] : groups) list.push_back(std::move(group));
    return list;
}

}  // namespace gumshoe::signoz
