// The source against a scripted Datadog: the plan, pages, limits, retries.
#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <set>

#include "base/json.hpp"
#include "integrations/datadog/evidence.hpp"
#include "integrations/datadog/plan.hpp"
#include "tests/support/fake_http.hpp"
#include "tests/support/loop.hpp"
#include "tests/support/result_printing.hpp"

namespace source_test {

using namespace gumshoe;
using namespace gumshoe::datadog;
using gumshoe::test::FakeClock;
using gumshoe::test::FakeHttp;

namespace {

Subject subject_of(const FakeClock& clock) {
    Subject subject;
    subject.alert.service = "checkout";
    subject.alert.environment = "prod";
    subject.alert.monitor_id = "8123";
    subject.alert.metric = "trace.http.request";
    subject.onset = clock.now();
    subject.incident = {clock.now() - std::chrono::minutes(10), clock.now() + std::chrono::minutes(5)};
    subject.baseline = {clock.now() - std::chrono::minutes(70), clock.now() - std::chrono::minutes(10)};
    subject.services = {"checkout", "payments"};
    return subject;
}

struct Play {
    FakeClock clock;
    std::unique_ptr<EventLoop> loop = make_event_loop(clock);
    FakeHttp http;
    std::unique_ptr<Source> source;
    Subject subject = subject_of(clock);

    Play() {
        http.use_clock(clock);
        source = make_source({"https://api.datadoghq.com", "https://app.datadoghq.com", Secret("api-key-bytes"), Secret("app-key-bytes")},
                             &http, &clock);
    }
    Query query(const std::string& id) const {
        for (const Query& one : source->plan(subject)) {
            if (one.id == id) return one;
        }
        FAIL("no query " << id);
        return {};
    }
    result<Fetched> fetch(const std::string& id, milliseconds limit = seconds(15)) {
        return test::run(*loop, source->fetch(query(id), Deadline::after(clock, limit)));
    }
};

std::string log_page(int lines, const std::string& after) {
    json data = json::array();
    for (int i = 0; i < lines; ++i) {
        data.push_back({{"id", std::to_string(i)},
                        {"type", "log"},
                        {"attributes", {{"timestamp", "2026-08-01T10:00:00Z"}, {"message", "m"}, {"service", "checkout"}}}});
    }
    json body = {{"data", data}};
    if (!after.empty()) body["meta"] = {{"page", {{"after", after}}}};
    return body.dump();
}

}  // namespace

TEST_CASE("the plan asks incident and baseline alike, each query once, from typed fields alone") {
    Play play;
    play.subject.alert.title = "service:evil";
    play.subject.alert.query = "avg:evil{*}";
    std::set<std::string> ids;
    for (const Query& query : play.source->plan(play.subject)) {
        CHECK(query.source == "datadog");
        CHECK(ids.insert(query.id).second);
        for (const auto& [key, value] : query.arguments) CHECK(value.find("evil") == std::string::npos);
    }
    CHECK(ids == std::set<std::string>{"datadog/monitor", "datadog/metrics/monitor", "datadog/metrics/checkout", "datadog/metrics/payments",
                                       "datadog/logs/incident", "datadog/logs/baseline", "datadog/logs/incident/other",
                                       "datadog/logs/baseline/other", "datadog/logs/incident/neighbours",
                                       "datadog/logs/baseline/neighbours", "datadog/spans/incident", "datadog/spans/baseline",
                                       "datadog/events", "datadog/dependencies", "datadog/catalogue/checkout",
                                       "datadog/catalogue/payments"});
    CHECK(play.query("datadog/logs/incident").window.from == play.subject.incident.from);
    CHECK(play.query("datadog/logs/baseline").window.to == play.subject.baseline.to);
    CHECK(play.query("datadog/events").window.from <= play.subject.onset - std::chrono::hours(6));
}

TEST_CASE("an alert about no service is only asked about its monitor, one without anything about nothing") {
    Play play;
    play.subject.services.clear();
    play.subject.alert.service.clear();
    CHECK(play.source->plan(play.subject).size() == 2);
    play.subject.alert.monitor_id.clear();
    CHECK(play.source->plan(play.subject).empty());
}

TEST_CASE("services that turn out to be called are asked about in a second round, ours are not asked again") {
    Play play;
    Records found;
    found.edges = {{"checkout", "payments"}, {"checkout", "checkout-db"}, {"checkout", "inventory"}, {"payments", "bank"}};
    std::vector<std::string> ids;
    for (const Query& query : play.source->follow_up(play.subject, found)) ids.push_back(query.id);
    CHECK(ids == std::vector<std::string>{"datadog/catalogue/checkout-db", "datadog/catalogue/inventory", "datadog/metrics/checkout-db",
                                          "datadog/metrics/inventory", "datadog/logs/incident/callees", "datadog/logs/baseline/callees"});
    CHECK(play.source->follow_up(play.subject, {}).empty());
}

TEST_CASE("an analyst may ask by service and window, and for nothing else") {
    Play play;
    for (const QueryKind kind : play.source->on_demand())
        CHECK(play.source->ask(kind, "payments", play.subject.incident, play.subject).has_value());
    CHECK_FALSE(play.source->ask(QueryKind::commits, "payments", play.subject.incident, play.subject).has_value());
    CHECK_FALSE(play.source->ask(QueryKind::logs, "", play.subject.incident, play.subject).has_value());
    CHECK_FALSE(
        play.source->ask(QueryKind::logs, "payments", {play.subject.incident.to, play.subject.incident.from}, play.subject).has_value());
}

TEST_CASE("pages are followed by their cursor, with the first page's window, to the end") {
    Play play;
    play.http.push(200, log_page(3, "c1"));
    play.http.push(200, log_page(3, "c2"));
    play.http.push(200, log_page(2, ""));
    const auto fetched = play.fetch("datadog/logs/incident");
    REQUIRE(fetched.has_value());
    CHECK(fetched->records.logs.size() == 8);
    CHECK_FALSE(fetched->truncated);
    CHECK(fetched->query_text == R"(service:"checkout" env:"prod" status:(emergency OR alert OR critical OR error OR warn))");
    CHECK(fetched->link.find("https://app.datadoghq.com/logs?query=service%3A%22checkout%22") == 0);
    REQUIRE(play.http.requests.size() == 3);
    const json first = *parse_json(play.http.requests[0].body);
    const json last = *parse_json(play.http.requests[2].body);
    CHECK_FALSE(first["page"].contains("cursor"));
    CHECK(last["page"]["cursor"] == "c2");
    CHECK(first["filter"] == last["filter"]);
    CHECK(first["sort"] == "timestamp");
    CHECK(fetched->raw.find("c1") != std::string::npos);
}

TEST_CASE("paging stops at the limit of records and says that there was more") {
    Play play;
    play.http.handle_with([](const HttpRequest&) { return test::http_response(200, log_page(1, "more")); });
    const auto fetched = play.fetch("datadog/logs/incident");
    REQUIRE(fetched.has_value());
    CHECK(play.http.requests.size() == limits::records_per_query / 1000);
    CHECK(fetched->truncated);
    play.http.requests.clear();
    CHECK(play.fetch("datadog/logs/incident/other")->truncated);
    CHECK(play.http.requests.size() == 1);
}

TEST_CASE("pages that came before a failure are kept and marked as not all") {
    Play play;
    play.http.push(200, log_page(3, "c1"));
    play.http.push(Error{errc::network, "reset"});
    const auto fetched = play.fetch("datadog/logs/incident");
    REQUIRE(fetched.has_value());
    CHECK(fetched->records.logs.size() == 3);
    CHECK(fetched->truncated);
}

TEST_CASE("a limit that is lifted in time is waited for, one that is not is an error at once") {
    Play play;
    play.http.push(429, R"({"errors":["Too many requests"]})", {{"X-RateLimit-Reset", "4"}});
    play.http.push(200, log_page(1, ""));
    const Monotonic start = play.clock.monotonic();
    CHECK(play.fetch("datadog/logs/incident").has_value());
    CHECK(play.clock.monotonic() - start >= seconds(4));

    play.http.push(429, R"({"errors":["Too many requests"]})", {{"X-RateLimit-Reset", "40"}, {"X-RateLimit-Name", "logs_search"}});
    const Monotonic again = play.clock.monotonic();
    const auto refused = play.fetch("datadog/logs/incident");
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == errc::rate_limited);
    CHECK(refused.error().message.find("logs_search") != std::string::npos);
    CHECK(refused.error().message.find("40 s") != std::string::npos);
    CHECK(play.clock.monotonic() - again < seconds(1));
    CHECK(play.http.requests.size() == 3);
}

TEST_CASE("a server's error is tried once more, then reported; a refusal is not tried again") {
    struct Row {
        std::vector<int> answers;
        bool good;
        errc code;
    };
    const Row rows[] = {
        {{503, 200}, true, {}}, {{500, 502}, false, errc::unavailable}, {{403}, false, errc::forbidden}, {{400}, false, errc::bad_reply}};
    for (const Row& row : rows) {
        INFO(row.answers.front());
        Play play;
        for (const int status : row.answers) play.http.push(status, status == 200 ? log_page(1, "") : R"({"errors":["no"]})");
        const auto fetched = play.fetch("datadog/logs/incident");
        CHECK(fetched.has_value() == row.good);
        if (!fetched) CHECK(fetched.error().code == row.code);
        CHECK(play.http.requests.size() == row.answers.size());
    }
}

TEST_CASE("a silent Datadog ends at the deadline as a timeout") {
    Play play;
    play.http.push_hang();
    const auto fetched = play.fetch("datadog/metrics/checkout", seconds(5));
    REQUIRE_FALSE(fetched.has_value());
    CHECK(fetched.error().code == errc::timeout);
}

TEST_CASE("the graph of the alert is the monitor's own query, not the one in the alert") {
    Play play;
    play.subject.alert.query = "avg:evil{*}";
    play.http.push(200,
                   R"({"id":8123,"name":"n","type":"query alert","query":"avg(last_5m):p95:trace.http.request{service:checkout} > 2"})");
    play.http.push(200, R"({"status":"ok","series":[{"metric":"trace.http.request","scope":"*","pointlist":[[1785578400000,3.4]]}]})");
    const auto fetched = play.fetch("datadog/metrics/monitor");
    REQUIRE(fetched.has_value());
    CHECK(fetched->query_text == "p95:trace.http.request{service:checkout}");
    REQUIRE(fetched->records.metrics.size() == 1);
    CHECK(fetched->records.metrics[0].entity == "checkout");
    CHECK(play.http.requests[1].url.find("evil") == std::string::npos);

    play.http.push(200,
                   R"({"id":8123,"name":"n","type":"log alert","query":"logs(\"a\").index(\"*\").rollup(\"count\").last(\"5m\") > 1"})");
    const auto none = play.fetch("datadog/metrics/monitor");
    REQUIRE_FALSE(none.has_value());
    CHECK(none.error().code == errc::unsupported);
}

TEST_CASE("the probe needs both keys and shows neither") {
    Play play;
    play.http.push(200, "[]");
    const auto good = test::run(*play.loop, play.source->probe(Deadline::after(play.clock, seconds(5))));
    REQUIRE(good.has_value());
    CHECK(good->find("key-bytes") == std::string::npos);
    play.http.push(403, R"({"errors":["Forbidden"]})");
    const auto bad = test::run(*play.loop, play.source->probe(Deadline::after(play.clock, seconds(5))));
    REQUIRE_FALSE(bad.has_value());
    CHECK(bad.error().message.find("monitors_read") != std::string::npos);
    CHECK(bad.error().message.find("key-bytes") == std::string::npos);
}

}  // namespace source_test
