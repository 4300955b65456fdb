// Any bytes as a webhook: parsed or refused, within the limits, and the alert survives its JSON form.
#include <nlohmann/json.hpp>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "integrations/newrelic/receiver.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace gumshoe;
    RawRequest request;
    request.method = "POST";
    request.headers.add("Content-Type", "application/json");
    request.body = std::string(fuzz::text_of(data, size));
    const auto parsed = newrelic::parse_webhook(request, from_millis(1785578400000));
    if (!parsed) return 0;
    fuzz::must(parsed->alerts.empty() != parsed->filtered.empty());
    for (const Alert& alert : parsed->alerts) {
        fuzz::must(!alert.title.empty() && alert.title.size() <= limits::alert_title_bytes);
        fuzz::must(alert.body.size() <= limits::alert_body_bytes);
        fuzz::must(!alert.episode.empty() && alert.fingerprint == "issue:" + alert.episode);
        fuzz::must(alert.monitor_id.find_first_not_of("0123456789") == std::string::npos);
        for (const Link& link : alert.links) fuzz::must(to_lower(link.url.substr(0, 4)) == "http");
        const json written = to_json_value(alert);
        const auto read = alert_from_json(written);
        fuzz::must(read && to_json_value(*read) == written);
    }
    return 0;
}
