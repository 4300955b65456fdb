// From a V3 event to an alert. The webhook names the incident; what its alerts say is fetched later, from the API.
#include "integrations/pagerduty/receiver.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "alert/references.hpp"
#include "base/digest.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "integrations/pagerduty/codec.hpp"
#include "integrations/pagerduty/labels.hpp"
#include "integrations/pagerduty/note.hpp"

namespace gumshoe::pagerduty {
namespace {

constexpr std::string_view signature_header = "X-PagerDuty-Signature";
constexpr std::string_view v2_unsupported = "V2 webhooks are not supported: create a V3 subscription";

enum class Effect { trigger, renotify, recovery, note, filtered };

struct EventRule {
    std::string_view type;
    Effect effect;
    std::string_view reason;  // why it is filtered
};

constexpr std::string_view response_work = "about the response, not the outage";
constexpr std::string_view service_settings = "about a service's settings, no incident";

// Every event type of V3. What happens to an open incident itself is a repeat of its alert; what people do around it is none.
constexpr std::array event_rules{
    EventRule{"incident.triggered", Effect::trigger, ""},
    EventRule{"incident.reopened", Effect::trigger, ""},
    EventRule{"incident.resolved", Effect::recovery, ""},
    EventRule{"incident.acknowledged", Effect::renotify, ""},
    EventRule{"incident.unacknowledged", Effect::renotify, ""},
    EventRule{"incident.delegated", Effect::renotify, ""},
    EventRule{"incident.escalated", Effect::renotify, ""},
    EventRule{"incident.reassigned", Effect::renotify, ""},
    EventRule{"incident.priority_updated", Effect::renotify, ""},
    EventRule{"incident.service_updated", Effect::renotify, ""},
    EventRule{"incident.annotated", Effect::note, "a note on the incident: it is read when the incident is investigated"},
    EventRule{"incident.incident_type.changed", Effect::filtered, response_work},
    EventRule{"incident.conference_bridge.updated", Effect::filtered, response_work},
    EventRule{"incident.custom_field_values.updated", Effect::filtered, response_work},
    EventRule{"incident.responder.added", Effect::filtered, response_work},
    EventRule{"incident.responder.replied", Effect::filtered, response_work},
    EventRule{"incident.role.assigned", Effect::filtered, response_work},
    EventRule{"incident.status_update_published", Effect::filtered, response_work},
    EventRule{"incident.task.completed", Effect::filtered, response_work},
    EventRule{"incident.task.created", Effect::filtered, response_work},
    EventRule{"incident.task.updated", Effect::filtered, response_work},
    EventRule{"incident.action_invocation.created", Effect::filtered, response_work},
    EventRule{"incident.action_invocation.terminated", Effect::filtered, response_work},
    EventRule{"incident.action_invocation.updated", Effect::filtered, response_work},
    EventRule{"incident.workflow.started", Effect::filtered, response_work},
    EventRule{"incident.workflow.completed", Effect::filtered, response_work},
    EventRule{"service.created", Effect::filtered, service_settings},
    EventRule{"service.updated", Effect::filtered, service_settings},
    EventRule{"service.deleted", Effect::filtered, service_settings},
    EventRule{"service.custom_field_values.updated", Effect::filtered, service_settings},
    EventRule{"pagey.ping", Effect::filtered, "test notification"},
};

std::string clean(const json& value, std::string_view path, std::size_t most = 200) {
    return one_line(string_or_empty(value, path), most);
}

/// A time that is no time of an alert is taken for absent.
std::optional<Timestamp> time_of(const json& value, std::string_view path, Timestamp now) {
    const auto text = get_string(value, path);
    if (!text) return std::nullopt;
    const auto time = parse_rfc3339(*text);
    if (!time || *time > now + std::chrono::hours(24) || *time < now - std::chrono::days(366)) return std::nullopt;
    return *time;
}

/// "P2", "SEV-2", "Sev 2": the digit; 0 for a scheme of the account's own.
int level_of(std::string_view priority) {
    const std::string word = to_lower(trim(priority));
    std::string_view rest = word;
    rest.remove_prefix(rest.starts_with("sev") ? 3 : rest.starts_with('p') ? 1 : 0);
    if (rest.size() == word.size()) return 0;
    if (rest.starts_with('-') || rest.starts_with(' ')) rest.remove_prefix(1);
    return rest.size() == 1 && rest[0] >= '1' && rest[0] <= '5' ? rest[0] - '0' : 0;
}

Severity severity_of(const std::string& priority, const std::string& urgency) {
    constexpr std::array by_level{Severity::error, Severity::critical, Severity::error, Severity::warning, Severity::info, Severity::info};
    if (const int level = level_of(priority); level > 0) return by_level.at(static_cast<std::size_t>(level));
    return urgency == "low" ? Severity::warning : Severity::error;
}

void put_label(Alert& alert, const char* name, const std::string& value) {
    if (!value.empty()) alert.labels.emplace(name, value);
}

void add_labels(Alert& alert, const json& incident) {
    put_label(alert, label::incident_id, alert.fingerprint);
    if (const auto number = get_int(incident, "number")) put_label(alert, label::incident_number, std::to_string(*number));
    put_label(alert, label::service_id, clean(incident, "service.id"));
    put_label(alert, label::escalation_policy_id, clean(incident, "escalation_policy.id"));
    put_label(alert, label::urgency, clean(incident, "urgency"));
    put_label(alert, label::priority, clean(incident, "priority.summary"));
    put_label(alert, label::incident_type, clean(incident, "incident_type.name"));
    std::vector<std::string> teams;
    if (const json* list = find(incident, "teams"); list != nullptr && list->is_array()) {
        for (const json& team : *list) {
            if (std::string name = clean(team, "summary"); !name.empty()) teams.push_back(std::move(name));
        }
    }
    put_label(alert, "team", join(teams, ", "));
}

void add_links(Alert& alert, const json& incident, const json& event) {
    if (const std::string page = string_or_empty(incident, "html_url"); is_web_link(page)) {
        const auto number = get_int(incident, "number");
        alert.links.push_back({"PagerDuty incident" + (number ? " #" + std::to_string(*number) : ""), page});
    }
    if (const std::string page = string_or_empty(event, "client.url"); is_web_link(page)) {
        const std::string name = clean(event, "client.name", 80);
        alert.links.push_back({name.empty() ? "Monitoring" : name, page});
    }
}

Timestamp started_at(const json& event, const json& incident, const EventRule& rule, Timestamp now) {
    const auto occurred = time_of(event, "occurred_at", now);
    if (rule.effect == Effect::trigger) {
        // The incident's own times tell the onset, also when the delivery was repeated for hours.
        const bool again = rule.type == "incident.reopened";
        const auto began = time_of(incident, again ? "reopened_at" : "created_at", now);
        if (began) return *began;
    }
    return occurred.value_or(now);
}

Alert read_alert(const json& event, const json& incident, const EventRule& rule, Timestamp now) {
    Alert alert;
    alert.source = "pagerduty";
    alert.fingerprint = string_or_empty(incident, "id");
    alert.title = clean(incident, "title", limits::alert_title_bytes);
    if (alert.title.empty()) alert.title = clean(incident, "summary", limits::alert_title_bytes);
    if (alert.title.empty()) alert.title = "PagerDuty incident " + alert.fingerprint;
    alert.service = clean(incident, "service.summary");
    alert.severity = severity_of(string_or_empty(incident, "priority.summary"), string_or_empty(incident, "urgency"));
    alert.status = rule.effect == Effect::recovery ? AlertStatus::resolved : AlertStatus::firing;
    alert.notification = rule.effect == Effect::trigger    ? Notification::trigger
                         : rule.effect == Effect::recovery ? Notification::recovery
                                                           : Notification::renotify;
    alert.transition = std::string(rule.type);
    alert.event_id = clean(event, "id");
    alert.started_at = started_at(event, incident, rule, now);
    alert.received_at = now;
    add_labels(alert, incident);
    add_links(alert, incident, event);
    // With alerts on the incident's key is null; without them it is the sender's dedup key.
    if (std::string key = key_reference(string_or_empty(incident, "incident_key")); !key.empty())
        alert.references.push_back(std::move(key));
    return alert;
}

class PagerdutyReceiver final : public Receiver {
public:
    explicit PagerdutyReceiver(std::vector<Secret> secrets) : secrets_(std::move(secrets)) {}

    std::string_view name() const override { return "pagerduty"; }
    result<void> verify(const RawRequest& request, Timestamp) const override { return check_signature(secrets_, request); }
    result<ParsedDelivery> parse(const RawRequest& request, Timestamp now) const override { return parse_webhook(request.body, now); }

private:
    std::vector<Secret> secrets_;
};

Error malformed(const std::string& what) {
    return Error{errc::parse, "pagerduty webhook: " + what};
}

}  // namespace

result<void> check_signature(const std::vector<Secret>& secrets, const RawRequest& request) {
    const auto fields = request.headers.find_all(signature_header);
    if (fields.empty()) {
        const bool v2 = std::string_view(request.body).substr(0, 200).find("\"messages\"") != std::string_view::npos;
        return Error{errc::unauthorized, v2 ? std::string(v2_unsupported) : "no " + std::string(signature_header) + " header"};
    }
    std::vector<Secret> expected;
    for (const Secret& secret : secrets) {
        if (!secret.empty()) expected.emplace_back("v1=" + hmac_sha256_hex(secret.reveal(), request.body));
    }
    bool known = false;
    bool of_version = false;
    for (const std::string_view field : fields) {
        for (const std::string& part : split(field, ',')) {
            const std::string_view signature = trim(part);
            if (!signature.starts_with("v1=")) continue;  // of a version to come
            of_version = true;
            for (const Secret& one : expected) known |= matches(one, signature);
        }
    }
    if (known) return {};
    return Error{errc::unauthorized, of_version ? "no signature is by a configured secret of pagerduty.webhook.secrets"
                                                : "the " + std::string(signature_header) + " header has no v1 signature"};
}

result<ParsedDelivery> parse_webhook(std::string_view body, Timestamp now) {
    const auto document = parse_json(body);
    if (!document) return in_context("pagerduty webhook", document.error());
    ParsedDelivery delivery;
    const json* event = find(*document, "event");
    if (event == nullptr && find(*document, "messages") != nullptr) {
        delivery.filtered = v2_unsupported;
        return delivery;
    }
    if (event == nullptr || !event->is_object()) return malformed("there is no event in it");
    const std::string type = string_or_empty(*event, "event_type");
    if (type.empty()) return malformed("event.event_type is missing");
    // The same in every repeat and covered by the signature; X-Webhook-Id is not signed, a replay could change it.
    delivery.key = clean(*event, "id");

    const auto rule = std::ranges::find(event_rules, std::string_view(type), &EventRule::type);
    if (rule == event_rules.end()) {
        delivery.filtered = "event type " + one_line(type, 100) + " is not one we know";
        return delivery;
    }
    if (rule->effect == Effect::note || rule->effect == Effect::filtered) {
        const bool own = rule->effect == Effect::note && is_own_note(string_or_empty(*event, "data.content"));
        delivery.filtered = own ? "our own note" : std::string(rule->reason);
        return delivery;
    }
    const json* data = find(*event, "data");
    if (data == nullptr || !data->is_object()) return malformed("event.data is missing");
    if (!is_id(string_or_empty(*data, "id"))) return malformed("event.data.id is not the id of an incident");
    delivery.alerts.push_back(read_alert(*event, *data, *rule, now));
    return delivery;
}

std::unique_ptr<Receiver> make_receiver(std::vector<Secret> secrets) {
    return std::make_unique<PagerdutyReceiver>(std::move(secrets));
}

}  // namespace gumshoe::pagerduty
