// Answers as SigNoz gives them, in both envelopes, and every odd shape that was seen or is to be feared.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "base/text.hpp"
#include "integrations/signoz/codec.hpp"
#include "tests/support/fake_http.hpp"
#include "tests/support/result_printing.hpp"

namespace responses_test {

using namespace gumshoe;
using namespace gumshoe::signoz;
using test::http_response;

namespace {

const Account account{"https://signoz.acme.example", Secret("the-api-key")};
const Window window{from_millis(1770308400000), from_millis(1770312000000)};

std::string v5_rows(const std::string& rows) {
    return R"({"status":"success","data":{"type":"raw","meta":{},"data":{"results":[{"queryName":"A","nextCursor":"","rows":)" + rows +
           "}]}}}";
}

constexpr const char* log_row =
    R"([{"timestamp":"2026-02-05T16:30:57.467985072Z","data":{"id":"2x","timestamp":1770309057467985072,"body":"payment failed",
    "severity_text":"ERROR","severity_number":17,"trace_id":"4bf9","span_id":"00f0","trace_flags":0,
    "resources_string":{"service.name":"checkout","k8s.pod.name":"checkout-7","service.version":"v412","vcs.ref.head.revision":"4f1c2aa",
    "vcs.repository.url.full":"https://github.com/acme/shop","deployment.environment":"prod"},
    "attributes_string":{"code.function":"pay"},"attributes_number":{"code.line":120},"attributes_bool":{"retried":true}}}])";

std::string v5_series(const std::string& name, const std::string& values, const std::string& labels = "[]", const std::string& unit = "") {
    const std::string meta = unit.empty() ? "{}" : R"({"unit":")" + unit + R"("})";
    return R"({"queryName":")" + name + R"(","aggregations":[{"index":0,"alias":"","meta":)" + meta + R"(,"series":[{"labels":)" + labels +
           R"(,"values":)" + values + "}]}]}";
}

std::string v5_results(const std::string& results) {
    return R"({"status":"success","data":{"type":"time_series","data":{"results":[)" + results + "]}}}";
}

std::vector<SeriesQuery> asked() {
    Filter filter;
    filter.services = {"checkout"};
    return span_series(filter);
}

}  // namespace

TEST_CASE("a log line keeps its nanoseconds, its process and what its resource says of the code") {
    Records records;
    const auto page = read_logs(http_response(200, v5_rows(log_row)), records);
    REQUIRE(page.has_value());
    CHECK(page->rows == 1);
    REQUIRE(records.logs.size() == 1);
    const LogRecord& log = records.logs[0];
    CHECK(log.time_unix_nano == 1770309057467985072);
    CHECK(log.service == "checkout");
    CHECK(log.instance == "checkout-7");
    CHECK(log.severity_text == "ERROR");
    CHECK(log.body == "payment failed");
    CHECK(log.attributes.at("code.line") == "120");
    CHECK(log.attributes.at("retried") == "true");
    CHECK(log.attributes.at("service.version") == "v412");
    CHECK(log.trace_id == "4bf9");
    REQUIRE(records.code.size() == 1);
    CHECK(records.code[0].service == "checkout");
    CHECK(records.code[0].url == "https://github.com/acme/shop");
    CHECK(records.code[0].revision == "4f1c2aa");
    CHECK(records.code[0].version == "v412");
    CHECK(records.code[0].origin == "resource attribute vcs.repository.url.full");
    CHECK(to_millis(records.code[0].seen_at) == 1770309057467);
}

TEST_CASE("the same code in several lines is told once, with the time of the first") {
    Records records;
    const std::string later = replace_all(replace_all(log_row, "16:30:57", "16:40:57"), "v412", "v413");
    REQUIRE(read_logs(http_response(200, v5_rows(later)), records).has_value());
    REQUIRE(read_logs(http_response(200, v5_rows(replace_all(log_row, "16:30:57", "16:50:00"))), records).has_value());
    REQUIRE(read_logs(http_response(200, v5_rows(log_row)), records).has_value());
    REQUIRE(records.code.size() == 2);
    CHECK(records.code[1].version == "v412");
    CHECK(to_millis(records.code[1].seen_at) == 1770309057467);
}

TEST_CASE("rows in every shape") {
    struct Row {
        const char* what;
        std::string body;
        std::size_t rows;
        std::size_t records;
    };
    const Row rows[] = {
        {"rows null", v5_rows("null"), 0, 0},
        {"rows empty", v5_rows("[]"), 0, 0},
        {"rows absent", R"({"status":"success","data":{"type":"raw","data":{"results":[{"queryName":"A"}]}}})", 0, 0},
        {"results null", R"({"status":"success","data":{"type":"raw","data":{"results":null}}})", 0, 0},
        {"data null", R"({"status":"success","data":{"type":"raw","data":null}})", 0, 0},
        {"results one level up", R"({"status":"success","data":{"results":[{"rows":)" + std::string(log_row) + "}]}}", 1, 1},
        {"no envelope", R"({"data":{"results":[{"rows":)" + std::string(log_row) + "}]}}", 1, 1},
        {"the older envelope",
         R"({"status":"success","data":{"resultType":"","result":[{"queryName":"A","series":null,"list":)" + std::string(log_row) + "}]}}",
         1, 1},
        {"the older one, empty", R"({"status":"success","data":{"resultType":"","result":[{"queryName":"A","list":null}]}})", 0, 0},
        {"a row without data", v5_rows(R"([{"timestamp":"2026-02-05T16:30:57Z"},{"data":null},7,null])"), 4, 0},
        {"no row's time but the data's", v5_rows(R"([{"data":{"timestamp":1770309057467985072,"body":"x"}}])"), 1, 1},
        {"a time that is none", v5_rows(R"([{"timestamp":"yesterday","data":{"body":"x"}}])"), 1, 0},
        {"a time beyond all", v5_rows(R"([{"timestamp":9223372036854775807,"data":{"body":"x"}},{"timestamp":-1,"data":{"body":"x"}}])"), 2,
         0},
        {"a body that is an object", v5_rows(R"([{"timestamp":"2026-02-05T16:30:57Z","data":{"body":{"a":1}}}])"), 1, 1},
        {"no body", v5_rows(R"([{"timestamp":"2026-02-05T16:30:57Z","data":{"body":null}}])"), 1, 0},
        {"resources that are none",
         v5_rows(R"([{"timestamp":"2026-02-05T16:30:57Z","data":{"body":"x","resources_string":[1],"attributes_string":"y"}}])"), 1, 1},
    };
    for (const Row& row : rows) {
        INFO(row.what);
        Records records;
        const auto page = read_logs(http_response(200, row.body), records);
        REQUIRE(page.has_value());
        CHECK(page->rows == row.rows);
        CHECK(records.logs.size() == row.records);
    }
    for (const char* bad : {"", "{", "[]", "7", R"({"status":"success"})", R"({"status":"success","data":{"data":{"results":7}}})"}) {
        INFO(bad);
        Records records;
        const auto page = read_logs(http_response(200, bad), records);
        REQUIRE_FALSE(page.has_value());
        CHECK(page.error().code == errc::bad_reply);
    }
}

TEST_CASE("a body that is an object gives its message, else itself; a cursor says that there is more") {
    Records records;
    const auto page = read_logs(
        http_response(200, replace_all(v5_rows(R"([{"timestamp":"2026-02-05T16:30:57Z","data":{"body":{"message":"pool full","n":1}}},
        {"timestamp":"2026-02-05T16:30:57Z","data":{"body":{"n":2}}}])"),
                                       R"("nextCursor":"")", R"("nextCursor":"MTc3")")),
        records);
    REQUIRE(page.has_value());
    CHECK(page->more);
    CHECK(records.logs.at(0).body == "pool full");
    CHECK(records.logs.at(1).body == R"({"n":2})");
}

TEST_CASE("a span is read under its present and its former names") {
    Records records;
    REQUIRE(
        read_spans(
            http_response(
                200,
                v5_rows(R"([{"timestamp":"2026-02-05T16:30:57.000000001Z","data":{"trace_id":"4b","span_id":"00f0","parent_span_id":"00ef",
        "name":"POST /pay","kind_string":"Server","duration_nano":1500000,"has_error":true,"resource":{"service.name":"checkout","host.name":"h1","git.commit.sha":"abc1234"},
        "attributes":{},"events":[]}}])")),
            records)
            .has_value());
    REQUIRE(
        read_spans(http_response(200, R"({"status":"success","data":{"result":[{"queryName":"A","list":[{"timestamp":"2026-02-05T16:30:57Z",
        "data":{"traceID":"4c","spanID":"00f1","parentSpanID":"","serviceName":"payments","name":"x","durationNano":"2000","hasError":false}}]}]}})"),
                   records)
            .has_value());
    REQUIRE(records.spans.size() == 2);
    CHECK(records.spans[0].service == "checkout");
    CHECK(records.spans[0].instance == "h1");
    CHECK(records.spans[0].parent_span_id == "00ef");
    CHECK(records.spans[0].end_time_unix_nano - records.spans[0].start_time_unix_nano == 1500000);
    CHECK(records.spans[0].error);
    CHECK(records.spans[1].service == "payments");
    CHECK(records.spans[1].end_time_unix_nano - records.spans[1].start_time_unix_nano == 2000);
    CHECK_FALSE(records.spans[1].error);
    REQUIRE(records.code.size() == 1);
    CHECK(records.code[0].revision == "abc1234");
    CHECK(records.code[0].origin == "resource attribute git.commit.sha");
    CHECK(read_spans(http_response(200, v5_rows(R"([{"timestamp":"2026-02-05T16:30:57Z","data":{"name":"no id"}}])")), records)->rows == 1);
    CHECK(records.spans.size() == 2);
}

TEST_CASE("points: numbers and texts, without what is not finite or only partial") {
    Records records;
    const std::string values =
        R"([{"timestamp":1770308460000,"value":2},{"timestamp":1770308400000,"value":"1.5"},{"timestamp":1770308520000,"value":"NaN"},
        {"timestamp":1770308580000,"value":"Inf"},{"timestamp":1770308640000,"value":9,"partial":true},{"timestamp":1770308700000,"value":null},
        {"timestamp":"x","value":1},{"value":1},7,{"timestamp":1770308460000,"value":3}])";
    REQUIRE(
        read_series(http_response(200, v5_results(v5_series("A", values))), asked(), "https://signoz.acme.example/x", records).has_value());
    REQUIRE_FALSE(records.metrics.empty());
    CHECK(records.metrics[0].name == "calls.rate");
    CHECK(records.metrics[0].entity == "checkout");
    CHECK(records.metrics[0].unit == "1/s");
    CHECK(records.metrics[0].points == std::vector<std::pair<std::int64_t, double>>{{1770308400, 1.5}, {1770308460, 2}});
}

TEST_CASE("a minute with traffic and without errors is a zero, one without traffic is none") {
    Records records;
    const std::string traffic =
        R"([{"timestamp":1770308400000,"value":2},{"timestamp":1770308460000,"value":2},{"timestamp":1770308520000,"value":2}])";
    const std::string errors = R"([{"timestamp":1770308460000,"value":0.5}])";
    REQUIRE(read_series(http_response(200, v5_results(v5_series("A", traffic) + "," + v5_series("B", errors))), asked(), "l", records)
                .has_value());
    REQUIRE(records.metrics.size() == 2);
    CHECK(records.metrics[1].points == std::vector<std::pair<std::int64_t, double>>{{1770308400, 0}, {1770308460, 0.5}, {1770308520, 0}});
    Records none;
    REQUIRE(read_series(http_response(200, v5_results(v5_series("A", traffic) + R"(,{"queryName":"B","aggregations":[{"series":null}]})")),
                        asked(), "l", none)
                .has_value());
    REQUIRE(none.metrics.size() == 2);
    CHECK(none.metrics[1].name == "calls.errors");
    CHECK(none.metrics[1].points.size() == 3);
    Records silent;
    REQUIRE(read_series(http_response(200, v5_results("")), asked(), "l", silent).has_value());
    CHECK(silent.metrics.empty());
}

TEST_CASE("labels as a list, as an object, as text; the unit is SigNoz's where we have none") {
    const SeriesQuery cpu{"process.cpu.utilization", "checkout", "", {}, "", "process.cpu.utilization", "avg"};
    const std::string point = R"([{"timestamp":1770308400000,"value":2}])";
    const std::pair<std::string, std::string> rows[] = {
        {R"([{"key":{"name":"service.name"},"value":"payments"},{"key":{"name":"k8s.pod.name"},"value":"p-1"}])", "p-1"},
        {R"({"service_name":"payments","host_name":"h2"})", "h2"},
        {R"({"service_name":"payments","state":"idle"})", "state=idle"},
        {R"("{\"service.name\":\"payments\"}")", ""},
    };
    for (const auto& [labels, instance] : rows) {
        INFO(labels);
        Records records;
        REQUIRE(read_series(http_response(200, v5_results(v5_series("A", point, labels, "percent"))), {cpu}, "l", records).has_value());
        REQUIRE(records.metrics.size() == 1);
        CHECK(records.metrics[0].entity == "payments");
        CHECK(records.metrics[0].instance == instance);
        CHECK(records.metrics[0].unit == "%");
    }
    Records older;
    REQUIRE(
        read_series(
            http_response(
                200, R"({"status":"success","data":{"resultType":"","result":[{"queryName":"A","series":[{"labels":{},"labelsArray":null,
        "values":[{"timestamp":1770308400000,"value":"12"}]}],"list":null}]}})"),
            {cpu}, "l", older)
            .has_value());
    REQUIRE(older.metrics.size() == 1);
    CHECK(older.metrics[0].points[0].second == 12);
    CHECK(older.metrics[0].unit == "1");
}

TEST_CASE("refusals in their three shapes, and what to do about them") {
    struct Row {
        int status;
        const char* body;
        errc code;
        const char* says;
    };
    const Row rows[] = {
        {401, R"({"status":"error","error":{"type":"unauthenticated","code":"unauthenticated","message":"invalid api key"}})",
         errc::unauthorized, "invalid api key (the API key is wrong"},
        {403, R"({"status":"error","errorType":"forbidden","error":"only viewers"})", errc::forbidden,
         "only viewers (the role of the API key's service account may not read logs)"},
        {400, R"({"data":null,"total":0,"limit":0,"offset":0,"errors":[{"code":400,"msg":"bad time"}]})", errc::bad_reply, "400: bad time"},
        {400, R"({"status":"error","error":{"code":"invalid_input","message":"invalid query","errors":[{"message":"key `x` not found"}]}})",
         errc::bad_reply, "invalid query; key `x` not found"},
        {404, R"({"status":"error","error":{"code":"not_found","message":"could not find the metric a.b"}})", errc::not_found, "a.b"},
        {429, "slow down", errc::rate_limited, "429"},
        {451, R"({"status":"error","error":{"message":"license expired"}})", errc::forbidden,
         "license expired (the licence of this SigNoz"},
        {504, R"({"status":"error","error":{"message":"timeout"}})", errc::timeout, "its database took too long"},
        {502, "<html>bad gateway</html>", errc::unavailable, "502"},
        {500, "", errc::unavailable, "500"},
        {302, "", errc::bad_reply, "302"},
        {200, "<!doctype html><html></html>", errc::bad_reply, "web page"},
    };
    for (const Row& row : rows) {
        INFO(row.status << " " << row.body);
        const auto error = read_error(http_response(row.status, row.body), "logs");
        REQUIRE(error.has_value());
        CHECK(error->code == row.code);
        CHECK(error->message.find(row.says) != std::string::npos);
        CHECK(error->message.size() < 600);
    }
    CHECK_FALSE(read_error(http_response(200, "{}"), "logs").has_value());
    CHECK(read_error(http_response(400, R"({"error":")" + std::string(5000, 'x') + "\"}"), "logs")->message.size() < 400);
}

TEST_CASE("a route that is not there is told from a thing that is not there") {
    CHECK(missing_route(http_response(404, "404 page not found\n")));
    CHECK(missing_route(http_response(404, "")));
    CHECK(missing_route(http_response(405, "")));
    CHECK(missing_route(http_response(200, "\n<!DOCTYPE html><html>")));  // its interface answers whatever it does not know
    CHECK_FALSE(missing_route(http_response(404, R"({"status":"error","error":{"code":"not_found","message":"rule does not exist"}})")));
    CHECK_FALSE(missing_route(http_response(404, R"({"status":"error","errorType":"not_found","error":"no such rule"})")));
    CHECK_FALSE(missing_route(http_response(200, "{}")));
    CHECK_FALSE(missing_route(http_response(502, "<html>")));
}

TEST_CASE("the version, where it is told") {
    CHECK(read_version(http_response(200, R"({"version":"v0.98.0","ee":"Y","setupCompleted":true})")).value() == "v0.98.0");
    CHECK(read_version(http_response(200, R"({"status":"success","data":{"version":"v1.0.0"}})")).value() == "v1.0.0");
    CHECK_FALSE(read_version(http_response(200, "<html>")).has_value());
    CHECK_FALSE(read_version(http_response(200, "[]")).has_value());
}

TEST_CASE("services, dependencies and exceptions: bare arrays, wrapped ones, null") {
    const std::string list =
        R"([{"serviceName":"payments","p99":2.1e9,"avgDuration":1e8,"numCalls":100,"callRate":2,"numErrors":8,"errorRate":0.08},{"serviceName":""},7])";
    for (const std::string& body : {list, R"({"status":"success","data":)" + list + "}"}) {
        const auto services = read_services(http_response(200, body));
        REQUIRE(services.has_value());
        REQUIRE(services->size() == 1);
        CHECK(services->front().error_percent == 8);  // of its own counts: what errorRate means has changed
        CHECK(services->front().p99_nanos == 2.1e9);
    }
    CHECK(read_services(http_response(200, "null"))->empty());
    CHECK_FALSE(read_services(http_response(200, R"({"status":"success","data":{}})")).has_value());

    Records records;
    REQUIRE(read_dependencies(http_response(200, R"([{"parent":"a","child":"b"},{"parent":"b","child":"c"},{"parent":"c","child":"d"},
        {"parent":"x","child":"y"},{"parent":"a","child":"a"},{"parent":"","child":"b"}])"),
                              "a", records)
                .has_value());
    CHECK(records.edges.size() == 2);

    Records thrown;
    const std::string exceptions =
        R"([{"exceptionType":"PoolExhausted","exceptionMessage":"none left","exceptionCount":312,"firstSeen":"2026-02-05T16:50:00.5Z","lastSeen":"2026-02-05T17:00:00Z","serviceName":"checkout"},
        {"exceptionType":"Old","exceptionCount":9,"firstSeen":"2026-02-05T16:21:00Z","serviceName":"checkout"},
        {"exceptionType":"Elsewhere","exceptionCount":9,"firstSeen":"2026-02-05T16:50:00Z","serviceName":"other"}])";
    REQUIRE(read_exceptions(http_response(200, exceptions), {"checkout"}, account, window, from_millis(1770309900000), thrown).has_value());
    REQUIRE(thrown.facts.size() == 1);
    CHECK(thrown.facts[0].text == "checkout threw PoolExhausted \"none left\" 312 times, first at 16:50:00, not once in the 30 m before");
    CHECK(thrown.facts[0].link.starts_with("https://signoz.acme.example/"));
}

TEST_CASE("a neighbour is a fact when it fails or dawdles markedly more than before") {
    const std::vector<ServiceFigures> before{{"payments", 2, 0.3, 140e6}, {"inventory", 2, 0.1, 60e6}, {"far", 2, 0, 1e6}};
    const std::vector<ServiceFigures> now{
        {"payments", 2, 8, 2.1e9}, {"inventory", 2, 0.15, 70e6}, {"far", 2, 50, 9e9}, {"new", 2, 50, 9e9}};
    Records records;
    compare_services(before, now, {"payments", "inventory", "new"}, account, window, records);
    REQUIRE(records.facts.size() == 1);
    CHECK(records.facts[0].entity == "payments");
    CHECK(records.facts[0].text ==
          "payments as SigNoz counts it: errors 8 % of calls (0.3 % before), p99 2100 ms (140 ms before), 2 calls/s (2 before)");
}

}  // namespace responses_test
