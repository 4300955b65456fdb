// The endpoints: pages, windows and errors as PagerDuty's.
#include "integrations/pagerduty/sandbox_answers.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/text.hpp"
#include "integrations/pagerduty/note.hpp"

namespace gumshoe::pagerduty::answers {

std::string Call::parameter(const std::string& name) const {
    const auto found = parameters.find(name);
    return found == parameters.end() ? std::string() : found->second;
}

bool Call::includes(const std::string& what) const {
    const auto [from, to] = parameters.equal_range("include[]");
    return std::any_of(from, to, [&what](const auto& one) { return one.second == what; });
}

bool Call::of_incident() const {
    const json incident = objects.block().value("incident", json::object());
    return argument == string_or_empty(incident, "id") || argument == std::to_string(get_int(incident, "number").value_or(-1));
}

HttpReply refuse(int status, int code, const std::string& message, const std::string& detail) {
    json error = {{"message", message}, {"code", code}};
    if (!detail.empty()) error["errors"] = {detail};
    return json_reply(status, dump_json(json{{"error", std::move(error)}}));
}

HttpReply invalid(const std::string& detail) {
    return refuse(400, 2001, "Invalid Input Provided", detail);
}

HttpReply not_found() {
    return refuse(404, 2100, "Not Found");
}

namespace {

std::optional<std::size_t> count(const std::string& text, std::size_t fallback) {
    if (text.empty()) return fallback;
    if (text.size() > 6 || text.find_first_not_of("0123456789") != text.npos) return std::nullopt;
    return std::stoul(text);
}

HttpReply paged(const Call& call, const char* name, const std::vector<json>& items) {
    const auto limit = count(call.parameter("limit"), 25);
    const auto offset = count(call.parameter("offset"), 0);
    if (!limit || !offset || *limit == 0 || *limit > 100) return invalid("limit must be a number from 1 to 100");
    if (*limit + *offset > 10'000) return invalid("offset and limit together must be at most 10000");
    json list = json::array();
    for (std::size_t i = *offset; i < std::min(items.size(), *offset + *limit); ++i) list.push_back(items[i]);
    return json_reply(200, dump_json(json{{name, std::move(list)},
                                          {"limit", *limit},
                                          {"offset", *offset},
                                          {"more", *offset + *limit < items.size()},
                                          {"total", nullptr}}));
}

HttpReply answer(const char* name, json value) {
    return json_reply(200, dump_json(json{{name, std::move(value)}}));
}

/// since and until, in UTC; a bound that is left out holds everything.
std::optional<Window> window_of(const Call& call) {
    Window window{Timestamp{}, call.world.now + std::chrono::hours(1)};
    for (const auto& [name, bound] : {std::pair("since", &window.from), std::pair("until", &window.to)}) {
        const std::string text = call.parameter(name);
        if (text.empty()) continue;
        const auto time = parse_rfc3339(text);
        if (!time || !text.ends_with('Z')) return std::nullopt;
        *bound = *time;
    }
    return window;
}

json incident_json(const Call& call) {
    const Objects& objects = call.objects;
    const json& told = objects.block().at("incident");
    const std::string id = string_or_empty(told, "id");
    const auto number = get_int(told, "number").value_or(1);
    const std::string created = objects.time(json::object());
    const auto alerts = objects.happened("alerts").size();
    json incident = objects.reference("incident", "incidents", id, "[#" + std::to_string(number) + "] " + string_or_empty(told, "title"));
    incident.update(
        {{"incident_number", number},
         {"title", string_or_empty(told, "title")},
         {"status", "triggered"},
         {"urgency", get_string(told, "urgency").value_or("high")},
         {"priority", objects.priority()},
         {"incident_key", told.value("incident_key", json())},
         {"service", objects.service_reference(string_or_empty(told, "service"))},
         {"escalation_policy", objects.reference("escalation_policy_reference", "escalation_policies", escalation_policy, "Default")},
         {"assignments", json::array()},
         {"alert_counts", {{"all", alerts}, {"triggered", alerts}, {"resolved", 0}}},
         {"created_at", created},
         {"updated_at", created},
         {"resolved_at", nullptr},
         {"last_status_change_at", created}});
    incident["first_trigger_log_entry"] = objects.reference("trigger_log_entry_reference", "log_entries", "RTRIGGER1", "Triggered");
    if (call.includes("first_trigger_log_entries")) {
        const auto client = get_string(told, "client.name");
        json channel = {{"type", "api"}, {"summary", string_or_empty(told, "title")}};
        if (client) channel.update({{"client", *client}, {"client_url", string_or_empty(told, "client.url")}});
        incident["first_trigger_log_entry"].update({{"type", "trigger_log_entry"}, {"channel", std::move(channel)}});
    }
    return incident;
}

json note_json(const Call& call, const std::string& id, const std::string& user, const std::string& content, Timestamp at) {
    return {{"id", id},
            {"content", content},
            {"created_at", format_rfc3339(from_seconds(to_seconds(at)))},
            {"user", call.objects.user_reference(user)},
            {"channel", {{"summary", "The PagerDuty website or APIs"}}}};
}

json past_json(const Call& call, const json& told) {
    const std::string id = string_or_empty(told, "id");
    json incident = call.objects.reference("incident", "incidents", id, string_or_empty(told, "title"));
    incident.update({{"title", string_or_empty(told, "title")}, {"created_at", call.objects.time(told)}, {"status", "resolved"}});
    return incident;
}

json change_json(const Call& call, const json& told, bool related) {
    const std::string id = string_or_empty(told, "id");
    json change = call.objects.reference("change_event", "change_events", id, string_or_empty(told, "summary"));
    json services = json::array();
    for (const json& service : told.value("services", json::array()))
        services.push_back(call.objects.service_reference(service.get<std::string>()));
    change.update({{"timestamp", call.objects.time(told)},
                   {"source", string_or_empty(told, "source")},
                   {"services", std::move(services)},
                   {"integration", call.objects.reference("inbound_integration_reference", "integrations", "PINT002", "Change Events")},
                   {"custom_details", told.value("details", json())},
                   {"links", told.value("links", json::array())}});
    if (related) change["correlation_reason"] = {{"reason", string_or_empty(told, "related")}};
    return change;
}

json service_json(const Call& call, const json& told) {
    json service = call.objects.reference("service", "services", string_or_empty(told, "id"), string_or_empty(told, "name"));
    service.update({{"name", string_or_empty(told, "name")}, {"status", "active"}, {"description", nullptr}});
    return service;
}

}  // namespace

HttpReply incident(const Call& call) {
    return call.of_incident() ? answer("incident", incident_json(call)) : refuse(404, 5001, "Incident Not Found");
}

HttpReply alerts(const Call& call) {
    if (!call.of_incident()) return refuse(404, 5001, "Incident Not Found");
    std::vector<json> items;
    for (const json& told : call.objects.happened("alerts")) {
        const std::string id = string_or_empty(told, "id");
        json alert = call.objects.reference("alert", "alerts", id, string_or_empty(told, "summary"));
        alert.update(
            {{"status", "triggered"},
             {"severity", get_string(told, "severity").value_or("critical")},
             {"alert_key", told.value("alert_key", json())},
             {"created_at", call.objects.time(told)},
             {"suppressed", false},
             {"incident", call.objects.incident_reference()},
             {"integration", call.objects.reference("inbound_integration_reference", "integrations", "PINT001", "Events API V2")},
             {"body",
              {{"type", "alert_body"}, {"contexts", told.value("contexts", json::array())}, {"details", told.value("details", json())}}}});
        items.push_back(std::move(alert));
    }
    return paged(call, "alerts", items);
}

HttpReply log_entries(const Call& call) {
    if (!call.of_incident()) return refuse(404, 5001, "Incident Not Found");
    std::vector<json> items;
    const auto add = [&](const char* type, const std::string& id, const std::string& summary, const std::string& time) {
        json entry = call.objects.reference(type, "log_entries", id, summary);
        entry.update({{"created_at", time}, {"channel", {{"type", "auto"}}}, {"contexts", json::array()}});
        items.insert(items.begin(), std::move(entry));  // newest first
    };
    add("trigger_log_entry", "RTRIGGER1", "Triggered through Events API V2", call.objects.time(json::object()));
    for (const json& oncall : call.objects.list("oncalls")) {
        const json user = call.objects.user_reference(string_or_empty(oncall, "user"));
        add("assign_log_entry", "RASSIGN1", "Assigned to " + string_or_empty(user, "summary"), call.objects.time(json::object()));
        break;
    }
    for (const json& note : call.objects.happened("notes")) {
        add("annotate_log_entry", "RNOTE1", "Note added", call.objects.time(note));
    }
    return paged(call, "log_entries", items);
}

HttpReply notes(const Call& call) {
    json list = json::array();
    if (const json* past = call.objects.entry("past_incidents", call.argument)) {
        const auto resolution = get_string(*past, "resolution");
        if (resolution) list.push_back(note_json(call, "PNOTEPAST", "", *resolution, call.objects.at(*past)));
        return answer("notes", std::move(list));
    }
    if (!call.of_incident()) return refuse(404, 5001, "Incident Not Found");
    for (const json& told : call.objects.happened("notes")) {
        const std::string id = "PNOTE" + std::to_string(list.size());
        list.push_back(note_json(call, id, string_or_empty(told, "user"), string_or_empty(told, "content"), call.objects.at(told)));
    }
    for (const PostedNote& note : call.posted) list.push_back(note_json(call, note.id, note.user, note.content, note.at));
    return answer("notes", std::move(list));
}

HttpReply post_note(const Call& call) {
    const auto from = call.request.headers.find("From").value_or("");
    if (from.empty()) return invalid("Requester is required: set the From header");
    const auto& users = call.objects.list("users");
    const auto writer = std::ranges::find_if(users, [&](const json& user) { return iequals(string_or_empty(user, "email"), from); });
    if (writer == users.end()) return refuse(400, 1008, "Requester User Not Found");
    if (!call.of_incident()) return refuse(404, 5001, "Incident Not Found");
    if (!call.request.headers.find("Content-Type").value_or("").starts_with("application/json")) {
        return refuse(415, 2001, "Content-Type must be application/json");
    }
    const auto body = parse_json(call.request.body);
    const bool shaped = body && body->is_object() && body->size() == 1 && body->contains("note") && body->at("note").is_object();
    const auto content = shaped && body->at("note").size() == 1 ? get_string(*body, "note.content") : std::nullopt;
    if (!content || trim(*content).empty()) return invalid("Content cannot be empty.");
    if (content->size() > note_bytes) return invalid("Content is too long (maximum is 25000 characters)");
    const std::string id = "PNOTEPOSTED" + std::to_string(call.posted.size());
    call.posted.push_back(
        {id, string_or_empty(call.objects.block(), "incident.id"), *content, string_or_empty(*writer, "id"), call.world.now});
    const PostedNote& note = call.posted.back();
    return json_reply(201, dump_json(json{{"note", note_json(call, note.id, note.user, note.content, note.at)}}));
}

HttpReply past_incidents(const Call& call) {
    if (!call.of_incident()) return refuse(404, 5001, "Incident Not Found");
    json list = json::array();
    for (const json& told : call.objects.list("past_incidents")) {
        list.push_back({{"incident", past_json(call, told)}, {"score", get_number(told, "score").value_or(10)}});
    }
    const auto total = list.size();
    return json_reply(200, dump_json(json{{"past_incidents", std::move(list)}, {"total", total}, {"limit", 5}}));
}

HttpReply resolved_incidents(const Call& call) {
    const auto window = window_of(call);
    if (!window || window->to - window->from > std::chrono::hours(24 * 184))
        return invalid("since and until must be UTC, 6 months at most");
    std::vector<json> items;
    const bool ours = call.parameter("service_ids[]") == string_or_empty(call.objects.block(), "incident.service");
    for (const json& told : call.objects.list("past_incidents")) {
        if (ours && call.parameter("statuses[]") == "resolved" && window->contains(call.objects.at(told)))
            items.push_back(past_json(call, told));
    }
    return paged(call, "incidents", items);
}

HttpReply related_incidents(const Call& call) {
    if (!call.of_incident()) return refuse(404, 5001, "Incident Not Found");
    json list = json::array();
    for (const json& told : call.objects.happened("related_incidents")) {
        json incident = past_json(call, told);
        incident.update({{"status", "triggered"}, {"service", call.objects.service_reference(string_or_empty(told, "service"))}});
        list.push_back({{"incident", std::move(incident)}, {"relationships", json::array()}});
    }
    return answer("related_incidents", std::move(list));
}

HttpReply changes_of_service(const Call& call) {
    if (call.objects.entry("services", call.argument) == nullptr) return not_found();
    const auto window = window_of(call);
    if (!window) return invalid("since and until must be UTC ISO 8601");
    std::vector<json> items;
    for (const json& told : call.objects.happened("change_events")) {
        const json services = told.value("services", json::array());
        const bool of_it = std::ranges::find(services, json(call.argument)) != services.end();
        if (of_it && window->contains(call.objects.at(told))) items.push_back(change_json(call, told, false));
    }
    return paged(call, "change_events", items);
}

HttpReply related_changes(const Call& call) {
    if (!call.of_incident()) return refuse(404, 5001, "Incident Not Found");
    std::vector<json> items;
    for (const json& told : call.objects.happened("change_events")) {
        if (told.contains("related")) items.push_back(change_json(call, told, true));
    }
    return paged(call, "change_events", items);
}

HttpReply services(const Call& call) {
    std::vector<json> items;
    for (const json& told : call.objects.list("services")) {
        if (icontains(string_or_empty(told, "name"), call.parameter("query"))) items.push_back(service_json(call, told));
    }
    return paged(call, "services", items);
}

HttpReply service(const Call& call) {
    const json* told = call.objects.entry("services", call.argument);
    return told == nullptr ? not_found() : answer("service", service_json(call, *told));
}

HttpReply dependencies(const Call& call) {
    if (call.objects.entry("services", call.argument) == nullptr) return not_found();
    json list = json::array();
    const auto end = [](const std::string& id) { return json{{"id", id}, {"type", "technical_service_reference"}}; };
    for (const json& told : call.objects.list("dependencies")) {
        const std::string dependent = string_or_empty(told, "dependent");
        const std::string supporting = string_or_empty(told, "supporting");
        if (dependent != call.argument && supporting != call.argument) continue;
        list.push_back({{"id", "D" + std::to_string(list.size())},
                        {"type", "service_dependency"},
                        {"dependent_service", end(dependent)},
                        {"supporting_service", end(supporting)}});
    }
    return answer("relationships", std::move(list));
}

HttpReply oncalls(const Call& call) {
    std::vector<json> items;
    for (const json& told : call.objects.list("oncalls")) {
        if (call.parameter("escalation_policy_ids[]") != escalation_policy) continue;
        json user = call.objects.user_reference(string_or_empty(told, "user"));
        if (call.includes("users")) user["name"] = user["summary"];
        const auto name = get_string(told, "schedule");
        items.push_back({{"user", std::move(user)},
                         {"schedule", name ? call.objects.reference("schedule_reference", "schedules", "PSCHED1", *name) : json()},
                         {"escalation_policy",
                          call.objects.reference("escalation_policy_reference", "escalation_policies", escalation_policy, "Default")},
                         {"escalation_level", get_int(told, "level").value_or(1)},
                         {"start", nullptr},
                         {"end", nullptr}});
    }
    return paged(call, "oncalls", items);
}

}  // namespace gumshoe::pagerduty::answers
