// Errors, logs, metrics, dependencies and monitors as Datadog answers them. Spans and events are in responses_apm.cpp.
#include "integrations/datadog/responses.hpp"

#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "base/text.hpp"
#include "integrations/datadog/links.hpp"
#include "integrations/datadog/response_fields.hpp"

namespace gumshoe::datadog {

namespace {

constexpr std::size_t message_bytes = 200;

std::string one_line(std::string_view text, std::size_t max_bytes) {
    return truncate(replace_all(strip_invisible(sanitize_utf8(text.substr(0, max_bytes * 8))), "\n", " "), max_bytes);
}

/// {"errors":["text"]} or {"errors":[{"title","detail"}]}; "" when it is neither.
std::string vendor_message(const std::string& body) {
    const auto document = parse_json(body);
    const json* errors = document ? find(*document, "errors") : nullptr;
    if (errors == nullptr || !errors->is_array() || errors->empty()) return {};
    const json& first = errors->front();
    if (first.is_string()) return one_line(first.get_ref<const std::string&>(), message_bytes);
    const std::string detail = string_or_empty(first, "detail");
    return one_line(detail.empty() ? string_or_empty(first, "title") : detail, message_bytes);
}

void flatten(const json& value, const std::string& prefix, int depth, std::map<std::string, std::string>& out) {
    constexpr std::size_t most = 40;
    if (out.size() >= most || depth > 5) return;
    if (value.is_object()) {
        for (const auto& [key, member] : value.items()) flatten(member, prefix.empty() ? key : prefix + "." + key, depth + 1, out);
    } else if (value.is_string()) {
        out.emplace(prefix, one_line(value.get_ref<const std::string&>(), 300));
    } else if (value.is_number() || value.is_boolean()) {
        out.emplace(prefix, dump_json(value));
    }
}

std::string first_attribute(const std::map<std::string, std::string>& attributes, std::initializer_list<const char*> keys) {
    for (const char* key : keys) {
        if (const auto found = attributes.find(key); found != attributes.end()) return found->second;
    }
    return {};
}

LogRecord read_log(const json& item) {
    LogRecord log;
    const json attributes = item.value("attributes", json::object());
    log.time_unix_nano = nanos(string_or_empty(attributes, "timestamp")).value_or(0);
    log.service = string_or_empty(attributes, "service");
    log.instance = string_or_empty(attributes, "host");
    log.severity_text = string_or_empty(attributes, "status");
    if (const json* nested = find(attributes, "attributes")) flatten(*nested, "", 0, log.attributes);
    for (const auto& [key, value] : read_tag_list(attributes)) {
        if (key == "version" || key == "env" || key == "git.commit.sha" || key == "pod_name") log.attributes.emplace(key, value);
    }
    log.body = string_or_empty(attributes, "message");
    if (log.body.empty()) log.body = first_attribute(log.attributes, {"message", "msg", "error.message", "log"});
    log.trace_id = first_attribute(log.attributes, {"trace_id", "dd.trace_id", "otel.trace_id"});
    log.span_id = first_attribute(log.attributes, {"span_id", "dd.span_id", "otel.span_id"});
    return log;
}

/// Datadog's unit names as UCUM; what has no UCUM word is a count.
std::string unit_of(const json& unit) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 14> names{{{"second", "s"},
                                                                                   {"millisecond", "ms"},
                                                                                   {"microsecond", "us"},
                                                                                   {"nanosecond", "ns"},
                                                                                   {"minute", "min"},
                                                                                   {"hour", "h"},
                                                                                   {"percent", "%"},
                                                                                   {"byte", "By"},
                                                                                   {"kibibyte", "KiBy"},
                                                                                   {"mebibyte", "MiBy"},
                                                                                   {"gibibyte", "GiBy"},
                                                                                   {"bit", "bit"},
                                                                                   {"core", "{cpu}"},
                                                                                   {"nanocore", "n{cpu}"}}};
    const std::string name = string_or_empty(unit, "name");
    for (const auto& [theirs, ours] : names) {
        if (name == theirs) return std::string(ours);
    }
    return "1";
}

std::string read_unit(const json& series) {
    const auto unit = series.find("unit");
    if (unit == series.end() || !unit->is_array() || unit->empty()) return "1";
    const std::string per = unit->size() > 1 && (*unit)[1].is_object() ? "/" + unit_of((*unit)[1]) : std::string();
    return unit_of((*unit)[0]) + per;
}

MetricSeries read_series(const json& series, const MetricQuery& query) {
    MetricSeries out;
    std::map<std::string, std::string> tags;
    for (const std::string& tag : split(string_or_empty(series, "scope"), ',')) {
        const std::size_t colon = tag.find(':');
        if (colon != std::string::npos) tags.emplace(trim(tag.substr(0, colon)), trim(tag.substr(colon + 1)));
    }
    const std::string service = first_attribute(tags, {"service"});
    out.entity = service.empty() ? query.entity : service;
    out.instance = first_attribute(tags, {"pod_name", "host", "container_name", "resource_name"});
    out.name = query.name.empty() ? string_or_empty(series, "metric") : query.name;
    out.unit = read_unit(series);
    if (query.text.find(".as_rate()") != std::string::npos && out.unit == "1") out.unit = "1/s";
    const json* points = find(series, "pointlist");
    if (points == nullptr || !points->is_array()) return out;
    for (const json& point : *points) {
        if (!point.is_array() || point.size() < 2 || !point[0].is_number() || !point[1].is_number()) continue;
        const double value = point[1].get<double>();
        const double at = point[0].get<double>() / 1000;
        if (std::isfinite(value) && std::abs(at) < 1e12) out.points.emplace_back(static_cast<std::int64_t>(std::floor(at)), value);
    }
    return out;
}

std::string thresholds_text(const json& monitor) {
    const json* thresholds = find(monitor, "options.thresholds");
    if (thresholds == nullptr || !thresholds->is_object()) return {};
    std::string text;
    for (const auto& [name, value] : thresholds->items()) {
        if (value.is_number()) text += (text.empty() ? "" : ", ") + one_line(name, 40) + " " + dump_json(value);
    }
    return text.empty() ? text : "; thresholds: " + text;
}

/// The groups that alert now: "host:web-7 since 10:02:11".
std::string groups_text(const json& monitor) {
    const json* groups = find(monitor, "state.groups");
    if (groups == nullptr || !groups->is_object()) return {};
    std::string text;
    int shown = 0;
    for (const auto& [name, group] : groups->items()) {
        const std::string status = string_or_empty(group, "status");
        if ((status != "Alert" && status != "Warn" && status != "No Data") || ++shown > 5) continue;
        text += (text.empty() ? "" : ", ") + one_line(name, 100) + " " + status;
        if (const auto since = get_int(group, "last_triggered_ts"); since && *since > 0 && *since < 4'000'000'000) {
            text += " since " + format_rfc3339(from_seconds(*since));
        }
    }
    return text.empty() ? text : "; groups: " + text;
}

}  // namespace

std::optional<Error> read_error(const HttpResponse& response, std::string_view permission) {
    const int status = response.status;
    if (status / 100 == 2) return std::nullopt;
    const std::string detail = vendor_message(response.body);
    const std::string said = "Datadog answered " + std::to_string(status) + (detail.empty() ? "" : ": " + detail);
    if (status == 401) return Error{errc::unauthorized, said + " (the API key is wrong, revoked or of another site)"};
    if (status == 403) {
        return Error{errc::forbidden,
                     said + " (the application key lacks " + std::string(permission) + ", or a key is wrong or of another site)"};
    }
    if (status == 404) return Error{errc::not_found, said};
    if (status == 408 || status / 100 == 5) return Error{errc::unavailable, said};
    if (status == 429) {
        const std::string limit(response.headers.find("X-RateLimit-Name").value_or(""));
        const auto reset = rate_limit_reset(response);
        return Error{errc::rate_limited, said + (limit.empty() ? "" : " (limit " + one_line(limit, 60) + ")") +
                                             (reset ? "; lifted in " + std::to_string(reset->count()) + " s" : "")};
    }
    return Error{errc::bad_reply, said};
}

std::optional<seconds> rate_limit_reset(const HttpResponse& response) {
    const json value = std::string(response.headers.find("X-RateLimit-Reset").value_or(""));
    const auto reset = get_int(value, "");
    if (!reset || *reset < 0 || *reset > 86400) return std::nullopt;
    return seconds(*reset);
}

result<Page> read_logs(const HttpResponse& response, Records& records) {
    auto items = read_items(response);
    if (!items) return items.error();
    Sightings sightings("log tag");
    for (const json& item : items->data) {
        LogRecord log = read_log(item);
        if (log.time_unix_nano == 0) continue;
        const json attributes = item.value("attributes", json::object());
        sightings.add(log.service, read_tag_list(attributes), attributes.value("attributes", json()), log.time_unix_nano);
        if (!log.body.empty()) records.logs.push_back(std::move(log));
    }
    sightings.move_to(records);
    return items->page;
}

result<void> read_metrics(const HttpResponse& response, const std::vector<MetricQuery>& queries, Records& records) {
    auto document = parse_json(response.body);
    if (!document) return Error{errc::bad_reply, "Datadog's metrics answer is no JSON"};
    if (string_or_empty(*document, "status") == "error") {
        return Error{errc::bad_reply, "Datadog refused the metric query: " + one_line(string_or_empty(*document, "error"), message_bytes)};
    }
    const json* series = find(*document, "series");
    if (series == nullptr || !series->is_array()) return Error{errc::bad_reply, "Datadog's metrics answer has no series"};
    for (const json& one : *series) {
        const auto index = static_cast<std::size_t>(get_int(one, "query_index").value_or(0));
        MetricSeries read = read_series(one, index < queries.size() ? queries[index] : queries.front());
        if (!read.points.empty()) records.metrics.push_back(std::move(read));
    }
    return {};
}

result<void> read_dependencies(const HttpResponse& response, const std::string& service, Records& records) {
    auto document = parse_json(response.body);
    if (!document || !document->is_object()) return Error{errc::bad_reply, "Datadog's dependencies answer is no JSON object"};
    std::vector<Edge> all;
    for (const auto& [caller, value] : document->items()) {
        const json* calls = find(value, "calls");
        if (calls == nullptr || !calls->is_array()) continue;
        for (const json& callee : *calls) {
            if (callee.is_string()) all.push_back({caller, callee.get<std::string>()});
        }
    }
    std::set<std::string> near{service};
    for (int step = 0; step < 2; ++step) {
        std::set<std::string> next = near;
        for (const Edge& edge : all) {
            if (near.contains(edge.caller)) next.insert(edge.callee);
            if (near.contains(edge.callee)) next.insert(edge.caller);
        }
        near = std::move(next);
    }
    for (Edge& edge : all) {
        if (near.contains(edge.caller) && near.contains(edge.callee)) records.edges.push_back(std::move(edge));
    }
    return {};
}

result<Monitor> read_monitor(const HttpResponse& response, const std::string& entity, const std::string& app_url) {
    auto document = parse_json(response.body);
    if (!document || !document->is_object()) return Error{errc::bad_reply, "Datadog's monitor answer is no JSON object"};
    const json* id = find(*document, "id");
    if (id == nullptr) return Error{errc::bad_reply, "Datadog's monitor answer has no id"};
    Monitor monitor;
    monitor.id = id->is_string() ? id->get<std::string>() : dump_json(*id);
    monitor.name = one_line(string_or_empty(*document, "name"), 200);
    monitor.type = one_line(string_or_empty(*document, "type"), 60);
    monitor.query = string_or_empty(*document, "query");
    monitor.state = one_line(string_or_empty(*document, "overall_state"), 40);
    monitor.fact.entity = entity;
    monitor.fact.text = "Monitor " + monitor.id + " \"" + monitor.name + "\" (" + monitor.type + ") is in state " +
                        (monitor.state.empty() ? "unknown" : monitor.state) + "; query: " + one_line(monitor.query, 400) +
                        thresholds_text(*document) + groups_text(*document);
    if (const json* downtimes = find(*document, "matching_downtimes"); downtimes && downtimes->is_array() && !downtimes->empty()) {
        monitor.fact.text += "; a downtime covers it now";
    }
    const std::string modified = string_or_empty(*document, "modified");
    if (!modified.empty()) monitor.fact.text += "; last edited " + one_line(modified, 40);
    if (const auto since = nanos(string_or_empty(*document, "overall_state_modified"))) {
        monitor.fact.at = from_millis(*since / 1'000'000);
    }
    monitor.fact.link = monitor_link(app_url, monitor.id, "");
    return monitor;
}

}  // namespace gumshoe::datadog
