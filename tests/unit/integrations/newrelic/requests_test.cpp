// Requests byte for byte, and what untrusted values cannot do to a query.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/digest.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "integrations/newrelic/nrql.hpp"
#include "integrations/newrelic/requests.hpp"
#include "integrations/newrelic/sandbox_nrql.hpp"
#include "tests/support/result_printing.hpp"

namespace requests_test {

using namespace gumshoe;
using namespace gumshoe::newrelic;

namespace {

const Account account{region_of("us"), "https://api.newrelic.com", 1234567, Secret("NRAK-THE-KEY")};
const Window window{from_millis(1785576600500), from_millis(1785578400000)};

json sent(const HttpRequest& request) {
    return parse_json(request.body).value();
}

}  // namespace

TEST_CASE("a request is a fixed document with everything else in its variables") {
    const HttpRequest request = nrql_request(account, "SELECT 'it''s' FROM Log");
    CHECK(request.method == "POST");
    CHECK(request.url == "https://api.newrelic.com/graphql");
    CHECK(request.headers.find("API-Key") == "NRAK-THE-KEY");
    CHECK(request.headers.find("Content-Type") == "application/json");
    CHECK(sent(request)["query"] ==
          "query($account: Int!, $nrql: Nrql!) { actor { account(id: $account) { nrql(query: $nrql, timeout: 12) { results } } } }");
    CHECK(sent(request)["variables"] == json{{"account", 1234567}, {"nrql", "SELECT 'it''s' FROM Log"}});

    const HttpRequest issue = issue_request(account, "0f3c5f6e", window);
    CHECK(issue.headers.find("nerd-graph-unsafe-experimental-opt-in") == "AiIssues");
    CHECK(sent(issue)["variables"]["filter"] == json{{"ids", {"0f3c5f6e"}}});
    CHECK(sent(issue)["variables"]["window"] == json{{"startTime", 1785576600500}, {"endTime", 1785578400000}});
    CHECK(sent(condition_request(account, "99"))["variables"]["condition"] == "99");
    CHECK(sent(entities_request(account, {"Z3Vp", "ZA"}))["variables"]["guids"] == json{"Z3Vp", "ZA"});
    CHECK(sent(search_request(account, {"checkout", "it's"}))["variables"]["query"] ==
          R"(name IN ('checkout', 'it\'s') AND domain IN ('APM', 'EXT'))");
    const json golden = sent(golden_request(account, "checkout", window))["variables"];
    CHECK(
        golden["transactions"] ==
        "SELECT rate(count(*), 1 second) AS 'requests', percentage(count(*), WHERE error IS true) AS 'errors', percentile(duration, 95) AS "
        "'p95' FROM Transaction WHERE appName = 'checkout' SINCE 1785576600500 UNTIL 1785578400000 TIMESERIES 60 seconds");
    CHECK(golden.size() == 4);
}

TEST_CASE("the two regions have hosts of their own") {
    CHECK(region_of("us").api_url == "https://api.newrelic.com");
    CHECK(region_of("eu").api_url == "https://api.eu.newrelic.com");
    CHECK(region_of("eu").app_url == "https://one.eu.newrelic.com");
    CHECK(issue_link(region_of("eu"), 7, "a/b") == "https://radar-api.service.eu.newrelic.com/accounts/7/issues/a%2Fb");
    const std::string link = query_link(region_of("us"), 7, "SELECT 1");
    const std::string before = "https://one.newrelic.com/launcher/data-exploration.query-builder?pane=";
    REQUIRE(link.starts_with(before));
    const json pane = parse_json(base64_decode(url_decode(link.substr(before.size()))).value()).value();
    CHECK(pane["initialNrqlValue"] == "SELECT 1");
    CHECK(pane["initialAccountId"] == 7);
}

TEST_CASE("a value cannot leave its place in a query") {
    CHECK(nrql_literal("checkout") == "'checkout'");
    CHECK(nrql_literal("a' OR '1'='1") == R"('a\' OR \'1\'=\'1')");
    CHECK(nrql_literal("back\\slash'") == R"('back\\slash\'')");
    CHECK(nrql_literal("two\nlines\x01\xE2\x80\xAE") == "'two lines'");
    CHECK(nrql_literal(std::string(1000, 'x')).size() < 210);
    CHECK(nrql_any({"service.name", "appName"}, {"a", "", "b"}) == "(`service.name` IN ('a', 'b') OR appName IN ('a', 'b'))");
    CHECK(nrql_any({"appName"}, {}).empty());
    // Whatever the value, the query reads as one with the same clauses, and finds that value alone.
    for (const char* name : {"checkout", "a' OR '1'='1", "a\\", "a\\' OR appName IS NULL OR '", "'; DROP", "a`b", "{\"$x\"}"}) {
        INFO(name);
        RowSearch search;
        search.services = {name};
        search.window = window;
        const auto query = parse_nrql(errors_nrql(search), window.to);
        REQUIRE(query.has_value());
        CHECK(query->where({{"appName", name}}));
        CHECK_FALSE(query->where({{"appName", "other"}}));
        CHECK_FALSE(query->where({{"appName", nullptr}}));
        CHECK(query->window.from == window.from);
    }
    CHECK(is_guid("MTIzNDU2N3xBUE18QVBQTElDQVRJT058NTU="));
    CHECK_FALSE(is_guid("MTIz' OR '1'='1"));
    CHECK(is_issue_id("0f3c5f6e-2f0a-4b0b-9c39-0d6b9f7b1c11"));
    CHECK_FALSE(is_issue_id("0f3c5f6e\" }"));
    CHECK_FALSE(is_issue_id("990"));
}

TEST_CASE("levels split the logs without overlap, and rows of another environment are left out") {
    RowSearch search;
    search.services = {"checkout"};
    search.environment = "prod";
    search.window = window;
    search.level = Level::trouble;
    const auto trouble = parse_nrql(logs_nrql(search), window.to);
    search.level = Level::other;
    search.limit = 1000;
    search.oldest_first = true;
    const auto other = parse_nrql(logs_nrql(search), window.to);
    REQUIRE(trouble.has_value());
    REQUIRE(other.has_value());
    CHECK(trouble->limit == 5000);
    CHECK_FALSE(trouble->oldest_first);
    CHECK(other->limit == 1000);
    CHECK(other->oldest_first);
    const Row row{{"service.name", "checkout"}};
    struct Case {
        const char* key;
        const char* level;
        bool bad;
    };
    for (const Case& one : {Case{"level", "ERROR", true}, Case{"log.level", "Warn", true}, Case{"severity.text", "fatal", true},
                            Case{"level", "info", false}, Case{"level", "", false}, Case{"severity", "NOTICE", false}}) {
        INFO(one.level);
        Row levelled = row;
        if (*one.level != '\0') levelled[one.key] = one.level;
        CHECK(trouble->where(levelled) == one.bad);
        CHECK(other->where(levelled) != one.bad);
    }
    Row elsewhere = row;
    elsewhere["deployment.environment"] = "staging";
    CHECK_FALSE(other->where(elsewhere));
    elsewhere["deployment.environment"] = "prod";
    CHECK(other->where(elsewhere));
    CHECK(logs_nrql(search).size() < 4096);
}

TEST_CASE("time series have whole minutes and no more buckets than New Relic draws") {
    for (const int hours : {0, 1, 3, 5, 6, 24, 170}) {
        const Window span{window.from, window.from + std::chrono::hours(hours)};
        const auto query = parse_nrql(transactions_nrql("a", span), span.to);
        REQUIRE(query.has_value());
        CHECK(query->bucket_seconds % 60 == 0);
        CHECK(query->bucket_seconds >= 60);
        CHECK(hours * 3600 / query->bucket_seconds <= 300);
    }
    CHECK(parse_nrql(transactions_nrql("a", {window.from, window.from + std::chrono::hours(5)}), window.to)->bucket_seconds == 60);
}

TEST_CASE("a condition's query is graphed over our window, or not at all") {
    const auto graphed = condition_nrql(" SELECT count(*) FROM Log WHERE `until.x` IS NULL ", window);
    REQUIRE(graphed.has_value());
    CHECK(*graphed == "SELECT count(*) FROM Log WHERE `until.x` IS NULL SINCE 1785576600500 UNTIL 1785578400000 TIMESERIES 60 seconds");
    CHECK(condition_nrql("FROM Log\n\tSELECT count(*)", window)->starts_with("FROM Log  SELECT count(*) SINCE"));
    for (const char* query : {"", "SELECT count(*) FROM Log SINCE 5 minutes ago", "select count(*) from Log timeseries", "SHOW EVENT TYPES",
                              "SELECT count(*) FROM Log LIMIT 5", "SELECT count(*)\x01 FROM Log"}) {
        INFO(query);
        CHECK_FALSE(condition_nrql(query, window).has_value());
    }
}

}  // namespace requests_test
