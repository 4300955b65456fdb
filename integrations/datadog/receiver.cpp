// From a webhook's bytes to an alert. All values are text and any of them may be missing: each has a place to fall back to.
#include "integrations/datadog/receiver.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/digest.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "integrations/datadog/links.hpp"
#include "integrations/datadog/notification.hpp"

namespace gumshoe::datadog {

namespace {

using Fields = std::map<std::string, std::string, std::less<>>;
using Tags = std::map<std::string, std::string>;

/// "", "null", "None" and a variable that was not expanded ("$SNAPSHOT", "$TAGS[env]") all mean: not there.
bool absent(std::string_view value) {
    const std::string_view text = trim(value);
    if (text.empty() || text == "null" || text == "None") return true;
    if (text.size() < 2 || text[0] != '$' || text[1] < 'A' || text[1] > 'Z') return false;
    const std::string_view name = text.substr(1, text.find('[') - 1);
    return std::all_of(name.begin(), name.end(), [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; });
}

void put(Fields& fields, const std::string& key, std::string_view value) {
    if (!absent(value)) fields.emplace(key, strip_invisible(sanitize_utf8(trim(value))));
}

std::string text_of(const Fields& fields, std::string_view key) {
    const auto found = fields.find(key);
    return found == fields.end() ? std::string() : found->second;
}

result<Fields> read_json(std::string_view body) {
    auto document = parse_json(body);
    if (!document) return in_context("datadog webhook", document.error());
    if (!document->is_object()) return Error{errc::parse, "datadog webhook: the payload is not a JSON object"};
    Fields fields;
    for (const auto& [key, value] : document->items()) {
        if (value.is_string()) {
            put(fields, key, value.get_ref<const std::string&>());
        } else if (value.is_number()) {
            put(fields, key, dump_json(value));  // an unquoted $ID: its digits, never a double
        }
    }
    return fields;
}

result<Fields> read_fields(const RawRequest& request) {
    const std::string_view body = trim(request.body);
    if (body.empty()) return Error{errc::parse, "datadog webhook: the body is empty"};
    const auto type = request.headers.find("Content-Type");
    const bool form = type && icontains(*type, "x-www-form-urlencoded") && !body.starts_with('{');
    if (!form) return read_json(body);
    Fields fields;
    for (const auto& [key, value] : parse_form(body)) put(fields, key, value);
    return fields;
}

/// "monitor,service:shop-api,url:http://x": split at commas, then at the first colon. The first value of a key stands.
Tags read_tags(std::string_view text) {
    Tags tags;
    for (const std::string& part : split(text, ',')) {
        const std::string_view tag = trim(part);
        if (tag.empty() || tag == "*" || tags.size() == 200) continue;
        const std::size_t colon = tag.find(':');
        const std::string_view value = colon == std::string_view::npos ? std::string_view() : tag.substr(colon + 1);
        tags.emplace(std::string(tag.substr(0, colon)), std::string(value));
    }
    return tags;
}

/// One order and spacing for a scope, so that it is the same in every template.
std::string normal_scope(std::string_view text) {
    std::set<std::string> tags;
    for (const std::string& part : split(text, ',')) {
        if (const auto tag = trim(part); !tag.empty() && tag != "*") tags.emplace(tag);
    }
    return join({tags.begin(), tags.end()}, ",");
}

bool all_digits(std::string_view text) {
    return !text.empty() && text.size() <= 20 && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// What the links of a delivery tell: the default template has the monitor and its group nowhere else.
struct FromLinks {
    std::string app_url;
    std::string monitor_id;
    std::string group;
    std::string event_id;
};

/// A monitor's id from the path of its page; "" for any other link.
std::string monitor_of(const std::string& link, const std::string& origin) {
    constexpr std::string_view path = "/monitors/";
    if (link.compare(origin.size(), path.size(), path) != 0) return {};
    const std::string_view rest = std::string_view(link).substr(origin.size() + path.size());
    const std::string_view id = rest.substr(0, rest.find_first_of("/?#"));
    return all_digits(id) ? std::string(id) : std::string();
}

FromLinks read_links(const std::vector<std::string>& links) {
    FromLinks out;
    bool own = false;  // a link that Datadog itself wrote wins over one in the user's message
    for (const std::string& link : links) {
        const std::string origin = *vendor_origin(link);
        const bool page = link.compare(origin.size(), 9, "/monitors") == 0 || link.compare(origin.size(), 6, "/event") == 0;
        if (page && out.app_url.empty()) out.app_url = origin;  // images are on other hosts
        const std::string id = monitor_of(link, origin);
        const bool written = !link_parameter(link, "link_source").empty() || !link_parameter(link, "event_id").empty();
        if (id.empty() || own || (!written && !out.monitor_id.empty())) continue;
        out = FromLinks{origin, id, link_parameter(link, "group"), link_parameter(link, "event_id")};
        own = written;
    }
    return out;
}

/// Epoch milliseconds as text. A time that is no time of an alert is taken for absent.
std::optional<Timestamp> read_time(const std::string& text, std::int64_t unit_ms, Timestamp now) {
    if (!all_digits(text) || text.size() > 15) return std::nullopt;
    const Timestamp time = from_millis(std::stoll(text) * unit_ms);
    if (time > now + std::chrono::hours(24) || time < now - std::chrono::days(366)) return std::nullopt;
    return time;
}

Severity read_severity(const std::string& priority, const std::string& alert_type, const Transition& transition) {
    Severity severity = Severity::error;
    if (priority.size() == 2) {
        constexpr Severity by_priority[] = {Severity::critical, Severity::error, Severity::warning, Severity::info, Severity::info};
        severity = by_priority[std::clamp(priority[1] - '1', 0, 4)];
    } else if (iequals(alert_type, "warning")) {
        severity = Severity::warning;
    } else if (iequals(alert_type, "info") || (iequals(alert_type, "success") && transition.status == AlertStatus::firing)) {
        severity = Severity::info;
    }
    // A warning threshold is a warning whatever the monitor's priority; its escalation comes as another trigger.
    return transition.warn && severity < Severity::warning ? Severity::warning : severity;
}

/// Without an id the title stands for the thing: numbers in it change from one notification to the next.
std::string title_identity(const Alert& alert, const std::string& event_type) {
    std::string shape;
    for (const char c : to_lower(alert.title)) {
        const bool digit = c >= '0' && c <= '9';
        if (!digit || shape.empty() || shape.back() != '#') shape += digit ? '#' : c;
    }
    const std::string identity = event_type + "\n" + shape + "\n" + alert.service + "\n" + alert.environment;
    return "title:" + sha256_hex(identity).substr(0, 32);
}

void set_transition(Alert& alert, const std::string& word, const std::string& alert_type, Transition& transition) {
    transition = read_transition(word);
    alert.transition = word;
    if (word.empty() && iequals(alert_type, "success")) {
        transition.status = AlertStatus::resolved;
        transition.notification = Notification::recovery;
    } else if (!transition.known && !word.empty()) {
        alert.transition = truncate(word, 100) + " (unknown)";
    }
    alert.status = transition.status;
    alert.notification = transition.notification;
}

std::string tag_value(const Tags& tags, std::string_view key) {
    const auto found = tags.find(std::string(key));
    return found == tags.end() ? std::string() : found->second;
}

std::string first_of(std::initializer_list<std::string> candidates) {
    for (const std::string& candidate : candidates) {
        if (!candidate.empty()) return candidate;
    }
    return {};
}

void add_links(Alert& alert, const Fields& fields, const std::string& app_url, const std::string& group) {
    if (!alert.monitor_id.empty()) {
        alert.links.push_back({"Monitor " + alert.monitor_id, monitor_link(app_url, alert.monitor_id, group)});
    }
    const std::string link = text_of(fields, "link");
    if (vendor_origin(link)) {
        alert.links.push_back({"Event", link});
    } else if (!alert.event_id.empty()) {
        alert.links.push_back({"Event", event_link(app_url, alert.event_id)});
    }
}

Alert read_alert(const Fields& fields, const std::string& default_app_url, Timestamp now) {
    const auto text = [&fields](std::string_view key) { return text_of(fields, key); };
    std::vector<std::string> links;
    if (vendor_origin(text("link"))) links.push_back(text("link"));
    for (std::string& link : vendor_links(text("body"))) links.push_back(std::move(link));
    const FromLinks linked = read_links(links);
    const std::string app_url = first_of({linked.app_url, default_app_url});

    Alert alert;
    alert.source = "datadog";
    const Title title = parse_title(first_of({text("title"), text("alert_title")}));
    alert.title =
        truncate(first_of({title.name, parse_title(text("alert_title")).name, "Datadog notification"}), limits::alert_title_bytes);
    alert.body = clean_body(first_of({text("text"), text("body")}));

    Transition transition;
    set_transition(alert, first_of({text("alert_transition"), title.transition}), text("alert_type"), transition);
    if (title.test) alert.notification = Notification::test;
    const std::string priority = parse_title("[" + text("alert_priority") + "]").priority;
    alert.severity = read_severity(first_of({priority, title.priority}), text("alert_type"), transition);

    const std::string scope = normal_scope(first_of({text("alert_scope"), title.scope, linked.group}));
    const Tags scoped = read_tags(scope);
    alert.labels = read_tags(text("tags"));
    alert.labels.insert(scoped.begin(), scoped.end());
    alert.service = first_of({text("service"), tag_value(scoped, "service"), tag_value(alert.labels, "service")});
    alert.environment =
        first_of({text("env"), tag_value(scoped, "env"), tag_value(alert.labels, "env"), tag_value(alert.labels, "environment")});
    if (const std::string host = text("hostname"); !host.empty()) alert.labels.emplace("host", host);

    const std::string monitor = text("alert_id");
    alert.monitor_id = first_of({all_digits(monitor) ? monitor : std::string(), linked.monitor_id});
    alert.event_id = first_of({text("id"), linked.event_id});
    alert.metric = text("alert_metric");
    alert.query = text("alert_query");
    alert.episode = text("alert_cycle_key");
    const std::string by_monitor = alert.monitor_id.empty() ? "" : "monitor:" + alert.monitor_id + ":" + scope;
    const std::string aggregate = text("aggreg_key");
    alert.fingerprint = first_of({aggregate.empty() ? "" : "aggreg:" + aggregate, by_monitor, title_identity(alert, text("event_type"))});
    // A test is sent for a monitor that may be firing for real: it must not touch that one's episode.
    if (title.test) alert.fingerprint = "test:" + alert.fingerprint;
    if (title.test) alert.episode.clear();

    const auto date = read_time(text("date"), 1, now);
    const auto posix = read_time(text("date_posix"), 1000, now);
    alert.started_at = date ? *date : posix.value_or(now);
    alert.received_at = now;
    add_links(alert, fields, app_url, scope);
    return alert;
}

class DatadogReceiver final : public Receiver {
public:
    DatadogReceiver(WebhookCredentials credentials, std::string app_url)
        : credentials_(std::move(credentials)), app_url_(std::move(app_url)) {}

    std::string_view name() const override { return "datadog"; }
    result<void> verify(const RawRequest& request, Timestamp) const override { return check(credentials_, request); }
    result<ParsedDelivery> parse(const RawRequest& request, Timestamp now) const override { return parse_webhook(request, app_url_, now); }

private:
    WebhookCredentials credentials_;
    std::string app_url_;
};

}  // namespace

result<ParsedDelivery> parse_webhook(const RawRequest& request, const std::string& app_url, Timestamp now) {
    auto fields = read_fields(request);
    if (!fields) return fields.error();
    const auto has = [&fields](std::string_view key) { return fields->contains(key); };
    if (!has("title") && !has("alert_title") && !has("body") && !has("text")) {
        return Error{errc::parse, "datadog webhook: none of title, alert_title, body, text is there"};
    }
    ParsedDelivery delivery;
    delivery.alerts.push_back(read_alert(*fields, app_url, now));
    const Alert& alert = delivery.alerts.front();
    const std::string updated = text_of(*fields, "last_updated");
    // The event id alone is not enough: an event may be updated. Without it the intake takes the hash of the body.
    if (!alert.event_id.empty()) delivery.key = alert.event_id + ":" + to_lower(alert.transition) + ":" + updated;
    return delivery;
}

std::unique_ptr<Receiver> make_receiver(WebhookCredentials credentials, std::string app_url) {
    return std::make_unique<DatadogReceiver>(std::move(credentials), std::move(app_url));
}

}  // namespace gumshoe::datadog
