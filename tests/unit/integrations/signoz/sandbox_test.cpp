// The simulated SigNoz refuses what the real one refuses, in its words.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "integrations/signoz/sandbox_query.hpp"
#include "tests/support/result_printing.hpp"
#include "tests/unit/integrations/signoz/simulated.hpp"

namespace sandbox_test {

using namespace gumshoe;
using namespace gumshoe::signoz;
using test::SimulatedSignoz;

namespace {

constexpr const char* own_rule = "019f98ae-fd65-7045-900b-449c89fe739b";

HttpReply ask(SimulatedSignoz& play, const char* method, std::string path, std::string body, std::string query = "",
              const char* key = "sandbox-signoz-api-key") {
    RawRequest request;
    request.method = method;
    request.path = std::move(path);
    request.query = std::move(query);
    request.body = std::move(body);
    if (*key != '\0') request.headers.add("SigNoz-Api-Key", key);
    return play.simulation->handle(request, play.world);
}

/// A good body with one change, as a merge patch.
std::string v5(const char* patch, const char* spec_patch = "{}") {
    json body =
        parse_json(R"({"schemaVersion":"v1","start":1785576600000,"end":1785578400000,"requestType":"raw","compositeQuery":{"queries":[
        {"type":"builder_query","spec":{"name":"A","signal":"logs","filter":{"expression":""},"limit":5}}]}})")
            .value();
    body.merge_patch(parse_json(patch).value());
    if (body.contains("compositeQuery")) body["compositeQuery"]["queries"][0]["spec"].merge_patch(parse_json(spec_patch).value());
    return body.dump();
}

}  // namespace

TEST_CASE("v5 takes known fields with their types and nothing else") {
    struct Row {
        const char* what;
        std::string body;
        int status;
        const char* says;
    };
    const Row rows[] = {
        {"as it should be", v5("{}"), 200, "success"},
        {"an unknown field", v5(R"({"from":1})"), 400, "unknown field \\\"from\\\" in query range request"},
        {"an unknown field of a query", v5("{}", R"({"pageSize":5})"), 400, "unknown field \\\"pageSize\\\" in query spec"},
        {"an unknown field of a filter", v5("{}", R"({"filter":{"items":[]}})"), 400, "in filter"},
        {"times as text", v5(R"({"start":"1785576600000"})"), 400, "start must be a number"},
        {"times in seconds", v5(R"({"start":1785576600,"end":1785578400})"), 400, "milliseconds"},
        {"no span of time", v5(R"({"end":1785576600000})"), 400, "start time must be before end time"},
        {"a made-up request type", v5(R"({"requestType":"list"})"), 400, "invalid request type: list"},
        {"no queries", R"({"start":1785576600000,"end":1785578400000,"requestType":"raw","compositeQuery":{"queries":[]}})", 400,
         "at least one query"},
        {"too many rows", v5("{}", R"({"limit":10001})"), 400, "limit exceeds"},
        {"a limit as text", v5("{}", R"({"limit":"5"})"), 400, "must be numbers"},
        {"an unknown signal", v5("{}", R"({"signal":"events"})"), 400, "invalid signal type"},
        {"metrics have no rows", v5("{}", R"({"signal":"metrics"})"), 400, "raw request type is not supported for metric queries"},
        {"a graph without aggregation", v5(R"({"requestType":"time_series"})"), 400, "at least one aggregation is required"},
        {"an unknown aggregation", v5(R"({"requestType":"time_series"})", R"json({"aggregations":[{"expression":"sum_all()"}]})json"), 400,
         "invalid aggregation expression"},
        {"a direction", v5("{}", R"({"order":[{"key":{"name":"timestamp"},"direction":"down"}]})"), 400, "invalid direction"},
        {"a key that no record has", v5("{}", R"({"filter":{"expression":"deployment.environment.name = 'prod'"}})"), 400,
         "key `deployment.environment.name` not found"},
        {"an open quote", v5("{}", R"({"filter":{"expression":"service.name = 'a"}})"), 400, "a quote is open"},
        {"no JSON", "start=1", 400, "invalid JSON"},
        {"a metric that nobody sends",
         v5(R"({"requestType":"time_series"})",
            R"({"signal":"metrics","aggregations":[{"metricName":"no.such","timeAggregation":"avg","spaceAggregation":"avg"}]})"),
         404, "could not find the metric no.such"},
    };
    SimulatedSignoz play;
    for (const Row& row : rows) {
        INFO(row.what);
        const HttpReply reply = ask(play, "POST", "/api/v5/query_range", row.body);
        INFO(reply.body.substr(0, 300));
        CHECK(reply.status == row.status);
        CHECK(reply.body.find(row.says) != std::string::npos);
        if (row.status != 200) CHECK(parse_json(reply.body).value()["error"]["message"].is_string());
    }
}

TEST_CASE("every endpoint but the version wants the key") {
    for (const char* version : {"v0.98.0", "v0.70.0"}) {
        SimulatedSignoz play(version);
        CHECK(ask(play, "GET", "/api/v1/version", "", "", "").status == 200);
        for (const char* path :
             {"/api/v5/query_range", "/api/v4/query_range", "/api/v1/services", "/api/v1/dependency_graph", "/api/v1/rules/x"}) {
            CHECK(ask(play, "POST", path, "{}", "", "").status == 401);
            CHECK(ask(play, "POST", path, "{}", "", "another").status == 401);
        }
    }
}

TEST_CASE("an old build has the old routes, and errors of the old shape") {
    SimulatedSignoz play("v0.70.1");
    CHECK(ask(play, "POST", "/api/v5/query_range", v5("{}")).body == "404 page not found\n");
    CHECK(ask(play, "GET", std::string("/api/v2/rules/") + own_rule, "").status == 404);
    CHECK(ask(play, "POST", "/api/v2/services", R"({"start":"1785576600000000000","end":"1785578400000000000"})").status == 404);
    CHECK(ask(play, "GET", std::string("/api/v1/rules/") + own_rule, "").status == 200);
    const HttpReply reply = ask(play, "POST", "/api/v4/query_range", "{}");
    CHECK(reply.status == 400);
    CHECK(parse_json(reply.body).value()["errorType"] == "bad_data");
    const char* bodies[] = {
        R"({"start":1785576600000,"end":1785578400000,"compositeQuery":{"queryType":"builder","panelType":"list","builderQueries":{"A":{"queryName":"A","expression":"A","dataSource":"traces","aggregateOperator":"noop"}}}})",
        R"({"start":1785576600000,"end":1785578400000,"compositeQuery":{"queryType":"builder","panelType":"pie","builderQueries":{}}})",
        R"({"start":1785576600000,"end":1785578400000,"compositeQuery":{"queryType":"builder","panelType":"graph","builderQueries":{"A":{"queryName":"B","expression":"A","dataSource":"logs","aggregateOperator":"rate"}}}})",
    };
    for (const char* body : bodies) CHECK(ask(play, "POST", "/api/v4/query_range", body).status == 400);
}

TEST_CASE("services want nanoseconds as text; their errors have a shape of their own") {
    SimulatedSignoz play;
    const std::pair<const char*, int> rows[] = {
        {R"({"start":"1785576600000000000","end":"1785578400000000000","tags":[]})", 200},
        {R"({"start":1785576600000000000,"end":1785578400000000000})", 400},
        {R"({"start":"1785576600000","end":"1785578400000"})", 400},
        {R"({"end":"1785578400000000000"})", 400},
        {"", 400},
    };
    for (const auto& [body, status] : rows) {
        INFO(body);
        const HttpReply reply = ask(play, "POST", "/api/v1/services", body);
        CHECK(reply.status == status);
        if (status != 200) CHECK(parse_json(reply.body).value()["errors"][0]["msg"].is_string());
    }
    CHECK(parse_json(ask(play, "POST", "/api/v1/services", rows[0].first).body).value().is_array());
    CHECK(parse_json(ask(play, "POST", "/api/v2/services", rows[0].first).body).value()["data"].is_array());
}

TEST_CASE("the history of a rule has its own parameters, and ends at the play's now") {
    SimulatedSignoz play;
    const std::string path = std::string("/api/v2/rules/") + own_rule + "/history/timeline";
    const std::string span = "start=" + std::to_string(to_millis(play.world.zero - std::chrono::days(7))) +
                             "&end=" + std::to_string(to_millis(play.world.zero + seconds(1)));
    const json all = parse_json(ask(play, "GET", path, "", span + "&order=asc&limit=200").body).value()["data"];
    CHECK(all["total"] == 13);
    CHECK(all["items"][0]["state"] == "firing");
    CHECK(ask(play, "GET", path, "", span + "&order=asc&page=2").status == 400);
    CHECK(ask(play, "GET", path, "", span).status == 400);
    CHECK(ask(play, "GET", path, "", "order=asc").status == 400);
    CHECK(ask(play, "POST", path, "{}").status == 405);
    CHECK(ask(play, "GET", "/api/v2/rules/another", "").status == 404);
    play.world.now = play.world.zero - seconds(1);
    CHECK(parse_json(ask(play, "GET", path, "", span + "&order=asc&limit=200").body).value()["data"]["total"] == 12);
}

TEST_CASE("the filter language: comparisons, lists, negation, brackets") {
    const FieldLookup record = [](std::string_view key) -> std::optional<std::string> {
        if (key == "service.name") return "checkout";
        if (key == "severity_number") return "17";
        if (key == "has_error") return "true";
        if (key == "body") return "Pool exhausted";
        return std::nullopt;
    };
    const std::pair<const char*, bool> rows[] = {
        {"", true},
        {"service.name = 'checkout'", true},
        {"service.name != 'checkout'", false},
        {"service.name IN ('a', 'checkout')", true},
        {"service.name NOT IN ('a', 'checkout')", false},
        {"severity_number >= 13 AND has_error = true", true},
        {"NOT (severity_number >= 13 OR has_error = false)", false},
        {"service.name = 'a' OR service.name = 'checkout' AND severity_number > 17", false},
        {"body CONTAINS 'exhausted'", true},
        {"kind_string = 'Server'", false},
    };
    for (const auto& [text, matches] : rows) {
        INFO(text);
        const auto parsed = parse_expression(text);
        REQUIRE(parsed.has_value());
        CHECK((*parsed)(record) == matches);
    }
    for (const char* bad : {"service.name", "service.name =", "service.name = checkout", "(service.name = 'a'", "service.name IN 'a'",
                            "colour = 'red'", "AND", "service.name = 'a' service.name = 'b'"}) {
        INFO(bad);
        CHECK_FALSE(parse_expression(bad).has_value());
    }
}

TEST_CASE("a scenario without a block for SigNoz has no SigNoz") {
    SimulatedSignoz play;
    CHECK(parse_json(play.simulation->settings(play.world)).value()["api_url"] == play.api);
    json other = *play.world.scenario;
    other.erase("signoz");
    play.world.scenario = std::make_shared<const json>(std::move(other));
    CHECK(play.simulation->settings(play.world).empty());
    CHECK(play.simulation->webhooks(play.world, "trigger").empty());
}

}  // namespace sandbox_test
