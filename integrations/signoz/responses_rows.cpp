// Log lines and spans, as both generations of the API answer them, and the code that their resources name.
#include <array>
#include <tuple>

#include "base/text.hpp"
#include "integrations/signoz/codec.hpp"
#include "integrations/signoz/response_fields.hpp"

namespace gumshoe::signoz {

namespace {

constexpr std::size_t most_attributes = 40;
constexpr std::size_t most_locations = 20;
constexpr std::size_t body_bytes = 8 * 1024;

constexpr std::array<std::string_view, 2> url_keys{"vcs.repository.url.full", "git.repository_url"};
constexpr std::array<std::string_view, 2> revision_keys{"vcs.ref.head.revision", "git.commit.sha"};

template <std::size_t n>
std::pair<std::string, std::string> first_of(const json& object, const std::array<std::string_view, n>& keys) {
    for (const std::string_view key : keys) {
        std::string text = first_text(object, {key});
        if (!text.empty()) return {std::move(text), std::string(key)};
    }
    return {};
}

/// The rows of the first result; `rows` and `list` are null when there are none.
result<json> rows_of(const HttpResponse& response, Page& page) {
    auto results = read_results(response);
    if (!results) return results.error();
    page.warning = results->warning;
    json rows = json::array();
    for (const json& one : results->list) {
        page.more = page.more || !string_or_empty(one, "nextCursor").empty();
        for (const char* key : {"rows", "list"}) {
            const json* list = member(one, key);
            if (list == nullptr || !list->is_array()) continue;
            for (const json& row : *list) {
                ++page.rows;
                const json* data = member(row, "data");
                if (data == nullptr || !data->is_object()) continue;
                const json* at = member(row, "timestamp");
                rows.push_back({{"at", at == nullptr ? json() : *at}, {"data", *data}});
            }
        }
    }
    return rows;
}

std::optional<std::int64_t> time_of(const json& row) {
    if (const auto at = nanos(row.at("at"))) return at;
    const json* inner = member(row.at("data"), "timestamp");
    return inner == nullptr ? std::nullopt : nanos(*inner);
}

const json& resource_of(const json& data) {
    static const json none = json::object();
    for (const char* key : {"resources_string", "resource", "resources"}) {
        const json* found = member(data, key);
        if (found != nullptr && found->is_object()) return *found;
    }
    return none;
}

std::string instance_of(const json& resource) {
    return first_text(resource, {"k8s.pod.name", "service.instance.id", "container.id", "host.name"});
}

/// Which code this row's service ran; the earliest row of each kind says since when it was seen.
void note_code(const std::string& service, const json& resource, std::int64_t at, Records& records) {
    CodeLocation found;
    found.service = service;
    found.version = one_line(first_text(resource, {"service.version"}), 100);
    const auto [url, url_key] = first_of(resource, url_keys);
    const auto [revision, revision_key] = first_of(resource, revision_keys);
    found.url = one_line(url, 500);
    found.revision = one_line(revision, 100);
    if (service.empty() || (found.version.empty() && found.url.empty() && found.revision.empty())) return;
    found.seen_at = from_millis(at / 1'000'000);
    found.origin = "resource attribute " + (!url_key.empty() ? url_key : !revision_key.empty() ? revision_key : "service.version");
    for (CodeLocation& known : records.code) {
        if (std::tie(known.service, known.url, known.revision, known.version) ==
            std::tie(found.service, found.url, found.revision, found.version)) {
            known.seen_at = std::min(known.seen_at, found.seen_at);
            return;
        }
    }
    if (records.code.size() < most_locations) records.code.push_back(std::move(found));
}

void add_attributes(const json& attributes, std::map<std::string, std::string>& out) {
    if (!attributes.is_object()) return;
    for (const auto& [key, value] : attributes.items()) {
        if (out.size() == most_attributes || value.is_null() || value.is_structured()) continue;
        out.emplace(key, one_line(value.is_string() ? value.get_ref<const std::string&>() : dump_json(value), 300));
    }
}

/// The body is an object where SigNoz keeps JSON bodies as such: its own message then, else all of it.
std::string body_of(const json& data) {
    const json* body = member(data, "body");
    if (body == nullptr || body->is_null()) return {};
    if (body->is_string()) return truncate(body->get_ref<const std::string&>(), body_bytes);
    const std::string message = first_text(*body, {"message", "msg", "log", "error"});
    return truncate(message.empty() ? dump_json(*body) : message, body_bytes);
}

LogRecord read_log(const json& data, std::int64_t at) {
    LogRecord log;
    const json& resource = resource_of(data);
    log.time_unix_nano = at;
    log.service = first_text(resource, {"service.name"});
    log.instance = instance_of(resource);
    log.severity_text = first_text(data, {"severity_text"});
    log.body = body_of(data);
    log.trace_id = first_text(data, {"trace_id"});
    log.span_id = first_text(data, {"span_id"});
    for (const char* key : {"attributes_string", "attributes_number", "attributes_int64", "attributes_float64", "attributes_bool"}) {
        if (const json* attributes = member(data, key)) add_attributes(*attributes, log.attributes);
    }
    for (const char* key : {"service.version", "deployment.environment.name", "deployment.environment"}) {
        const std::string value = first_text(resource, {key});
        if (!value.empty()) log.attributes.emplace(key, one_line(value, 300));
    }
    return log;
}

std::optional<SpanRecord> read_span(const json& data, std::int64_t at) {
    SpanRecord span;
    const json& resource = resource_of(data);
    span.trace_id = first_text(data, {"trace_id", "traceID"});
    span.span_id = first_text(data, {"span_id", "spanID"});
    span.parent_span_id = first_text(data, {"parent_span_id", "parentSpanID"});
    span.service = first_text(resource, {"service.name"});
    if (span.service.empty()) span.service = first_text(data, {"service.name", "serviceName"});
    span.instance = instance_of(resource);
    span.name = one_line(first_text(data, {"name"}), 300);
    if (span.span_id.empty()) return std::nullopt;
    span.start_time_unix_nano = at;
    span.end_time_unix_nano = at;
    for (const char* key : {"duration_nano", "durationNano"}) {
        const json* value = member(data, key);
        const auto duration = value == nullptr ? std::nullopt : finite(*value);
        if (duration && *duration >= 0 && *duration < 1e18) span.end_time_unix_nano = at + static_cast<std::int64_t>(*duration);
    }
    for (const char* key : {"has_error", "hasError"}) {
        const json* value = member(data, key);
        if (value == nullptr) continue;
        span.error = span.error || (value->is_boolean() && value->get<bool>()) || (value->is_string() && *value == "true");
    }
    return span;
}

}  // namespace

result<Page> read_logs(const HttpResponse& response, Records& records) {
    Page page;
    const auto rows = rows_of(response, page);
    if (!rows) return rows.error();
    for (const json& row : *rows) {
        const auto at = time_of(row);
        if (!at) continue;
        LogRecord log = read_log(row.at("data"), *at);
        if (log.body.empty()) continue;
        note_code(log.service, resource_of(row.at("data")), *at, records);
        records.logs.push_back(std::move(log));
    }
    return page;
}

result<Page> read_spans(const HttpResponse& response, Records& records) {
    Page page;
    const auto rows = rows_of(response, page);
    if (!rows) return rows.error();
    for (const json& row : *rows) {
        const auto at = time_of(row);
        auto span = at ? read_span(row.at("data"), *at) : std::nullopt;
        if (!span) continue;
        note_code(span->service, resource_of(row.at("data")), *at, records);
        records.spans.push_back(std::move(*span));
    }
    return page;
}

}  // namespace gumshoe::signoz
