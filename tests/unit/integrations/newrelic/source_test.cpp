// The source against a scripted New Relic: the plan, second chances, the gate, partial answers.
#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <set>

#include "base/json.hpp"
#include "base/limits.hpp"
#include "integrations/newrelic/client.hpp"
#include "integrations/newrelic/evidence.hpp"
#include "integrations/newrelic/plan.hpp"
#include "tests/support/fake_http.hpp"
#include "tests/support/loop.hpp"
#include "tests/support/result_printing.hpp"

namespace source_test {

using namespace gumshoe;
using namespace gumshoe::newrelic;
using gumshoe::test::FakeClock;
using gumshoe::test::FakeHttp;

namespace {

constexpr const char* issue = "0f3c5f6e-2f0a-4b0b-9c39-0d6b9f7b1c11";

Subject subject_of(const FakeClock& clock) {
    Subject subject;
    subject.alert.source = "newrelic";
    subject.alert.service = "checkout";
    subject.alert.environment = "prod";
    subject.alert.monitor_id = "40998877";
    subject.alert.episode = issue;
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
        source = make_source({region_of("us"), "https://api.newrelic.com", 1234567, Secret("NRAK-THE-KEY")}, &http, &clock);
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
    json sent(std::size_t index) const { return parse_json(http.requests.at(index).body).value(); }
};

std::string account_with(const json& value) {
    return json{{"data", {{"actor", {{"account", value}}}}}}.dump();
}
std::string log_rows(int count) {
    json rows = json::array();
    for (int i = 0; i < count; ++i) rows.push_back({{"timestamp", 1785578000000 + i}, {"message", "m"}, {"service.name", "checkout"}});
    return account_with({{"nrql", {{"results", rows}}}});
}

}  // namespace

TEST_CASE("the plan asks incident and baseline alike, each query once, from typed fields alone") {
    Play play;
    play.subject.alert.title = "evil";
    play.subject.alert.query = "SELECT evil FROM Log";
    play.subject.alert.labels["entity.guid"] = "MTIzNDU2N3xBUE0,evil'guid";
    std::set<std::string> ids;
    for (const Query& query : play.source->plan(play.subject)) {
        CHECK(query.source == "newrelic");
        CHECK(ids.insert(query.id).second);
        for (const auto& [key, value] : query.arguments) CHECK(value.find("evil") == std::string::npos);
    }
    CHECK(ids == std::set<std::string>{"newrelic/issue", "newrelic/condition", "newrelic/metrics/condition", "newrelic/metrics/checkout",
                                       "newrelic/metrics/payments", "newrelic/logs/incident", "newrelic/logs/baseline",
                                       "newrelic/logs/incident/other", "newrelic/logs/baseline/other", "newrelic/logs/incident/neighbours",
                                       "newrelic/logs/baseline/neighbours", "newrelic/errors/incident", "newrelic/errors/baseline",
                                       "newrelic/spans/incident", "newrelic/spans/baseline", "newrelic/deployments", "newrelic/relations"});
    CHECK(play.query("newrelic/logs/incident").window.from == play.subject.incident.from);
    CHECK(play.query("newrelic/logs/baseline").window.to == play.subject.baseline.to);
    CHECK(play.query("newrelic/deployments").window.from <= play.subject.onset - std::chrono::hours(6));
    CHECK(play.query("newrelic/deployments").arguments.at("guids") == "MTIzNDU2N3xBUE0");
    CHECK(play.query("newrelic/issue").window.from <= play.subject.incident.from - std::chrono::hours(24));
}

TEST_CASE("another tool's alert is not looked up as an issue, a legacy incident neither, and without a service there is only the issue") {
    Play play;
    const auto asks = [&play](std::string_view id) {
        const auto plan = play.source->plan(play.subject);
        return std::any_of(plan.begin(), plan.end(), [id](const Query& query) { return query.id == id; });
    };
    play.subject.alert.episode = "990011";
    CHECK_FALSE(asks("newrelic/issue"));
    CHECK(asks("newrelic/condition"));
    play.subject.alert.episode = issue;
    play.subject.alert.source = "datadog";
    CHECK_FALSE(asks("newrelic/issue"));
    CHECK_FALSE(asks("newrelic/condition"));
    CHECK(asks("newrelic/logs/incident"));
    play.subject.alert.source = "newrelic";
    play.subject.services.clear();
    play.subject.alert.service.clear();
    CHECK(play.source->plan(play.subject).size() == 3);
}

TEST_CASE("dependencies and what those depend on are asked about in a second round, known services are not asked again") {
    Play play;
    Records found;
    found.edges = {{"checkout", "payments"}, {"checkout", "rates"}, {"payments", "bank"},
                   {"rates", "rates-db"},    {"rates-db", "disk"},  {"other", "thing"}};
    std::set<std::string> ids;
    for (const Query& query : play.source->follow_up(play.subject, found)) {
        ids.insert(query.id);
        if (query.id == "newrelic/logs/incident/callees") CHECK(query.arguments.at("services") == "bank\nrates\nrates-db");
    }
    CHECK(ids == std::set<std::string>{"newrelic/metrics/bank", "newrelic/metrics/rates", "newrelic/metrics/rates-db",
                                       "newrelic/logs/incident/callees", "newrelic/logs/baseline/callees"});
    CHECK(play.source->follow_up(play.subject, {}).empty());
    play.subject.services.clear();
    play.subject.alert.service.clear();
    CHECK(play.source->follow_up(play.subject, found).empty());
}

TEST_CASE("an analyst may ask by service and window, and for nothing else") {
    Play play;
    for (const QueryKind kind : play.source->on_demand()) {
        CHECK(play.source->ask(kind, "payments", play.subject.incident, play.subject).has_value());
    }
    CHECK_FALSE(play.source->ask(QueryKind::commits, "payments", play.subject.incident, play.subject).has_value());
    CHECK_FALSE(play.source->ask(QueryKind::logs, "", play.subject.incident, play.subject).has_value());
    CHECK_FALSE(
        play.source->ask(QueryKind::logs, "payments", {play.subject.incident.to, play.subject.incident.from}, play.subject).has_value());
}

TEST_CASE("rows come in one request; as many as were asked for means that there were more") {
    Play play;
    play.http.push(200, log_rows(1000));
    const auto fetched = play.fetch("newrelic/logs/incident/other");
    REQUIRE(fetched.has_value());
    CHECK(fetched->records.logs.size() == 1000);
    CHECK(fetched->truncated);
    CHECK(play.sent(0)["variables"]["nrql"].get<std::string>() == fetched->query_text);
    CHECK(fetched->query_text.ends_with("ORDER BY timestamp ASC LIMIT 1000"));
    CHECK(fetched->link.starts_with("https://one.newrelic.com/launcher/"));
    CHECK(fetched->raw == log_rows(1000));
    play.http.push(200, log_rows(3));
    CHECK_FALSE(play.fetch("newrelic/logs/incident")->truncated);
    CHECK(play.sent(1)["variables"]["nrql"].get<std::string>().ends_with("LIMIT MAX"));
}

TEST_CASE("rows that are too many bytes are asked for again as fewer") {
    Play play;
    play.http.push(Error{errc::too_large, "over the cap"});
    play.http.push(200, log_rows(1000));
    const auto fetched = play.fetch("newrelic/logs/incident");
    REQUIRE(fetched.has_value());
    CHECK(fetched->truncated);
    CHECK(play.sent(1)["variables"]["nrql"].get<std::string>().ends_with("LIMIT 1000"));
    play.http.push(Error{errc::too_large, "over the cap"});
    CHECK(play.fetch("newrelic/errors/incident").error().code == errc::too_large);  // 1000 already
    CHECK(play.http.requests.size() == 3);
}

TEST_CASE("a busy or failing New Relic is asked once more, a refusal is not") {
    struct Row {
        std::vector<int> answers;
        bool good;
        errc code;
    };
    const Row rows[] = {{{503, 200}, true, {}},
                        {{429, 200}, true, {}},
                        {{429, 429}, false, errc::rate_limited},
                        {{500, 502}, false, errc::unavailable},
                        {{401}, false, errc::unauthorized},
                        {{403}, false, errc::forbidden},
                        {{400}, false, errc::bad_reply}};
    for (const Row& row : rows) {
        INFO(row.answers.front());
        Play play;
        for (const int status : row.answers) play.http.push(status, status == 200 ? log_rows(1) : "{}");
        const auto fetched = play.fetch("newrelic/logs/incident");
        CHECK(fetched.has_value() == row.good);
        if (!fetched) CHECK(fetched.error().code == row.code);
        CHECK(play.http.requests.size() == row.answers.size());
    }
    Play play;  // no time for a pause and an answer: no second call
    play.http.push(429, "{}");
    CHECK(play.fetch("newrelic/logs/incident", seconds(2)).error().code == errc::rate_limited);
    CHECK(play.http.requests.size() == 1);
}

TEST_CASE("a silent New Relic ends at the deadline, a query that timed out there is a timeout too") {
    Play play;
    play.http.push_hang();
    CHECK(play.fetch("newrelic/metrics/checkout", seconds(5)).error().code == errc::timeout);
    play.http.push(
        200, R"({"data":{"actor":{"account":{"nrql":null}}},"errors":[{"message":"too slow","extensions":{"errorClass":"TIMEOUT"}}]})");
    CHECK(play.fetch("newrelic/spans/incident").error().code == errc::timeout);
}

TEST_CASE("no more than five calls are under way, and all of them get their turn") {
    Play play;
    play.http.handle_with([](const HttpRequest&) { return test::http_response(200, log_rows(1)); });
    int done = 0;
    const auto fetch_one = [](Play* of, int* count) -> awaitable<void> {
        auto fetched = co_await of->source->fetch(of->query("newrelic/logs/incident"), Deadline::after(of->clock, seconds(60)));
        *count += fetched.has_value() ? 1 : 0;
    };
    for (int i = 0; i < 17; ++i) play.http.push(test::FakeAnswer{test::http_response(200, log_rows(1)), seconds(1), {}});
    std::vector<awaitable<void>> work;
    for (int i = 0; i < 17; ++i) work.push_back(fetch_one(&play, &done));
    const Monotonic start = play.clock.monotonic();
    test::run(*play.loop, play.loop->all(std::move(work)));
    CHECK(done == 17);
    CHECK(play.http.most_in_flight == static_cast<int>(calls_at_a_time));
    CHECK(play.clock.monotonic() - start == seconds(4));
}

TEST_CASE("one that is cancelled in the queue leaves it, and its place is nobody's") {
    Play play;
    for (int i = 0; i < 5; ++i) play.http.push(test::FakeAnswer{test::http_response(200, log_rows(1)), seconds(10), {}});
    play.http.handle_with([](const HttpRequest&) { return test::http_response(200, log_rows(1)); });
    int done = 0;
    const auto fetch_one = [](Play* of, int* count) -> awaitable<void> {
        auto fetched = co_await of->source->fetch(of->query("newrelic/logs/incident"), Deadline::after(of->clock, seconds(60)));
        *count += fetched.has_value() ? 1 : 0;
    };
    const auto impatient = [&fetch_one](Play* of, int* count) -> awaitable<void> {
        auto work = fetch_one(of, count);
        const bool ended = co_await of->loop->within(Deadline::after(of->clock, seconds(3)), std::move(work));
        CHECK_FALSE(ended);
    };
    std::vector<awaitable<void>> work;
    for (int i = 0; i < 5; ++i) work.push_back(fetch_one(&play, &done));
    work.push_back(impatient(&play, &done));
    work.push_back(fetch_one(&play, &done));
    test::run(*play.loop, play.loop->all(std::move(work)));
    CHECK(done == 6);
    CHECK(play.http.requests.size() == 6);
    work.clear();
    for (int i = 0; i < 5; ++i) {
        play.http.push(test::FakeAnswer{test::http_response(200, log_rows(1)), seconds(1), {}});
        work.push_back(fetch_one(&play, &done));
    }
    const Monotonic start = play.clock.monotonic();
    test::run(*play.loop, play.loop->all(std::move(work)));
    CHECK(done == 11);
    CHECK(play.clock.monotonic() - start == seconds(1));  // all five places are there again
}

TEST_CASE("what a partial answer holds is kept, and the finding can say that it was not all") {
    Play play;
    play.http.push(
        200,
        R"({"data":{"actor":{"account":{"transactions":{"results":[{"beginTimeSeconds":1785578000,"requests":3}]},"spans":null,"resources":{"results":[]}}}},
        "errors":[{"message":"spans timed out","extensions":{"errorClass":"TIMEOUT"}}]})");
    const auto fetched = play.fetch("newrelic/metrics/checkout");
    REQUIRE(fetched.has_value());
    CHECK(fetched->records.metrics.size() == 1);
    CHECK(fetched->truncated);
    REQUIRE(fetched->records.facts.size() == 1);
    CHECK(fetched->records.facts[0].text == "New Relic answered only in part: spans timed out");
    // A part that is missing is never "nothing found".
    play.http.push(200, R"({"data":{"actor":{"account":{"name":"Acme","nrql":null}}},"errors":[{"message":"odd"}]})");
    CHECK_FALSE(play.fetch("newrelic/logs/incident").has_value());
    play.http.push(
        200,
        R"({"data":{"actor":{"account":{"transactions":{"results":[]},"spans":null,"resources":null}}},"errors":[{"message":"odd"}]})");
    CHECK_FALSE(play.fetch("newrelic/metrics/checkout").has_value());
}

TEST_CASE("the graph of the alert is the condition's own query, not the one in the alert") {
    Play play;
    play.subject.alert.query = "SELECT evil FROM Log";
    const auto condition = [](const char* nrql) {
        return account_with({{"alerts", {{"nrqlCondition", {{"id", "40998877"}, {"name", "n"}, {"nrql", {{"query", nrql}}}}}}}});
    };
    play.http.push(200, condition("SELECT count(*) FROM TransactionError"));
    play.http.push(200, account_with({{"nrql", {{"results", json::array({{{"beginTimeSeconds", 1785578000}, {"count", 7}}})}}}}));
    const auto fetched = play.fetch("newrelic/metrics/condition");
    REQUIRE(fetched.has_value());
    CHECK(fetched->query_text.starts_with("SELECT count(*) FROM TransactionError SINCE "));
    REQUIRE(fetched->records.metrics.size() == 1);
    CHECK(fetched->records.metrics[0].entity == "checkout");
    CHECK(play.http.requests[1].body.find("evil") == std::string::npos);
    play.http.push(200, condition("SELECT count(*) FROM Log SINCE 1 hour ago"));
    CHECK(play.fetch("newrelic/metrics/condition").error().code == errc::unsupported);
    play.http.push(200, account_with({{"alerts", {{"nrqlCondition", nullptr}}}}));
    CHECK(play.fetch("newrelic/condition").error().code == errc::not_found);
}

TEST_CASE("deployments are looked up by the entities' GUIDs and names, GUIDs that the search made up are not used") {
    Play play;
    play.subject.alert.labels["entity.guid"] = "MTIzNDU2N3xBUE0x";
    play.http.push(
        200,
        R"({"data":{"actor":{"entitySearch":{"results":{"nextCursor":null,"entities":[{"guid":"MTIzNDU2N3xBUE0y","name":"payments"},{"guid":"bad'guid","name":"checkout"}]}}}}})");
    play.http.push(
        200, account_with(
                 {{"nrql",
                   {{"results", json::array({{{"timestamp", 1785570000000}, {"version", "v2"}, {"entityGuid", "MTIzNDU2N3xBUE0y"}}})}}}}));
    const auto fetched = play.fetch("newrelic/deployments");
    REQUIRE(fetched.has_value());
    CHECK(fetched->query_text.find(
              "(`entity.name` IN ('checkout', 'payments')) OR (`entity.guid` IN ('MTIzNDU2N3xBUE0x', 'MTIzNDU2N3xBUE0y')") !=
          std::string::npos);
    CHECK(fetched->query_text.find("bad") == std::string::npos);
    REQUIRE(fetched->records.changes.size() == 1);
    CHECK(fetched->records.changes[0].service == "payments");
    CHECK_FALSE(fetched->truncated);
}

TEST_CASE("relations of services that New Relic does not know are none, and are not asked for") {
    Play play;
    play.http.push(200, R"({"data":{"actor":{"entitySearch":{"results":{"nextCursor":"c","entities":[]}}}}})");
    const auto fetched = play.fetch("newrelic/relations");
    REQUIRE(fetched.has_value());
    CHECK(fetched->records.empty());
    CHECK(fetched->truncated);
    CHECK(play.http.requests.size() == 1);
}

TEST_CASE("the probe says whose key it is, and tells a blind key from a wrong one") {
    Play play;
    const auto probe = [&play] { return test::run(*play.loop, play.source->probe(Deadline::after(play.clock, seconds(5)))); };
    play.http.push(200, R"({"data":{"actor":{"user":{"name":"Ana","email":"ana@acme.example"},"account":{"name":"Acme"}}}})");
    CHECK(probe().value() == "the key of ana@acme.example sees account 1234567 (Acme) at https://api.newrelic.com");
    play.http.push(
        200,
        R"({"data":{"actor":{"user":{"email":"ana@acme.example"},"account":null}},"errors":[{"message":"Access denied","extensions":{"errorClass":"ACCESS_DENIED"}}]})");
    CHECK(probe().error().message.find("does not see account 1234567") != std::string::npos);
    play.http.push(401, R"({"errors":[{"message":"bad key"}]})");
    const auto wrong = probe();
    REQUIRE_FALSE(wrong.has_value());
    CHECK(wrong.error().message.find("licence") != std::string::npos);
    CHECK(wrong.error().message.find("NRAK-THE-KEY") == std::string::npos);
}

}  // namespace source_test
