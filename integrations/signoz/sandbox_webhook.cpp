// The labels and annotations that SigNoz' ruler puts on an alert, in the group that its Alertmanager makes of it: one rule, one group.
#include "integrations/signoz/sandbox_webhook.hpp"

#include <nlohmann/json.hpp>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "integrations/alertmanager/sandbox_group.hpp"
#include "sandbox/world/telemetry.hpp"

namespace gumshoe::signoz {

namespace {

using sandbox::scenario_part;
using Words = alertmanager::Words;

void add(Words& words, const json& object) {
    for (const auto& [name, value] : object.items()) words[name] = value.is_string() ? value.get<std::string>() : dump_json(value);
}

/// As SigNoz writes it: the query as JSON, percent-encoded twice, and the window in milliseconds.
std::string related_link(const std::string& page, const std::string& expression, Timestamp from, Timestamp to) {
    const json query = {{"queryType", "builder"},
                        {"builder", {{"queryData", {{{"queryName", "A"}, {"filter", {{"expression", expression}}}}}}}}};
    return page + "?compositeQuery=" + url_encode(url_encode(dump_json(query))) + "&startTime=" + std::to_string(to_millis(from)) +
           "&endTime=" + std::to_string(to_millis(to));
}

Words labels_of(const json& scenario, const json& rule, const std::string& rule_url) {
    Words labels{{"service.name", string_or_empty(scenario, "service")},
                 {"deployment.environment", string_or_empty(scenario, "environment")}};
    if (const json& group = scenario_part(scenario, "signoz.webhook.group"); group.is_object()) {
        labels.clear();
        add(labels, group);
    }
    add(labels, scenario_part(rule, "labels"));
    const std::string severity = get_string(rule, "severity").value_or("critical");
    labels["alertname"] = string_or_empty(rule, "name");
    labels["severity"] = severity;
    labels["threshold.name"] = severity;
    labels["ruleId"] = string_or_empty(rule, "id");
    labels["ruleSource"] = rule_url;
    return labels;
}

}  // namespace

std::vector<HttpRequest> render_webhooks(const sandbox::World& world, std::string_view moment) {
    const json& scenario = *world.scenario;
    const json& webhook = scenario_part(scenario, "signoz.webhook");
    if (webhook.is_null() || moment == "annotated") return {};
    const json& rule = scenario_part(scenario, "signoz.rule");
    const std::string url = get_string(scenario, "signoz.url").value_or("https://signoz.acme.example");
    const std::string rule_url = url + "/alerts/overview?ruleId=" + url_encode(string_or_empty(rule, "id"));

    alertmanager::SentAlert alert;
    alert.labels = labels_of(scenario, rule, rule_url);
    add(alert.annotations, scenario_part(rule, "annotations"));
    for (auto& [name, text] : alert.annotations) text = replace_all(text, "{{value}}", string_or_empty(webhook, "value"));
    const std::string type = string_or_empty(rule, "alertType");
    const std::string expression = "service.name = '" + string_or_empty(scenario, "service") + "'";
    const Timestamp from = world.zero - std::chrono::minutes(5);
    if (type == "LOGS_BASED_ALERT") {
        alert.annotations["related_logs"] = related_link(url + "/logs/logs-explorer", expression, from, world.zero);
    } else if (type == "TRACES_BASED_ALERT") {
        alert.annotations["related_traces"] = related_link(url + "/traces-explorer", expression, from, world.zero);
    }
    alert.starts_at = world.zero;
    if (moment == "recovery") alert.ends_at = world.now;
    alert.generator_url = rule_url;

    alertmanager::SentGroup group;
    group.receiver = get_string(webhook, "receiver").value_or("gumshoe");
    group.route = "{__receiver__=" + dump_json(json(group.receiver)) + "}";
    group.labels = {{"ruleId", string_or_empty(rule, "id")}};
    group.external_url = "http://localhost:8080";  // SigNoz' default, also of public instances
    group.alerts.push_back(std::move(alert));
    HttpRequest request = alertmanager::group_request(group);
    request.headers.add("Authorization", "Basic " + base64_encode(std::string(webhook_user) + ":" + webhook_password));
    return {std::move(request)};
}

}  // namespace gumshoe::signoz
