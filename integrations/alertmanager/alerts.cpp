// From labels and annotations to the fields of an alert.
#include "integrations/alertmanager/alerts.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "alert/references.hpp"
#include "base/digest.hpp"
#include "base/json.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"

namespace gumshoe::alertmanager {

namespace {

constexpr std::size_t fingerprint_bytes = 128;
constexpr std::size_t shown_link_bytes = 2000;  // the first link stands in a chat message
constexpr std::size_t kept_link_bytes = 8000;   // SigNoz writes whole queries into its links
constexpr std::size_t query_bytes = 4000;

std::string word_of(const Words& words, std::string_view name) {
    const auto found = words.find(std::string(name));
    return found == words.end() ? std::string() : found->second;
}

/// Grafana calls all rules without data by one name and puts the rule's own into a label.
std::string title_of(const PostedAlert& posted) {
    std::string name = first_label(posted.labels, {"alertname"});
    const std::string rule = first_label(posted.labels, {"rulename"});
    if (!rule.empty() && name.starts_with("Datasource")) return name + ": " + rule;
    if (!name.empty()) return name;
    std::string summary = word_of(posted.annotations, "summary");
    return summary.empty() ? "Alert without a name" : summary;
}

/// What people wrote: summary, description and message bare, the rest by name. Names that begin with "_" are the tool's own.
std::string body_of(const PostedAlert& posted, const Payload& payload, const Sender& sender) {
    constexpr std::array<std::string_view, 3> prose{"summary", "description", "message"};
    std::vector<std::string> parts;
    for (const std::string_view name : prose) {
        const std::string text = word_of(posted.annotations, name);
        if (!text.empty() && std::find(parts.begin(), parts.end(), text) == parts.end()) parts.push_back(text);
    }
    for (const auto& [name, text] : posted.annotations) {
        const bool linked = std::any_of(sender.linked.begin(), sender.linked.end(), [&](const auto& link) { return link.first == name; });
        const bool said = std::find(prose.begin(), prose.end(), name) != prose.end();
        if (!text.empty() && !linked && !said && !name.starts_with('_')) parts.push_back(name + ": " + text);
    }
    if (!posted.value_string.empty()) parts.push_back("values: " + posted.value_string);
    if (payload.left_out > 0) parts.push_back("The group has " + std::to_string(payload.left_out) + " more alerts that were not sent.");
    return truncate(join(parts, "\n"), limits::alert_body_bytes);
}

/// A time that is no time of an alert is taken for absent.
Timestamp believable(std::optional<Timestamp> time, Timestamp now) {
    const bool good = time && *time <= now + std::chrono::hours(24) && *time >= now - std::chrono::days(366);
    return good ? *time : now;
}

std::string fingerprint_of(const PostedAlert& posted) {
    if (!posted.fingerprint.empty() && posted.fingerprint.size() <= fingerprint_bytes) return posted.fingerprint;
    return "labels:" + sha256_hex(dump_json(json(posted.labels))).substr(0, 32);
}

/// The rule's expression: Prometheus writes it into the link to its graph.
std::string expression_of(const std::string& url) {
    const std::size_t mark = url.find('?');
    if (mark == std::string::npos) return {};
    for (const auto& [key, value] : parse_form(std::string_view(url).substr(mark + 1))) {
        if (key == "g0.expr") return truncate(strip_invisible(sanitize_utf8(value)), query_bytes);
    }
    return {};
}

void add_links(Alert& alert, const PostedAlert& posted, const Sender& sender) {
    const auto add = [&alert](const std::string& title, const std::string& url, std::size_t most_bytes) {
        if (linkable(url, most_bytes)) alert.links.push_back({title, url});
    };
    add("Rule", posted.generator_url, shown_link_bytes);
    add("Panel", posted.panel_url, shown_link_bytes);
    add("Dashboard", posted.dashboard_url, shown_link_bytes);
    for (const auto& [name, title] : sender.linked) {
        add(title, word_of(posted.annotations, name), alert.links.empty() ? shown_link_bytes : kept_link_bytes);
    }
}

}  // namespace

std::string first_label(const Words& labels, std::initializer_list<std::string_view> names) {
    for (const std::string_view name : names) {
        std::string value = word_of(labels, name);
        if (!value.empty() && !value.starts_with("<error expanding template")) return value;
    }
    return {};
}

Severity read_severity(std::string_view word) {
    struct Word {
        std::string_view text;
        Severity severity;
    };
    constexpr std::array words{
        Word{"critical", Severity::critical},  Word{"crit", Severity::critical},   Word{"page", Severity::critical},
        Word{"emergency", Severity::critical}, Word{"fatal", Severity::critical},  Word{"disaster", Severity::critical},
        Word{"p1", Severity::critical},        Word{"sev1", Severity::critical},   Word{"error", Severity::error},
        Word{"high", Severity::error},         Word{"major", Severity::error},     Word{"p2", Severity::error},
        Word{"sev2", Severity::error},         Word{"warning", Severity::warning}, Word{"warn", Severity::warning},
        Word{"medium", Severity::warning},     Word{"minor", Severity::warning},   Word{"p3", Severity::warning},
        Word{"sev3", Severity::warning},       Word{"info", Severity::info},       Word{"information", Severity::info},
        Word{"informational", Severity::info}, Word{"notice", Severity::info},     Word{"low", Severity::info},
        Word{"none", Severity::info},          Word{"p4", Severity::info},         Word{"p5", Severity::info},
        Word{"sev4", Severity::info},          Word{"sev5", Severity::info},
    };
    const std::string_view text = trim(word);
    const auto found = std::find_if(words.begin(), words.end(), [text](const Word& known) { return iequals(known.text, text); });
    return found == words.end() ? Severity::error : found->severity;
}

bool linkable(std::string_view url, std::size_t most_bytes) {
    const std::string scheme = to_lower(url.substr(0, 8));
    const std::size_t start = scheme == "https://" ? 8 : scheme.starts_with("http://") ? 7 : 0;
    if (start == 0 || url.size() > most_bytes) return false;
    const bool plain = std::all_of(url.begin(), url.end(), [](char c) {
        return c > ' ' && c < 0x7f && std::string_view("\"'<>\\^`{|}").find(c) == std::string_view::npos;
    });
    const std::string host = to_lower(url.substr(start, url.find_first_of("/?#", start) - start));
    if (!plain || host.empty() || host.starts_with(':') || host.find('@') != std::string::npos) return false;
    const std::string_view name = std::string_view(host).substr(0, host.find(':'));
    return name != "localhost" && !name.starts_with("127.") && name != "0.0.0.0" && !host.starts_with("[::1]");
}

void mark_as_test(Alert& alert) {
    alert.notification = Notification::test;
    alert.fingerprint = "test:" + alert.fingerprint;
    alert.episode.clear();
}

std::string delivery_key(const Payload& payload) {
    std::vector<std::string> alerts;
    for (const PostedAlert& alert : payload.alerts) {
        if (!alert.starts_at) return {};
        alerts.push_back(fingerprint_of(alert) + " " + format_rfc3339(*alert.starts_at) + (alert.firing ? " firing" : " resolved"));
    }
    std::sort(alerts.begin(), alerts.end());
    return "group:" + sha256_hex(dump_json(json{payload.group_key, alerts}));
}

Alert read_alert(const PostedAlert& posted, const Payload& payload, const Sender& sender, Timestamp now) {
    Alert alert;
    alert.source = sender.name;
    alert.title = truncate(title_of(posted), limits::alert_title_bytes);
    alert.body = body_of(posted, payload, sender);
    alert.service =
        first_label(posted.labels, {"service.name", "service_name", "serviceName", "service", "k8s.deployment.name", "app", "job"});
    alert.environment = first_label(posted.labels, {"deployment.environment", "deployment.environment.name", "deployment_environment",
                                                    "deployment_environment_name", "environment", "env"});
    alert.severity = read_severity(first_label(posted.labels, {"severity", "priority"}));
    alert.status = posted.firing ? AlertStatus::firing : AlertStatus::resolved;
    alert.notification = posted.firing ? Notification::trigger : Notification::recovery;
    alert.transition = posted.firing ? "firing" : "resolved";
    alert.fingerprint = fingerprint_of(posted);
    if (posted.starts_at) alert.episode = format_rfc3339(*posted.starts_at);
    alert.query = expression_of(posted.generator_url);
    alert.started_at = believable(posted.firing ? posted.starts_at : posted.ends_at, now);
    alert.received_at = now;
    alert.labels = posted.labels;
    add_links(alert, posted, sender);
    // PagerDuty gets exactly this from an Alertmanager, as its dedup_key.
    if (!payload.group_key.empty()) alert.references.push_back(key_reference(sha256_hex(payload.group_key)));
    return alert;
}

}  // namespace gumshoe::alertmanager
