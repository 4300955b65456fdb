// What we ask of Datadog, endpoint by endpoint. Values from alerts enter a query only as quoted terms or normalised tags.
#include "integrations/datadog/requests.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "base/text.hpp"

namespace gumshoe::datadog {

namespace {

bool letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool digit(char c) {
    return c >= '0' && c <= '9';
}

HttpRequest authorised(const Account& account, std::string method, std::string path) {
    HttpRequest request;
    request.method = std::move(method);
    request.url = account.api_url + path;
    request.headers.add("Accept", "application/json");
    request.headers.add("DD-API-KEY", std::string(account.api_key.reveal()));
    request.headers.add("DD-APPLICATION-KEY", std::string(account.application_key.reveal()));
    return request;
}

HttpRequest posted(const Account& account, std::string path, const json& body) {
    HttpRequest request = authorised(account, "POST", std::move(path));
    request.headers.add("Content-Type", "application/json");
    request.body = dump_json(body);
    return request;
}

/// Absolute bounds, pinned before the first page; epoch milliseconds as text, which logs, events and spans all take.
json search_body(const Search& search) {
    json page = {{"limit", search.limit}};
    if (!search.cursor.empty()) page["cursor"] = search.cursor;
    return {{"filter",
             {{"query", search.query},
              {"from", std::to_string(to_millis(search.window.from))},
              {"to", std::to_string(to_millis(search.window.to))}}},
            {"sort", search.newest_first ? "-timestamp" : "timestamp"},
            {"page", std::move(page)}};
}

/// As Datadog normalises tag values: lower case, what is not allowed becomes an underscore, at most 200 characters.
std::string metric_tag(std::string_view value) {
    std::string tag = to_lower(value.substr(0, 200));
    for (char& c : tag) {
        if (!letter(c) && !digit(c) && std::string_view("_-:./").find(c) == std::string_view::npos) c = '_';
    }
    return tag;
}

}  // namespace

std::string term(std::string_view key, std::string_view value) {
    if (value.empty()) return {};
    std::string text = std::string(key) + ":\"";
    for (const char c : strip_invisible(value.substr(0, 200))) {
        if (c == '"' || c == '\\') text += '\\';
        text += c == '\n' || c == '\t' ? ' ' : c;
    }
    return text + '"';
}

std::string any_of(std::string_view key, const std::vector<std::string>& values) {
    if (values.size() == 1) return term(key, values.front());
    std::vector<std::string> terms;
    for (const std::string& value : values) {
        if (!value.empty()) terms.push_back(term(key, value));
    }
    return terms.empty() ? std::string() : "(" + join(terms, " OR ") + ")";
}

std::string all_of(const std::vector<std::string>& terms) {
    std::vector<std::string> present;
    std::copy_if(terms.begin(), terms.end(), std::back_inserter(present), [](const std::string& text) { return !text.empty(); });
    return join(present, " ");
}

std::string metric_scope(std::string_view service, std::string_view environment) {
    std::vector<std::string> tags;
    if (!service.empty()) tags.push_back("service:" + metric_tag(service));
    if (!environment.empty()) tags.push_back("env:" + metric_tag(environment));
    return tags.empty() ? "*" : join(tags, ",");
}

bool is_metric_name(std::string_view name) {
    if (name.empty() || name.size() > 200 || !letter(name[0])) return false;
    return std::all_of(name.begin(), name.end(), [](char c) { return letter(c) || digit(c) || c == '_' || c == '.'; });
}

std::vector<MetricQuery> service_metrics(const std::string& service, const std::string& environment,
                                         const std::vector<std::string>& operations, const std::vector<std::string>& extra) {
    const std::string scope = "{" + metric_scope(service, environment) + "}";
    std::vector<MetricQuery> queries;
    const auto ask = [&](const std::string& aggregator, const std::string& metric, const std::string& suffix, const std::string& name) {
        if (is_metric_name(metric)) queries.push_back({aggregator + ":" + metric + scope + suffix, name, service});
    };
    for (const std::string& operation : operations) {
        const std::string metric = "trace." + operation;
        ask("sum", metric + ".hits", ".as_rate()", metric + ".hits");
        ask("sum", metric + ".errors", ".as_rate()", metric + ".errors");
        ask("p95", metric, "", metric + ".p95");
    }
    for (const char* metric : {"system.cpu.user", "system.mem.pct_usable", "container.cpu.usage", "container.memory.usage"}) {
        ask("avg", metric, "", metric);
    }
    ask("sum", "kubernetes.containers.restarts", "", "kubernetes.containers.restarts");
    for (const std::string& metric : extra) ask("avg", metric, "", metric);
    return queries;
}

std::string graphed_query(std::string_view monitor_query) {
    std::string_view text = trim(monitor_query);
    // "avg(last_5m):" or "pct_change(avg(last_5m),last_1h):" before, the comparison behind.
    const std::size_t evaluation = text.find("):");
    if (evaluation == std::string_view::npos || text.substr(0, evaluation).find('{') != std::string_view::npos) return {};
    text = text.substr(evaluation + 2);
    const std::size_t comparison = text.find_last_of("<>");
    if (comparison == std::string_view::npos) return {};
    const std::string_view threshold = text.substr(comparison + 1);
    if (threshold.find_first_not_of("= .0123456789eE+-") != std::string_view::npos) return {};
    text = trim(text.substr(0, comparison));
    const bool metric = text.find('{') != std::string_view::npos && text.find('"') == std::string_view::npos;
    const bool printable = std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < 0x7f; });
    return metric && printable && text.size() <= 2000 ? std::string(text) : std::string();
}

HttpRequest monitor_request(const Account& account, std::string_view monitor_id) {
    return authorised(account, "GET", "/api/v1/monitor/" + url_encode(monitor_id) + "?group_states=all&with_downtimes=true");
}

HttpRequest any_monitor_request(const Account& account) {
    return authorised(account, "GET", "/api/v1/monitor?page=0&page_size=1");
}

HttpRequest logs_request(const Account& account, const Search& search) {
    return posted(account, "/api/v2/logs/events/search", search_body(search));
}

HttpRequest events_request(const Account& account, const Search& search) {
    return posted(account, "/api/v2/events/search", search_body(search));
}

HttpRequest spans_request(const Account& account, const Search& search) {
    json wrapped = {{"data", {{"type", "search_request"}, {"attributes", search_body(search)}}}};
    return posted(account, "/api/v2/spans/events/search", wrapped);
}

HttpRequest metrics_request(const Account& account, const std::vector<MetricQuery>& queries, Window window) {
    std::vector<std::string> texts;
    for (const MetricQuery& query : queries) texts.push_back(query.text);
    return authorised(account, "GET",
                      "/api/v1/query?from=" + std::to_string(to_seconds(window.from)) + "&to=" + std::to_string(to_seconds(window.to)) +
                          "&query=" + url_encode(join(texts, ",")));
}

HttpRequest entity_request(const Account& account, std::string_view service) {
    return authorised(
        account, "GET",
        "/api/v2/catalog/entity?" + url_encode("filter[ref]") + "=" + url_encode("service:" + std::string(service)) + "&include=schema");
}

HttpRequest definition_request(const Account& account, std::string_view service) {
    return authorised(account, "GET", "/api/v2/services/definitions/" + url_encode(service) + "?schema_version=v2.2");
}

HttpRequest dependencies_request(const Account& account, std::string_view environment, Window window) {
    return authorised(account, "GET",
                      "/api/v1/service_dependencies?env=" + url_encode(environment) + "&start=" + std::to_string(to_seconds(window.from)) +
                          "&end=" + std::to_string(to_seconds(window.to)));
}

}  // namespace gumshoe::datadog
