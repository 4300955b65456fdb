// Logs, spans and events of the simulated Datadog: the search body they share, its checks, and pages of what the story holds.
#include "integrations/datadog/sandbox_search.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <tuple>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "integrations/datadog/sandbox_query.hpp"
#include "sandbox/world/telemetry.hpp"

namespace gumshoe::datadog {

using sandbox::PlayedLog;
using sandbox::PlayedSpan;
using sandbox::scenario_part;
using sandbox::Telemetry;

namespace {

using sandbox::World;

/// The shape of the v2 endpoints' errors.
HttpReply invalid(const std::string& why) {
    return json_reply(400, dump_json(json{{"errors", {{{"title", "Generic Error"}, {"detail", "invalid_argument(" + why + ")"}}}}}));
}

/// Every member of `value` must be among `known`.
result<void> only(const json& value, const std::string& where, std::initializer_list<std::string_view> known) {
    if (!value.is_object()) return Error{errc::parse, "Field '" + where + "' must be an object"};
    for (const auto& [key, member] : value.items()) {
        if (std::find(known.begin(), known.end(), key) == known.end())
            return Error{errc::parse, "Unknown field '" + where + "." + key + "'"};
    }
    return {};
}

/// ISO 8601, "now", "now-15m", or epoch milliseconds as text.
result<Timestamp> read_bound(const json& value, const char* name, Timestamp now) {
    const Error wrong{errc::parse, std::string("Field 'filter.") + name + "' is invalid"};
    if (!value.is_string()) return wrong;
    const std::string& text = value.get_ref<const std::string&>();
    if (text == "now") return now;
    if (text.starts_with("now-")) {
        const auto amount = whole_number(std::string_view(text).substr(4, text.size() - 5));
        const std::int64_t unit = text.back() == 's'   ? 1
                                  : text.back() == 'm' ? 60
                                  : text.back() == 'h' ? 3600
                                  : text.back() == 'd' ? 86400
                                                       : 0;
        if (!amount || unit == 0) return wrong;
        return now - seconds(*amount * unit);
    }
    if (const auto ms = whole_number(text)) {
        if (*ms < 100'000'000'000) return Error{errc::parse, wrong.message + ": milliseconds are expected"};
        return from_millis(*ms);
    }
    const auto time = parse_rfc3339(text);
    if (!time) return wrong;
    return *time;
}

struct CheckedSearch {
    SearchFilter filter;
    Window window{};
    bool newest_first = false;
    std::size_t limit = 10;
    std::size_t skip = 0;
    std::string identity;  // what a cursor belongs to
};

result<CheckedSearch> check_search(const json& body, bool logs, Timestamp now) {
    if (auto ok = only(body, "body", {"filter", "sort", "page", "options"}); !ok) return ok.error();
    const json filter = body.value("filter", json::object());
    const bool fields_ok = logs ? only(filter, "filter", {"query", "from", "to", "indexes", "storage_tier"}).has_value()
                                : only(filter, "filter", {"query", "from", "to"}).has_value();
    if (!fields_ok) return Error{errc::parse, "Unknown field in 'filter'"};
    auto parsed = SearchFilter::parse(get_string(filter, "query").value_or("*"));
    if (!parsed) return Error{errc::parse, "Field 'filter.query' is invalid: " + parsed.error().message};
    auto from = read_bound(filter.value("from", json("now-15m")), "from", now);
    if (!from) return from.error();
    auto to = read_bound(filter.value("to", json("now")), "to", now);
    if (!to) return to.error();
    if (*from >= *to) return Error{errc::parse, "Field 'filter.from,to' is invalid: 'from' should be anterior to 'to'"};
    CheckedSearch search{std::move(*parsed), {*from, *to}, false, 10, 0, ""};

    const json sort = body.value("sort", json("timestamp"));
    if (sort != "timestamp" && sort != "-timestamp") return Error{errc::parse, "Field 'sort' is invalid"};
    search.newest_first = sort == "-timestamp";
    const json page = body.value("page", json::object());
    if (auto ok = only(page, "page", {"limit", "cursor"}); !ok) return ok.error();
    if (page.contains("limit")) {
        const json& limit = page["limit"];
        if (!limit.is_number_integer() || limit < 1 || limit > 1000) return Error{errc::parse, "Field 'page.limit' is invalid: 1 to 1000"};
        search.limit = limit.get<std::size_t>();
    }
    search.identity = sha256_hex(dump_json(filter) + dump_json(sort)).substr(0, 16);
    if (page.contains("cursor")) {
        const auto opened = page["cursor"].is_string() ? base64_decode(page["cursor"].get<std::string>()) : Error{errc::parse, ""};
        const auto cursor = opened ? parse_json(*opened) : Error{errc::parse, ""};
        if (!cursor || string_or_empty(*cursor, "for") != search.identity) return Error{errc::parse, "Field 'page.cursor' is invalid"};
        search.skip = static_cast<std::size_t>(get_int(*cursor, "after").value_or(0));
    }
    return search;
}

/// One page of `all` (ascending in time): an empty one is literally {"data":[]}.
HttpReply page_of(std::vector<json> all, const CheckedSearch& search) {
    if (search.newest_first) std::reverse(all.begin(), all.end());
    json data = json::array();
    const std::size_t end = std::min(all.size(), search.skip + search.limit);
    for (std::size_t i = search.skip; i < end; ++i) data.push_back(std::move(all[i]));
    json body = {{"data", std::move(data)}};
    if (!body["data"].empty()) body["meta"] = {{"elapsed", 12}, {"request_id", "pddv1ch" + search.identity}, {"status", "done"}};
    if (end < all.size()) {
        body["meta"]["page"]["after"] = base64_encode(dump_json(json{{"after", end}, {"for", search.identity}}));
        body["links"]["next"] = "https://api.datadoghq.com/api/v2/next";
    }
    return json_reply(200, dump_json(body));
}

/// What Datadog's tracers and agents write as tags: unified service tagging and source code integration.
constexpr std::array code_tags{"version", "git.commit.sha", "git.repository_url"};

json tags_of(const std::map<std::string, std::string>& attributes, const std::string& service, const std::string& environment) {
    json tags = {"env:" + environment, "service:" + service};
    for (const std::string key : code_tags) {
        if (const auto tag = attributes.find(key); tag != attributes.end()) tags.push_back(key + ":" + tag->second);
    }
    return tags;
}

json datadog_log(const PlayedLog& log, const std::string& environment) {
    json tags = tags_of(log.attributes, log.service, environment);
    json attributes = {{"timestamp", format_rfc3339(log.at)},
                       {"service", log.service},
                       {"status", log.severity},
                       {"message", log.text},
                       {"tags", std::move(tags)},
                       {"attributes", log.attributes}};
    if (!log.instance.empty()) attributes["host"] = log.instance;
    return {{"id", log.id}, {"type", "log"}, {"attributes", std::move(attributes)}};
}

HttpReply search_logs(const CheckedSearch& search, const Telemetry& telemetry) {
    std::vector<json> found;
    for (const PlayedLog& log : telemetry.logs(search.window)) {
        const auto lookup = [&](std::string_view key) -> std::vector<std::string> {
            if (key.empty()) return {log.text};
            if (key == "service") return {log.service};
            if (key == "env") return {telemetry.environment()};
            if (key == "status") return {log.severity};
            if (key == "host") return {log.instance};
            const auto attribute = log.attributes.find(std::string(key.substr(key.starts_with('@') ? 1 : 0)));
            return attribute == log.attributes.end() ? std::vector<std::string>{} : std::vector<std::string>{attribute->second};
        };
        if (search.filter.matches(lookup)) found.push_back(datadog_log(log, telemetry.environment()));
    }
    return page_of(std::move(found), search);
}

json datadog_span(const PlayedSpan& span, const std::string& environment) {
    json custom = {{"duration", span.duration_nanos}};
    for (const auto& [key, value] : span.attributes) {
        custom[json::json_pointer("/" + replace_all(key, ".", "/"))] = value;
    }
    if (!span.error) custom.erase("error");
    if (span.error && !custom.contains("error")) custom["error"] = {{"type", "HTTPError"}};
    return {{"id", "AAAAA" + span.span_id},
            {"type", "spans"},
            {"attributes",
             {{"trace_id", span.trace_id},
              {"span_id", span.span_id},
              {"parent_id", span.parent_id},
              {"service", span.service},
              {"resource_name", span.name},
              {"env", environment},
              {"start_timestamp", format_rfc3339(from_millis(span.start_nanos / 1'000'000))},
              {"end_timestamp", format_rfc3339(from_millis((span.start_nanos + span.duration_nanos) / 1'000'000))},
              {"single_span", false},
              {"tags", tags_of(span.attributes, span.service, environment)},
              {"custom", std::move(custom)}}}};
}

HttpReply search_spans(const CheckedSearch& search, const Telemetry& telemetry) {
    std::vector<json> found;
    for (const PlayedSpan& span : telemetry.spans(search.window)) {
        const auto lookup = [&](std::string_view key) -> std::vector<std::string> {
            if (key == "service") return {span.service};
            if (key == "env") return {telemetry.environment()};
            if (key == "status") return {span.error ? "error" : "ok"};
            if (key == "resource_name") return {span.name};
            if (key == "trace_id") return {span.trace_id};
            if (key == "@duration") return {std::to_string(span.duration_nanos)};
            const auto tag = span.attributes.find(std::string(key));
            const bool known = std::ranges::find(code_tags, key) != code_tags.end() && tag != span.attributes.end();
            return known ? std::vector<std::string>{tag->second} : std::vector<std::string>{};
        };
        if (search.filter.matches(lookup)) found.push_back(datadog_span(span, telemetry.environment()));
    }
    return page_of(std::move(found), search);
}

HttpReply search_events(const CheckedSearch& search, const World& world) {
    std::vector<std::pair<Timestamp, json>> found;
    std::uint64_t index = 0;
    for (const json& event : scenario_part(*world.scenario, "telemetry.events")) {
        const Timestamp at = world.zero + milliseconds(std::llround(get_number(event, "t").value_or(0) * 1000));
        const std::string id = std::to_string(7'000'000'000'000'000'000ULL + index++);
        if (!search.window.contains(at) || at > world.now) continue;
        const std::string service = string_or_empty(event, "service");
        const std::string source = string_or_empty(event, "source");
        std::vector<std::string> tags{"source:" + source};
        if (!service.empty()) tags.push_back("service:" + service);
        for (const json& tag : event.value("tags", json::array())) tags.push_back(tag.get<std::string>());
        const auto lookup = [&](std::string_view key) {
            std::vector<std::string> values;
            if (key.empty()) values = {string_or_empty(event, "title") + " " + string_or_empty(event, "text")};
            for (const std::string& tag : tags) {
                const std::size_t colon = tag.find(':');
                if (colon != std::string::npos && tag.substr(0, colon) == key) values.push_back(tag.substr(colon + 1));
                if (key == "tags") values.push_back(tag);
            }
            return values;
        };
        if (!search.filter.matches(lookup)) continue;
        json inner = {{"title", string_or_empty(event, "title")},
                      {"service", service.empty() ? "undefined" : service},
                      {"status", "info"},
                      {"priority", "normal"},
                      {"timestamp", to_millis(at)},
                      {"evt", {{"id", id}, {"source_id", 36}, {"type", "deploy"}}}};
        json attributes = {{"message", string_or_empty(event, "text")},
                           {"tags", tags},
                           {"timestamp", format_rfc3339(at)},
                           {"attributes", std::move(inner)}};
        found.emplace_back(at, json{{"id", "AZ" + id}, {"type", "event"}, {"attributes", std::move(attributes)}});
    }
    std::sort(found.begin(), found.end(),
              [](const auto& a, const auto& b) { return std::tie(a.first, a.second) < std::tie(b.first, b.second); });
    std::vector<json> items;
    for (auto& [at, item] : found) items.push_back(std::move(item));
    return page_of(std::move(items), search);
}

}  // namespace

HttpReply search(const RawRequest& request, SearchIn where, const World& world) {
    if (!icontains(request.headers.find("Content-Type").value_or(""), "application/json")) {
        return json_reply(415, R"({"errors":["Unsupported Media Type"]})");
    }
    auto body = parse_json(request.body);
    if (!body || !body->is_object()) return invalid("the body is no JSON object");
    json attributes = *body;
    if (where == SearchIn::spans) {  // wrapped, unlike the others
        const json data = body->value("data", json());
        const bool wrapped = body->size() == 1 && only(data, "data", {"type", "attributes"}).has_value();
        if (!wrapped || data.value("type", json()) != "search_request") return invalid("Field 'data.type' must be search_request");
        attributes = data.value("attributes", json());
    }
    const auto checked = attributes.is_object() ? check_search(attributes, where == SearchIn::logs, world.now)
                                                : result<CheckedSearch>(Error{errc::parse, "Field 'data.attributes' is missing"});
    if (!checked) return invalid(checked.error().message);
    if (where == SearchIn::events) return search_events(*checked, world);
    const Telemetry telemetry(world.scenario, world.zero, world.now);
    return where == SearchIn::logs ? search_logs(*checked, telemetry) : search_spans(*checked, telemetry);
}

}  // namespace gumshoe::datadog
