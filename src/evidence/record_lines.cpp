// The neutral records as JSON lines, there and back.
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "evidence/records.hpp"

namespace gumshoe {

namespace {

void put(json& line, const char* key, const std::string& value) {
    if (!value.empty()) {
        line[key] = value;
    }
}

Error missing(std::string_view type, std::string_view field) {
    return {errc::parse, std::string(type) + ": `" + std::string(field) + "` is missing or of another type"};
}

json json_of(const MetricSeries& series) {
    json line{{"type", "metric"}, {"entity", series.entity}, {"name", series.name}, {"unit", series.unit}};
    put(line, "instance", series.instance);
    put(line, "link", series.link);
    json points = json::array();
    for (const auto& [at, value] : series.points) {
        points.push_back(json::array({at, value}));
    }
    line["points"] = std::move(points);
    return line;
}

json json_of(const LogRecord& log) {
    json line{{"type", "log"}, {"time_unix_nano", log.time_unix_nano}, {"service", log.service}, {"body", log.body}};
    put(line, "instance", log.instance);
    put(line, "severity_text", log.severity_text);
    put(line, "trace_id", log.trace_id);
    put(line, "span_id", log.span_id);
    if (!log.attributes.empty()) {
        line["attributes"] = log.attributes;
    }
    return line;
}

json json_of(const SpanRecord& span) {
    json line{{"type", "span"},
              {"trace_id", span.trace_id},
              {"span_id", span.span_id},
              {"parent_span_id", span.parent_span_id},
              {"service", span.service},
              {"name", span.name},
              {"start_time_unix_nano", span.start_time_unix_nano},
              {"end_time_unix_nano", span.end_time_unix_nano}};
    put(line, "instance", span.instance);
    if (span.error) {
        line["status"] = "error";
    }
    return line;
}

json json_of(const Edge& edge) {
    return {{"type", "edge"}, {"caller", edge.caller}, {"callee", edge.callee}};
}

json json_of(const Change& change) {
    json line{
        {"type", "change"}, {"id", change.id}, {"kind", change.kind}, {"time", format_rfc3339(change.time)}, {"subject", change.subject}};
    put(line, "service", change.service);
    put(line, "repository", change.repository);
    put(line, "author", change.author);
    put(line, "environment", change.environment);
    put(line, "sha", change.sha);
    put(line, "diff", change.diff);
    put(line, "link", change.link);
    if (!change.files.empty()) {
        line["files"] = change.files;
    }
    if (change.deployed) {
        line["deployed"] = *change.deployed;
    }
    return line;
}

json json_of(const ChatMessage& message) {
    json line{{"type", "message"}, {"channel", message.channel}, {"ts", message.ts}, {"text", message.text}};
    put(line, "user", message.user);
    put(line, "thread_ts", message.thread_ts);
    put(line, "link", message.link);
    return line;
}

json json_of(const PastIncident& incident) {
    json line{{"type", "incident"}, {"id", incident.id}, {"title", incident.title}, {"at", format_rfc3339(incident.at)}};
    put(line, "service", incident.service);
    put(line, "cause", incident.cause);
    put(line, "resolution", incident.resolution);
    put(line, "link", incident.link);
    return line;
}

json json_of(const Fact& fact) {
    json line{{"type", "fact"}, {"entity", fact.entity}, {"text", fact.text}, {"at", format_rfc3339(fact.at)}};
    put(line, "link", fact.link);
    return line;
}

json json_of(const CodeLocation& code) {
    json line{{"type", "code"}, {"service", code.service}, {"origin", code.origin}};
    put(line, "url", code.url);
    put(line, "repository", code.repository);
    put(line, "path", code.path);
    put(line, "revision", code.revision);
    put(line, "version", code.version);
    if (code.seen_at != Timestamp{}) {
        line["seen_at"] = format_rfc3339(code.seen_at);
    }
    return line;
}

/// Absent: the epoch. Errors: there, and no RFC 3339 time.
result<Timestamp> time_of(const json& line, std::string_view type, const char* key) {
    const json* value = find(line, key);
    if (value == nullptr) {
        return Timestamp{};
    }
    const auto text = get_string(line, key);
    if (!text) {
        return missing(type, key);
    }
    auto time = parse_rfc3339(*text);
    if (!time) {
        return Error{errc::parse, std::string(type) + ": `" + key + "` is not an RFC 3339 time"};
    }
    return time;
}

/// Whole seconds from a number of any form, within the years that a time can be written in.
std::optional<std::int64_t> unix_seconds(const json& value) {
    constexpr double farthest = 253'402'300'799;  // the end of the year 9999
    if (!value.is_number() || std::abs(value.get<double>()) > farthest) {
        return std::nullopt;
    }
    return value.get<std::int64_t>();
}

result<MetricSeries> metric_of(const json& line) {
    MetricSeries series;
    const auto entity = get_string(line, "entity");
    const auto name = get_string(line, "name");
    const json* points = find(line, "points");
    if (!entity) {
        return missing("metric", "entity");
    }
    if (!name) {
        return missing("metric", "name");
    }
    if (points == nullptr || !points->is_array()) {
        return missing("metric", "points");
    }
    series.entity = *entity;
    series.name = *name;
    series.instance = string_or_empty(line, "instance");
    series.unit = string_or_empty(line, "unit");
    series.link = string_or_empty(line, "link");
    series.points.reserve(points->size());
    for (const auto& point : *points) {
        const auto at = point.is_array() && point.size() == 2 ? unix_seconds(point[0]) : std::nullopt;
        if (!at) {
            return missing("metric", "points");
        }
        if (point[1].is_number()) {  // null is a gap
            series.points.emplace_back(*at, point[1].get<double>());
        }
    }
    std::sort(series.points.begin(), series.points.end());
    return series;
}

result<LogRecord> log_of(const json& line) {
    LogRecord log;
    const auto time = get_int(line, "time_unix_nano");
    const auto body = get_string(line, "body");
    if (!time) {
        return missing("log", "time_unix_nano");
    }
    if (!body) {
        return missing("log", "body");
    }
    log.time_unix_nano = *time;
    log.body = *body;
    log.service = string_or_empty(line, "service");
    log.instance = string_or_empty(line, "instance");
    log.severity_text = string_or_empty(line, "severity_text");
    log.trace_id = string_or_empty(line, "trace_id");
    log.span_id = string_or_empty(line, "span_id");
    if (const json* attributes = find(line, "attributes"); attributes != nullptr && attributes->is_object()) {
        for (const auto& [key, value] : attributes->items()) {
            log.attributes[key] = value.is_string() ? value.get<std::string>() : dump_json(value);
        }
    }
    return log;
}

result<SpanRecord> span_of(const json& line) {
    SpanRecord span;
    const auto id = get_string(line, "span_id");
    const auto service = get_string(line, "service");
    const auto start = get_int(line, "start_time_unix_nano");
    const auto end = get_int(line, "end_time_unix_nano");
    if (!id) {
        return missing("span", "span_id");
    }
    if (!service) {
        return missing("span", "service");
    }
    if (!start) {
        return missing("span", "start_time_unix_nano");
    }
    if (!end) {
        return missing("span", "end_time_unix_nano");
    }
    span.span_id = *id;
    span.service = *service;
    span.start_time_unix_nano = *start;
    span.end_time_unix_nano = *end;
    span.trace_id = string_or_empty(line, "trace_id");
    span.parent_span_id = string_or_empty(line, "parent_span_id");
    span.instance = string_or_empty(line, "instance");
    span.name = string_or_empty(line, "name");
    span.error = string_or_empty(line, "status") == "error";
    return span;
}

result<Edge> edge_of(const json& line) {
    const auto caller = get_string(line, "caller");
    const auto callee = get_string(line, "callee");
    if (!caller) {
        return missing("edge", "caller");
    }
    if (!callee) {
        return missing("edge", "callee");
    }
    return Edge{*caller, *callee};
}

result<Change> change_of(const json& line) {
    Change change;
    const auto id = get_string(line, "id");
    const auto kind = get_string(line, "kind");
    if (!id) {
        return missing("change", "id");
    }
    if (!kind) {
        return missing("change", "kind");
    }
    auto time = time_of(line, "change", "time");
    if (!time) {
        return time.error();
    }
    change.id = *id;
    change.kind = *kind;
    change.time = *time;
    change.service = string_or_empty(line, "service");
    change.repository = string_or_empty(line, "repository");
    change.subject = string_or_empty(line, "subject");
    change.author = string_or_empty(line, "author");
    change.environment = string_or_empty(line, "environment");
    change.sha = string_or_empty(line, "sha");
    change.diff = string_or_empty(line, "diff");
    change.link = string_or_empty(line, "link");
    change.deployed = get_bool(line, "deployed");
    if (const json* files = find(line, "files"); files != nullptr && files->is_array()) {
        for (const auto& file : *files) {
            if (file.is_string()) {
                change.files.push_back(file.get<std::string>());
            }
        }
    }
    return change;
}

result<ChatMessage> message_of(const json& line) {
    const auto text = get_string(line, "text");
    if (!text) {
        return missing("message", "text");
    }
    return ChatMessage{string_or_empty(line, "channel"),   string_or_empty(line, "ts"),  string_or_empty(line, "user"), *text,
                       string_or_empty(line, "thread_ts"), string_or_empty(line, "link")};
}

result<PastIncident> incident_of(const json& line) {
    const auto title = get_string(line, "title");
    if (!title) {
        return missing("incident", "title");
    }
    auto at = time_of(line, "incident", "at");
    if (!at) {
        return at.error();
    }
    return PastIncident{string_or_empty(line, "id"),         *title, string_or_empty(line, "service"), string_or_empty(line, "cause"),
                        string_or_empty(line, "resolution"), *at,    string_or_empty(line, "link")};
}

result<Fact> fact_of(const json& line) {
    const auto text = get_string(line, "text");
    if (!text) {
        return missing("fact", "text");
    }
    auto at = time_of(line, "fact", "at");
    if (!at) {
        return at.error();
    }
    return Fact{string_or_empty(line, "entity"), *text, *at, string_or_empty(line, "link")};
}

result<CodeLocation> code_of(const json& line) {
    const auto service = get_string(line, "service");
    if (!service) {
        return missing("code", "service");
    }
    auto seen = time_of(line, "code", "seen_at");
    if (!seen) {
        return seen.error();
    }
    return CodeLocation{*service,
                        string_or_empty(line, "url"),
                        string_or_empty(line, "path"),
                        string_or_empty(line, "revision"),
                        string_or_empty(line, "version"),
                        *seen,
                        string_or_empty(line, "origin"),
                        string_or_empty(line, "repository")};
}

template <class T>
result<void> add_to(std::vector<T>& records, result<T> record) {
    if (!record) {
        return record.error();
    }
    records.push_back(std::move(*record));
    return {};
}

}  // namespace

std::vector<json> to_json_lines(const Records& records) {
    std::vector<json> lines;
    lines.reserve(records.size());
    const auto add = [&lines](const auto& list) {
        for (const auto& record : list) {
            lines.push_back(json_of(record));
        }
    };
    add(records.metrics);
    add(records.logs);
    add(records.spans);
    add(records.edges);
    add(records.changes);
    add(records.messages);
    add(records.incidents);
    add(records.facts);
    add(records.code);
    return lines;
}

result<void> add_json_line(Records& records, const json& line) {
    const auto type = get_string(line, "type");
    if (!type) {
        return missing("record", "type");
    }
    if (*type == "metric") return add_to(records.metrics, metric_of(line));
    if (*type == "log") return add_to(records.logs, log_of(line));
    if (*type == "span") return add_to(records.spans, span_of(line));
    if (*type == "edge") return add_to(records.edges, edge_of(line));
    if (*type == "change") return add_to(records.changes, change_of(line));
    if (*type == "message") return add_to(records.messages, message_of(line));
    if (*type == "incident") return add_to(records.incidents, incident_of(line));
    if (*type == "fact") return add_to(records.facts, fact_of(line));
    if (*type == "code") return add_to(records.code, code_of(line));
    return {};
}

}  // namespace gumshoe
