// The content of a delivery in one normal form, whatever tool sent it.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"

namespace gumshoe {

enum class AlertStatus { firing, resolved };
enum class Severity { critical, error, warning, info };
/// What the sender said with this alert. Only `trigger` may start an investigation.
enum class Notification { trigger, renotify, recovery, test };

std::string_view to_string(AlertStatus status);
std::string_view to_string(Severity severity);
std::string_view to_string(Notification notification);

struct Link {
    std::string title;
    std::string url;  // http(s); made by us or given by the vendor, never by a model
};

struct Alert {
    std::string source;  // "datadog"
    std::string title;
    std::string body;     // untrusted text, markup removed
    std::string service;  // "" when the sender does not say
    std::string environment;
    Severity severity = Severity::error;
    AlertStatus status = AlertStatus::firing;
    Notification notification = Notification::trigger;
    std::string transition;   // the sender's own word: "Re-Triggered"
    std::string fingerprint;  // identity of the alerting thing (monitor + group), stable over episodes
    std::string episode;      // one firing of it; "" when the sender does not say (then the open episode of the fingerprint)
    std::string event_id;     // the sender's id of this notification
    std::string monitor_id;   // "" when there is none
    std::string metric;
    std::string query;
    Timestamp started_at{};
    Timestamp received_at{};
    std::map<std::string, std::string> labels;  // tags; a tag without a value maps to ""
    std::vector<Link> links;
    std::vector<std::string> references;  // names other tools may know this outage by (alert/references.hpp)
};

json to_json_value(const Alert& alert);
result<Alert> alert_from_json(const json& value);

}  // namespace gumshoe
