// Renders the monitor's notification: our recommended template, or Datadog's default one with its seven keys.
#include "integrations/datadog/sandbox_webhook.hpp"

#include <nlohmann/json.hpp>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "integrations/datadog/links.hpp"
#include "integrations/datadog/requests.hpp"

namespace gumshoe::datadog {

namespace {

struct Moment {
    const char* transition;
    const char* alert_type;
    std::uint64_t event;  // counted from the first
};

Moment moment_of(std::string_view name) {
    if (name == "renotify") return {"Re-Triggered", "error", 1};
    if (name == "recovery") return {"Recovered", "success", 2};
    return {"Triggered", "error", 0};
}

std::string event_type(const std::string& monitor_type) {
    if (monitor_type == "log alert") return "log_alert";
    if (monitor_type == "service check") return "service_check";
    if (monitor_type == "trace-analytics alert") return "trace_analytics_alert";
    if (monitor_type == "slo alert") return "monitor_slo_alert";
    if (monitor_type == "synthetics alert") return "synthetics_alert";
    if (monitor_type == "composite") return "composite_monitor";
    return "query_alert_monitor";
}

/// "p95:trace.http.request{service:x}" -> "trace.http.request"
std::string metric_of(const std::string& graphed) {
    const std::size_t colon = graphed.find(':');
    const std::size_t brace = graphed.find('{');
    const bool plain = colon != std::string::npos && brace != std::string::npos && colon < brace;
    return plain ? graphed.substr(colon + 1, brace - colon - 1) : std::string();
}

std::string number(const json& value, std::string_view path) {
    const json* found = find(value, path);
    return found == nullptr || found->is_null() ? std::string() : found->is_string() ? found->get<std::string>() : dump_json(*found);
}

/// The words of one notification, under the names of the template.
json render_values(const json& scenario, const Moment& moment, const std::string& ms, const std::string& now_ms) {
    const json vendor = scenario.value("datadog", json::object());
    const json monitor = vendor.value("monitor", json::object());
    const bool with_service = get_bool(vendor, "webhook.service_tag").value_or(true);
    const std::string service = with_service ? string_or_empty(scenario, "service") : "";
    const std::string environment = string_or_empty(scenario, "environment");
    const std::string app_url = find_site(string_or_empty(vendor, "site")).value_or(*find_site("datadoghq.com")).app_url;

    std::vector<std::string> scope;
    if (!service.empty()) scope.push_back("service:" + service);
    if (!environment.empty()) scope.push_back("env:" + environment);
    std::vector<std::string> tags{"monitor"};
    for (const json& tag : monitor.value("tags", json::array())) {
        const std::string text = tag.get<std::string>();
        if (with_service || !text.starts_with("service:")) tags.push_back(text);
    }
    const std::string id = number(monitor, "id");
    const std::string event = std::to_string(std::stoull("0" + string_or_empty(vendor, "webhook.event_id")) + moment.event);
    const std::string priority = number(monitor, "priority").empty() ? "" : "P" + number(monitor, "priority");
    const std::string on = scope.empty() ? "" : " on {" + join(scope, ",") + "}";
    const std::string name = string_or_empty(monitor, "name");
    const std::string value = string_or_empty(vendor, "webhook.value");
    const std::string threshold = number(monitor, "thresholds.critical");
    const std::string message =
        replace_all(replace_all(string_or_empty(monitor, "message"), "{{value}}", value), "{{threshold}}", threshold);
    const std::string query = string_or_empty(monitor, "query");
    const std::string graphed = graphed_query(query);
    const std::string sentence = graphed + " over " + join(scope, ",") + " was > " + threshold + " during the last 5m.";
    const std::string window = "from_ts=" + ms + "&to_ts=" + now_ms + "&event_id=" + event + "&link_source=monitor_notif";
    const std::string monitor_url = monitor_link(app_url, id, join(scope, ",")) + (scope.empty() ? "?" : "&") + window;
    const std::string buttons =
        id.empty() ? "" : "[[Monitor Status](" + monitor_url + ")] \xC2\xB7 [[Edit Monitor](" + app_url + "/monitors#" + id + "/edit)]";
    const std::string cycle = sha256_hex(id + ms).substr(0, 18);
    return {
        {"schema", "incident-investigator/1"},
        {"id", event},
        {"event_type", event_type(string_or_empty(monitor, "type"))},
        {"title", (priority.empty() ? "" : "[" + priority + "] ") + "[" + moment.transition + on + "] " + name},
        {"body", "%%%\n" + message + "\n\n**" + sentence + "**\n\n- - -\n\n" + buttons + "\n%%%"},
        {"text", message + "\n\n" + sentence},
        {"date", now_ms},
        {"date_posix", now_ms.substr(0, now_ms.size() - 3)},
        {"last_updated", now_ms},
        {"alert_id", id},
        {"alert_title", "[" + std::string(moment.transition) + on + "] " + name},
        {"alert_transition", moment.transition},
        {"alert_type", moment.alert_type},
        {"alert_priority", priority},
        {"alert_query", query},
        {"alert_metric", metric_of(graphed)},
        {"alert_scope", join(scope, ", ")},
        {"alert_status", sentence},
        {"alert_cycle_key", cycle},
        {"aggreg_key", sha256_hex(id + join(scope, ",")).substr(0, 32)},
        {"hostname", ""},
        {"tags", join(tags, ",")},
        {"service", service},
        {"env", environment},
        {"link", event_link(app_url, event)},
        {"snapshot", ""},
        {"priority", "normal"},
        {"org", vendor.value("org", json::object())},
    };
}

}  // namespace

HttpRequest render_webhook(const sandbox::World& world, std::string_view moment) {
    const Moment what = moment_of(moment);
    const std::string zero = std::to_string(to_millis(world.zero));
    const std::string at = what.event == 0 ? zero : std::to_string(to_millis(world.now));
    json values = render_values(*world.scenario, what, zero, at);
    if (string_or_empty(*world.scenario, "datadog.webhook.template") == "default") {
        json seven = json::object();
        for (const char* key : {"body", "last_updated", "event_type", "title", "date", "org", "id"}) seven[key] = values[key];
        values = std::move(seven);
    }
    HttpRequest request;
    request.method = "POST";
    request.headers.add("Content-Type", "application/json; charset=utf-8");
    request.headers.add("User-Agent", "python-requests/2.32.3");
    request.headers.add("Authorization", std::string("Bearer ") + webhook_token);
    request.headers.add("Accept", "*/*");
    request.body = values.dump(-1, ' ', true, json::error_handler_t::replace);
    return request;
}

}  // namespace gumshoe::datadog
