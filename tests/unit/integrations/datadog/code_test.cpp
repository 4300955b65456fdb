// Which code a service runs, as Datadog tells it: tags on spans and logs, the catalogue in each of its schemas, the first sighting.
#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "integrations/datadog/evidence.hpp"
#include "integrations/datadog/plan.hpp"
#include "integrations/datadog/responses.hpp"
#include "integrations/datadog/sandbox.hpp"
#include "tests/support/fake_http.hpp"
#include "tests/support/loop.hpp"
#include "tests/support/result_printing.hpp"

namespace code_test {

using namespace gumshoe;
using namespace gumshoe::datadog;
using gumshoe::test::FakeClock;
using gumshoe::test::FakeHttp;
using gumshoe::test::http_response;

namespace {

const std::string sha = "4f1c2aa9d0b7e6358c1f42a6e9b3d57081c6f2e4";

RawRequest to_raw(const HttpRequest& request) {
    RawRequest raw;
    raw.method = request.method;
    const std::string below = request.url.substr(request.url.find('/', 8));
    raw.path = below.substr(0, below.find('?'));
    if (below.find('?') != std::string::npos) raw.query = below.substr(below.find('?') + 1);
    raw.headers = request.headers;
    raw.body = request.body;
    return raw;
}

json span_of_checkout(double from, const json& attributes) {
    return {{"from", from},
            {"per_minute", 30},
            {"spans", {{{"service", "checkout"}, {"name", "POST /checkout"}, {"duration_ms", {10, 20}}, {"attributes", attributes}}}}};
}

/// The source against the simulation, whose story has v412 replace v411 eleven minutes before the alert.
struct Play {
    FakeClock clock;
    std::unique_ptr<EventLoop> loop = make_event_loop(clock);
    json scenario = {{"service", "checkout"}, {"environment", "prod"}};
    std::unique_ptr<sandbox::Simulation> simulation = make_simulation();
    FakeHttp http{[this](const HttpRequest& request) -> result<HttpResponse> {
        const sandbox::World world{std::make_shared<const json>(scenario), clock.now(), clock.now() + seconds(60), "http://127.0.0.1"};
        const HttpReply reply = simulation->handle(to_raw(request), world);
        return http_response(reply.status, reply.body, reply.headers);
    }};
    std::unique_ptr<Source> source =
        make_source({"https://api.datadoghq.com", "https://app.datadoghq.com", Secret("k"), Secret("a")}, &http, &clock);
    Subject subject;

    Play() {
        auto before = span_of_checkout(-86400, {{"version", "v411"}, {"git.repository_url", "https://github.com/acme/shop"}});
        before["to"] = -660;
        const auto after =
            span_of_checkout(-660, {{"version", "v412"}, {"git.repository_url", "https://github.com/acme/shop"}, {"git.commit.sha", sha}});
        scenario["telemetry"] = {{"seed", 5}, {"traces", {before, after}}};
        subject.alert.service = "checkout";
        subject.alert.environment = "prod";
        subject.onset = clock.now();
        subject.incident = {clock.now() - std::chrono::minutes(15), clock.now() + seconds(60)};
        subject.baseline = {clock.now() - std::chrono::minutes(80), clock.now() - std::chrono::minutes(20)};
        subject.services = {"checkout"};
    }
    result<Fetched> fetch(Query query) { return test::run(*loop, source->fetch(std::move(query), Deadline::after(clock, seconds(15)))); }
    Query planned(const std::string& id) const {
        for (Query& query : source->plan(subject)) {
            if (query.id == id) return query;
        }
        FAIL("no query " << id);
        return {};
    }
    Records catalogue() {
        const auto fetched = fetch(planned("datadog/catalogue/checkout"));
        REQUIRE(fetched.has_value());
        return fetched->records;
    }
};

}  // namespace

TEST_CASE("tags of spans tell what code ran, since when, each combination once") {
    Records records;
    const auto page = read_spans(http_response(200, R"({"data":[
        {"id":"1","type":"spans","attributes":{"span_id":"1","service":"checkout","start_timestamp":"2026-08-01T10:00:05Z",
          "tags":["version:v412","git.commit.sha:4f1c2aa9d0b7e6358c1f42a6e9b3d57081c6f2e4","git.repository_url:https://github.com/acme/shop"]}},
        {"id":"2","type":"spans","attributes":{"span_id":"2","service":"checkout","start_timestamp":"2026-08-01T10:00:01Z",
          "tags":["version:v412","git.commit.sha:4f1c2aa9d0b7e6358c1f42a6e9b3d57081c6f2e4","git.repository_url:https://github.com/acme/shop"]}},
        {"id":"3","type":"spans","attributes":{"span_id":"3","service":"payments","start_timestamp":"2026-08-01T10:00:00Z",
          "custom":{"version":"v88","git":{"repository_url":"git@github.com:acme/payments.git"}}}},
        {"id":"4","type":"spans","attributes":{"span_id":"4","service":"mail","start_timestamp":"2026-08-01T10:00:00Z",
          "custom":{"vcs.repository.url.full":"https://github.com/acme/mail","vcs.ref.head.revision":"71c3f0b"}}},
        {"id":"5","type":"spans","attributes":{"span_id":"5","service":"web","start_timestamp":"2026-08-01T10:00:00Z","tags":["env:prod"]}},
        {"id":"6","type":"spans","attributes":{"span_id":"6","start_timestamp":"2026-08-01T10:00:00Z","tags":["version:v1"]}}]})"),
                                 records);
    REQUIRE(page.has_value());
    CHECK(records.spans.size() == 6);
    REQUIRE(records.code.size() == 3);
    CHECK(records.code[0].service == "checkout");
    CHECK(records.code[0].revision == sha);
    CHECK(records.code[0].version == "v412");
    CHECK(records.code[0].url == "https://github.com/acme/shop");
    CHECK(records.code[0].seen_at == from_seconds(1785578401));
    CHECK(records.code[0].origin == "span tag git.repository_url");
    CHECK(records.code[1].revision == "71c3f0b");
    CHECK(records.code[1].origin == "span tag vcs.repository.url.full");
    CHECK(records.code[2].version == "v88");
}

TEST_CASE("so do those of logs, but no field of a line that is merely called version") {
    Records records;
    const auto page = read_logs(http_response(200, R"({"data":[
        {"id":"1","type":"log","attributes":{"timestamp":"2026-08-01T10:00:00Z","service":"checkout","message":"a","tags":["version:v411"],
          "attributes":{"version":"HTTP/1.1"}}},
        {"id":"2","type":"log","attributes":{"timestamp":"2026-08-01T10:00:01Z","service":"checkout","message":"b",
          "attributes":{"version":"TLSv1.3"}}},
        {"id":"3","type":"log","attributes":{"timestamp":"2026-08-01T10:00:02Z","service":"checkout","message":"c",
          "attributes":{"service":{"version":"v412"}}}}]})"),
                                records);
    REQUIRE(page.has_value());
    REQUIRE(records.code.size() == 2);
    CHECK(records.code[0].version == "v411");
    CHECK(records.code[0].origin == "log tag version");
    CHECK(records.code[1].version == "v412");
}

TEST_CASE("the catalogue states where the code is, in every schema an entry may have") {
    Play play;
    SECTION("v3, with paths and dependencies") {
        play.scenario["datadog"]["catalogue"]["checkout"] = {{"repository", "https://github.com/acme/shop"},
                                                             {"paths", {"services/checkout/**", "services/checkout/config/*.yaml"}},
                                                             {"depends_on", {"service:payments", "datastore:checkout-db"}}};
        const auto records = play.catalogue();
        REQUIRE(records.code.size() == 1);
        CHECK(records.code[0].url == "https://github.com/acme/shop");
        CHECK(records.code[0].path == "services/checkout");
        CHECK(records.code[0].origin == "service catalogue");
        CHECK(records.code[0].seen_at == Timestamp{});
        REQUIRE(records.edges.size() == 2);
        CHECK(records.edges[1].callee == "checkout-db");
        CHECK(play.http.requests.size() == 1);
        CHECK(play.http.requests[0].url ==
              "https://api.datadoghq.com/api/v2/catalog/entity?filter%5Bref%5D=service%3Acheckout&include=schema");
    }
    SECTION("v3, by a link of type repo, among paths that have nothing in common") {
        play.scenario["datadog"]["catalogue"]["checkout"] = {
            {"links",
             {{{"name", "Runbook"}, {"type", "runbook"}, {"url", "https://wiki.example.com/x"}},
              {{"name", "Source"}, {"type", "repo"}, {"provider", "github"}, {"url", "https://github.com/acme/shop/tree/main/checkout"}}}}};
        const auto records = play.catalogue();
        REQUIRE(records.code.size() == 1);
        CHECK(records.code[0].url == "https://github.com/acme/shop/tree/main/checkout");
    }
    SECTION("v2.2 and v2, which only the definition shows") {
        for (const char* schema : {"v2.2", "v2"}) {
            INFO(schema);
            play.http.requests.clear();
            play.scenario["datadog"]["catalogue"]["checkout"] = {{"schema", schema}, {"repository", "https://github.com/acme/shop"}};
            const auto records = play.catalogue();
            REQUIRE(records.code.size() == 1);
            CHECK(records.code[0].url == "https://github.com/acme/shop");
            CHECK(play.http.requests.size() == 2);
        }
    }
    SECTION("nothing, which is no error") {
        CHECK(play.catalogue().empty());
    }
    SECTION("refused: the coverage names the scope") {
        play.scenario["datadog"]["missing_scopes"] = {"apm_service_catalog_read"};
        const auto fetched = play.fetch(play.planned("datadog/catalogue/checkout"));
        REQUIRE(!fetched.has_value());
        CHECK(fetched.error().code == errc::forbidden);
        CHECK(fetched.error().message.find("apm_service_catalog_read") != std::string::npos);
    }
}

TEST_CASE("the catalogue is asked for services whose code nobody told, and for no more than three") {
    Play play;
    const auto asked = [&play] {
        const auto queries = play.source->plan(play.subject);
        return std::count_if(queries.begin(), queries.end(), [](const Query& query) { return query.kind == QueryKind::code; });
    };
    CHECK(asked() == 1);
    play.subject.repositories["checkout"] = "github:acme/shop";
    CHECK(asked() == 0);
    play.subject.services = {"checkout", "a", "b", "c", "d"};
    CHECK(asked() == 3);
}

TEST_CASE("when a version began is asked for by itself, for a sample begins anywhere") {
    Play play;
    const auto sampled = [](const std::string& version, const std::string& revision, Timestamp at) {
        CodeLocation code;
        code.service = "checkout";
        code.url = "https://github.com/acme/shop";
        code.version = version;
        code.revision = revision;
        code.seen_at = at;
        code.origin = "span tag git.repository_url";
        return code;
    };
    Records found;
    found.code = {sampled("v411", "", play.subject.baseline.to - seconds(30)), sampled("v412", sha, play.clock.now())};
    const auto queries = play.source->follow_up(play.subject, found);
    REQUIRE(queries.size() == 1);
    CHECK(queries[0].id == "datadog/first/checkout/v412");
    const auto fetched = play.fetch(queries[0]);
    REQUIRE(fetched.has_value());
    CHECK(fetched->query_text == R"(service:"checkout" env:"prod" version:"v412")");
    CHECK(fetched->records.spans.empty());
    REQUIRE(fetched->records.code.size() == 1);
    CHECK(fetched->records.code[0].revision == sha);
    const auto began = play.clock.now() - seconds(660);
    CHECK(fetched->records.code[0].seen_at >= began);
    CHECK(fetched->records.code[0].seen_at < began + seconds(5));

    SECTION("of one version nothing is asked") {
        found.code.resize(1);
        CHECK(play.source->follow_up(play.subject, found).empty());
    }
    SECTION("a version from a payload stays a quoted term") {
        auto query = queries[0];
        query.arguments[argument::version] = R"(x" OR service:"bank)";
        const auto answer = play.fetch(query);
        REQUIRE(answer.has_value());
        CHECK(answer->query_text == R"(service:"checkout" env:"prod" version:"x\" OR service:\"bank")");
    }
}

}  // namespace code_test
