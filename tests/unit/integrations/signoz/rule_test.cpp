// A rule in words, old and new; its graph held against its threshold; its history as facts and past incidents.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "base/text.hpp"
#include "integrations/signoz/codec.hpp"
#include "tests/support/fake_http.hpp"
#include "tests/support/result_printing.hpp"

namespace rule_test {

using namespace gumshoe;
using namespace gumshoe::signoz;
using test::http_response;

namespace {

const Account account{"https://signoz.acme.example", Secret("the-api-key")};
const Timestamp onset = from_millis(1785578400000);  // 2026-08-01T10:00:00Z
const Window week{onset - std::chrono::days(7), onset + std::chrono::minutes(5)};

json rule_json() {
    return parse_json(
               R"json({"id":"019f98ae-fd65-7045-900b-449c89fe739b","state":"firing","alert":"search: p95 latency","alertType":"TRACES_BASED_ALERT",
        "ruleType":"threshold_rule","description":"too slow","evaluation":{"kind":"rolling","spec":{"evalWindow":"5m0s","frequency":"1m0s"}},
        "condition":{"compositeQuery":{"queryType":"builder","panelType":"graph","unit":"ns","queries":[
          {"type":"builder_query","spec":{"name":"A","signal":"traces","aggregations":[{"expression":"p95(duration_nano)"}],"filter":{"expression":"service.name = 'search'"}}}]},
          "thresholds":{"kind":"basic","spec":[{"name":"critical","op":"1","matchType":"1","target":400,"targetUnit":"ms","channels":["x"]},
            {"name":"warning","op":"above","matchType":"on_average","target":300,"targetUnit":"ms"}]},"selectedQueryName":"A"},
        "updatedAt":"2026-06-01T00:00:00Z","version":"v5"})json")
        .value();
}

Rule read(const json& data) {
    const auto rule = read_rule(http_response(200, json{{"status", "success"}, {"data", data}}.dump()), account, "search");
    REQUIRE(rule.has_value());
    return *rule;
}

std::string item(std::int64_t minutes_before, const char* state, double value, const std::string& more = "") {
    return R"({"ruleId":"x","ruleName":"search: p95 latency","overallState":"firing","overallStateChanged":true,"state":")" +
           std::string(state) + R"(","stateChanged":true,"unixMilli":)" + std::to_string(to_millis(onset) - minutes_before * 60000) +
           R"(,"fingerprint":1234567890123456789,"value":)" + std::to_string(value) + more + "}";
}

std::string history(const std::string& items, int total) {
    return R"({"status":"success","data":{"items":[)" + items + R"(],"total":)" + std::to_string(total) + "}}";
}

}  // namespace

TEST_CASE("a rule is one sentence: what it watches, when it alerts, since when") {
    const Rule rule = read(rule_json());
    CHECK(rule.fact.text ==
          "Rule \"search: p95 latency\" (threshold_rule) is in state firing; it watches p95(duration_nano) over spans where service.name = "
          "'search'; "
          "alerts critical when at least one value of 5m0s is above 400 ms, warning when the average of 5m0s is above 300 ms; "
          "last edited 2026-06-01T00:00:00Z; description: \"too slow\"");
    CHECK(rule.fact.link == "https://signoz.acme.example/alerts/overview?ruleId=019f98ae-fd65-7045-900b-449c89fe739b");
    CHECK(rule.names == std::vector<std::string>{"A"});
    CHECK(rule.series[0].name == "spans p95(duration_nano)");
    CHECK(rule.series[0].unit == "ns");
    CHECK(rule.scale == 1e-6);
    CHECK(rule.graph_api == Api::v5);
}

TEST_CASE("comparisons and matches as numbers, words and signs") {
    const std::tuple<json, json, const char*> rows[] = {
        {"1", "1", "at least one value of 5m0s is above"},
        {1, 1, "at least one value of 5m0s is above"},
        {"above", "at_least_once", "at least one value of 5m0s is above"},
        {">", "1", "at least one value of 5m0s is above"},
        {"2", "2", "every value of 5m0s is below"},
        {"below", "all_the_times", "every value of 5m0s is below"},
        {"3", "3", "the average of 5m0s is equal to"},
        {"equal", "on_average", "the average of 5m0s is equal to"},
        {"4", "4", "the sum of 5m0s is not equal to"},
        {"not_equal", "in_total", "the sum of 5m0s is not equal to"},
        {"5", "5", "the last value of 5m0s is at least"},
        {"6", "last", "the last value of 5m0s is at most"},
        {"7", "1", "at least one value of 5m0s is outside"},
        {"outside_bounds", "1", "at least one value of 5m0s is outside"},
        {nullptr, nullptr, "a value of 5m0s is beyond"},
    };
    for (const auto& [op, match, words] : rows) {
        INFO(op.dump() << " " << match.dump());
        json data = rule_json();
        data["condition"]["thresholds"]["spec"] = json::array({{{"name", "critical"}, {"op", op}, {"matchType", match}, {"target", 400}}});
        CHECK(read(data).fact.text.find(words) != std::string::npos);
    }
}

TEST_CASE("an older rule has its threshold in the condition and its queries in a map") {
    json data = rule_json();
    data["id"] = 12;
    data.erase("evaluation");
    data["evalWindow"] = "10m0s";
    data["condition"] =
        parse_json(
            R"({"op":"2","matchType":"4","target":"5","targetUnit":"percent","selectedQueryName":"F1","compositeQuery":{"queryType":"builder",
        "panelType":"graph","unit":"percent","builderQueries":{"A":{"queryName":"A","dataSource":"metrics","aggregateOperator":"rate","aggregateAttribute":{"key":"calls_total"},
        "spaceAggregation":"sum","timeAggregation":"rate","expression":"A"},"F1":{"queryName":"F1","expression":"A * 100"}}}})")
            .value();
    const Rule rule = read(data);
    CHECK(rule.id == "12");
    CHECK(rule.fact.text.find("it watches A: sum of calls_total (rate); F1: A * 100; alerts when the sum of 10m0s is below 5 %") !=
          std::string::npos);
    CHECK(rule.graph_api == Api::v4);
    CHECK(rule.names == std::vector<std::string>{"F1"});
    const HttpRequest graph = graph_request(account, rule, Api::v5, week);
    CHECK(graph.url == "https://signoz.acme.example/api/v4/query_range");
    CHECK(parse_json(graph.body).value()["compositeQuery"]["builderQueries"].size() == 2);
    CHECK(graph_request(account, rule, Api::v3, week).url == "https://signoz.acme.example/api/v3/query_range");
}

TEST_CASE("SQL of a rule is shown and not run again; PromQL is run") {
    json data = rule_json();
    data["condition"]["compositeQuery"]["queries"] =
        json::array({{{"type", "clickhouse_sql"}, {"spec", {{"name", "A"}, {"query", "SELECT 1"}}}}});
    CHECK(read(data).graph.empty());
    CHECK(read(data).fact.text.find("it watches SELECT 1;") != std::string::npos);
    data["condition"]["compositeQuery"]["queries"] =
        json::array({{{"type", "promql"}, {"spec", {{"name", "A"}, {"query", "sum(rate(x[5m]))"}}}}});
    CHECK_FALSE(read(data).graph.empty());
    data["condition"]["compositeQuery"] = {{"queryType", "clickhouse_sql"}, {"chQueries", {{"A", {{"query", "SELECT 1"}}}}}};
    CHECK(read(data).graph.empty());
    data["condition"]["compositeQuery"] = {{"queryType", "promql"}, {"promQueries", {{"A", {{"query", "up"}}}}}};
    CHECK(read(data).graph_api == Api::v4);
    CHECK_FALSE(read(data).graph.empty());
}

TEST_CASE("a rule in odd shapes is a fact or an error, never a crash") {
    for (
        const char* body :
        {R"({"data":{"id":"x"}})", R"({"data":{"id":"x","condition":7,"alert":9}})", R"({"id":"x","condition":{"compositeQuery":[]}})",
         R"({"data":{"id":"x","condition":{"thresholds":{"spec":[{"target":"NaN"},7,null]},"compositeQuery":{"queries":[7,{},{"spec":3}]}}}})"}) {
        INFO(body);
        const auto rule = read_rule(http_response(200, body), account, "search");
        REQUIRE(rule.has_value());
        CHECK(rule->thresholds.empty());
    }
    for (const char* body : {"", "7", R"({"data":[]})", R"({"data":{"alert":"no id"}})"}) {
        CHECK_FALSE(read_rule(http_response(200, body), account, "search").has_value());
    }
}

TEST_CASE("the graph of a rule is a series and a fact: how near its usual level comes to the threshold") {
    const Rule rule = read(rule_json());
    std::string values;
    for (int i = 0; i < 20; ++i) {
        const int ms = i == 15 ? 438 : 350 + i;
        values += (i == 0 ? "" : ",") +
                  (R"({"timestamp":)" + std::to_string(to_millis(onset) + i * 60000) + R"(,"value":)" + std::to_string(ms) + "000000}");
    }
    Records records;
    const std::string body =
        R"({"status":"success","data":{"type":"time_series","data":{"results":[{"queryName":"A","aggregations":[{"index":0,"series":[{"labels":[],"values":[)" +
        values + R"(]}]}]},{"queryName":"B","aggregations":[{"series":[{"values":[{"timestamp":1785578400000,"value":1}]}]}]}]}}})";
    REQUIRE(read_graph(http_response(200, body), rule, account, records).has_value());
    REQUIRE(records.metrics.size() == 1);  // not B, which is not what alerts
    CHECK(records.metrics[0].entity == "search");
    CHECK(records.metrics[0].unit == "ns");
    REQUIRE(records.facts.size() == 1);
    CHECK(records.facts[0].text ==
          "Over the 19 m to 10:19:00 the value that rule \"search: p95 latency\" watches had a median of 359 ms, a 95th percentile of 369 "
          "ms and its highest "
          "438 ms; it was above the threshold of 400 ms at 1 of 20 points; latest value 369 ms");
}

TEST_CASE("firings before this one are counted and become past incidents; this one is none of them") {
    const Rule rule = read(rule_json());
    const std::string items = item(0, "firing", 438e6) + "," + item(2000, "inactive", 0) + "," + item(2001, "firing", 412e6) + "," +
                              item(5000, "inactive", 0) + "," + item(5002, "firing", 431e6) + "," + item(5001, "pending", 0);
    Records records;
    REQUIRE(read_history(http_response(200, history(items, 6)), account, rule, week, onset, records).has_value());
    REQUIRE(records.facts.size() == 1);
    CHECK(
        records.facts[0].text ==
        "Rule \"search: p95 latency\" fired 2 times in the 7 d before this alert; each time it was back to normal within 2 m (median 2 m); "
        "values when it fired: 412 to 431 ms (threshold 400 ms); last on 2026-07-31T00:39:00Z");
    CHECK(records.facts[0].link.starts_with("https://signoz.acme.example/alerts/history?ruleId=019f98ae"));
    REQUIRE(records.incidents.size() == 2);
    CHECK(records.incidents[0].title == "search: p95 latency");
    CHECK(records.incidents[0].service == "search");
    CHECK(records.incidents[0].resolution == "nothing that SigNoz knows of; back to normal after 2 m");
    CHECK(records.incidents[0].at < records.incidents[1].at);
}

TEST_CASE("a history in every shape") {
    struct Row {
        const char* what;
        std::string body;
        const char* says;
        std::size_t incidents;
    };
    const Row rows[] = {
        {"empty", history("", 0), "fired 0 times in the 7 d before this alert", 0},
        {"items null", R"({"status":"success","data":{"items":null,"total":0}})", "fired 0 times", 0},
        {"more than the page", history(item(100, "inactive", 0) + "," + item(101, "firing", 1), 900), "fired at least 1 time in", 1},
        {"still firing", history(item(101, "firing", 405e6), 1),
         "fired 1 time in the 7 d before this alert; values when it fired: 405 to 405 ms", 1},
        {"no change of state", history(replace_all(item(101, "firing", 1), R"("stateChanged":true)", R"("stateChanged":false)"), 1),
         "fired 0 times", 0},
        {"another service's series", history(item(101, "firing", 1, R"(,"labels":[{"key":{"name":"service.name"},"value":"other"}])"), 1),
         "fired 0 times", 0},
        {"our service, labels as an object", history(item(101, "firing", 1, R"(,"labels":{"service.name":"search"})"), 1), "fired 1 time",
         1},
        {"our service, labels as text", history(item(101, "firing", 1, R"(,"labels":"{\"service_name\":\"search\"}")"), 1), "fired 1 time",
         1},
        {"times that are none", history(R"({"state":"firing","unixMilli":"x"},{"state":"firing"},7,null)", 4), "fired 0 times", 0},
    };
    for (const Row& row : rows) {
        INFO(row.what);
        Records records;
        REQUIRE(read_history(http_response(200, row.body), account, read(rule_json()), week, onset, records).has_value());
        REQUIRE(records.facts.size() == 1);
        INFO(records.facts[0].text);
        CHECK(records.facts[0].text.find(row.says) != std::string::npos);
        CHECK(records.incidents.size() == row.incidents);
    }
    Records records;
    CHECK_FALSE(read_history(http_response(200, "{"), account, read(rule_json()), week, onset, records).has_value());
    CHECK_FALSE(read_history(http_response(200, R"({"data":{"items":7}})"), account, read(rule_json()), week, onset, records).has_value());
}

}  // namespace rule_test
