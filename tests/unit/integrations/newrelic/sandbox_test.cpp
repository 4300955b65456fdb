// The simulated New Relic: our own source and receiver find the story in it, and it refuses what the real one refuses.
#include <catch2/catch.hpp>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>

#include "base/json.hpp"
#include "base/text.hpp"
#include "integrations/newrelic/evidence.hpp"
#include "integrations/newrelic/newrelic.hpp"
#include "integrations/newrelic/receiver.hpp"
#include "integrations/newrelic/sandbox.hpp"
#include "integrations/newrelic/sandbox_graphql.hpp"
#include "integrations/newrelic/sandbox_nrql.hpp"
#include "tests/support/fake_http.hpp"
#include "tests/support/loop.hpp"
#include "tests/support/process.hpp"
#include "tests/support/result_printing.hpp"

namespace sandbox_test {

using namespace gumshoe;
using namespace gumshoe::newrelic;
using gumshoe::test::FakeClock;
using gumshoe::test::FakeHttp;

namespace {

const std::string root = GUMSHOE_SOURCE_DIR;

std::shared_ptr<json> scenario() {
    return std::make_shared<json>(parse_json(test::read_file(root + "/sandbox/scenarios/dependency-down.json")).value());
}

RawRequest to_raw(const HttpRequest& request) {
    RawRequest raw;
    raw.method = request.method;
    raw.path = request.url.empty() ? "" : request.url.substr(request.url.find('/', 8));
    raw.headers = request.headers;
    raw.body = request.body;
    return raw;
}

struct SandboxPlay {
    FakeClock clock;
    std::unique_ptr<EventLoop> loop = make_event_loop(clock);
    std::shared_ptr<json> told = scenario();
    sandbox::World world{told, clock.now(), clock.now() + seconds(60), "http://127.0.0.1/newrelic"};
    std::unique_ptr<sandbox::Simulation> simulation = make_simulation();
    FakeHttp http{[this](const HttpRequest& request) -> result<HttpResponse> {
        const HttpReply reply = simulation->handle(to_raw(request), world);
        return test::http_response(reply.status, reply.body, reply.headers);
    }};
    Account account{region_of("us"), "https://api.newrelic.com", 1234567, Secret("NRAK-TEST")};
    std::unique_ptr<Source> source = make_source(account, &http, &clock);

    result<ParsedDelivery> delivery(const char* moment) {
        return parse_webhook(to_raw(simulation->webhooks(world, moment).at(0)), world.now);
    }
    Subject subject() {
        Subject subject;
        subject.alert = delivery("trigger").value().alerts.at(0);
        subject.onset = world.zero;
        subject.incident = {world.zero - std::chrono::minutes(15), world.now};
        subject.baseline = {world.zero - std::chrono::minutes(40), world.zero - std::chrono::minutes(20)};
        subject.services = {"checkout", "payments", "inventory", "shipping-rates"};
        return subject;
    }
    json answer(HttpRequest request) { return parse_json(simulation->handle(to_raw(request), world).body).value(); }
    /// The message of the first error.
    std::string complaint(HttpRequest request) {
        const json told_back = answer(std::move(request));
        return told_back.contains("errors") ? told_back["errors"].at(0)["message"].get<std::string>() : "";
    }
    HttpRequest with_document(const std::string& document, const json& variables = json::object()) {
        HttpRequest request = whoami_request(account);
        request.body = json{{"query", document}, {"variables", variables}}.dump();
        return request;
    }
};

int lines_with(const Records& records, std::string_view text) {
    int count = 0;
    for (const LogRecord& log : records.logs) count += log.body.find(text) != std::string::npos ? 1 : 0;
    return count;
}

const MetricSeries* series(const Records& records, std::string_view entity, std::string_view name) {
    for (const MetricSeries& metric : records.metrics) {
        if (metric.entity == entity && metric.name == name) return &metric;
    }
    return nullptr;
}

}  // namespace

TEST_CASE("our whole plan is answered, and the story is in the answers") {
    SandboxPlay play;
    const Subject subject = play.subject();
    std::map<std::string, Records> answers;
    Records all;
    const auto fetch_all = [&](const std::vector<Query>& queries) {
        for (const Query& query : queries) {
            INFO(query.id);
            auto fetched = test::run(*play.loop, play.source->fetch(query, Deadline::after(play.clock, seconds(15))));
            if (!fetched) FAIL(query.id << ": " << fetched.error().message);
            for (const Fact& fact : fetched->records.facts) CHECK(fact.text.find("only in part") == std::string::npos);
            all.append(fetched->records);
            answers.emplace(query.id, std::move(fetched->records));
        }
    };
    fetch_all(play.source->plan(subject));
    CHECK(answers.size() == 19);
    fetch_all(play.source->follow_up(subject, all));

    CHECK(lines_with(answers.at("newrelic/logs/incident"), "shipping-rates answered 503") > 500);
    CHECK(lines_with(answers.at("newrelic/logs/baseline"), "shipping-rates answered 503") == 0);
    CHECK(lines_with(answers.at("newrelic/logs/baseline/other"), "order ") > 100);
    CHECK(lines_with(answers.at("newrelic/logs/incident/neighbours"), "could not connect to rates-db") > 500);
    CHECK(lines_with(answers.at("newrelic/logs/incident/callees"), "No space left on device") > 0);  // learnt from the relationships
    CHECK(lines_with(answers.at("newrelic/errors/incident"), "ShippingUnavailable: no quote") > 50);
    CHECK(answers.at("newrelic/issue").facts.at(0).text.find("is ACTIVATED, priority CRITICAL") != std::string::npos);
    CHECK(answers.at("newrelic/condition").facts.at(0).text.find("critical when above 5 for all of 300 s") != std::string::npos);

    REQUIRE(answers.at("newrelic/deployments").changes.size() == 1);
    const Change& deploy = answers.at("newrelic/deployments").changes.at(0);
    CHECK(deploy.sha == "d3b9f20c71e8a4560f2d9b3c7e1a58640d2f9c3b");
    CHECK(deploy.time == play.world.zero - std::chrono::hours(5));
    CHECK(all.edges.size() >= 5);
    const bool code = std::any_of(all.code.begin(), all.code.end(), [](const CodeLocation& one) {
        return one.service == "checkout" && one.url == "https://github.com/acme/shop";
    });
    CHECK(code);

    const MetricSeries* errors = series(all, "checkout", "transaction.errors");
    REQUIRE(errors != nullptr);
    CHECK(errors->points.front().second < 2);
    CHECK(errors->points.back().second > 25);
    CHECK(errors->points.size() == 41);
    const MetricSeries* graph = series(answers.at("newrelic/metrics/condition"), "checkout", "condition: percentage");
    REQUIRE(graph != nullptr);
    CHECK(graph->points.back().second == Approx(errors->points.back().second));
    REQUIRE(series(all, "shipping-rates", "span.errors") != nullptr);
    CHECK(series(all, "shipping-rates", "span.errors")->points.back().second > 90);
    CHECK(series(all, "rates-db", "apm.service.cpu.usertime.utilization")->points.back().second == 0);
}

TEST_CASE("the webhook says the same thing in both templates, from trigger to recovery") {
    SandboxPlay play;
    for (const char* kind : {"recommended", "default"}) {
        INFO(kind);
        (*play.told)["newrelic"]["webhook"]["template"] = kind;
        const auto trigger = play.delivery("trigger");
        const auto again = play.delivery("renotify");
        const auto recovery = play.delivery("recovery");
        for (const auto* sent : {&trigger, &again, &recovery}) {
            REQUIRE(sent->has_value());
            REQUIRE((*sent)->alerts.size() == 1);
            CHECK((*sent)->alerts[0].episode == "7c1b2f0e-5a4d-4e8b-9f3a-2d6c8b1e4f70");
            CHECK((*sent)->alerts[0].service == "checkout");
            CHECK((*sent)->alerts[0].fingerprint == trigger->alerts[0].fingerprint);
        }
        CHECK(trigger->alerts[0].notification == Notification::trigger);
        CHECK(trigger->alerts[0].started_at == play.world.zero);
        CHECK(recovery->alerts[0].notification == Notification::recovery);
        CHECK(recovery->alerts[0].started_at >= play.world.now);
        CHECK(trigger->key != again->key);
        CHECK(again->key != recovery->key);
    }
    CHECK(play.simulation->webhooks(play.world, "trigger").at(0).headers.find("Authorization").has_value());
}

TEST_CASE("the template of the README has the keys that the simulation sends, each that may be missing behind a guard") {
    SandboxPlay play;
    const std::string readme = test::read_file(root + "/integrations/newrelic/README.md");
    const std::size_t start = readme.find("```handlebars");
    REQUIRE(start != std::string::npos);
    const std::string text = readme.substr(start, readme.find("```", start + 3) - start);
    std::set<std::string> keys;
    const std::regex key("\"(\\w+)\":");
    for (auto at = std::sregex_iterator(text.begin(), text.end(), key); at != std::sregex_iterator(); ++at) keys.insert((*at)[1]);
    std::set<std::string> sent;
    for (const char* moment : {"trigger", "recovery"}) {
        const json body = parse_json(play.simulation->webhooks(play.world, moment).at(0).body).value();
        for (const auto& [name, value] : body.items()) sent.insert(name);
    }
    CHECK(keys == sent);
    for (const std::string& line : lines(text)) {
        if (line.find("accumulations.") == std::string::npos && line.find("closedAt") == std::string::npos) continue;
        INFO(line);
        CHECK(line.find("{{#if ") != std::string::npos);
        CHECK(line.find("{{/if}}") != std::string::npos);
    }
}

TEST_CASE("who shows no user key is refused, who sees no account is told so in a 200") {
    SandboxPlay play;
    HttpRequest request = whoami_request(play.account);
    CHECK(play.simulation->handle(to_raw(request), play.world).status == 200);
    Account licence = play.account;
    licence.user_key = Secret("0123456789abcdef0123456789abcdef0123NRAL");
    CHECK(play.simulation->handle(to_raw(whoami_request(licence)), play.world).status == 401);
    request.headers = Headers{{"Content-Type", "application/json"}};
    CHECK(play.simulation->handle(to_raw(request), play.world).status == 401);
    Account other = play.account;
    other.id = 7;
    const json answer = play.answer(whoami_request(other));
    CHECK(answer["data"]["actor"]["account"].is_null());
    CHECK(answer["data"]["actor"]["user"]["email"].is_string());
    CHECK(answer["errors"][0]["extensions"]["errorClass"] == "ACCESS_DENIED");
    RawRequest raw = to_raw(whoami_request(play.account));
    raw.path = "/graphql2";
    CHECK(play.simulation->handle(raw, play.world).status == 404);
    raw.path = "/graphql";
    raw.method = "GET";
    CHECK(play.simulation->handle(raw, play.world).status == 405);
    raw.method = "POST";
    raw.body = R"({"query":"{ actor { user { name } } }","nrql":"x"})";
    CHECK(play.simulation->handle(raw, play.world).status == 400);
}

TEST_CASE("documents are held to the schema: fields, arguments, types of variables") {
    SandboxPlay play;
    const std::pair<const char*, const char*> rows[] = {
        {"{ actor { user { name phone } } }", "Field 'phone' in type 'User' is undefined"},
        {"{ actor { account { name } } }", "Missing field argument id"},
        {"{ actor { account(id: \"x\") { name } } }", "WrongType"},
        {"{ actor { account(id: 1, region: 2) { name } } }", "Unknown field argument region"},
        {"{ actor { user } }", "SubSelection"},
        {"{ actor { user { name { first } } } }", "SubSelection"},
        {"query($a: Int!) { actor { account(id: $a) { name } } }", "invalid value"},
        {"query($b: String) { actor { account(id: $b) { name } } }", "VariableTypeMismatch"},
        {"query($b: String) { actor { user { name } } }", "never used"},
        {"{ actor { account(id: $nobody) { name } } }", "UndefinedVariable"},
        {"{ actor { user { name } }", "Invalid syntax"},
        {"{ actor { user { name } } } x", "Invalid syntax"},
        {"mutation { x }", "Invalid syntax"},
        {"{ actor { entities(guids: [\"a\"]) { ... on Nothing { name } } } }", "UnknownType"},
        {"", "Invalid syntax"},
    };
    for (const auto& [document, words] : rows) {
        INFO(document);
        CHECK(play.complaint(play.with_document(document, {{"b", "text"}})).find(words) != std::string::npos);
    }
    CHECK(play
              .complaint(play.with_document(
                  "query($w: TimeWindowInput) { actor { account(id: 1234567) { aiIssues { issues(timeWindow: $w) { nextCursor } } } } }",
                  {{"w", {{"startTime", 1}}}}))
              .find("invalid value") != std::string::npos);
    CHECK(play.complaint(play.with_document("{ actor { me: user { mail: email } } }")).empty());
    CHECK(play.answer(play.with_document("{ actor { me: user { mail: email } } }"))["data"]["actor"]["me"]["mail"] ==
          "gumshoe@acme.example");
}

TEST_CASE("NRQL outside of what NRDB would read is an error in a 200") {
    SandboxPlay play;
    for (const char* nrql :
         {"", "SELECT", "SELECT message", "SELECT message FROM Log WHERE level", "SELECT message FROM Log WHERE level = 'x",
          "SELECT message FROM Log WHERE level NOT 'x'", "SELECT frobnicate(x) FROM Log", "SELECT count(*), message FROM Log",
          "SELECT message FROM Log TIMESERIES 60 seconds", "SELECT message FROM Log LIMIT 9999", "SELECT message FROM Log GROUP BY level",
          "SELECT percentage(count(*)) FROM Log", "SELECT count(*) FROM Log SINCE yesterday", "SELECT x FROM Transaction",
          "SELECT message FROM Log ORDER BY level", "SELECT a FROM Nothing", "SELECT message FROM Log SINCE 5 UNTIL 4"}) {
        INFO(nrql);
        const json answer = play.answer(nrql_request(play.account, nrql));
        CHECK(answer["data"]["actor"]["account"]["nrql"].is_null());
        CHECK(answer["errors"][0]["extensions"]["errorClass"].get<std::string>().starts_with("NRDB:"));
    }
    const std::string window =
        " SINCE " + std::to_string(to_millis(play.world.zero) - 600'000) + " UNTIL " + std::to_string(to_millis(play.world.zero));
    const json counted = play.answer(
        nrql_request(play.account, "FROM Log SELECT count(*) WHERE level = 'critical' OR (level IS NULL AND message = 'x')" + window));
    CHECK(counted["data"]["actor"]["account"]["nrql"]["results"][0]["count"] > 2);
    const json newest = play.answer(nrql_request(play.account, "SELECT timestamp FROM Span" + window + " LIMIT 3"));
    const json& rows = newest["data"]["actor"]["account"]["nrql"]["results"];
    REQUIRE(rows.size() == 3);
    CHECK(rows[0]["timestamp"] >= rows[2]["timestamp"]);
    const json& many = play.answer(nrql_request(play.account, "SELECT count(*) FROM Log SINCE 0 UNTIL 86400000 TIMESERIES 60 seconds"));
    CHECK(many["errors"][0]["message"].get<std::string>().find("366 buckets") != std::string::npos);
}

TEST_CASE("issues are looked for in the window that was asked for, and only after opting in") {
    SandboxPlay play;
    const std::string id = "7c1b2f0e-5a4d-4e8b-9f3a-2d6c8b1e4f70";
    const Window around{play.world.zero - seconds(10), play.world.now};
    const auto issues = [](const json& answer) { return answer["data"]["actor"]["account"]["aiIssues"]["issues"]["issues"]; };
    CHECK(issues(play.answer(issue_request(play.account, id, around))).size() == 1);
    CHECK(issues(play.answer(issue_request(play.account, "another-issue", around))).empty());
    CHECK(issues(play.answer(issue_request(play.account, id, {play.world.zero - seconds(10), play.world.zero - seconds(1)}))).empty());
    HttpRequest plain = issue_request(play.account, id, around);
    plain.headers = whoami_request(play.account).headers;
    CHECK(play.complaint(plain).find("opt in") != std::string::npos);
    CHECK(play.complaint(condition_request(play.account, "1")).find("no NRQL condition") != std::string::npos);
}

TEST_CASE("a scenario without New Relic configures and sends nothing") {
    SandboxPlay play;
    CHECK(parse_json(play.simulation->settings(play.world)).value()["account_id"] == 1234567);
    play.told->erase("newrelic");
    CHECK(play.simulation->settings(play.world).empty());
    CHECK(play.simulation->webhooks(play.world, "trigger").empty());
}

}  // namespace sandbox_test
