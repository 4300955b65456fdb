// Requests byte for byte, in both generations of the API, and what untrusted values cannot do to them.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "base/text.hpp"
#include "integrations/signoz/codec.hpp"
#include "integrations/signoz/sandbox_query.hpp"
#include "tests/support/result_printing.hpp"

namespace requests_test {

using namespace gumshoe;
using namespace gumshoe::signoz;

namespace {

const Account account{"https://signoz.acme.example", Secret("the-api-key")};
const Window window{from_millis(1785576600500), from_millis(1785578400000)};
constexpr const char* rule_id = "019f98ae-fd65-7045-900b-449c89fe739b";

RowQuery log_query() {
    RowQuery query;
    query.filter.services = {"checkout"};
    query.filter.level = Level::trouble;
    query.window = window;
    return query;
}

}  // namespace

TEST_CASE("a search in the current API has known fields only, milliseconds as numbers and a total order") {
    const HttpRequest request = rows_request(account, Api::v5, log_query());
    CHECK(request.method == "POST");
    CHECK(request.url == "https://signoz.acme.example/api/v5/query_range");
    CHECK(request.headers.find("SIGNOZ-API-KEY") == "the-api-key");
    CHECK(request.headers.find("Content-Type") == "application/json");
    const json body = parse_json(request.body).value();
    const json wanted = parse_json(R"json({"schemaVersion":"v1","start":1785576600500,"end":1785578400000,"requestType":"raw",
        "compositeQuery":{"queries":[{"type":"builder_query","spec":{"name":"A","signal":"logs","limit":200,"offset":0,
        "filter":{"expression":"service.name = 'checkout' AND (severity_number >= 13 OR severity_text IN ('WARN', 'warn', 'WARNING', 'warning', 'ERROR', 'error', 'FATAL', 'fatal', 'CRITICAL', 'critical', 'ALERT', 'alert', 'EMERGENCY', 'emergency', 'PANIC', 'panic'))"},
        "order":[{"key":{"name":"timestamp"},"direction":"desc"},{"key":{"name":"id"},"direction":"desc"}]}}]}})json")
                            .value();
    CHECK(body.dump(1) == wanted.dump(1));

    RowQuery spans = log_query();
    spans.signal = Signal::traces;
    spans.newest_first = false;
    spans.offset = 400;
    const json asked = parse_json(rows_request(account, Api::v5, spans).body).value()["compositeQuery"]["queries"][0]["spec"];
    CHECK(asked["signal"] == "traces");
    CHECK(asked["filter"]["expression"] == "service.name = 'checkout' AND has_error = true");
    CHECK(asked["order"].dump() == R"([{"direction":"asc","key":{"name":"timestamp"}}])");
    CHECK(asked["offset"] == 400);
}

TEST_CASE("the same search in the older API has items, paths of its own and the columns of its time") {
    for (const Api api : {Api::v4, Api::v3}) {
        const HttpRequest request = rows_request(account, api, log_query());
        CHECK(request.url == "https://signoz.acme.example/api/" + std::string(to_string(api)) + "/query_range");
        const json body = parse_json(request.body).value();
        CHECK(body["start"] == 1785576600500);
        CHECK(body["compositeQuery"]["panelType"] == "list");
        const json spec = body["compositeQuery"]["builderQueries"]["A"];
        CHECK(spec["dataSource"] == "logs");
        CHECK(spec["aggregateOperator"] == "noop");
        CHECK(spec["pageSize"] == 200);
        CHECK(spec["filters"]["items"][0].dump() ==
              R"({"key":{"dataType":"string","isColumn":false,"key":"service.name","type":"resource"},"op":"in","value":["checkout"]})");
        CHECK(spec["filters"]["items"][1]["op"] == "in");
    }
    RowQuery spans = log_query();
    spans.signal = Signal::traces;
    const json spec = parse_json(rows_request(account, Api::v4, spans).body).value()["compositeQuery"]["builderQueries"]["A"];
    CHECK(spec["filters"]["items"][0]["key"]["key"] == "serviceName");
    CHECK(spec["filters"]["items"][1].dump() ==
          R"({"key":{"dataType":"bool","isColumn":true,"key":"hasError","type":"tag"},"op":"=","value":true})");
    CHECK(spec["selectColumns"].size() == 5);
}

TEST_CASE("a value cannot leave its place in a filter") {
    const auto filtered = [](std::string service) {
        Filter filter;
        filter.services = {std::move(service)};
        return expression(filter, Signal::traces);
    };
    CHECK(filtered("checkout") == "service.name = 'checkout'");
    CHECK(filtered("a' OR service.name = 'b") == R"(service.name = 'a\' OR service.name = \'b')");
    CHECK(filtered("back\\slash") == R"(service.name = 'back\\slash')");
    CHECK(filtered("ends with \\") == R"(service.name = 'ends with \\')");
    CHECK(filtered("two\nlines") == "service.name = 'two lines'");
    CHECK(filtered("null\x01"
                   "byte") == "service.name = 'nullbyte'");
    CHECK(filtered("") == "");
    // Read by a parser of that language, each is one comparison with exactly that value.
    for (const std::string evil : {"a' OR service.name = 'b", "\\' OR true OR '", "x') OR (service.name != 'x"}) {
        const auto parsed = parse_expression(filtered(evil));
        REQUIRE(parsed.has_value());
        const auto having = [](std::string value) { return [value](std::string_view) { return std::optional(value); }; };
        CHECK((*parsed)(having(evil)));
        CHECK_FALSE((*parsed)(having("b")));
        CHECK_FALSE((*parsed)(having("anything")));
    }
}

TEST_CASE("an environment is asked for under SigNoz's names for it and no other") {
    Filter filter;
    filter.services = {"a", "b"};
    filter.environment = "prod";
    filter.environment_key = "deployment.environment.name";
    CHECK(expression(filter, Signal::traces) == "service.name IN ('a', 'b') AND deployment.environment.name = 'prod'");
    filter.environment_key = "1 = 1 OR env";
    CHECK(expression(filter, Signal::traces) == "service.name IN ('a', 'b')");
    filter.environment_key = "deployment.environment";
    filter.environment = "p'rod";
    CHECK(expression(filter, Signal::traces) == R"(service.name IN ('a', 'b') AND deployment.environment = 'p\'rod')");
}

TEST_CASE("graphs are asked over spans and by metric, each line under a name of its own") {
    Filter filter;
    filter.services = {"checkout"};
    const json spans = parse_json(series_request(account, Api::v5, span_series(filter), window).body).value();
    CHECK(spans["requestType"] == "time_series");
    const json& queries = spans["compositeQuery"]["queries"];
    REQUIRE(queries.size() == 3);
    CHECK(queries[0]["spec"]["aggregations"][0].dump() == R"json({"expression":"rate()"})json");
    CHECK(queries[1]["spec"]["filter"]["expression"] ==
          "service.name = 'checkout' AND has_error = true AND kind_string IN ('Server', 'Consumer')");
    CHECK(queries[2]["spec"]["aggregations"][0]["expression"] == "p95(duration_nano)");
    CHECK(queries[2]["spec"]["name"] == "C");

    const auto runtime = runtime_series(filter, {"checkout.queue.size", "bad name", "also'bad"});
    CHECK(runtime.back().metric == "checkout.queue.size");
    CHECK(runtime.size() <= 26);
    const json metrics = parse_json(series_request(account, Api::v5, runtime, window).body).value();
    CHECK(metrics["compositeQuery"]["queries"][0]["spec"]["aggregations"][0].dump() ==
          R"({"metricName":"process.cpu.utilization","spaceAggregation":"avg","timeAggregation":"avg"})");
    const json older = parse_json(series_request(account, Api::v4, runtime, window).body).value();
    CHECK(older["compositeQuery"]["panelType"] == "graph");
    CHECK(older["compositeQuery"]["builderQueries"]["A"]["aggregateAttribute"]["key"] == "process_cpu_utilization");
    CHECK(older["compositeQuery"]["builderQueries"]["A"]["filters"]["items"][0]["key"]["key"] == "service_name");
    CHECK(step_of(window) == 60);
    CHECK(step_of({window.from, window.from + std::chrono::hours(24)}) == 300);
}

TEST_CASE("each endpoint gets its own unit of time") {
    const HttpRequest services = services_request(account, window, false);
    CHECK(services.url == "https://signoz.acme.example/api/v2/services");
    CHECK(services.body == R"({"end":"1785578400000000000","start":"1785576600500000000","tags":[]})");
    CHECK(services_request(account, window, true).url == "https://signoz.acme.example/api/v1/services");
    CHECK(dependencies_request(account, window).url == "https://signoz.acme.example/api/v1/dependency_graph");
    CHECK(exceptions_request(account, window).body ==
          R"({"end":"1785578400000000000","limit":100,"order":"descending","orderParam":"exceptionCount","start":"1785576600500000000"})");
    CHECK(history_request(account, rule_id, window, false).url ==
          "https://signoz.acme.example/api/v2/rules/019f98ae-fd65-7045-900b-449c89fe739b/history/timeline"
          "?start=1785576600500&end=1785578400000&limit=200&order=desc");
    const HttpRequest legacy = history_request(account, rule_id, window, true);
    CHECK(legacy.method == "POST");
    CHECK(legacy.url == "https://signoz.acme.example/api/v1/rules/019f98ae-fd65-7045-900b-449c89fe739b/history/timeline");
    CHECK(parse_json(legacy.body).value()["start"] == 1785576600500);
    CHECK(rule_request(account, "../users?x", false).url == "https://signoz.acme.example/api/v2/rules/..%2Fusers%3Fx");
    CHECK(version_request(account).url == "https://signoz.acme.example/api/v1/version");
}

TEST_CASE("only a rule's id is a rule's id") {
    for (const char* good : {rule_id, "12", "7f"}) CHECK(is_rule_id(good));
    for (const char* bad : {"", "a b", "../1", "1/history", "a?b", "a.b"}) CHECK_FALSE(is_rule_id(bad));
    CHECK_FALSE(is_rule_id(std::string(65, 'a')));
}

TEST_CASE("links go to the configured host, with the window, and carry the query encoded twice") {
    CHECK(rule_link(account, rule_id) == "https://signoz.acme.example/alerts/overview?ruleId=019f98ae-fd65-7045-900b-449c89fe739b");
    const std::string link = explorer_link(account, Signal::logs, "service.name = 'a'", window);
    CHECK(link.starts_with("https://signoz.acme.example/logs/logs-explorer?compositeQuery=%257B%2522builder%2522"));
    CHECK(link.ends_with("&startTime=1785576600500&endTime=1785578400000"));
    const std::size_t from = link.find('=') + 1;
    const auto query = parse_json(url_decode(url_decode(link.substr(from, link.find('&') - from))));
    REQUIRE(query.has_value());
    CHECK((*query)["builder"]["queryData"][0]["filter"]["expression"] == "service.name = 'a'");
    CHECK(service_link(account, "a/b?c", window).starts_with("https://signoz.acme.example/services/a%2Fb%3Fc?startTime="));
}

}  // namespace requests_test
