// What PagerDuty's answers say: refusals in words, incidents and all that hangs on them as our records. Anything may be null.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "integrations/pagerduty/codec.hpp"

namespace gumshoe::pagerduty {
namespace {

constexpr std::size_t text_bytes = 300;
constexpr std::size_t fact_bytes = 600;

Error bad_reply(std::string_view field) {
    return Error{errc::bad_reply, "PagerDuty's answer has no usable '" + std::string(field) + "'"};
}

std::string clean_responses(const json& value, std::string_view path, std::size_t most = text_bytes) {
    return one_line(string_or_empty(value, path), most);
}

Timestamp time_at(const json& value, std::string_view path) {
    const auto text = get_string(value, path);
    const auto time = text ? parse_rfc3339(*text) : result<Timestamp>(Error{errc::parse, ""});
    return time ? *time : Timestamp{};
}

result<const json*> list_of(const json& body, std::string_view name) {
    const json* list = find(body, name);
    if (list == nullptr || !list->is_array()) return bad_reply(name);
    return list;
}

PastIncident past_incident(const json& incident, const std::string& entity) {
    PastIncident past;
    past.id = clean_responses(incident, "id", 64);
    past.title = clean_responses(incident, "title");
    if (past.title.empty()) past.title = clean_responses(incident, "summary");
    past.service = entity;
    past.at = time_at(incident, "created_at");
    past.link = page_of(incident);
    return past;
}

ServiceReference reference_of(const json& service) {
    std::string name = clean_responses(service, "name");
    if (name.empty()) name = clean_responses(service, "summary");
    return {clean_responses(service, "id", 64), std::move(name), page_of(service)};
}

std::string person(const json& entry, std::string_view path) {
    return clean_responses(entry, std::string(path) + ".summary", 80);
}

}  // namespace

result<Fact> read_incident(const json& body, const std::string& entity) {
    const json* incident = find(body, "incident");
    if (incident == nullptr || !incident->is_object()) return bad_reply("incident");
    const auto number = get_int(*incident, "incident_number");
    Fact fact;
    fact.entity = entity;
    fact.text = "PagerDuty incident" + (number ? " #" + std::to_string(*number) : "") + " \"" + clean_responses(*incident, "title") +
                "\" is " + clean_responses(*incident, "status", 40);
    if (const std::string urgency = clean_responses(*incident, "urgency", 40); !urgency.empty()) fact.text += ", urgency " + urgency;
    if (const std::string priority = clean_responses(*incident, "priority.summary", 40); !priority.empty())
        fact.text += ", priority " + priority;
    if (const std::string service = clean_responses(*incident, "service.summary", 120); !service.empty())
        fact.text += ", of service " + service;
    if (const auto alerts = get_int(*incident, "alert_counts.all")) {
        fact.text += ", " + std::to_string(*alerts) + (*alerts == 1 ? " alert" : " alerts");
        if (const auto open = get_int(*incident, "alert_counts.triggered")) fact.text += " (" + std::to_string(*open) + " open)";
    }
    if (const json* list = find(*incident, "assignments"); list != nullptr && list->is_array() && !list->empty()) {
        fact.text += ", assigned to " + person(list->front(), "assignee");
    }
    if (const json* channel = find(*incident, "first_trigger_log_entry.channel"); channel != nullptr) {
        const std::string client = clean_responses(*channel, "client", 80);
        if (!client.empty()) fact.text += ", opened by " + client;
        if (const std::string details = details_text(*channel); !details.empty()) fact.text += "; details: " + details;
    }
    fact.text = truncate(fact.text, fact_bytes);
    fact.at = time_at(*incident, "created_at");
    fact.link = page_of(*incident);
    return fact;
}

std::vector<std::string> incident_references(const json& body) {
    std::vector<std::string> references;
    if (const json* incident = find(body, "incident"); incident != nullptr) {
        add_references(json{{"incident_key", string_or_empty(*incident, "incident_key")}}, references);
        for (const char* part : {"first_trigger_log_entry.channel", "first_trigger_log_entry.contexts"}) {
            if (const json* value = find(*incident, part); value != nullptr) add_references(*value, references);
        }
    }
    return references;
}

result<Alerts> read_alerts(const json& body, const std::string& entity) {
    const auto list = list_of(body, "alerts");
    if (!list) return list.error();
    Alerts alerts;
    for (const json& alert : **list) {
        Fact fact;
        fact.entity = entity;
        fact.text = "PagerDuty alert \"" + clean_responses(alert, "summary") + "\", " + clean_responses(alert, "status", 40);
        if (const std::string severity = clean_responses(alert, "severity", 40); !severity.empty()) fact.text += ", severity " + severity;
        if (get_bool(alert, "suppressed").value_or(false)) fact.text += ", suppressed";
        if (const std::string through = clean_responses(alert, "integration.summary", 80); !through.empty())
            fact.text += ", through " + through;
        add_references(json{{"alert_key", string_or_empty(alert, "alert_key")}}, alerts.references);
        if (const json* told = find(alert, "body"); told != nullptr) {
            if (const std::string details = details_text(*told); !details.empty()) fact.text += "; " + details;
            add_references(*told, alerts.references);
        }
        fact.text = truncate(fact.text, fact_bytes);
        fact.at = time_at(alert, "created_at");
        fact.link = page_of(alert);
        alerts.facts.push_back(std::move(fact));
    }
    return alerts;
}

result<std::vector<std::string>> read_log(const json& body) {
    const auto list = list_of(body, "log_entries");
    if (!list) return list.error();
    std::vector<std::string> entries;
    for (const json& entry : **list) {
        // A note is an entry as well; notes are read by themselves.
        if (string_or_empty(entry, "type").starts_with("annotate_")) continue;
        const std::string summary = clean_responses(entry, "summary", 160);
        const Timestamp at = time_at(entry, "created_at");
        if (!summary.empty() && at != Timestamp{}) entries.push_back(format_clock(at) + " " + summary);
    }
    return entries;
}

result<std::vector<Note>> read_notes(const json& body) {
    const auto list = list_of(body, "notes");
    if (!list) return list.error();
    std::vector<Note> notes;
    for (const json& note : **list) {
        notes.push_back(
            {strip_invisible(sanitize_utf8(string_or_empty(note, "content"))), person(note, "user"), time_at(note, "created_at")});
    }
    return notes;
}

result<std::vector<PastIncident>> read_past_incidents(const json& body, const std::string& entity) {
    const auto list = list_of(body, "past_incidents");
    if (!list) return list.error();
    std::vector<PastIncident> found;
    for (const json& item : **list) {
        const json* incident = find(item, "incident");
        if (incident == nullptr) return bad_reply("past_incidents[].incident");
        found.push_back(past_incident(*incident, entity));
    }
    return found;
}

result<std::vector<PastIncident>> read_resolved_incidents(const json& body, const std::string& entity) {
    const auto list = list_of(body, "incidents");
    if (!list) return list.error();
    std::vector<PastIncident> found;
    for (const json& incident : **list) found.push_back(past_incident(incident, entity));
    return found;
}

result<std::vector<Fact>> read_related_incidents(const json& body, const ServiceNames& names) {
    const auto list = list_of(body, "related_incidents");
    if (!list) return list.error();
    std::vector<Fact> facts;
    for (const json& item : **list) {
        const json* incident = find(item, "incident");
        if (incident == nullptr) return bad_reply("related_incidents[].incident");
        const std::string service = clean_responses(*incident, "service.summary", 120);
        Fact fact;
        fact.entity = names.ours(service);
        std::string title = clean_responses(*incident, "title");
        if (title.empty()) title = clean_responses(*incident, "summary");
        fact.text = "PagerDuty takes an incident" + (service.empty() ? "" : " of service " + service) + " for related: \"" + title + "\"";
        if (const std::string status = clean_responses(*incident, "status", 40); !status.empty()) fact.text += ", " + status;
        fact.at = time_at(*incident, "created_at");
        fact.link = page_of(*incident);
        facts.push_back(std::move(fact));
    }
    return facts;
}

result<std::vector<std::string>> read_oncalls(const json& body) {
    const auto list = list_of(body, "oncalls");
    if (!list) return list.error();
    std::vector<std::pair<std::int64_t, std::string>> people;
    for (const json& item : **list) {
        std::string name = clean_responses(item, "user.name", 80);
        if (name.empty()) name = person(item, "user");
        if (name.empty()) continue;
        const auto level = get_int(item, "escalation_level").value_or(1);
        std::string words = name + " (level " + std::to_string(level);
        if (const std::string schedule = person(item, "schedule"); !schedule.empty()) words += ", " + schedule;
        // Without an end somebody is on call always.
        if (const Timestamp end = time_at(item, "end"); end != Timestamp{}) words += ", until " + format_rfc3339(end);
        people.emplace_back(level, words + ")");
    }
    std::ranges::sort(people);
    std::vector<std::string> all;
    for (auto& [level, words] : people) all.push_back(std::move(words));
    return all;
}

result<std::vector<ServiceReference>> read_services(const json& body) {
    const auto list = list_of(body, "services");
    if (!list) return list.error();
    std::vector<ServiceReference> services;
    for (const json& service : **list) services.push_back(reference_of(service));
    return services;
}

result<ServiceReference> read_service(const json& body) {
    const json* service = find(body, "service");
    if (service == nullptr || !service->is_object()) return bad_reply("service");
    return reference_of(*service);
}

result<std::vector<Dependency>> read_dependencies(const json& body) {
    const auto list = list_of(body, "relationships");
    if (!list) return list.error();
    std::vector<Dependency> found;
    for (const json& relation : **list) {
        const json* dependent = find(relation, "dependent_service");
        const json* supporting = find(relation, "supporting_service");
        if (dependent == nullptr || supporting == nullptr) return bad_reply("relationships[].supporting_service");
        // A business service groups technical ones: nothing runs under its name.
        const auto business = [](const json& end) { return string_or_empty(end, "type").starts_with("business_"); };
        if (!business(*dependent) && !business(*supporting)) found.push_back({reference_of(*dependent), reference_of(*supporting)});
    }
    return found;
}

}  // namespace gumshoe::pagerduty
