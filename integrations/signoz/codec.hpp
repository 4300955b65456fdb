// SigNoz's HTTP API as pure functions: what we ask (requests.cpp), what we read out of the answers (responses*.cpp), links into its
// interface (deep_links.cpp).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/secret.hpp"
#include "evidence/records.hpp"
#include "io/http_message.hpp"

namespace gumshoe::signoz {

struct Account {
    std::string api_url;  // "https://acme.eu.signoz.cloud"; the interface is at the same address
    Secret api_key;
};

/// The query API's generations. v3 and v4 take the same body.
enum class Api { v5, v4, v3 };
std::string_view to_string(Api api);

enum class Signal { logs, traces };
enum class Level { all, trouble, other };

/// Which records. Values are escaped where they enter a query.
struct Filter {
    std::vector<std::string> services;
    std::string environment_key;  // one of SigNoz's names for it; "" for any environment
    std::string environment;
    Level level = Level::all;  // of logs: their severity; of spans: trouble are those that failed
    bool entries = false;      // only spans by which requests and messages come into a service
};
/// As SigNoz's own search bar takes it: "service.name = 'checkout' AND has_error = true".
std::string expression(const Filter& filter, Signal signal);
/// The keys under which OpenTelemetry keeps an environment. Others are not asked for.
bool is_environment_key(std::string_view key);
/// A metric's name as OpenTelemetry allows it.
bool is_metric_name(std::string_view name);
/// A UUID, or the small integers of older builds.
bool is_rule_id(std::string_view id);

struct RowQuery {
    Signal signal = Signal::logs;
    Filter filter;
    Window window{};
    bool newest_first = true;
    int limit = 200;
    int offset = 0;
};

/// One line of a graph: an expression over spans, or a metric.
struct SeriesQuery {
    std::string name;    // of the series: "calls.duration.p95"
    std::string entity;  // whom it is about when the answer does not say
    std::string unit;    // UCUM; "": what the answer says
    Filter filter;
    std::string expression;         // over spans: "rate()"
    std::string metric;             // when there is no expression
    std::string space_aggregation;  // of the metric, over its series: "sum", "avg"
};
/// Traffic, errors and latency of what comes into a service, by its spans.
std::vector<SeriesQuery> span_series(const Filter& service);
/// Processor, memory, pools: the runtime metrics of OpenTelemetry's SDKs, and `extra` ones.
std::vector<SeriesQuery> runtime_series(const Filter& service, const std::vector<std::string>& extra);
/// The name of the n-th query of a request, and of its results: "A", "B", ...
std::string query_name(std::size_t index);
/// Seconds between points so that a window has at most some hundred.
std::int64_t step_of(Window window);

struct Rule;

// Requests.
HttpRequest version_request(const Account& account);
HttpRequest rows_request(const Account& account, Api api, const RowQuery& query);
HttpRequest series_request(const Account& account, Api api, const std::vector<SeriesQuery>& queries, Window window);
/// The rule's own queries over another window.
HttpRequest graph_request(const Account& account, const Rule& rule, Api api, Window window);
HttpRequest rule_request(const Account& account, std::string_view id, bool legacy);
HttpRequest history_request(const Account& account, std::string_view id, Window window, bool legacy);
HttpRequest services_request(const Account& account, Window window, bool legacy);
HttpRequest dependencies_request(const Account& account, Window window);
HttpRequest exceptions_request(const Account& account, Window window);

// Links, each with the exact window where the page has one.
std::string rule_link(const Account& account, std::string_view id);
std::string history_link(const Account& account, std::string_view id, Window window);
std::string explorer_link(const Account& account, Signal signal, const std::string& expression, Window window);
std::string service_link(const Account& account, std::string_view service, Window window);
std::string service_map_link(const Account& account);
std::string exceptions_link(const Account& account, Window window);

// Responses. Errors: bad_reply, in words.

/// This build has no such endpoint: 404 or 405 without an error of SigNoz's, or the page of its interface, which answers whatever is
/// unknown.
bool missing_route(const HttpResponse& response);
/// Nothing when the status is 2xx. Reads the three shapes of errors; `wanted` is what the key's role must be allowed to read.
std::optional<Error> read_error(const HttpResponse& response, std::string_view wanted);
/// All of the vendor's words in a refusal, uncut; "" when there are none.
std::string refusal_text(const HttpResponse& response);
/// How long to wait after a 429.
std::optional<seconds> retry_after(const HttpResponse& response);
/// "v0.98.0"
result<std::string> read_version(const HttpResponse& response);

struct Page {
    std::size_t rows = 0;  // as answered; not all become records
    bool more = false;     // SigNoz says that there are
    std::string warning;
};
/// Also where the code of their services is, as their resources tell.
result<Page> read_logs(const HttpResponse& response, Records& records);
result<Page> read_spans(const HttpResponse& response, Records& records);

/// `queries` as they were asked; `link` is that of each series.
result<void> read_series(const HttpResponse& response, const std::vector<SeriesQuery>& queries, const std::string& link, Records& records);

/// A threshold in words and numbers.
struct Threshold {
    std::string name;  // "critical"
    std::string op;    // "above", "below", "equal to", "not equal to", "at least", "at most", "outside"
    std::string match;
    double target = 0;
    std::string unit;  // UCUM
};
struct Rule {
    std::string id;
    std::string name;
    std::string asked;  // its query in words
    std::vector<Threshold> thresholds;
    double scale = 1;   // from the query's unit to that of the first threshold
    std::string graph;  // its queries as JSON; "" when they are not to be run again
    Api graph_api = Api::v5;
    std::vector<SeriesQuery> series;  // what comes back for them: the name of each line by its place
    std::vector<std::string> names;   // of the queries in `series`
    Fact fact;
};
result<Rule> read_rule(const HttpResponse& response, const Account& account, const std::string& entity);
/// As read_series, for the rule's own queries; adds a fact that holds the usual level against the threshold.
result<void> read_graph(const HttpResponse& response, const Rule& rule, const Account& account, Records& records);

/// When the rule fired before `onset`: one fact, and the latest firings as past incidents.
result<void> read_history(const HttpResponse& response, const Account& account, const Rule& rule, Window window, Timestamp onset,
                          Records& records);

/// One service as SigNoz counts it over a window.
struct ServiceFigures {
    std::string name;
    double calls_per_second = 0;
    double error_percent = 0;
    double p99_nanos = 0;
};
result<std::vector<ServiceFigures>> read_services(const HttpResponse& response);
/// Those of `around` that fail or dawdle markedly more than before, as facts.
void compare_services(const std::vector<ServiceFigures>& before, const std::vector<ServiceFigures>& now,
                      const std::vector<std::string>& around, const Account& account, Window window, Records& records);

/// Callers and callees within two steps of `service`.
result<void> read_dependencies(const HttpResponse& response, const std::string& service, Records& records);

/// Exceptions of these services that were not thrown between the window's beginning and `since`, as facts.
result<void> read_exceptions(const HttpResponse& response, const std::vector<std::string>& services, const Account& account, Window window,
                             Timestamp since, Records& records);

}  // namespace gumshoe::signoz
