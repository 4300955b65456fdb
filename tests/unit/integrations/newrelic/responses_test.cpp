// Answers of NerdGraph: statuses, errors in a 200, partial data, rows of every kind, wrong types.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "integrations/newrelic/responses.hpp"
#include "tests/support/fake_http.hpp"
#include "tests/support/result_printing.hpp"

namespace responses_test {

using namespace gumshoe;
using namespace gumshoe::newrelic;

namespace {

const Region region = region_of("us");

result<Answer> answer(int status, const std::string& body) {
    return read_answer(test::http_response(status, body), "logs");
}
Answer good(const json& data) {
    return answer(200, json{{"data", data}}.dump()).value();
}
json rows(const std::string& text) {
    return parse_json(text).value();
}

}  // namespace

TEST_CASE("a refusal says what was asked, what New Relic said and what to do") {
    struct Row {
        int status;
        const char* body;
        errc code;
        const char* words;
    };
    const Row table[] = {
        {401, R"({"error":{"title":"API key invalid"}})", errc::unauthorized, "API key invalid"},
        {401, "", errc::unauthorized, "a licence or ingest key does not do"},
        {403, R"({"errors":[{"message":"no"}]})", errc::forbidden, "user key"},
        {404, "<html>", errc::bad_reply, "404"},
        {408, "", errc::unavailable, "408"},
        {429, R"({"errors":[{"message":"Too many requests"}]})", errc::rate_limited, "25 requests under way"},
        {500, "", errc::unavailable, "500"},
        {503, "gone", errc::unavailable, "503"},
        {200, "", errc::bad_reply, "no JSON"},
        {200, "[]", errc::bad_reply, "no JSON object"},
        {200, "{}", errc::bad_reply, "no data"},
        {200, R"({"data":null})", errc::bad_reply, "no data"},
        {200, R"({"data":[1]})", errc::bad_reply, "no data"},
        {200, R"({"data":{"actor":null},"errors":[{"message":"NRQL timed out","extensions":{"errorClass":"TIMEOUT"}}]})", errc::timeout,
         "NRQL timed out"},
        {200,
         R"({"data":{"actor":{"account":{"nrql":null}}},"errors":[{"message":"slow","extensions":{"errorClass":"NRDB:query_timeout"}}]})",
         errc::timeout, "slow"},
        {200, R"({"data":{"actor":{"account":null}},"errors":[{"message":"Access denied","extensions":{"errorClass":"ACCESS_DENIED"}}]})",
         errc::forbidden, "does not see this account"},
        {200, R"({"errors":[{"message":"Too many","extensions":{"errorClass":"TOO_MANY_REQUESTS"}}]})", errc::rate_limited, "Too many"},
        {200, R"({"errors":[{"message":"oops","extensions":{"errorClass":"SERVER_ERROR"}}]})", errc::unavailable, "oops"},
        {200, R"({"errors":[{"message":"NRQL Syntax Error","extensions":{"errorClass":"NRDB:1106924"}},{"message":"and more"}]})",
         errc::bad_reply, "NRQL Syntax Error; and more"},
        {200, R"({"errors":[{}]})", errc::bad_reply, "an error without a message"},
        {200, R"({"errors":["text"]})", errc::bad_reply, "an error without a message"},
    };
    for (const Row& row : table) {
        INFO(row.status << " " << row.body);
        const auto read = answer(row.status, row.body);
        REQUIRE_FALSE(read.has_value());
        CHECK(read.error().code == row.code);
        CHECK(read.error().message.find(row.words) != std::string::npos);
        CHECK(read.error().message.find("logs") != std::string::npos);
        CHECK(read.error().message.size() < 800);
    }
}

TEST_CASE("data that came with errors is kept, and what is missing is told") {
    const auto read = answer(
        200, R"({"data":{"actor":{"account":{"transactions":{"results":[]},"spans":null}}},"errors":[{"message":"spans: timed out"}]})");
    REQUIRE(read.has_value());
    CHECK(read->missing == "spans: timed out");
    CHECK(nrql_rows(*read, "transactions") != nullptr);
    CHECK(nrql_rows(*read, "spans") == nullptr);
    CHECK(nrql_rows(*read, "resources") == nullptr);
    CHECK(answer(200, R"({"data":{"actor":{}},"errors":[]})")->missing.empty());
}

TEST_CASE("log rows become records whatever their service, level and host are called") {
    Records records;
    read_logs(rows(R"([
        {"timestamp":1785578000123,"message":"pool exhausted","level":"ERROR","service.name":"checkout","hostname":"web-1","trace.id":"abc","span.id":"def","service.version":"v412"},
        {"timestamp":1785577000000,"`message`":"from an agent","`log.level`":"warn","`entity.name`":"payments","service.version":"v412"},
        {"timestamp":1785578100000.0,"message":"again","service.name":"checkout","service.version":"v412"},
        {"timestamp":1785578100000,"message":null}, {"timestamp":"x","message":"no time"}, {"timestamp":1e300,"message":"no time"}, 5, null, []])"),
              records);
    REQUIRE(records.logs.size() == 3);
    CHECK(records.logs[0].time_unix_nano == 1785578000123000000);
    CHECK(records.logs[0].service == "checkout");
    CHECK(records.logs[0].severity_text == "ERROR");
    CHECK(records.logs[0].instance == "web-1");
    CHECK(records.logs[0].trace_id == "abc");
    CHECK(records.logs[0].span_id == "def");
    CHECK(records.logs[0].attributes.at("service.version") == "v412");
    CHECK(records.logs[1].body == "from an agent");
    CHECK(records.logs[1].severity_text == "warn");
    CHECK(records.logs[1].service == "payments");
    REQUIRE(records.code.size() == 2);  // each service's version once, from when it was first seen
    CHECK(records.code[0].version == "v412");
    CHECK(records.code[0].seen_at == from_millis(1785578000123));
}

TEST_CASE("errors of transactions are log records of their class and message") {
    Records records;
    read_errors(
        rows(
            R"([{"timestamp":1785578000000,"error.class":"TimeoutException","error.message":"no answer","appName":"checkout","transactionName":"POST /x","traceId":"t"},
                         {"timestamp":1785578000000,"error.message":"alone","appName":"checkout"}, {"timestamp":1785578000000,"appName":"checkout"}])"),
        records);
    REQUIRE(records.logs.size() == 2);
    CHECK(records.logs[0].body == "TimeoutException: no answer");
    CHECK(records.logs[0].severity_text == "error");
    CHECK(records.logs[0].trace_id == "t");
    CHECK(records.logs[0].attributes.at("transactionName") == "POST /x");
    CHECK(records.logs[1].body == "alone");
}

TEST_CASE("spans of agents and of OpenTelemetry read alike") {
    Records records;
    read_spans(rows(R"([
        {"timestamp":1785578000000,"trace.id":"t","id":"a","name":"POST /checkout","duration.ms":250.5,"service.name":"checkout","otel.status_code":"ERROR",
         "git.repository_url":"https://github.com/acme/shop","vcs.ref.head.revision":"4f1c2aa","service.version":"v412"},
        {"timestamp":1785578000010,"traceId":"t","guid":"b","parentId":"a","name":"GET /quotes","duration":0.1,"appName":"rates","error.class":"Boom"},
        {"timestamp":1785578000020,"trace.id":"t","id":"c","parent.id":"b","name":"SELECT","duration.ms":-1,"entity.name":"db","error":false,"otel.status_code":"OK"},
        {"timestamp":1785578000020,"trace.id":"t","name":"no id"}])"),
               records);
    REQUIRE(records.spans.size() == 3);
    CHECK(records.spans[0].end_time_unix_nano - records.spans[0].start_time_unix_nano == 250'500'000);
    CHECK(records.spans[0].error);
    CHECK(records.spans[1].parent_span_id == "a");
    CHECK(records.spans[1].service == "rates");
    CHECK(records.spans[1].end_time_unix_nano - records.spans[1].start_time_unix_nano == 100'000'000);
    CHECK(records.spans[1].error);
    CHECK(records.spans[2].end_time_unix_nano == records.spans[2].start_time_unix_nano);
    CHECK_FALSE(records.spans[2].error);
    REQUIRE(records.code.size() == 1);
    CHECK(records.code[0].url == "https://github.com/acme/shop");
    CHECK(records.code[0].revision == "4f1c2aa");
    CHECK(records.code[0].version == "v412");
}

TEST_CASE("golden signals are series, and a kind of telemetry that the service does not send is none") {
    const json data = {
        {"actor",
         {{"account",
           {{"transactions", {{"results", rows(R"([{"beginTimeSeconds":1785578060,"requests":4,"errors":25,"p95":{"95":0.5}},
                                       {"beginTimeSeconds":1785578000,"requests":2,"errors":null,"p95":{"95":null}}, {"requests":9}])")}}},
            {"spans", {{"results", rows(R"([{"beginTimeSeconds":1785578000,"requests":0,"errors":null,"p95":{"95":null}}])")}}},
            {"resources", {{"results", rows(R"([{"beginTimeSeconds":1785578000,"cpu":null,"memory":1.5}])")}}}}}}}};
    Records records;
    read_golden(good(data), "checkout", records);
    REQUIRE(records.metrics.size() == 4);
    CHECK(records.metrics[0].name == "transaction.requests");
    CHECK(records.metrics[0].unit == "1/s");
    CHECK(records.metrics[0].entity == "checkout");
    CHECK(records.metrics[0].points == std::vector<std::pair<std::int64_t, double>>{{1785578000, 2}, {1785578060, 4}});
    CHECK(records.metrics[1].points == std::vector<std::pair<std::int64_t, double>>{{1785578060, 25}});
    CHECK(records.metrics[2].name == "transaction.duration.p95");
    CHECK(records.metrics[2].points.size() == 1);
    CHECK(records.metrics[3].name == "apm.service.memory.physical");
    CHECK(records.metrics[3].points[0].second == 1.5e6);
}

TEST_CASE("a condition's own graph has a series for each facet and number") {
    Records records;
    read_condition_series(
        rows(R"([{"beginTimeSeconds":1785578000,"endTimeSeconds":1785578060,"facet":["a","b"],"percentage":5.5,"inspectedCount":7},
                                   {"beginTimeSeconds":1785578060,"facet":["a","b"],"percentage":6.5},
                                   {"beginTimeSeconds":1785578000,"facet":"c","percentage":1,"note":"text"}, {"percentage":3}])"),
        "checkout", "https://one.newrelic.com/x", records);
    REQUIRE(records.metrics.size() == 2);
    CHECK(records.metrics[0].instance == "a, b");
    CHECK(records.metrics[0].name == "condition: percentage");
    CHECK(records.metrics[0].points.size() == 2);
    CHECK(records.metrics[0].link == "https://one.newrelic.com/x");
    CHECK(records.metrics[1].instance == "c");
}

TEST_CASE("deployments and other changes are changes, one stored twice is one") {
    Records records;
    read_deployments(rows(R"([
        {"timestamp":1785570000000,"version":"v87","commit":"d3b9f20","user":"mira","deploymentId":"x1","entityGuid":"GUID1111","description":"Pipeline 1"},
        {"timestamp":1785570000000,"category":"Deployment","type":"basic","version":"v87","commit":"d3b9f20","changeTrackingId":"y1","entity.name":"checkout"},
        {"timestamp":1785571000000,"category":"Feature Flag","type":"launchdarkly","shortDescription":"new-cart on","entity.name":"checkout","changeTrackingId":"z"},
        {"timestamp":1785572000000,"category":"Operational","type":"server_reboot","entity.name":"rates"}, {"version":"no time"}])"),
                     {{"GUID1111", "checkout"}}, region, records);
    REQUIRE(records.changes.size() == 3);
    CHECK(records.changes[0].id == "x1");
    CHECK(records.changes[0].kind == "deploy");
    CHECK(records.changes[0].service == "checkout");
    CHECK(records.changes[0].sha == "d3b9f20");
    CHECK(records.changes[0].author == "mira");
    CHECK(records.changes[0].subject == "Deployed checkout v87: Pipeline 1");
    CHECK(records.changes[0].deployed == true);
    CHECK(records.changes[0].link == "https://one.newrelic.com/redirect/entity/GUID1111");
    CHECK(records.changes[1].kind == "flag");
    CHECK(records.changes[2].kind == "config");
    CHECK(records.changes[2].id == "rates@1785572000000");
    REQUIRE(records.code.size() == 1);
    CHECK(records.code[0].revision == "d3b9f20");
    CHECK(records.code[0].version == "v87");
}

TEST_CASE("an issue and a condition are told in a sentence, and none is an error") {
    const json data = {
        {"actor",
         {{"account", {{"aiIssues", {{"issues", {{"issues", rows(R"([{"title":["High error rate"],"state":"ACTIVATED","priority":"CRITICAL",
        "policyName":["Golden signals"],"conditionName":["High error rate"],"entityNames":["checkout"],"totalIncidents":2,"activatedAt":1785578000000,"mutingState":"MUTED"}])")}}}}}}}}}};
    const auto fact = read_issue(good(data), "checkout", "https://radar/x");
    REQUIRE(fact.has_value());
    CHECK(fact->text ==
          "New Relic issue \"High error rate\" is ACTIVATED, priority CRITICAL; policy: Golden signals; conditions: High error rate; "
          "entities: checkout; incidents: 2; muting: MUTED");
    CHECK(fact->at == from_millis(1785578000000));
    CHECK(fact->link == "https://radar/x");

    const json told = {
        {"actor",
         {{"account",
           {{"alerts", {{"nrqlCondition", rows(R"({"id":"99","name":"n","type":"STATIC","enabled":false,"nrql":{"query":"SELECT 1"},
        "terms":[{"operator":"ABOVE","priority":"CRITICAL","threshold":5.5,"thresholdDuration":300,"thresholdOccurrences":"ALL"}]})")}}}}}}}};
    const auto condition = read_condition(good(told), "checkout");
    REQUIRE(condition.has_value());
    CHECK(condition->nrql == "SELECT 1");
    CHECK(condition->fact.text == "Condition 99 \"n\" (static); query: SELECT 1; critical when above 5.5 for all of 300 s; disabled");
    const Answer nothing = good(
        {{"actor", {{"account", {{"aiIssues", {{"issues", {{"issues", json::array()}}}}}, {"alerts", {{"nrqlCondition", nullptr}}}}}}}});
    CHECK(read_issue(nothing, "", "").error().code == errc::not_found);
    CHECK(read_condition(nothing, "").error().code == errc::not_found);
}

TEST_CASE("a search keeps the entities that have the name, entities tell health, calls and code") {
    const json found = {
        {"actor", {{"entitySearch", {{"results", {{"nextCursor", "more"}, {"entities", rows(R"([{"guid":"g1","name":"Checkout"},
        {"guid":"g2","name":"checkout staging"},{"name":"checkout"},{"guid":5,"name":"checkout"}])")}}}}}}}};
    const Found search = read_search(good(found), {"checkout"});
    REQUIRE(search.entities.size() == 1);
    CHECK(search.entities[0].guid == "g1");
    CHECK(search.more);

    const json data = {
        {"actor",
         {{"entities",
           rows(R"([{"guid":"g1","name":"checkout","domain":"APM","type":"APPLICATION","reporting":false,"alertSeverity":"CRITICAL",
        "apmSummary":{"errorRate":0.3312,"responseTimeAverage":1.5,"throughput":2280},"tags":[{"key":"version","values":["v87"]},{"key":"x","values":null}],
        "relatedEntities":{"results":[
          {"type":"CALLS","source":{"entity":{"name":"checkout"}},"target":{"entity":{"name":"rates"}}},
          {"type":"CALLS","source":{"entity":{"name":"checkout"}},"target":{"entity":{"name":"checkout"}}},
          {"type":"CALLS","source":{"entity":null},"target":{"entity":{"name":"rates"}}},
          {"type":"BUILT_FROM","source":{"entity":{"name":"checkout"}},"target":{"entity":{"name":"acme/shop","type":"REPOSITORY","tags":[{"key":"url","values":["https://github.com/acme/shop"]}]}}}]}},
        null, {"name":""}])")}}}};
    Records records;
    read_entities(good(data), region, records);
    REQUIRE(records.facts.size() == 1);
    CHECK(records.facts[0].text ==
          "New Relic knows checkout as APM APPLICATION, alert severity CRITICAL, not reporting, error rate in % 33.12, "
          "mean response time in s 1.5, requests a minute 2280");
    REQUIRE(records.edges.size() == 1);
    CHECK(records.edges[0].callee == "rates");
    REQUIRE(records.code.size() == 2);
    CHECK(records.code[0].version == "v87");
    CHECK(records.code[1].service == "checkout");
    CHECK(records.code[1].url == "https://github.com/acme/shop");
}

}  // namespace responses_test
