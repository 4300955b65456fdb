// The notifier's template data: what all alerts share, the group's key, Go's way of writing times.
#include "integrations/alertmanager/sandbox_group.hpp"

#include <nlohmann/json.hpp>

#include "base/digest.hpp"

namespace gumshoe::alertmanager {

namespace {

/// RFC 3339 with nanoseconds, as Go prints a time that has some.
std::string nanos(Timestamp time) {
    std::string text = format_rfc3339(time);
    text.pop_back();
    return text + (text.find('.') == std::string::npos ? ".000" : "") + "569266Z";
}

void keep_shared(Words& shared, const Words& words) {
    std::erase_if(shared, [&words](const auto& entry) {
        const auto found = words.find(entry.first);
        return found == words.end() || found->second != entry.second;
    });
}

/// {}:{service="checkout"}
std::string group_key(const SentGroup& group) {
    std::string labels;
    for (const auto& [name, value] : group.labels) labels += (labels.empty() ? "" : ", ") + name + "=" + dump_json(json(value));
    return group.route + ":{" + labels + "}";
}

}  // namespace

json group_body(const SentGroup& group) {
    json alerts = json::array();
    Words labels = group.alerts.empty() ? Words{} : group.alerts.front().labels;
    Words annotations = group.alerts.empty() ? Words{} : group.alerts.front().annotations;
    bool fires = false;
    for (const SentAlert& alert : group.alerts) {
        keep_shared(labels, alert.labels);
        keep_shared(annotations, alert.annotations);
        fires = fires || !alert.ends_at;
        alerts.push_back({{"status", alert.ends_at ? "resolved" : "firing"},
                          {"labels", alert.labels},
                          {"annotations", alert.annotations},
                          {"startsAt", nanos(alert.starts_at)},
                          {"endsAt", alert.ends_at ? nanos(*alert.ends_at) : "0001-01-01T00:00:00Z"},
                          {"generatorURL", alert.generator_url},
                          {"fingerprint", sha256_hex(dump_json(json(alert.labels))).substr(0, 16)}});
    }
    return {{"receiver", group.receiver},
            {"status", fires ? "firing" : "resolved"},
            {"alerts", std::move(alerts)},
            {"groupLabels", group.labels},
            {"commonLabels", labels},
            {"commonAnnotations", annotations},
            {"externalURL", group.external_url},
            {"version", "4"},
            {"groupKey", group_key(group)},
            {"truncatedAlerts", 0}};
}

HttpRequest group_request(const SentGroup& group) {
    HttpRequest request;
    request.method = "POST";
    request.headers.add("Content-Type", "application/json");
    request.headers.add("User-Agent", "Alertmanager/0.28.1");
    request.body = dump_json(group_body(group)) + "\n";
    return request;
}

}  // namespace gumshoe::alertmanager
