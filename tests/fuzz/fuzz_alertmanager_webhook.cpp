// Any bytes as a webhook: parsed or refused, within the limits, no address that is none, and the alerts survive their JSON form.
#include <nlohmann/json.hpp>

#include "base/limits.hpp"
#include "integrations/alertmanager/alerts.hpp"
#include "integrations/alertmanager/receiver.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace gumshoe;
    RawRequest request;
    request.method = "POST";
    request.body = std::string(fuzz::text_of(data, size));
    const auto parsed = alertmanager::parse_webhook(request, from_millis(1785578400000));
    if (!parsed) return 0;
    fuzz::must(!parsed->alerts.empty() && parsed->alerts.size() <= limits::alerts_per_delivery);
    for (const Alert& alert : parsed->alerts) {
        fuzz::must(!alert.title.empty() && alert.title.size() <= limits::alert_title_bytes);
        fuzz::must(alert.body.size() <= limits::alert_body_bytes && !alert.fingerprint.empty());
        for (const Link& link : alert.links) fuzz::must(alertmanager::linkable(link.url, 8000));
        fuzz::must((alert.status == AlertStatus::resolved) == (alert.transition == "resolved"));
        const json written = to_json_value(alert);
        const auto read = alert_from_json(written);
        fuzz::must(read && to_json_value(*read) == written);
    }
    return 0;
}
