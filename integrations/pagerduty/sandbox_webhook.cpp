// Renders and signs V3 webhooks of the incident.
#include "integrations/pagerduty/sandbox_webhook.hpp"

#include <nlohmann/json.hpp>

#include "base/digest.hpp"

namespace gumshoe::pagerduty {
namespace {

constexpr char former_secret[] = "sandbox-pagerduty-secret-old";

/// The event's id: the scenario's, with an ending of its own for each event.
std::string event_id(const json& block, std::string_view ending) {
    const std::string id = string_or_empty(block, "webhook.event_id");
    return ending.empty() ? id : id.substr(0, id.size() - std::min(id.size(), ending.size())) + std::string(ending);
}

json incident_data(const Objects& objects, const sandbox::World& world, std::string_view status) {
    const json& told = objects.block().at("incident");
    const std::string id = string_or_empty(told, "id");
    json assignees = json::array();
    for (const json& user : objects.list("users")) {
        if (assignees.empty()) assignees.push_back(objects.user_reference(string_or_empty(user, "id")));
    }
    return {{"id", id},
            {"type", "incident"},
            {"self", objects.self("incidents", id)},
            {"html_url", objects.page("incidents", id)},
            {"number", get_int(told, "number").value_or(1)},
            {"status", status},
            {"incident_key", told.value("incident_key", json())},
            {"created_at", format_rfc3339(from_seconds(to_seconds(world.zero)))},
            {"title", string_or_empty(told, "title")},
            {"service", objects.service_reference(string_or_empty(told, "service"))},
            {"assignees", std::move(assignees)},
            {"escalation_policy", objects.reference("escalation_policy_reference", "escalation_policies", escalation_policy, "Default")},
            {"teams", json::array({objects.reference("team_reference", "teams", team, "Payments")})},
            {"priority", objects.priority()},
            {"urgency", get_string(told, "urgency").value_or("high")},
            {"conference_bridge", nullptr},
            {"resolve_reason", nullptr},
            {"incident_type", {{"name", "incident_default"}}}};
}

HttpRequest signed_delivery(json event) {
    HttpRequest request;
    request.method = "POST";
    request.body = dump_json(json{{"event", event}});
    const auto sign = [&request](const char* secret) { return "v1=" + hmac_sha256_hex(secret, request.body); };
    request.headers.add("Content-Type", "application/json");
    request.headers.add("User-Agent", "PagerDuty-Webhook/V3.0");
    request.headers.add("X-Webhook-Id", sha256_hex(string_or_empty(event, "id")).substr(0, 32));
    request.headers.add("X-Webhook-Subscription", "PSUB001");
    request.headers.add("X-PagerDuty-Signature", sign(former_secret) + "," + sign(webhook_secret));
    return request;
}

json envelope(const std::string& id, std::string_view type, Timestamp at, json data) {
    return {{"id", id},         {"event_type", type}, {"resource_type", "incident"}, {"occurred_at", format_rfc3339(at)},
            {"agent", nullptr}, {"client", nullptr},  {"data", std::move(data)}};
}

HttpRequest note_delivery(const Objects& objects, const PostedNote& note, std::size_t number) {
    const std::string digits = std::to_string(number);
    const std::string ending = "N" + std::string(3 - std::min<std::size_t>(digits.size(), 3), '0') + digits;
    constexpr std::size_t most = 200;  // longer notes are cut
    json data = {{"id", note.id},
                 {"type", "incident_note"},
                 {"incident", objects.incident_reference()},
                 {"content", note.content.substr(0, most)},
                 {"trimmed", note.content.size() > most}};
    json event = envelope(event_id(objects.block(), ending), "incident.annotated", note.at, std::move(data));
    event["agent"] = objects.user_reference(note.user);
    return signed_delivery(std::move(event));
}

}  // namespace

std::vector<HttpRequest> render_webhooks(const sandbox::World& world, std::string_view moment, const std::vector<PostedNote>& notes) {
    const Objects objects(world);
    std::vector<HttpRequest> all;
    if (moment == "annotated") {
        for (const PostedNote& note : notes) all.push_back(note_delivery(objects, note, all.size()));
        return all;
    }
    const bool ends = moment == "recovery";
    const bool first = moment == "trigger";
    if (!first && !ends && moment != "renotify") return all;
    const char* type = ends ? "incident.resolved" : first ? "incident.triggered" : "incident.escalated";
    const char* ending = ends ? "Z" : first ? "" : "R";
    json event = envelope(event_id(objects.block(), ending), type, first ? world.zero : world.now,
                          incident_data(objects, world, ends ? "resolved" : "triggered"));
    if (first || ends) event["agent"] = objects.reference("inbound_integration_reference", "integrations", "PINT001", "Events API V2");
    if (first) event["client"] = objects.block().at("incident").value("client", json());
    all.push_back(signed_delivery(std::move(event)));
    return all;
}

}  // namespace gumshoe::pagerduty
