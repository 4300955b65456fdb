// From a webhook's bytes to an alert. The issue is the alert; its state decides, whatever made New Relic write to us.
#include "integrations/newrelic/receiver.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "alert/references.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "integrations/newrelic/links.hpp"
#include "integrations/newrelic/payload.hpp"

namespace gumshoe::newrelic {

namespace {

constexpr std::size_t name_bytes = 300;

bool is_uuid(std::string_view text) {
    if (text.size() != 36) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? text[i] != '-' : std::isxdigit(static_cast<unsigned char>(text[i])) == 0) return false;
    }
    return true;
}

std::string issue_url(const Payload& payload) {
    return web_link(payload.text({"issueurl", "issuepageurl", "incidenturl", "url", "link"}));
}

/// Its own field, else the UUID in the issue's address: the only two things that every template has.
std::string issue_of(const Payload& payload) {
    const std::string id = payload.text({"issueid", "id", "incidentid"});
    if (!id.empty()) return truncate(id, name_bytes);
    const std::string url = issue_url(payload);
    constexpr std::string_view before = "/issues/";
    const std::size_t at = url.find(before);
    if (at == std::string::npos) return {};
    const std::string_view rest = std::string_view(url).substr(at + before.size(), 36);
    return is_uuid(rest) ? std::string(rest) : std::string();
}

/// The body of "Send test notification" is the same for everybody.
bool is_test(const Payload& payload, const std::string& issue, const std::string& state) {
    const std::string path = issue_url(payload) + "?";
    return issue == test_issue || path.find(std::string(test_issue_path) + "?") != std::string::npos || state == "TEST";
}

struct Transition {
    AlertStatus status = AlertStatus::firing;
    Notification notification = Notification::trigger;
    std::string word;       // as we tell it
    bool graceful = false;  // New Relic itself still waits
};

/// New Relic has no acknowledged state: somebody acted while the issue is active. An incident that closes does not close its issue.
Transition read_transition(const std::string& state, const std::string& trigger, bool closed) {
    constexpr std::array active{"ACTIVATED", "ACTIVE", "OPEN", "OPENED"};
    constexpr std::array over{"CLOSED", "DEACTIVATED", "INACTIVE", "RESOLVED"};
    constexpr std::array repeats{"USER_ACTION", "INCIDENT_CLOSED"};
    const auto among = [](const auto& words, const std::string& word) {
        return std::find(words.begin(), words.end(), word) != words.end();
    };
    Transition out;
    out.word = state + (trigger.empty() ? "" : state.empty() ? trigger : " (" + trigger + ")");
    const bool ended = state.empty() && (closed || trigger == "CLOSE_INACTIVE" || trigger == "CLOSE_TTL");
    if (among(over, state) || ended) {
        out.status = AlertStatus::resolved;
        out.notification = Notification::recovery;
    } else if (state == "ACKNOWLEDGED" || among(repeats, trigger)) {
        out.notification = Notification::renotify;
    } else if (state == "CREATED") {
        out.graceful = true;
    }
    const bool known = state.empty() || among(over, state) || among(active, state) || state == "ACKNOWLEDGED" || state == "CREATED";
    if (!known) {
        out.notification = Notification::trigger;
        out.word = state + " (unknown)";
    }
    return out;
}

/// HIGH is what a condition's warning threshold makes.
Severity read_severity(const std::string& priority) {
    if (priority == "CRITICAL") return Severity::critical;
    if (priority == "HIGH" || priority == "WARNING" || priority == "MEDIUM") return Severity::warning;
    if (priority == "LOW" || priority == "INFO") return Severity::info;
    return Severity::error;
}

struct Entity {
    std::string name;
    std::string type;
    std::string guid;
};

/// Names, types and GUIDs are parallel lists, each of which may be missing; of doubles the first stands.
std::vector<Entity> entities_of(const Payload& payload) {
    const auto names = payload.list({"impactedentities", "entitynames", "entitiesdatanames", "entityname", "targetname"});
    const auto types = payload.list({"entitytypes", "entitiesdatatypes", "entitytype"});
    const auto guids = payload.list({"entityguids", "entitiesdataids", "entityids", "entityguid"});
    std::vector<Entity> entities;
    const auto add = [&entities](Entity entity) {
        const bool known = std::any_of(entities.begin(), entities.end(), [&](const Entity& other) {
            return other.name == entity.name && (other.guid == entity.guid || entity.guid.empty());
        });
        if (!known && (!entity.name.empty() || !entity.guid.empty())) entities.push_back(std::move(entity));
    };
    const auto at = [](const std::vector<std::string>& list, std::size_t i) { return i < list.size() ? list[i] : std::string(); };
    for (std::size_t i = 0; i < std::max(names.size(), guids.size()); ++i) add({at(names, i), at(types, i), at(guids, i)});
    for (const Payload::Target& target : payload.targets()) add({target.name, target.type, ""});
    return entities;
}

/// An application or service among the entities, else the first of them.
std::string service_of(const std::vector<Entity>& entities, const Payload::Tags& tags) {
    const auto runs_code = [](const Entity& entity) {
        return !entity.name.empty() && (icontains(entity.type, "APPLICATION") || icontains(entity.type, "SERVICE"));
    };
    if (const auto found = std::find_if(entities.begin(), entities.end(), runs_code); found != entities.end()) return found->name;
    for (const Entity& entity : entities) {
        if (!entity.name.empty()) return entity.name;
    }
    for (const char* key : {"service.name", "service", "appName"}) {
        if (const auto found = tags.find(key); found != tags.end()) return found->second;
    }
    return {};
}

std::string environment_of(const Payload& payload, const Payload::Tags& tags) {
    std::string environment = payload.text({"environment", "env"});
    for (const char* key : {"environment", "env", "deployment.environment", "deployment.environment.name"}) {
        const auto found = tags.find(key);
        if (environment.empty() && found != tags.end()) environment = found->second;
    }
    return environment;
}

std::string once_each(const std::vector<std::string>& list) {
    std::vector<std::string> seen;
    for (const std::string& text : list) {
        if (!text.empty() && std::find(seen.begin(), seen.end(), text) == seen.end()) seen.push_back(text);
    }
    return truncate(join(seen, ","), name_bytes);
}

void add_labels(Alert& alert, const Payload& payload, const std::vector<Entity>& entities) {
    const auto put = [&alert](const char* key, const std::string& value) {
        if (!value.empty()) alert.labels.emplace(key, value);
    };
    std::vector<std::string> names;
    std::vector<std::string> guids;
    std::vector<std::string> types;
    for (const Entity& entity : entities) {
        names.push_back(entity.name);
        guids.push_back(entity.guid);
        types.push_back(entity.type);
    }
    put("entity", once_each(names));
    put("entity.guid", once_each(guids));
    put("entity.type", once_each(types));
    put("policy", once_each(payload.list({"alertpolicynames", "policyname", "policynames"})));
    put("condition", once_each(payload.list({"alertconditionnames", "conditionname", "conditionnames"})));
    put("workflow", payload.text({"workflowname"}));
    put("account_id", payload.id({"nraccountid", "accountid", "labelsaccountids"}));
    put("incidents", payload.id({"totalincidents"}));
    put("owner", payload.text({"owner", "acknowledgedby"}));
    put("origin", once_each(payload.list({"sources", "source", "origins"})));
    const std::string muting = enum_word(payload.text({"mutingstate"}));
    if (muting != "NOT_MUTED") put("muting", to_lower(muting));
    if (payload.flag({"iscorrelated"})) put("correlated", "true");
}

std::string body_of(const Payload& payload) {
    std::vector<std::string> parts = payload.list({"description", "annotationsdescription", "details"});
    const std::vector<std::string> more = payload.list({"conditiondescription"});
    parts.insert(parts.end(), more.begin(), more.end());
    std::vector<std::string> once;
    for (std::string& part : parts) {
        if (!part.empty() && std::find(once.begin(), once.end(), part) == once.end()) once.push_back(std::move(part));
    }
    return truncate(join(once, "\n\n"), limits::alert_body_bytes);
}

std::string title_of(const Payload& payload) {
    const std::string title = payload.text({"title", "issuetitle", "annotationstitle"});
    if (!title.empty()) return truncate(title, limits::alert_title_bytes);
    const std::string condition = payload.text({"alertconditionnames", "conditionname", "conditionnames"});
    return condition.empty() ? "New Relic issue" : truncate(condition, limits::alert_title_bytes);
}

Alert read_alert(const Payload& payload, const std::string& issue, const Transition& transition, Timestamp now) {
    Alert alert;
    alert.source = "newrelic";
    alert.title = title_of(payload);
    alert.body = body_of(payload);
    alert.severity = read_severity(enum_word(payload.text({"priority", "issuepriority", "severity"})));
    alert.status = transition.status;
    alert.notification = transition.notification;
    alert.transition = transition.word;
    // An issue gathers incidents of several conditions and entities while it is open: nothing else of it is the same to its end.
    alert.fingerprint = "issue:" + issue;
    alert.episode = issue;
    alert.monitor_id = payload.id({"conditionfamilyid", "conditionfamilyids", "conditionid", "conditionids"});
    alert.query = payload.text({"nrqlquery"});

    alert.labels = payload.tags({"tags", "tag", "accumulationstag"});
    for (const Payload::Target& target : payload.targets()) alert.labels.insert(target.labels.begin(), target.labels.end());
    const std::vector<Entity> entities = entities_of(payload);
    alert.service = truncate(service_of(entities, alert.labels), name_bytes);
    alert.environment = truncate(environment_of(payload, alert.labels), name_bytes);
    add_labels(alert, payload, entities);

    const bool over = transition.notification == Notification::recovery;
    const auto told = over ? payload.time({"closedat", "updatedat", "timestamp"}, now)
                           : payload.time({"createdat", "activatedat", "triggeredat", "updatedat", "timestamp"}, now);
    alert.started_at = told.value_or(now);
    alert.received_at = now;
    if (const std::string url = issue_url(payload); !url.empty()) alert.links.push_back({"Issue", url});
    if (const std::string url = web_link(payload.text({"runbookurl", "runbook"})); !url.empty()) alert.links.push_back({"Runbook", url});
    if (std::string key = key_reference(issue); !key.empty()) alert.references.push_back(std::move(key));
    return alert;
}

class NewRelicReceiver final : public Receiver {
public:
    explicit NewRelicReceiver(WebhookCredentials credentials) : credentials_(std::move(credentials)) {}

    std::string_view name() const override { return "newrelic"; }
    result<void> verify(const RawRequest& request, Timestamp) const override { return check(credentials_, request); }
    result<ParsedDelivery> parse(const RawRequest& request, Timestamp now) const override { return parse_webhook(request, now); }

private:
    WebhookCredentials credentials_;
};

}  // namespace

result<ParsedDelivery> parse_webhook(const RawRequest& request, Timestamp now) {
    auto payload = Payload::read(request.body);
    if (!payload) return payload.error();
    const std::string issue = issue_of(*payload);
    if (issue.empty()) {
        return Error{errc::parse, "newrelic webhook: none of issueId, id, incident_id and an issue's address in issueUrl is there"};
    }
    const std::string state = truncate(enum_word(payload->text({"state", "issuestate", "statetext", "currentstate", "status"})), 100);
    const std::string trigger = truncate(enum_word(payload->text({"trigger", "triggerevent", "eventtype"})), 100);

    ParsedDelivery delivery;
    // Without the time of the update two incidents of one issue would look alike: then the intake takes the hash of the body.
    const std::string updated = payload->text({"updatedat", "timestamp"});
    if (!updated.empty()) delivery.key = issue + ":" + state + ":" + truncate(updated, 100) + ":" + trigger;
    if (is_test(*payload, issue, state)) {
        delivery.filtered = "test notification";
        return delivery;
    }
    const Transition transition = read_transition(state, trigger, payload->time({"closedat"}, now).has_value());
    if (transition.graceful) {
        delivery.filtered = "the issue is only created: New Relic still waits for its grace period";
        return delivery;
    }
    delivery.alerts.push_back(read_alert(*payload, issue, transition, now));
    return delivery;
}

std::unique_ptr<Receiver> make_receiver(WebhookCredentials credentials) {
    return std::make_unique<NewRelicReceiver>(std::move(credentials));
}

}  // namespace gumshoe::newrelic
