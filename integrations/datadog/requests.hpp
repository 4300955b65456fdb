// Requests to Datadog's API, pure. Times are ours; each endpoint's own unit is made here and nowhere else.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/secret.hpp"
#include "io/http_message.hpp"

namespace gumshoe::datadog {

struct Account {
    std::string api_url;  // "https://api.datadoghq.com"
    std::string app_url;
    Secret api_key;
    Secret application_key;
};

/// `key:"value"` for logs, spans and events, with quotes and backslashes escaped. "" when the value is empty.
std::string term(std::string_view key, std::string_view value);
/// `(key:"a" OR key:"b")`; `term` when there is one.
std::string any_of(std::string_view key, const std::vector<std::string>& values);
/// The terms that are not empty, with spaces between.
std::string all_of(const std::vector<std::string>& terms);

/// `service:checkout,env:prod` for a metric's braces: values as Datadog normalises tags, so nothing can leave the braces.
std::string metric_scope(std::string_view service, std::string_view environment);
/// A metric's name as Datadog allows it.
bool is_metric_name(std::string_view name);

/// One series asked for in a metric request, and how its answer is to be named.
struct MetricQuery {
    std::string text;    // "p95:trace.http.request{service:checkout,env:prod}"
    std::string name;    // "trace.http.request.p95"
    std::string entity;  // whom it is about when the answer does not say
};
/// Traffic, errors, latency of these trace operations, then processor, memory, restarts; `extra` metrics at the end.
std::vector<MetricQuery> service_metrics(const std::string& service, const std::string& environment,
                                         const std::vector<std::string>& operations, const std::vector<std::string>& extra);
/// "avg(last_5m):avg:x{y} > 2" -> "avg:x{y}"; "" when it is not a plain metric query.
std::string graphed_query(std::string_view monitor_query);

struct Search {
    std::string query;
    Window window;
    bool newest_first = true;
    int limit = 1000;
    std::string cursor;  // "" for the first page
};

HttpRequest monitor_request(const Account& account, std::string_view monitor_id);
HttpRequest any_monitor_request(const Account& account);  // the cheapest read that needs both keys
HttpRequest logs_request(const Account& account, const Search& search);
HttpRequest events_request(const Account& account, const Search& search);
HttpRequest spans_request(const Account& account, const Search& search);
HttpRequest metrics_request(const Account& account, const std::vector<MetricQuery>& queries, Window window);
/// The catalogue's entry of a service in any schema, and its definition of old (v2).
HttpRequest entity_request(const Account& account, std::string_view service);
HttpRequest definition_request(const Account& account, std::string_view service);
HttpRequest dependencies_request(const Account& account, std::string_view environment, Window window);

}  // namespace gumshoe::datadog
