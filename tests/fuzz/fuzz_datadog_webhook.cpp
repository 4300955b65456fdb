// Any bytes as a webhook, of either content type: parsed or refused, within the limits, and the alert survives its JSON form.
#include <nlohmann/json.hpp>

#include "base/limits.hpp"
#include "integrations/datadog/receiver.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace gumshoe;
    for (const char* type : {"application/json", "application/x-www-form-urlencoded"}) {
        RawRequest request;
        request.method = "POST";
        request.headers.add("Content-Type", type);
        request.body = std::string(fuzz::text_of(data, size));
        const auto parsed = datadog::parse_webhook(request, "https://app.datadoghq.com", from_millis(1785578400000));
        if (!parsed) continue;
        for (const Alert& alert : parsed->alerts) {
            fuzz::must(!alert.title.empty() && alert.title.size() <= limits::alert_title_bytes);
            fuzz::must(alert.body.size() <= limits::alert_body_bytes && !alert.fingerprint.empty());
            for (const Link& link : alert.links) fuzz::must(link.url.starts_with("https://"));
            const json written = to_json_value(alert);
            const auto read = alert_from_json(written);
            fuzz::must(read && to_json_value(*read) == written);
        }
    }
    return 0;
}
