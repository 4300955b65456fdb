// What SigNoz adds to an Alertmanager's alerts: the rule behind them, missing data, tests, links to logs and traces.
#include "integrations/signoz/receiver.hpp"

#include "integrations/alertmanager/alerts.hpp"
#include "integrations/alertmanager/payload.hpp"
#include "integrations/signoz/codec.hpp"

namespace gumshoe::signoz {

namespace {

using alertmanager::first_label;
using alertmanager::PostedAlert;

std::string rule_of(const PostedAlert& posted) {
    std::string id = first_label(posted.labels, {"ruleId"});
    return is_rule_id(id) ? id : std::string();
}

/// A rule that is tried out, or the button of the channel.
bool is_test(const PostedAlert& posted) {
    const std::string name = first_label(posted.labels, {"alertname"});
    if (first_label(posted.labels, {"testalert"}) == "true" || name.ends_with("_TEST_ALERT")) return true;
    return name.starts_with("Test Alert (") && rule_of(posted).empty();
}

Alert read_alert(PostedAlert posted, const alertmanager::Payload& payload, Timestamp now) {
    const alertmanager::Sender sender{"signoz",
                                      {{"related_logs", "Related logs"}, {"related_traces", "Related traces"}, {"runbook_url", "Runbook"}}};
    if (posted.generator_url.empty()) posted.generator_url = first_label(posted.labels, {"ruleSource"});
    Alert alert = alertmanager::read_alert(posted, payload, sender, now);
    alert.monitor_id = rule_of(posted);
    alert.severity = alertmanager::read_severity(first_label(posted.labels, {"severity", "threshold.name"}));
    if (posted.firing && first_label(posted.labels, {"nodata"}) == "true") alert.transition = "no data";
    if (is_test(posted)) alertmanager::mark_as_test(alert);
    return alert;
}

class SignozReceiver final : public Receiver {
public:
    explicit SignozReceiver(WebhookCredentials credentials) : credentials_(std::move(credentials)) {}

    std::string_view name() const override { return "signoz"; }
    result<void> verify(const RawRequest& request, Timestamp) const override { return check(credentials_, request); }
    result<ParsedDelivery> parse(const RawRequest& request, Timestamp now) const override { return parse_webhook(request, now); }

private:
    WebhookCredentials credentials_;
};

}  // namespace

result<ParsedDelivery> parse_webhook(const RawRequest& request, Timestamp now) {
    auto payload = alertmanager::read_payload(request.body, "signoz", now);
    if (!payload) return payload.error();
    ParsedDelivery delivery;
    delivery.key = alertmanager::delivery_key(*payload);
    for (const PostedAlert& posted : payload->alerts) delivery.alerts.push_back(read_alert(posted, *payload, now));
    return delivery;
}

std::unique_ptr<Receiver> make_receiver(WebhookCredentials credentials) {
    return std::make_unique<SignozReceiver>(std::move(credentials));
}

}  // namespace gumshoe::signoz
