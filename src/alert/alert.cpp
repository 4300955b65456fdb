// An alert as JSON and back: what the store keeps and a run's journal reads.
#include "alert/alert.hpp"

#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "alert/intake_store.hpp"

namespace gumshoe {

namespace {

template <class E, std::size_t N>
using Names = std::array<std::pair<E, std::string_view>, N>;

constexpr Names<AlertStatus, 2> status_names{{{AlertStatus::firing, "firing"}, {AlertStatus::resolved, "resolved"}}};
constexpr Names<Severity, 4> severity_names{
    {{Severity::critical, "critical"}, {Severity::error, "error"}, {Severity::warning, "warning"}, {Severity::info, "info"}}};
constexpr Names<Notification, 4> notification_names{{{Notification::trigger, "trigger"},
                                                     {Notification::renotify, "renotify"},
                                                     {Notification::recovery, "recovery"},
                                                     {Notification::test, "test"}}};
constexpr Names<Verdict, 5> verdict_names{{{Verdict::accepted, "accepted"},
                                           {Verdict::duplicate, "duplicate"},
                                           {Verdict::filtered, "filtered"},
                                           {Verdict::quarantined, "quarantined"},
                                           {Verdict::refused, "refused"}}};

template <class E, std::size_t N>
std::string_view name_of(const Names<E, N>& names, E value) {
    for (const auto& [key, name] : names) {
        if (key == value) return name;
    }
    return "unknown";
}

/// Absent keeps the default; a word we do not know is an error.
template <class E, std::size_t N>
result<void> read_word(const json& value, std::string_view key, const Names<E, N>& names, E& out) {
    const json* member = find(value, key);
    if (member == nullptr) return {};
    const auto word = get_string(value, key);
    for (const auto& [candidate, name] : names) {
        if (word && *word == name) {
            out = candidate;
            return {};
        }
    }
    return Error{errc::parse, "alert: " + std::string(key) + " is not one of its words"};
}

result<void> read_time(const json& value, std::string_view key, Timestamp& out) {
    if (find(value, key) == nullptr) return {};
    const auto text = get_string(value, key);
    if (!text) return Error{errc::parse, "alert: " + std::string(key) + " is not a string"};
    auto time = parse_rfc3339(*text);
    if (!time) return Error{errc::parse, "alert: " + std::string(key) + " is not an RFC 3339 time"};
    out = *time;
    return {};
}

/// A time that was never set is left out: the epoch would read as a fact.
void put_time(json& value, const char* key, Timestamp time) {
    if (time != Timestamp{}) value[key] = format_rfc3339(time);
}

}  // namespace

std::string_view to_string(AlertStatus status) {
    return name_of(status_names, status);
}
std::string_view to_string(Severity severity) {
    return name_of(severity_names, severity);
}
std::string_view to_string(Notification notification) {
    return name_of(notification_names, notification);
}
std::string_view to_string(Verdict verdict) {
    return name_of(verdict_names, verdict);
}

json to_json_value(const Alert& alert) {
    json links = json::array();
    for (const Link& link : alert.links) links.push_back({{"title", link.title}, {"url", link.url}});
    json value = {
        {"source", alert.source},
        {"title", alert.title},
        {"body", alert.body},
        {"service", alert.service},
        {"environment", alert.environment},
        {"severity", to_string(alert.severity)},
        {"status", to_string(alert.status)},
        {"notification", to_string(alert.notification)},
        {"transition", alert.transition},
        {"fingerprint", alert.fingerprint},
        {"episode", alert.episode},
        {"event_id", alert.event_id},
        {"monitor_id", alert.monitor_id},
        {"metric", alert.metric},
        {"query", alert.query},
        {"labels", json(alert.labels)},
        {"links", std::move(links)},
    };
    if (!alert.references.empty()) value["references"] = alert.references;
    put_time(value, "started_at", alert.started_at);
    put_time(value, "received_at", alert.received_at);
    return value;
}

result<Alert> alert_from_json(const json& value) {
    if (!value.is_object()) return Error{errc::parse, "alert: not an object"};
    Alert alert;
    const std::pair<const char*, std::string*> texts[] = {
        {"source", &alert.source},
        {"title", &alert.title},
        {"body", &alert.body},
        {"service", &alert.service},
        {"environment", &alert.environment},
        {"transition", &alert.transition},
        {"fingerprint", &alert.fingerprint},
        {"episode", &alert.episode},
        {"event_id", &alert.event_id},
        {"monitor_id", &alert.monitor_id},
        {"metric", &alert.metric},
        {"query", &alert.query},
    };
    for (const auto& [key, out] : texts) {
        const auto member = value.find(key);
        if (member == value.end()) continue;
        if (!member->is_string()) return Error{errc::parse, std::string("alert: ") + key + " is not a string"};
        *out = member->get<std::string>();
    }
    if (auto read = read_word(value, "severity", severity_names, alert.severity); !read) return read.error();
    if (auto read = read_word(value, "status", status_names, alert.status); !read) return read.error();
    if (auto read = read_word(value, "notification", notification_names, alert.notification); !read) return read.error();
    if (auto read = read_time(value, "started_at", alert.started_at); !read) return read.error();
    if (auto read = read_time(value, "received_at", alert.received_at); !read) return read.error();
    if (const auto labels = value.find("labels"); labels != value.end()) {
        if (!labels->is_object()) return Error{errc::parse, "alert: labels is not an object"};
        for (const auto& [key, label] : labels->items()) {
            if (!label.is_string()) return Error{errc::parse, "alert: a label is not a string"};
            alert.labels.emplace(key, label.get<std::string>());
        }
    }
    if (const auto links = value.find("links"); links != value.end()) {
        if (!links->is_array()) return Error{errc::parse, "alert: links is not a list"};
        for (const json& link : *links) {
            auto url = get_string(link, "url");
            if (!url) return Error{errc::parse, "alert: a link has no url"};
            alert.links.push_back({string_or_empty(link, "title"), std::move(*url)});
        }
    }
    if (const auto references = value.find("references"); references != value.end()) {
        if (!references->is_array()) return Error{errc::parse, "alert: references is not a list"};
        for (const json& reference : *references) {
            if (!reference.is_string()) return Error{errc::parse, "alert: a reference is not a string"};
            alert.references.push_back(reference.get<std::string>());
        }
    }
    return alert;
}

}  // namespace gumshoe
