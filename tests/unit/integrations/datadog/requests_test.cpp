// Requests byte for byte, and what untrusted values cannot do to them.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "integrations/datadog/links.hpp"
#include "integrations/datadog/requests.hpp"
#include "tests/support/result_printing.hpp"

namespace requests_test {

using namespace gumshoe;
using namespace gumshoe::datadog;

namespace {

const Account account{"https://api.datadoghq.com", "https://app.datadoghq.com", Secret("the-api-key"), Secret("the-app-key")};
const Window window{from_millis(1785576600500), from_millis(1785578400000)};

}  // namespace

TEST_CASE("each endpoint gets its own unit of time") {
    Search search{"service:\"checkout\"", window, false, 1000, ""};
    const char* body =
        R"({"filter":{"from":"1785576600500","query":"service:\"checkout\"","to":"1785578400000"},"page":{"limit":1000},"sort":"timestamp"})";
    const HttpRequest logs = logs_request(account, search);
    CHECK(logs.method == "POST");
    CHECK(logs.url == "https://api.datadoghq.com/api/v2/logs/events/search");
    CHECK(logs.body == body);
    CHECK(logs.headers.find("Content-Type") == "application/json");
    CHECK(logs.headers.find("DD-API-KEY") == "the-api-key");
    CHECK(logs.headers.find("DD-APPLICATION-KEY") == "the-app-key");
    CHECK(events_request(account, search).url == "https://api.datadoghq.com/api/v2/events/search");
    CHECK(events_request(account, search).body == body);

    search.newest_first = true;
    search.cursor = "eyJh";
    const HttpRequest spans = spans_request(account, search);
    CHECK(spans.url == "https://api.datadoghq.com/api/v2/spans/events/search");
    CHECK(spans.body == R"({"data":{"attributes":{"filter":{"from":"1785576600500","query":"service:\"checkout\"","to":"1785578400000"},)"
                        R"("page":{"cursor":"eyJh","limit":1000},"sort":"-timestamp"},"type":"search_request"}})");

    const HttpRequest metrics = metrics_request(account, {{"avg:a{*}", "a", ""}, {"p95:b{service:x}", "b", ""}}, window);
    CHECK(metrics.method == "GET");
    CHECK(metrics.url ==
          "https://api.datadoghq.com/api/v1/query?from=1785576600&to=1785578400&query=avg%3Aa%7B%2A%7D%2Cp95%3Ab%7Bservice%3Ax%7D");
    CHECK(dependencies_request(account, "prod", window).url ==
          "https://api.datadoghq.com/api/v1/service_dependencies?env=prod&start=1785576600&end=1785578400");
    CHECK(monitor_request(account, "8123").url == "https://api.datadoghq.com/api/v1/monitor/8123?group_states=all&with_downtimes=true");
    CHECK(any_monitor_request(account).url == "https://api.datadoghq.com/api/v1/monitor?page=0&page_size=1");
}

TEST_CASE("a value cannot leave its place in a query") {
    CHECK(term("service", "checkout") == "service:\"checkout\"");
    CHECK(term("service", "a\" OR service:\"*") == "service:\"a\\\" OR service:\\\"*\"");
    CHECK(term("service", "back\\slash") == "service:\"back\\\\slash\"");
    CHECK(term("service", "two\nlines") == "service:\"two lines\"");
    CHECK(term("service", "") == "");
    CHECK(any_of("service", {"a", "b"}) == "(service:\"a\" OR service:\"b\")");
    CHECK(all_of({"a", "", "b"}) == "a b");
    CHECK(metric_scope("checkout", "prod") == "service:checkout,env:prod");
    CHECK(metric_scope("a} by {host},avg:b{*", "Prod") == "service:a__by__host__avg:b__,env:prod");
    CHECK(metric_scope("", "") == "*");
    CHECK(monitor_request(account, "1/../2?x").url.find("monitor/1%2F..%2F2%3Fx?") != std::string::npos);
}

TEST_CASE("only a metric's name is a metric's name") {
    for (const char* good : {"system.cpu.user", "a", "A_b.c9"}) CHECK(is_metric_name(good));
    for (const char* bad : {"", "9a", "a b", "a{*}", "a,b", "a:b", "a-b", "\xC3\xA4"}) CHECK_FALSE(is_metric_name(bad));
    for (const MetricQuery& query : service_metrics("x", "y", {"http.request", "bad{*}"}, {"also bad", "good.one"})) {
        CHECK(query.text.find("bad") == std::string::npos);
    }
}

TEST_CASE("the graph of a monitor is its query without evaluation and threshold") {
    CHECK(graphed_query("avg(last_5m):p95:trace.http.request{service:checkout,env:prod} > 2") ==
          "p95:trace.http.request{service:checkout,env:prod}");
    CHECK(graphed_query("min(last_10m):( avg:a{x:y} / avg:b{x:y} ) * 100 >= 5.5") == "( avg:a{x:y} / avg:b{x:y} ) * 100");
    CHECK(graphed_query("change(avg(last_5m),last_1h):avg:a{*} by {host} < -3") == "avg:a{*} by {host}");
    CHECK(graphed_query("logs(\"service:a\").index(\"*\").rollup(\"count\").last(\"5m\") > 100").empty());
    CHECK(graphed_query("\"ntp.in_sync\".over(\"*\").last(2).count_by_status()").empty());
    CHECK(graphed_query("avg(last_5m):avg:a{*}").empty());
    CHECK(graphed_query("").empty());
}

TEST_CASE("a site is one of Datadog's and a link leads to it or is no link") {
    CHECK(find_site("datadoghq.com")->api_url == "https://api.datadoghq.com");
    CHECK(find_site("datadoghq.com")->app_url == "https://app.datadoghq.com");
    CHECK(find_site("US5.datadoghq.com")->api_url == "https://api.us5.datadoghq.com");
    CHECK(find_site("us5.datadoghq.com")->app_url == "https://us5.datadoghq.com");
    CHECK(find_site("ddog-gov.com")->app_url == "https://app.ddog-gov.com");
    for (const char* bad :
         {"", "example.com", "datadoghq.com.evil.example", "evildatadoghq.com", "app.datadoghq.com", "a/b.datadoghq.com"}) {
        INFO(bad);
        CHECK_FALSE(find_site(bad));
    }
    CHECK(vendor_origin("https://acme.datadoghq.eu/monitors/1") == "https://acme.datadoghq.eu");
    for (const char* bad : {"http://app.datadoghq.com/", "https://app.datadoghq.com@evil.example/", "https://app.datadoghq.com:8443/",
                            "https://app.datadoghq.com.evil.example/", "https://evil.example/app.datadoghq.com", "javascript:alert(1)",
                            "https://app.datadoghq.com/|x", "https://app.datadoghq.com/<x>", "https://app.datadoghq.com\\.evil.example/"}) {
        INFO(bad);
        CHECK_FALSE(vendor_origin(bad));
    }
    CHECK(logs_link("https://app.datadoghq.com", "service:\"a\"", window) ==
          "https://app.datadoghq.com/logs?query=service%3A%22a%22&from_ts=1785576600500&to_ts=1785578400000&live=false");
}

}  // namespace requests_test
