// One POST is one group of alerts; each becomes an alert of its own.
#include "integrations/alertmanager/receiver.hpp"

#include "integrations/alertmanager/alerts.hpp"
#include "integrations/alertmanager/payload.hpp"

namespace gumshoe::alertmanager {

namespace {

/// What the button at Grafana's contact point sends. Prometheus' own Alertmanager has none.
bool from_test_button(const PostedAlert& posted) {
    return first_label(posted.labels, {"alertname"}) == "TestAlert" && first_label(posted.labels, {"instance"}) == "Grafana";
}

class AlertmanagerReceiver final : public Receiver {
public:
    explicit AlertmanagerReceiver(WebhookCredentials credentials) : credentials_(std::move(credentials)) {}

    std::string_view name() const override { return "alertmanager"; }
    result<void> verify(const RawRequest& request, Timestamp) const override { return check(credentials_, request); }
    result<ParsedDelivery> parse(const RawRequest& request, Timestamp now) const override { return parse_webhook(request, now); }

private:
    WebhookCredentials credentials_;
};

}  // namespace

result<ParsedDelivery> parse_webhook(const RawRequest& request, Timestamp now) {
    const Sender sender{"alertmanager", {{"runbook_url", "Runbook"}}};
    const auto payload = read_payload(request.body, sender.name, now);
    if (!payload) return payload.error();
    ParsedDelivery delivery;
    delivery.key = delivery_key(*payload);
    for (const PostedAlert& posted : payload->alerts) {
        delivery.alerts.push_back(read_alert(posted, *payload, sender, now));
        if (from_test_button(posted)) mark_as_test(delivery.alerts.back());
    }
    return delivery;
}

std::unique_ptr<Receiver> make_receiver(WebhookCredentials credentials) {
    return std::make_unique<AlertmanagerReceiver>(std::move(credentials));
}

}  // namespace gumshoe::alertmanager
