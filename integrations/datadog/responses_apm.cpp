// Spans and events, and the envelope that all searches share.
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "integrations/datadog/links.hpp"
#include "integrations/datadog/response_fields.hpp"

namespace gumshoe::datadog {

namespace {

std::string identifier(const json& value, std::string_view path) {
    const json* id = find(value, path);
    if (id == nullptr || id->is_null()) return {};
    const std::string text = id->is_string() ? id->get<std::string>() : dump_json(*id);
    return text == "0" ? std::string() : text;  // a root's parent
}

bool failed(const json& attributes) {
    for (const char* path : {"status", "custom.status", "attributes.status"}) {
        if (string_or_empty(attributes, path) == "error") return true;
    }
    for (const char* path : {"custom.error", "attributes.error"}) {
        const json* error = find(attributes, path);
        if (error != nullptr && ((error->is_object() && !error->empty()) || (error->is_number() && *error != 0))) return true;
    }
    return false;
}

std::optional<SpanRecord> read_span(const json& item) {
    const json attributes = item.value("attributes", json::object());
    SpanRecord span;
    span.trace_id = identifier(attributes, "trace_id");
    span.span_id = identifier(attributes, "span_id");
    span.parent_span_id = identifier(attributes, "parent_id");
    span.service = string_or_empty(attributes, "service");
    span.instance = string_or_empty(attributes, "host");
    span.name = string_or_empty(attributes, "resource_name");
    const auto start = nanos(string_or_empty(attributes, "start_timestamp"));
    if (!start || span.span_id.empty()) return std::nullopt;
    span.start_time_unix_nano = *start;
    const auto duration = get_number(attributes, "custom.duration");  // exact; the timestamps are cut to milliseconds
    const auto end = nanos(string_or_empty(attributes, "end_timestamp"));
    span.end_time_unix_nano =
        duration && *duration >= 0 && *duration < 1e18 ? *start + static_cast<std::int64_t>(*duration) : end.value_or(*start);
    span.error = failed(attributes);
    return span;
}

/// A span's version is among its own fields, too.
std::map<std::string, std::string> span_tags(const json& attributes) {
    auto tags = read_tag_list(attributes);
    const auto version = string_or_empty(attributes, "custom.version");
    if (!version.empty()) tags.emplace("version", version);
    return tags;
}

/// As a web address, without credentials; "" for what is none. Whose it is, is not for a monitoring tool to say.
std::string address_of(const std::string& repository_url) {
    const auto address = parse_repository_address(repository_url);
    return address ? "https://" + address->host + "/" + address->name : std::string();
}

struct Event {
    std::string id;
    std::string title;
    std::string message;
    std::string service;
    std::string source;
    Timestamp at{};
    std::map<std::string, std::string> tags;
};

std::optional<Event> read_event(const json& item) {
    const json outer = item.value("attributes", json::object());
    const json inner = outer.value("attributes", json::object());
    Event event;
    event.tags = read_tag_list(outer);
    const std::string own_id = identifier(inner, "evt.id");
    event.id = own_id.empty() ? identifier(item, "id") : own_id;
    event.title = truncate(strip_invisible(string_or_empty(inner, "title")), 300);
    event.message = truncate(strip_invisible(string_or_empty(outer, "message")), 600);
    const auto of_tag = [&event](const char* key) { return event.tags.contains(key) ? event.tags.at(key) : std::string(); };
    event.service = string_or_empty(inner, "service");
    if (event.service.empty() || event.service == "undefined") event.service = of_tag("service");
    event.source = to_lower(of_tag("source"));
    if (event.source.empty()) event.source = to_lower(string_or_empty(inner, "evt.source"));
    if (const auto ms = get_int(inner, "timestamp"); ms && plausible_ms(*ms)) {
        event.at = from_millis(*ms);
    } else if (const auto time = nanos(string_or_empty(outer, "timestamp"))) {
        event.at = from_millis(*time / 1'000'000);
    } else {
        return std::nullopt;
    }
    return event;
}

/// "deploy", "flag" or "" for what is no change.
std::string change_kind(const Event& event) {
    if (icontains(event.source, "flag") || icontains(event.source, "launchdarkly")) return "flag";
    if (icontains(event.source, "deploy") || event.tags.contains("deployment") || event.tags.contains("deployment_id")) return "deploy";
    for (const char* word : {"deploy", "rollout", "rolled out", "release"}) {
        if (icontains(event.title, word)) return "deploy";
    }
    return {};
}

void add_event(const Event& event, const std::string& app_url, Records& records) {
    const std::string link = event_link(app_url, event.id);
    const std::string kind = change_kind(event);
    if (kind.empty()) {
        Fact fact{event.service, event.title.empty() ? event.message : event.title, event.at, link};
        if (!event.title.empty() && !event.message.empty()) fact.text += ": " + event.message;
        if (!fact.text.empty()) records.facts.push_back(std::move(fact));
        return;
    }
    const auto of_tag = [&event](const char* key) { return event.tags.contains(key) ? event.tags.at(key) : std::string(); };
    Change change;
    change.id = event.id;
    change.kind = kind;
    change.time = event.at;
    change.service = event.service;
    change.repository = address_of(of_tag("git.repository_url"));
    change.subject = event.title.empty() ? event.message : event.title;
    change.environment = of_tag("env");
    change.sha = of_tag("git.commit.sha");
    if (kind == "deploy") change.deployed = true;
    change.link = link;
    records.changes.push_back(std::move(change));
}

}  // namespace

result<Items> read_items(const HttpResponse& response) {
    auto document = parse_json(response.body);
    if (!document) return Error{errc::bad_reply, "Datadog's answer is no JSON"};
    const json* data = find(*document, "data");
    if (data == nullptr || !data->is_array()) return Error{errc::bad_reply, "Datadog's answer has no data"};
    Items items{json::array(), {}};
    for (const json& item : *data) {
        if (item.is_object() && item.value("attributes", json()).is_object()) items.data.push_back(item);
    }
    items.page.cursor = string_or_empty(*document, "meta.page.after");
    items.page.partial = string_or_empty(*document, "meta.status") == "timeout";
    return items;
}

std::map<std::string, std::string> read_tag_list(const json& attributes) {
    std::map<std::string, std::string> tags;
    const json* list = find(attributes, "tags");
    if (list == nullptr || !list->is_array()) return tags;
    for (const json& item : *list) {
        if (!item.is_string() || tags.size() == 200) continue;
        const auto& tag = item.get_ref<const std::string&>();
        const std::size_t colon = tag.find(':');
        tags.emplace(tag.substr(0, colon), colon == std::string::npos ? std::string() : tag.substr(colon + 1));
    }
    return tags;
}

std::optional<std::int64_t> nanos(std::string_view time) {
    const std::size_t dot = time.find('.');
    std::string whole(time);
    std::int64_t fraction = 0;
    if (dot != std::string_view::npos) {
        std::size_t end = dot + 1;
        std::int64_t scale = 100'000'000;
        for (; end < time.size() && time[end] >= '0' && time[end] <= '9'; ++end, scale /= 10) fraction += (time[end] - '0') * scale;
        whole = std::string(time.substr(0, dot)) + std::string(time.substr(end));
    }
    const auto read = parse_rfc3339(whole);
    if (!read || !plausible_ms(to_millis(*read))) return std::nullopt;
    return to_millis(*read) * 1'000'000 + fraction;
}

result<Page> read_spans(const HttpResponse& response, Records& records) {
    auto items = read_items(response);
    if (!items) return items.error();
    Sightings sightings("span tag");
    for (const json& item : items->data) {
        auto span = read_span(item);
        if (!span) continue;
        const json attributes = item.value("attributes", json::object());
        sightings.add(span->service, span_tags(attributes), attributes.value("custom", json()), span->start_time_unix_nano);
        records.spans.push_back(std::move(*span));
    }
    sightings.move_to(records);
    return items->page;
}

result<Page> read_events(const HttpResponse& response, const std::string& app_url, Records& records) {
    auto items = read_items(response);
    if (!items) return items.error();
    for (const json& item : items->data) {
        if (const auto event = read_event(item)) add_event(*event, app_url, records);
    }
    return items->page;
}

}  // namespace gumshoe::datadog
