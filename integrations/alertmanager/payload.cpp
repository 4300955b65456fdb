// Reads the posted body: tolerant of what is missing or new, strict about what it is at all.
#include "integrations/alertmanager/payload.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"

namespace gumshoe::alertmanager {

namespace {

constexpr std::size_t most_words = 200;  // labels or annotations of one alert
constexpr std::size_t name_bytes = 200;

std::string clean(std::string_view text, std::size_t most_bytes) {
    return truncate(strip_invisible(sanitize_utf8(trim(text.substr(0, most_bytes * 4)))), most_bytes);
}

std::string text_of(const json& entry, const char* key) {
    return clean(string_or_empty(entry, key), limits::alert_body_bytes);
}

/// Values are text by contract; a template may have made numbers of them.
Words read_words(const json& entry, const char* key, std::size_t value_bytes) {
    Words words;
    const auto found = entry.find(key);
    if (found == entry.end() || !found->is_object()) return words;
    for (const auto& [name, value] : found->items()) {
        if (words.size() == most_words) break;
        if (value.is_string()) {
            words.emplace(clean(name, name_bytes), clean(value.get_ref<const std::string&>(), value_bytes));
        } else if (value.is_number() || value.is_boolean()) {
            words.emplace(clean(name, name_bytes), dump_json(value));
        }
    }
    return words;
}

/// The year 1 is Go's zero time: never set.
std::optional<Timestamp> read_time(const json& entry, const char* key) {
    const auto text = get_string(entry, key);
    if (!text || text->starts_with("0001-01-01")) return std::nullopt;
    const auto time = parse_rfc3339(trim(*text));
    return time ? std::optional(*time) : std::nullopt;
}

PostedAlert read_alert(const json& entry, const std::string& group_status, Timestamp now) {
    PostedAlert alert;
    alert.labels = read_words(entry, "labels", 1000);
    alert.annotations = read_words(entry, "annotations", limits::alert_body_bytes);
    alert.starts_at = read_time(entry, "startsAt");
    alert.ends_at = read_time(entry, "endsAt");
    const std::string status = get_string(entry, "status").value_or(alert.ends_at ? "" : group_status);
    const bool over = alert.ends_at && *alert.ends_at <= now;
    alert.firing = iequals(status, "firing") || (!iequals(status, "resolved") && !over);
    alert.fingerprint = text_of(entry, "fingerprint");
    alert.generator_url = text_of(entry, "generatorURL");
    alert.value_string = text_of(entry, "valueString");
    alert.dashboard_url = text_of(entry, "dashboardURL");
    alert.panel_url = text_of(entry, "panelURL");
    return alert;
}

}  // namespace

result<Payload> read_payload(std::string_view body, std::string_view sender, Timestamp now) {
    const std::string where = std::string(sender) + " webhook";
    const auto refused = [&where](const std::string& why) { return Error{errc::parse, where + ": " + why}; };
    if (trim(body).empty()) return refused("the body is empty");
    const auto document = parse_json(body);
    if (!document) return in_context(where, document.error());
    if (!document->is_object()) return refused("the payload is not a JSON object");
    const json* entries = find(*document, "alerts");
    if (entries == nullptr || !entries->is_array()) {
        return refused("there is no list of alerts in it: leave the receiver's body as it is, a custom payload or template replaces it");
    }
    if (entries->empty()) return refused("its list of alerts is empty");

    Payload payload;
    payload.group_key = string_or_empty(*document, "groupKey");
    payload.left_out = std::clamp<std::int64_t>(get_int(*document, "truncatedAlerts").value_or(0), 0, 1'000'000);
    const std::string group_status = string_or_empty(*document, "status");
    for (std::size_t i = 0; i < entries->size(); ++i) {
        const json& entry = (*entries)[i];
        if (!entry.is_object()) return refused("alerts[" + std::to_string(i) + "] is not an object");
        if (payload.alerts.size() < limits::alerts_per_delivery) {
            payload.alerts.push_back(read_alert(entry, group_status, now));
        } else {
            ++payload.left_out;
        }
    }
    return payload;
}

}  // namespace gumshoe::alertmanager
