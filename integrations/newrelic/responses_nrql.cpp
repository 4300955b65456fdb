// Rows of NRQL: logs, errors, spans, deployments, time series.
#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "integrations/newrelic/responses.hpp"
#include "integrations/newrelic/row_fields.hpp"

namespace gumshoe::newrelic {

namespace {

constexpr std::size_t log_message_bytes = 4096;
constexpr std::size_t most_series = 50;

/// Agents' spans and OpenTelemetry's name one and the same service differently.
std::string service_of(const json& row) {
    return text_of(row, {"service.name", "appName", "entity.name", "service"});
}

std::string host_of(const json& row) {
    return text_of(row, {"k8s.pod.name", "hostname", "host.name", "host"});
}

void keep(const json& row, std::initializer_list<std::string_view> names, std::map<std::string, std::string>& out) {
    for (const std::string_view name : names) {
        std::string text = text_of(row, {name});
        if (!text.empty()) out.emplace(name, std::move(text));
    }
}

/// The earliest time at which a version of a service was seen is when it began to run, as far as we looked.
class Versions {
public:
    void add(CodeLocation code) {
        if (code.service.empty() || (code.url.empty() && code.revision.empty() && code.version.empty())) return;
        const auto same = std::find_if(seen_.begin(), seen_.end(), [&code](const CodeLocation& other) {
            return other.service == code.service && other.version == code.version && other.revision == code.revision &&
                   other.url == code.url;
        });
        if (same == seen_.end()) {
            seen_.push_back(std::move(code));
        } else {
            same->seen_at = std::min(same->seen_at, code.seen_at);
        }
    }
    void give(Records& records) { records.code.insert(records.code.end(), seen_.begin(), seen_.end()); }

private:
    std::vector<CodeLocation> seen_;
};

bool failed(const json& row) {
    if (iequals(text_of(row, {"otel.status_code"}), "ERROR")) return true;
    const json* error = column(row, "error");
    if (error != nullptr && (*error == true || (error->is_string() && *error == "true"))) return true;
    return !text_of(row, {"error.class", "error.message"}).empty();
}

std::optional<SpanRecord> read_span(const json& row) {
    SpanRecord span;
    span.trace_id = text_of(row, {"trace.id", "traceId"});
    span.span_id = text_of(row, {"id", "guid"});
    span.parent_span_id = text_of(row, {"parent.id", "parentId"});
    span.service = service_of(row);
    span.instance = host_of(row);
    span.name = text_of(row, {"name"});
    const auto start = millis_of(row, "timestamp");
    if (!start || span.span_id.empty()) return std::nullopt;
    double ms = number_of(row, "duration.ms").value_or(-1);
    if (ms < 0) ms = number_of(row, "duration").value_or(0) * 1000;
    span.start_time_unix_nano = *start * 1'000'000;
    span.end_time_unix_nano = span.start_time_unix_nano + static_cast<std::int64_t>(ms >= 0 && ms < 1e11 ? ms * 1e6 : 0);
    span.error = failed(row);
    return span;
}

struct Signal {
    const char* key;
    const char* name;
    const char* unit;
    double factor = 1;
};

/// A number, or the {"95": number} of a percentile.
std::optional<double> value_of(const json& row, std::string_view key) {
    const json* value = column(row, key);
    if (value == nullptr) return std::nullopt;
    if (value->is_object() && value->size() == 1) value = &*value->begin();
    if (!value->is_number() || !std::isfinite(value->get<double>())) return std::nullopt;
    return value->get<double>();
}

std::optional<std::int64_t> second_of(const json& row) {
    const auto begin = number_of(row, "beginTimeSeconds");
    return begin && *begin > 0 && *begin < 4e9 ? std::optional(static_cast<std::int64_t>(*begin)) : std::nullopt;
}

/// The signals of one event type. Where nothing was ever counted the service does not report that way: then all its zeros say nothing.
void read_signals(const json& rows, const std::vector<Signal>& signals, const std::string& entity, Records& records) {
    for (const Signal& signal : signals) {
        MetricSeries series;
        series.entity = entity;
        series.name = signal.name;
        series.unit = signal.unit;
        for (const json& row : rows) {
            const auto at = second_of(row);
            const auto value = value_of(row, signal.key);
            if (at && value) series.points.emplace_back(*at, *value * signal.factor);
        }
        std::sort(series.points.begin(), series.points.end());
        const bool silent = std::all_of(series.points.begin(), series.points.end(), [](const auto& point) { return point.second == 0; });
        if (silent && std::string_view(signal.key) == "requests") return;
        if (!series.points.empty()) records.metrics.push_back(std::move(series));
    }
}

std::string facet_of(const json& row) {
    const json* facet = column(row, "facet");
    if (facet == nullptr) return {};
    std::vector<std::string> parts;
    const json items = facet->is_array() ? *facet : json::array({*facet});
    for (const json& item : items) {
        if (item.is_string()) parts.push_back(truncate(strip_invisible(sanitize_utf8(item.get_ref<const std::string&>())), 100));
    }
    return join(parts, ", ");
}

std::string change_kind(const json& row) {
    const std::string category = text_of(row, {"category"});
    if (category.empty() || icontains(category, "deploy")) return "deploy";
    return icontains(category, "flag") ? "flag" : "config";
}

}  // namespace

void read_logs(const json& rows, Records& records) {
    Versions versions;
    for (const json& row : rows) {
        LogRecord log;
        const auto at = millis_of(row, "timestamp");
        log.body = text_of(row, {"message"}, log_message_bytes);
        if (!at || log.body.empty()) continue;
        log.time_unix_nano = *at * 1'000'000;
        log.service = service_of(row);
        log.instance = host_of(row);
        log.severity_text = text_of(row, {"level", "log.level", "severity.text", "severity"});
        log.trace_id = text_of(row, {"trace.id"});
        log.span_id = text_of(row, {"span.id"});
        keep(row, {"error.class", "error.message", "logger.name", "service.version"}, log.attributes);
        versions.add({log.service, "", "", "", text_of(row, {"service.version"}), from_millis(*at), "New Relic log attributes"});
        records.logs.push_back(std::move(log));
    }
    versions.give(records);
}

void read_errors(const json& rows, Records& records) {
    for (const json& row : rows) {
        LogRecord log;
        const auto at = millis_of(row, "timestamp");
        const std::string kind = text_of(row, {"error.class"});
        const std::string message = text_of(row, {"error.message"}, log_message_bytes);
        log.body = kind.empty() || message.empty() ? kind + message : kind + ": " + message;
        if (!at || log.body.empty()) continue;
        log.time_unix_nano = *at * 1'000'000;
        log.service = service_of(row);
        log.instance = host_of(row);
        log.severity_text = "error";
        log.trace_id = text_of(row, {"trace.id", "traceId"});
        keep(row, {"error.class", "transactionName", "service.version"}, log.attributes);
        records.logs.push_back(std::move(log));
    }
}

void read_spans(const json& rows, Records& records) {
    Versions versions;
    for (const json& row : rows) {
        auto span = read_span(row);
        if (!span) continue;
        versions.add({span->service, text_of(row, {"vcs.repository.url.full", "git.repository_url"}, 500), "",
                      text_of(row, {"vcs.ref.head.revision", "git.commit.sha"}), text_of(row, {"service.version", "tags.version"}),
                      from_millis(span->start_time_unix_nano / 1'000'000), "New Relic span attributes"});
        records.spans.push_back(std::move(*span));
    }
    versions.give(records);
}

void read_golden(const Answer& answer, const std::string& service, Records& records) {
    const std::vector<Signal> transactions{
        {"requests", "transaction.requests", "1/s"}, {"errors", "transaction.errors", "%"}, {"p95", "transaction.duration.p95", "s"}};
    const std::vector<Signal> spans{
        {"requests", "span.requests", "1/s"}, {"errors", "span.errors", "%"}, {"p95", "span.duration.p95", "ms"}};
    const std::vector<Signal> resources{{"cpu", "apm.service.cpu.usertime.utilization", "1"},
                                        {"memory", "apm.service.memory.physical", "By", 1'000'000}};
    if (const json* rows = nrql_rows(answer, "transactions")) read_signals(*rows, transactions, service, records);
    if (const json* rows = nrql_rows(answer, "spans")) read_signals(*rows, spans, service, records);
    if (const json* rows = nrql_rows(answer, "resources")) read_signals(*rows, resources, service, records);
}

void read_condition_series(const json& rows, const std::string& entity, const std::string& link, Records& records) {
    constexpr std::array notes{"beginTimeSeconds", "endTimeSeconds", "inspectedCount", "timestamp"};
    std::map<std::pair<std::string, std::string>, MetricSeries> found;  // by facet and column
    for (const json& row : rows) {
        const auto at = second_of(row);
        if (!at || !row.is_object()) continue;
        const std::string facet = facet_of(row);
        for (const auto& [key, value] : row.items()) {
            const bool note = std::find(notes.begin(), notes.end(), key) != notes.end();
            const auto number = note ? std::nullopt : value_of(row, key);
            if (!number || (found.size() == most_series && !found.contains({facet, key}))) continue;
            MetricSeries& series = found[{facet, key}];
            series.points.emplace_back(*at, *number);
        }
    }
    for (auto& [key, series] : found) {
        series.entity = entity;
        series.instance = key.first;
        series.name = "condition: " + truncate(strip_invisible(sanitize_utf8(key.second)), 100);
        series.link = link;
        std::sort(series.points.begin(), series.points.end());
        records.metrics.push_back(std::move(series));
    }
}

void read_deployments(const json& rows, const std::vector<EntityName>& entities, const Region& region, Records& records) {
    for (const json& row : rows) {
        const auto at = millis_of(row, "timestamp");
        if (!at) continue;
        const std::string guid = text_of(row, {"entity.guid", "entityGuid"});
        const auto known = std::find_if(entities.begin(), entities.end(), [&guid](const EntityName& one) { return one.guid == guid; });
        Change change;
        change.kind = change_kind(row);
        change.time = from_millis(*at);
        change.service = text_of(row, {"entity.name"});
        if (change.service.empty() && known != entities.end()) change.service = known->name;
        const std::string version = text_of(row, {"version"});
        change.sha = text_of(row, {"commit"});
        change.author = text_of(row, {"user"});
        change.id = text_of(row, {"deploymentId", "changeTrackingId"});
        if (change.id.empty()) change.id = change.service + "@" + std::to_string(*at);
        const std::string told = text_of(row, {"shortDescription", "description", "changelog", "type"});
        change.subject = (change.kind == "deploy" ? "Deployed " : "Changed ") + change.service + (version.empty() ? "" : " " + version) +
                         (told.empty() ? "" : ": " + told);
        if (change.kind == "deploy") change.deployed = true;
        if (!guid.empty()) change.link = entity_link(region, guid);
        // One change may be stored as both kinds of event.
        const bool twice = std::any_of(records.changes.begin(), records.changes.end(), [&change](const Change& other) {
            return other.kind == change.kind && other.service == change.service && other.time == change.time && other.sha == change.sha;
        });
        if (twice) continue;
        if (change.kind == "deploy" && (!version.empty() || !change.sha.empty())) {
            records.code.push_back({change.service, "", "", change.sha, version, change.time, "New Relic change tracking"});
        }
        records.changes.push_back(std::move(change));
    }
}

}  // namespace gumshoe::newrelic
