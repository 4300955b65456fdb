// Answers as Datadog gives them: whole, empty, with fields missing, and wrong.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "integrations/datadog/responses.hpp"
#include "tests/support/fake_http.hpp"
#include "tests/support/result_printing.hpp"

namespace responses_test {

using namespace gumshoe;
using namespace gumshoe::datadog;
using gumshoe::test::http_response;

TEST_CASE("both shapes of an error are read, and say what to do about it") {
    CHECK_FALSE(read_error(http_response(200, "{}"), "x"));
    struct Row {
        int status;
        const char* body;
        errc code;
        const char* says;
    };
    const Row rows[] = {
        {404, R"({"errors":["Monitor not found"]})", errc::not_found, "Monitor not found"},
        {400, R"x({"errors":[{"title":"Generic Error","detail":"invalid_argument(Field 'filter.from,to' is invalid)"}]})x", errc::bad_reply,
         "invalid_argument"},
        {422, R"({"errors":[{"title":"Only a title"}]})", errc::bad_reply, "Only a title"},
        {401, R"({"errors":["Unauthorized"]})", errc::unauthorized, "API key"},
        {403, R"({"errors":["Forbidden"]})", errc::forbidden, "the application key lacks logs_read_data"},
        {429, R"({"errors":["Too many requests"]})", errc::rate_limited, "Too many requests"},
        {503, "<html>upstream</html>", errc::unavailable, "503"},
        {500, "", errc::unavailable, "500"},
        {301, "", errc::bad_reply, "301"},
    };
    for (const Row& row : rows) {
        INFO(row.status);
        const auto error = read_error(http_response(row.status, row.body), "logs_read_data");
        REQUIRE(error);
        CHECK(error->code == row.code);
        CHECK(error->message.find(row.says) != std::string::npos);
        CHECK(error->message.find("<html>") == std::string::npos);
    }
}

TEST_CASE("a vendor's message is cut to a clean line") {
    const std::string long_text = "line\nbreak\u202e" + std::string(5000, 'x');
    const auto error = read_error(http_response(400, json{{"errors", {long_text}}}.dump()), "x");
    REQUIRE(error);
    CHECK(error->message.size() < 300);
    CHECK(error->message.find('\n') == std::string::npos);
    CHECK(error->message.find("\u202e") == std::string::npos);
}

TEST_CASE("the time until a limit is lifted is a number of seconds or nothing") {
    CHECK(rate_limit_reset(http_response(429, "", {{"X-RateLimit-Reset", "7"}})) == seconds(7));
    for (const char* bad : {"", "soon", "-1", "1.5", "99999999999"}) {
        INFO(bad);
        CHECK_FALSE(rate_limit_reset(http_response(429, "", {{"X-RateLimit-Reset", bad}})));
    }
    CHECK_FALSE(rate_limit_reset(http_response(429, "")));
}

TEST_CASE("logs keep their time to the millisecond, their trace and their version") {
    Records records;
    const auto page = read_logs(http_response(200, R"({"data":[
        {"id":"AQAAAY","type":"log","attributes":{"timestamp":"2026-08-01T10:12:03.401Z","host":"web-7","service":"shop-api","status":"error",
          "message":"payment declined","tags":["env:prod","version:1.4.2","env:prod"],
          "attributes":{"http":{"status_code":500},"trace_id":"9223372036854775809","dd":{"span_id":"42"}}}},
        {"id":"2","type":"log","attributes":{"timestamp":"2026-08-01T10:12:04Z","attributes":{"msg":"only nested"}}},
        {"id":"3","type":"log","attributes":{"message":"no time"}},
        {"id":"4","type":"log","attributes":{"timestamp":"2026-08-01T10:12:04Z"}},
        {"id":"5","type":"log"}, 7],
        "links":{"next":"https://api.datadoghq.com/x"},"meta":{"page":{"after":"eyJhZnRlciI6"},"status":"timeout","warnings":[]}})"),
                                records);
    REQUIRE(page.has_value());
    CHECK(page->cursor == "eyJhZnRlciI6");
    CHECK(page->partial);
    REQUIRE(records.logs.size() == 2);
    const LogRecord& log = records.logs[0];
    CHECK(log.time_unix_nano == 1785579123401000000);
    CHECK(log.service == "shop-api");
    CHECK(log.instance == "web-7");
    CHECK(log.severity_text == "error");
    CHECK(log.body == "payment declined");
    CHECK(log.attributes.at("http.status_code") == "500");
    CHECK(log.attributes.at("version") == "1.4.2");
    CHECK(log.trace_id == "9223372036854775809");
    CHECK(log.span_id == "42");
    CHECK(records.logs[1].body == "only nested");
}

TEST_CASE("an empty search is empty, without meta and links") {
    for (const auto read : {read_logs, read_spans}) {
        Records records;
        const auto page = read(http_response(200, R"({"data":[]})"), records);
        REQUIRE(page.has_value());
        CHECK(page->cursor.empty());
        CHECK_FALSE(page->partial);
        CHECK(records.empty());
    }
}

TEST_CASE("an answer that is no answer is an error, not an empty result") {
    for (const char* body : {"", "<html>", "[]", "{}", R"({"data":{}})", R"({"series":7})"}) {
        INFO(body);
        Records records;
        CHECK_FALSE(read_logs(http_response(200, body), records).has_value());
        CHECK_FALSE(read_spans(http_response(200, body), records).has_value());
        CHECK_FALSE(read_events(http_response(200, body), "", records).has_value());
        CHECK_FALSE(read_metrics(http_response(200, body), {{"a", "a", ""}}, records).has_value());
        CHECK_FALSE(read_monitor(http_response(200, body), "", "").has_value());
    }
    Records records;
    CHECK_FALSE(read_dependencies(http_response(200, "[]"), "x", records).has_value());
}

TEST_CASE("metrics: gaps are absent, units are UCUM, each series has its query's name") {
    const char* body = R"({"status":"ok","res_type":"time_series","series":[
        {"metric":"trace.http.request","scope":"service:checkout,env:prod","tag_set":[],"aggr":"p95","interval":20,"query_index":1,
         "unit":[{"family":"time","name":"second"},null],"pointlist":[[1785578400000,0.41],[1785578420000,null],[1785578440000.0,3.4]]},
        {"metric":"system.cpu.user","scope":"host:web-7,service:checkout","query_index":0,"unit":null,"pointlist":[[1785578400000,41]]},
        {"metric":"all.null","scope":"*","query_index":0,"pointlist":[[1785578400000,null]]}],"message":"","error":""})";
    Records records;
    REQUIRE(
        read_metrics(http_response(200, body), {{"avg:system.cpu.user{*}", "system.cpu.user", "x"}, {"p95:t{*}", "t.p95", "x"}}, records));
    REQUIRE(records.metrics.size() == 2);
    CHECK(records.metrics[0].entity == "checkout");
    CHECK(records.metrics[0].name == "t.p95");
    CHECK(records.metrics[0].unit == "s");
    CHECK(records.metrics[0].points == std::vector<std::pair<std::int64_t, double>>{{1785578400, 0.41}, {1785578440, 3.4}});
    CHECK(records.metrics[1].instance == "web-7");
    CHECK(records.metrics[1].unit == "1");
    CHECK(records.metrics[1].name == "system.cpu.user");
}

TEST_CASE("a metric query that failed behind a 200 is an error") {
    Records records;
    const auto read =
        read_metrics(http_response(200, R"({"status":"error","error":"Rule not found","series":[]})"), {{"a", "a", ""}}, records);
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().message.find("Rule not found") != std::string::npos);
    REQUIRE(read_metrics(http_response(200, R"({"status":"ok","series":[]})"), {{"a", "a", ""}}, records).has_value());
    CHECK(records.empty());
}

TEST_CASE("spans keep 64-bit ids as text and the exact duration") {
    Records records;
    REQUIRE(
        read_spans(http_response(
                       200,
                       R"({"data":[{"id":"A","type":"spans","attributes":{"trace_id":"17434309830912312897","span_id":"9223372036854775809",
        "parent_id":"0","service":"checkout","resource_name":"POST /checkout","host":"web-1","start_timestamp":"2026-08-01T10:00:00.123456789Z",
        "end_timestamp":"2026-08-01T10:00:03Z","custom":{"duration":2900000001,"error":{"type":"PoolExhausted"}}}},
        {"id":"B","type":"spans","attributes":{"trace_id":"17434309830912312897","span_id":"2","parent_id":"9223372036854775809","service":"db",
        "resource_name":"INSERT","start_timestamp":"2026-08-01T10:00:01Z","end_timestamp":"2026-08-01T10:00:02Z"}}]})"),
                   records)
            .has_value());
    REQUIRE(records.spans.size() == 2);
    const SpanRecord& root = records.spans[0];
    CHECK(root.trace_id == "17434309830912312897");
    CHECK(root.span_id == "9223372036854775809");
    CHECK(root.parent_span_id.empty());
    CHECK(root.start_time_unix_nano == 1785578400123456789);
    CHECK(root.end_time_unix_nano - root.start_time_unix_nano == 2900000001);
    CHECK(root.error);
    CHECK(records.spans[1].parent_span_id == "9223372036854775809");
    CHECK(records.spans[1].end_time_unix_nano - records.spans[1].start_time_unix_nano == 1000000000);
    CHECK_FALSE(records.spans[1].error);
}

TEST_CASE("a deploy among events is a change with its commit, other events are facts") {
    Records records;
    REQUIRE(read_events(http_response(200, R"({"data":[
        {"id":"AZ1","type":"event","attributes":{"message":"Pipeline 7802 finished","tags":["source:deployment","service:checkout","env:prod",
          "git.commit.sha:4f1c2aa9d0b7e6358c1f42a6e9b3d57081c6f2e4","git.repository_url:https://github.com/acme/shop.git"],
          "timestamp":"2026-08-01T09:49:00Z","attributes":{"title":"Deployed checkout v412","service":"undefined","timestamp":1785577740000,
          "evt":{"id":"7000000000000000001","type":"deploy"}}}},
        {"id":"AZ2","type":"event","attributes":{"message":"one node","tags":["source:kubernetes"],"timestamp":"2026-08-01T09:50:00Z",
          "attributes":{"title":"Node drained","service":"checkout"}}}]})"),
                        "https://app.datadoghq.com", records)
                .has_value());
    REQUIRE(records.changes.size() == 1);
    const Change& change = records.changes[0];
    CHECK(change.id == "7000000000000000001");
    CHECK(change.kind == "deploy");
    CHECK(change.deployed == true);
    CHECK(change.service == "checkout");
    CHECK(change.repository == "https://github.com/acme/shop");  // whose it is, a code host says
    CHECK(change.sha == "4f1c2aa9d0b7e6358c1f42a6e9b3d57081c6f2e4");
    CHECK(change.environment == "prod");
    CHECK(format_rfc3339(change.time) == "2026-08-01T09:49:00Z");
    CHECK(change.link == "https://app.datadoghq.com/event/event?id=7000000000000000001");
    REQUIRE(records.facts.size() == 1);
    CHECK(records.facts[0].text == "Node drained: one node");
}

TEST_CASE("dependencies: what is within two steps of the service, in both directions") {
    Records records;
    REQUIRE(read_dependencies(http_response(200, R"({"front":{"calls":["checkout"]},"checkout":{"calls":["payments"]},
        "payments":{"calls":["bank"]},"bank":{"calls":["far"]},"other":{"calls":["elsewhere"]},"odd":{"calls":7}})"),
                              "checkout", records)
                .has_value());
    std::vector<std::string> edges;
    for (const Edge& edge : records.edges) edges.push_back(edge.caller + ">" + edge.callee);
    CHECK(edges == std::vector<std::string>{"checkout>payments", "front>checkout", "payments>bank"});
}

TEST_CASE("a monitor is a fact with state, thresholds, alerting groups and downtimes") {
    const auto monitor =
        read_monitor(http_response(200, R"({"id":8123,"name":"checkout: p95","type":"query alert","query":"avg(last_5m):avg:a{*} > 2",
        "overall_state":"Alert","overall_state_modified":"2026-08-01T10:00:00+00:00","modified":"2026-06-20T08:00:00+00:00","options":{"thresholds":{"critical":2.0,"warning":1.0}},
        "state":{"groups":{"host:web-7":{"status":"Alert","last_triggered_ts":1785578400},"host:web-8":{"status":"OK"}}},"matching_downtimes":[{"id":1}]})"),
                     "checkout", "https://app.datadoghq.com");
    REQUIRE(monitor.has_value());
    CHECK(monitor->id == "8123");
    for (const char* part : {"Monitor 8123", "query alert", "state Alert", "critical 2.0", "warning 1.0",
                             "host:web-7 Alert since 2026-08-01T10:00:00Z", "downtime", "last edited 2026-06-20"}) {
        INFO(part << " in " << monitor->fact.text);
        CHECK(monitor->fact.text.find(part) != std::string::npos);
    }
    CHECK(monitor->fact.text.find("web-8") == std::string::npos);
    CHECK(monitor->fact.link == "https://app.datadoghq.com/monitors/8123");
}

}  // namespace responses_test
