// Any bytes as a webhook: parsed or refused, within the limits, and the alert survives its JSON form.
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/limits.hpp"
#include "integrations/datadog/receiver.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace gumshoe;
    if (size == 0) return 0;
    RawRequest request;
    request.method = "POST";
    request.headers.add("Content-Type", data[0] % 2 == 0 ? "application/json" : "application/x-www-form-urlencoded");
    request.body.assign(reinterpret_cast<const char*>(data) + 1, size - 1);
    const auto parsed = datadog::parse_webhook(request, "https://app.datadoghq.com", from_millis(1785578400000));
    if (!parsed) return 0;
    for (const Alert& alert : parsed->alerts) {
        if (alert.title.empty() || alert.title.size() > limits::alert_title_bytes) std::abort();
        if (alert.body.size() > limits::alert_body_bytes || alert.fingerprint.empty()) std::abort();
        for (const Link& link : alert.links) {
            if (!link.url.starts_with("https://")) std::abort();
        }
        const json written = to_json_value(alert);
        const auto read = alert_from_json(written);
        if (!read || to_json_value(*read) != written) std::abort();
    }
    return 0;
}
