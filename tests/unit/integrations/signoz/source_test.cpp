// The source against the simulated SigNoz, and against scripted trouble: older builds, refusals, limits, silence.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <set>

#include "base/json.hpp"
#include "base/limits.hpp"
#include "integrations/signoz/plan.hpp"
#include "tests/support/result_printing.hpp"
#include "tests/unit/integrations/signoz/simulated.hpp"

namespace source_test {

using namespace gumshoe;
using namespace gumshoe::signoz;
using test::SimulatedSignoz;

namespace {

/// The same subject, and a SigNoz that answers from a script.
struct Scripted : SimulatedSignoz {
    Scripted() { http.handle_with(nullptr); }

    Query query(const std::string& id) {
        for (Query& query : source->plan(subject)) {
            if (query.id == id) return query;
        }
        FAIL("no query " << id);
        return {};
    }
    result<Fetched> fetch_id(const std::string& id, milliseconds deadline = seconds(15)) { return fetch(query(id), deadline); }
};

std::string rows(int count) {
    json list = json::array();
    for (int i = 0; i < count; ++i) {
        list.push_back({{"timestamp", "2026-08-01T10:00:00Z"},
                        {"data", {{"body", "m" + std::to_string(i)}, {"resources_string", {{"service.name", "search"}}}}}});
    }
    return json{{"status", "success"}, {"data", {{"type", "raw"}, {"data", {{"results", {{{"queryName", "A"}, {"rows", list}}}}}}}}}.dump();
}

std::string refusal(const std::string& message) {
    return json{{"status", "error"}, {"error", {{"code", "x"}, {"message", message}}}}.dump();
}

std::string series() {
    return R"({"status":"success","data":{"type":"time_series","data":{"results":[]}}})";
}

std::vector<std::string> paths(const test::FakeHttp& http) {
    std::vector<std::string> all;
    for (const HttpRequest& request : http.requests) {
        const std::string path = request.url.substr(request.url.find("/api/"));
        all.push_back(path.substr(0, path.find('?')));
    }
    return all;
}

bool says(const Records& records, std::string_view text) {
    return std::any_of(records.facts.begin(), records.facts.end(),
                       [&](const Fact& fact) { return fact.text.find(text) != std::string::npos; });
}

}  // namespace

TEST_CASE("the plan asks incident and baseline alike, each query once, from typed fields alone") {
    Scripted play;
    play.subject.alert.title = "service.name = 'evil'";
    play.subject.alert.body = "evil";
    play.subject.alert.query = "evil";
    play.subject.alert.labels["team"] = "evil";
    std::set<std::string> ids;
    for (const Query& query : play.source->plan(play.subject)) {
        CHECK(query.source == "signoz");
        CHECK(ids.insert(query.id).second);
        for (const auto& [key, value] : query.arguments) CHECK(value.find("evil") == std::string::npos);
    }
    CHECK(ids == std::set<std::string>{"signoz/rule", "signoz/rule/graph", "signoz/rule/history", "signoz/metrics/search",
                                       "signoz/metrics/search-index", "signoz/metrics/storefront", "signoz/logs/incident",
                                       "signoz/logs/baseline", "signoz/logs/incident/other", "signoz/logs/baseline/other",
                                       "signoz/logs/incident/neighbours", "signoz/logs/baseline/neighbours", "signoz/spans/incident",
                                       "signoz/spans/baseline", "signoz/dependencies", "signoz/exceptions", "signoz/services"});
    CHECK(play.query("signoz/rule/history").window.from == play.subject.onset - std::chrono::days(7));
    CHECK(play.query("signoz/logs/incident").arguments.at(argument::environment_key) == "deployment.environment");
    play.subject.alert.labels = {{"env", "prod"}};
    CHECK_FALSE(play.query("signoz/logs/incident").arguments.contains(argument::environment));
}

TEST_CASE("an alert about no service is only asked about its rule, one with an odd id about nothing") {
    Scripted play;
    play.subject.services.clear();
    play.subject.alert.service.clear();
    CHECK(play.source->plan(play.subject).size() == 3);
    for (const char* id : {"", "../users", "1/history"}) {
        play.subject.alert.monitor_id = id;
        CHECK(play.source->plan(play.subject).empty());
    }
    play.subject.alert.monitor_id = "8123";
    CHECK(play.source->plan(play.subject).size() == 3);
    play.subject.alert.source = "datadog";
    CHECK(play.source->plan(play.subject).empty());
    Query forged{"signoz", "signoz/rule", QueryKind::monitor, "search", play.subject.incident, {{argument::rule, "../users"}}};
    CHECK(play.fetch(forged).error().code == errc::unsupported);
    CHECK(play.http.requests.empty());
}

TEST_CASE("services that turn out to be called are asked about in a second round; an analyst asks by service and window") {
    Scripted play;
    Records found;
    found.edges = {{"search", "search-index"}, {"search", "cache"}, {"storefront", "bank"}};
    std::vector<std::string> ids;
    for (const Query& query : play.source->follow_up(play.subject, found)) ids.push_back(query.id);
    CHECK(ids == std::vector<std::string>{"signoz/metrics/cache", "signoz/logs/incident/callees", "signoz/logs/baseline/callees"});
    CHECK(play.source->follow_up(play.subject, {}).empty());
    for (const QueryKind kind : play.source->on_demand())
        CHECK(play.source->ask(kind, "cache", play.subject.incident, play.subject).has_value());
    CHECK_FALSE(play.source->ask(QueryKind::commits, "cache", play.subject.incident, play.subject).has_value());
    CHECK_FALSE(play.source->ask(QueryKind::logs, "", play.subject.incident, play.subject).has_value());
    CHECK_FALSE(
        play.source->ask(QueryKind::logs, "cache", {play.subject.incident.to, play.subject.incident.from}, play.subject).has_value());
}

TEST_CASE("our whole plan is answered by the simulated SigNoz, old and new, and the story is in the answers") {
    const std::string version = GENERATE("v0.98.0", "v0.70.1");
    INFO(version);
    SimulatedSignoz play(version);
    Records all;
    std::vector<Query> queries = play.source->plan(play.subject);
    for (const Query& query : queries) {
        INFO(query.id);
        const auto fetched = play.fetch(query);
        if (version == "v0.70.1" && query.id == "signoz/rule/graph") {  // the scenario tells its rule in the current form
            CHECK(fetched.error().code == errc::not_found);
            continue;
        }
        if (!fetched) FAIL(query.id << ": " << fetched.error().message);
        CHECK((fetched->link.empty() || fetched->link.starts_with(play.api + "/")));
        all.append(fetched->records);
    }
    CHECK(says(all, "alerts critical when at least one value of 5m0s is above 400 ms"));
    CHECK(says(all, "fired 6 times in the 7 d before this alert; each time it was back to normal within 2 m 2 s"));
    CHECK(says(all, "values when it fired: 403 to 447 ms (threshold 400 ms)"));
    REQUIRE(all.incidents.size() == 5);
    CHECK(all.incidents.back().title == play.subject.alert.title);
    CHECK(all.edges.size() == 2);
    CHECK(all.logs.size() > 100);
    CHECK(all.spans.size() > 500);
    const auto named = [&all](const char* entity, const char* name) {
        return std::find_if(all.metrics.begin(), all.metrics.end(),
                            [&](const MetricSeries& one) { return one.entity == entity && one.name == name; });
    };
    const auto rate = named("search", "calls.rate");
    REQUIRE(rate != all.metrics.end());
    CHECK(rate->points.size() > 70);
    CHECK(named("search", "calls.errors")->points.size() == rate->points.size());
    CHECK(named("search", "calls.errors")->points.front().second == 0);
    CHECK(named("search", "process.cpu.utilization") != all.metrics.end());
    CHECK(named("search-index", "calls.duration.p95") != all.metrics.end());
    if (version == "v0.98.0") {
        CHECK(says(all, "the value that rule \"search: p95 latency above 400 ms\" watches had a median of"));
        REQUIRE_FALSE(all.code.empty());
        CHECK(std::any_of(all.code.begin(), all.code.end(),
                          [](const CodeLocation& one) { return one.url == "https://github.com/acme/search"; }));
    }
}

TEST_CASE("exceptions that are new since the incident, and neighbours that got worse, are facts") {
    SimulatedSignoz play("v0.98.0", "bad-deploy");
    play.subject.alert.service = "checkout";
    play.subject.services = {"checkout", "storefront", "payments"};
    Records all;
    for (const Query& query : play.source->plan(play.subject)) {
        if (query.kind != QueryKind::compare) continue;
        const auto fetched = play.fetch(query);
        if (!fetched) FAIL(query.id << ": " << fetched.error().message);
        all.append(fetched->records);
    }
    CHECK(says(all, "checkout threw PoolExhausted \"no connection within the limit\""));
    CHECK(says(all, "storefront as SigNoz counts it: errors "));
    CHECK_FALSE(says(all, "payments as SigNoz counts it"));
    CHECK(all.edges.size() == 4);
}

TEST_CASE("pages are followed by their offset to the end, or to the limit, which is told") {
    Scripted play;
    play.http.push(200, rows(200));
    play.http.push(200, rows(200));
    play.http.push(200, rows(7));
    const auto fetched = play.fetch_id("signoz/logs/incident");
    REQUIRE(fetched.has_value());
    CHECK(fetched->records.logs.size() == 407);
    CHECK_FALSE(fetched->truncated);
    const json last = parse_json(play.http.requests.at(2).body).value()["compositeQuery"]["queries"][0]["spec"];
    CHECK(last["offset"] == 400);
    CHECK(last["order"][0]["direction"] == "asc");
    CHECK(fetched->query_text.starts_with("service.name = 'search' AND deployment.environment = 'prod' AND (severity_number >= 13"));

    play.http.requests.clear();
    play.http.handle_with([](const HttpRequest&) { return test::http_response(200, rows(200)); });
    CHECK(play.fetch_id("signoz/logs/incident")->truncated);
    CHECK(play.http.requests.size() == limits::records_per_query / 200);
    play.http.requests.clear();
    CHECK(play.fetch_id("signoz/logs/incident/other")->truncated);
    CHECK(play.http.requests.size() == 5);
}

TEST_CASE("pages that came before a failure are kept and marked as not all") {
    Scripted play;
    play.http.push(200, rows(200));
    play.http.push(Error{errc::network, "reset"});
    const auto fetched = play.fetch_id("signoz/logs/incident");
    REQUIRE(fetched.has_value());
    CHECK(fetched->records.logs.size() == 200);
    CHECK(fetched->truncated);
}

TEST_CASE("a build without v5 is asked by v4, one without that by v3, and that is remembered") {
    const auto missing = GENERATE(0, 1);
    Scripted play;
    for (int i = 0; i < 2; ++i) {
        if (missing == 0) play.http.push(404, "404 page not found\n");
        if (missing == 1) play.http.push(200, "<!doctype html><html><body>SigNoz</body></html>");
    }
    const std::string none = R"({"status":"success","data":{"resultType":"","result":[{"queryName":"A","list":null}]}})";
    play.http.push(200, none);
    play.http.push(200, none);
    CHECK(play.fetch_id("signoz/logs/incident").has_value());
    CHECK(play.fetch_id("signoz/logs/baseline").has_value());
    CHECK(paths(play.http) ==
          std::vector<std::string>{"/api/v5/query_range", "/api/v4/query_range", "/api/v3/query_range", "/api/v3/query_range"});
    play.http.push(404, "");
    const auto none_left = play.fetch_id("signoz/logs/incident");
    REQUIRE_FALSE(none_left.has_value());
    CHECK(none_left.error().message.find("api_url") != std::string::npos);
}

TEST_CASE("an environment that this signal does not know is left out, any other refusal stands") {
    Scripted play;
    play.http.push(400, refusal("key `deployment.environment` not found"));
    play.http.push(200, rows(1));
    CHECK(play.fetch_id("signoz/logs/incident").has_value());
    CHECK(play.http.requests.at(0).body.find("deployment.environment") != std::string::npos);
    CHECK(play.http.requests.at(1).body.find("deployment.environment") == std::string::npos);
    play.http.push(400, refusal("first"));
    play.http.push(400, refusal("second"));
    const auto refused = play.fetch_id("signoz/logs/incident");
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().message == "SigNoz answered 400: second");
    CHECK(play.http.requests.size() == 4);
}

TEST_CASE("metrics that nobody sends are left out of the next try; when none is left there are none") {
    Scripted play;
    play.http.push(200, series());
    play.http.push(404, refusal("the following metrics were not found: jvm.memory.used, go.memory.used"));
    play.http.push(200, series());
    CHECK(play.fetch_id("signoz/metrics/search").has_value());
    REQUIRE(play.http.requests.size() == 3);
    CHECK(play.http.requests[2].body.find("jvm.memory.used") == std::string::npos);
    CHECK(play.http.requests[2].body.find("process.cpu.utilization") != std::string::npos);

    play.http.push(200, series());
    play.http.push(404, refusal("could not find the metrics"));
    const auto fetched = play.fetch_id("signoz/metrics/search");
    REQUIRE(fetched.has_value());
    CHECK_FALSE(fetched->truncated);
    play.http.push(200, series());
    play.http.push(403, refusal("no metrics for you"));
    CHECK(play.fetch_id("signoz/metrics/search")->truncated);
}

TEST_CASE("rules and services are asked by their newer route, and by the older one where that is missing") {
    Scripted play;
    play.http.push(404, "404 page not found\n");
    play.http.push(200, R"({"status":"success","data":{"id":"1","alert":"a","state":"firing"}})");
    CHECK(play.fetch_id("signoz/rule").has_value());
    play.http.push(404, "404 page not found\n");
    play.http.push(200, "[]");
    play.http.push(200, R"({"status":"success","data":[]})");
    CHECK(play.fetch_id("signoz/services").has_value());
    const std::string id = play.subject.alert.monitor_id;
    CHECK(paths(play.http) == std::vector<std::string>{"/api/v2/rules/" + id, "/api/v1/rules/" + id, "/api/v2/services", "/api/v1/services",
                                                       "/api/v2/services"});
    play.http.push(404, refusal("rule with ID does not exist"));
    const auto gone = play.fetch_id("signoz/rule");
    REQUIRE_FALSE(gone.has_value());
    CHECK(gone.error().code == errc::not_found);
    CHECK(play.http.requests.size() == 6);
}

TEST_CASE("trouble and what becomes of it: tried once more, waited for, or reported at once") {
    struct Row {
        const char* what;
        std::vector<std::pair<int, std::string>> answers;
        bool good;
        errc code;
        const char* says;
    };
    const Row table[] = {
        {"a server's error, then well", {{503, ""}, {200, rows(1)}}, true, {}, ""},
        {"two server's errors", {{500, ""}, {502, ""}}, false, errc::unavailable, "502"},
        {"a limit, then well", {{429, ""}, {200, rows(1)}}, true, {}, ""},
        {"a limit twice", {{429, ""}, {429, refusal("slow down")}}, false, errc::rate_limited, "slow down"},
        {"no such key", {{401, refusal("invalid api key")}}, false, errc::unauthorized, "API key is wrong"},
        {"no such right", {{403, refusal("no")}}, false, errc::forbidden, "may not read logs"},
        {"no licence", {{451, ""}}, false, errc::forbidden, "licence"},
        {"a slow database", {{504, refusal("context deadline exceeded")}}, false, errc::timeout, "too long"},
        {"half of the JSON", {{200, rows(3).substr(0, 80)}}, false, errc::bad_reply, "no JSON"},
    };
    for (const Row& row : table) {
        INFO(row.what);
        Scripted play;
        for (const auto& [status, body] : row.answers) play.http.push(status, body);
        const auto fetched = play.fetch_id("signoz/logs/incident");
        CHECK(fetched.has_value() == row.good);
        if (!fetched) {
            CHECK(fetched.error().code == row.code);
            CHECK(fetched.error().message.find(row.says) != std::string::npos);
            CHECK(fetched.error().message.find("sandbox-signoz-api-key") == std::string::npos);
        }
        CHECK(play.http.requests.size() == row.answers.size());
    }
}

TEST_CASE("a limit that is not lifted in time is an error at once; silence ends at the deadline") {
    Scripted play;
    play.http.push(429, "", {{"Retry-After", "40"}});
    const Monotonic start = play.clock.monotonic();
    const auto refused = play.fetch_id("signoz/logs/incident");
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == errc::rate_limited);
    CHECK(play.clock.monotonic() - start < seconds(1));
    for (const char* id :
         {"signoz/logs/incident", "signoz/metrics/search", "signoz/rule/history", "signoz/services", "signoz/dependencies"}) {
        INFO(id);
        play.http.push_hang();
        const auto silent = play.fetch_id(id, seconds(5));
        REQUIRE_FALSE(silent.has_value());
        CHECK(silent.error().code == errc::timeout);
    }
}

TEST_CASE("the probe tells the version and needs a key that may read") {
    SimulatedSignoz good("v0.70.1");
    const auto told = test::run(*good.loop, good.source->probe(Deadline::after(good.clock, seconds(5))));
    REQUIRE(told.has_value());
    CHECK(*told == "SigNoz v0.70.1 at https://signoz.sandbox.example: the key may read (query API v4)");
    SimulatedSignoz bad;
    const auto source = make_source({bad.api, Secret("another-key")}, &bad.http, &bad.clock);
    const auto refused = test::run(*bad.loop, source->probe(Deadline::after(bad.clock, seconds(5))));
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == errc::unauthorized);
    CHECK(refused.error().message.find("another-key") == std::string::npos);
    Scripted elsewhere;
    elsewhere.http.push(200, "<html>a wiki</html>");
    CHECK_FALSE(test::run(*elsewhere.loop, elsewhere.source->probe(Deadline::after(elsewhere.clock, seconds(5)))).has_value());
}

}  // namespace source_test
