// Renders the issue's notification. Values have the types that they have in real bodies: times are numbers, isCorrelated is a text.
#include "integrations/newrelic/sandbox_webhook.hpp"

#include <nlohmann/json.hpp>

#include "integrations/newrelic/links.hpp"
#include "integrations/newrelic/sandbox_data.hpp"
#include "sandbox/world/telemetry.hpp"

namespace gumshoe::newrelic {

using sandbox::scenario_part;

namespace {

struct Moment {
    const char* state;
    const char* trigger;
    bool later;  // than the first notification
};

Moment moment_of(std::string_view name) {
    if (name == "renotify") return {"ACTIVATED", "INCIDENT_ADDED", true};
    if (name == "recovery") return {"CLOSED", "INCIDENT_CLOSED", true};
    return {"ACTIVATED", "STATE_CHANGE", false};
}

json list_of(const std::string& text) {
    return json::array({text});
}

/// The default template.
json default_body(const sandbox::World& world, const Moment& moment) {
    const json& scenario = *world.scenario;
    const json& block = scenario_part(scenario, "newrelic");
    const std::string issue = string_or_empty(block, "issue.id");
    const bool twice = moment.later && std::string_view(moment.state) == "ACTIVATED";
    return {{"id", issue},
            {"issueUrl", issue_link(region_of("us"), account_of(scenario), issue) + "?notifier=WEBHOOK"},
            {"title", string_or_empty(block, "issue.title")},
            {"priority", string_or_empty(block, "issue.priority")},
            {"impactedEntities", list_of(string_or_empty(scenario, "service"))},
            {"totalIncidents", twice ? 2 : 1},
            {"state", moment.state},
            {"trigger", moment.trigger},
            {"isCorrelated", "false"},
            {"createdAt", to_millis(world.zero)},
            {"updatedAt", to_millis(moment.later ? world.now : world.zero) + 1300},
            {"sources", list_of("newrelic")},
            {"alertPolicyNames", list_of(string_or_empty(block, "issue.policy"))},
            {"alertConditionNames", list_of(string_or_empty(block, "condition.name"))},
            {"workflowName", string_or_empty(block, "issue.workflow")}};
}

/// The template of the README.
json recommended_body(const sandbox::World& world, const Moment& moment) {
    const json& scenario = *world.scenario;
    const json& block = scenario_part(scenario, "newrelic");
    const json plain = default_body(world, moment);
    json body = {{"issueId", plain["id"]}, {"activatedAt", to_millis(world.zero) + 1200}, {"nrAccountId", account_of(scenario)}};
    for (const char* key : {"issueUrl", "title", "priority", "state", "trigger", "totalIncidents", "isCorrelated", "createdAt", "updatedAt",
                            "workflowName"}) {
        body[key] = plain[key];
    }
    body["mutingState"] = "NOT_MUTED";
    body["entityNames"] = plain["impactedEntities"];
    body["entityGuids"] = list_of(guid_of(scenario, string_or_empty(scenario, "service")));
    body["entityTypes"] = list_of("APPLICATION");
    body["policyName"] = plain["alertPolicyNames"];
    body["conditionName"] = plain["alertConditionNames"];
    body["conditionFamilyId"] = json::array({scenario_part(block, "condition.id")});
    body["nrqlQuery"] = list_of(string_or_empty(block, "condition.nrql"));
    body["tags"] = block.value("tags", json::object());
    if (const std::string text = string_or_empty(block, "condition.description"); !text.empty()) body["description"] = list_of(text);
    if (const std::string url = string_or_empty(block, "condition.runbook"); !url.empty()) body["runbookUrl"] = list_of(url);
    if (std::string_view(moment.state) == "CLOSED") body["closedAt"] = to_millis(world.now);
    return body;
}

}  // namespace

HttpRequest render_webhook(const sandbox::World& world, std::string_view moment) {
    const Moment what = moment_of(moment);
    const bool plain = string_or_empty(*world.scenario, "newrelic.webhook.template") == "default";
    HttpRequest request;
    request.method = "POST";
    request.headers.add("Content-Type", "application/json");
    request.headers.add("User-Agent", "NewRelic/Notifications");
    request.headers.add("Authorization", std::string("Bearer ") + webhook_token);
    request.body = dump_json(plain ? default_body(world, what) : recommended_body(world, what));
    return request;
}

}  // namespace gumshoe::newrelic
