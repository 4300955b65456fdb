// Any bytes as a webhook: parsed, filtered or refused, within the limits; the alert survives its JSON form, and no signature fits by
// chance.
#include <nlohmann/json.hpp>

#include "base/limits.hpp"
#include "integrations/pagerduty/codec.hpp"
#include "integrations/pagerduty/receiver.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace gumshoe;
    const std::string text(fuzz::text_of(data, size));
    RawRequest request;
    request.body = text;
    request.headers.add("X-PagerDuty-Signature", text.substr(0, text.find('\n')));
    fuzz::must(!pagerduty::check_signature({Secret("fuzzed-secret-0123")}, request));
    const auto parsed = pagerduty::parse_webhook(text, from_millis(1785578400000));
    if (!parsed) return 0;
    fuzz::must(parsed->alerts.size() <= 1 && parsed->alerts.empty() == !parsed->filtered.empty());
    for (const Alert& alert : parsed->alerts) {
        fuzz::must(!alert.title.empty() && alert.title.size() <= limits::alert_title_bytes);
        fuzz::must(pagerduty::is_id(alert.fingerprint));
        for (const Link& link : alert.links) fuzz::must(pagerduty::is_web_link(link.url));
        const json written = to_json_value(alert);
        const auto read = alert_from_json(written);
        fuzz::must(read && to_json_value(*read) == written);
    }
    return 0;
}
