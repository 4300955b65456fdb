// The simulated Datadog: our own source and receiver find the story in it, and it refuses what the real one refuses.
#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/json.hpp"
#include "integrations/datadog/evidence.hpp"
#include "integrations/datadog/receiver.hpp"
#include "integrations/datadog/sandbox.hpp"
#include "integrations/datadog/sandbox_query.hpp"
#include "tests/support/fake_http.hpp"
#include "tests/support/loop.hpp"
#include "tests/support/result_printing.hpp"

namespace sandbox_test {

using namespace gumshoe;
using namespace gumshoe::datadog;
using gumshoe::test::FakeClock;
using gumshoe::test::FakeHttp;

namespace {

std::shared_ptr<const json> scenario() {
    std::ifstream in(std::string(GUMSHOE_SOURCE_DIR) + "/sandbox/scenarios/bad-deploy.json");
    std::ostringstream text;
    text << in.rdbuf();
    return std::make_shared<const json>(parse_json(text.str()).value());
}

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

struct SandboxPlay {
    FakeClock clock;
    std::unique_ptr<EventLoop> loop = make_event_loop(clock);
    sandbox::World world{scenario(), clock.now(), clock.now() + seconds(60), "http://127.0.0.1/datadog"};
    std::unique_ptr<sandbox::Simulation> simulation = make_simulation();
    FakeHttp http{[this](const HttpRequest& request) -> result<HttpResponse> {
        const HttpReply reply = simulation->handle(to_raw(request), world);
        return test::http_response(reply.status, reply.body, reply.headers);
    }};
    Account account{"https://api.datadoghq.com", "https://app.datadoghq.com", Secret("k"), Secret("a")};
    std::unique_ptr<Source> source = make_source(account, &http, &clock);

    Alert alert() {
        const auto sent = simulation->webhooks(world, "trigger");
        RawRequest raw;
        raw.method = "POST";
        raw.headers = sent.at(0).headers;
        raw.body = sent.at(0).body;
        return parse_webhook(raw, "https://app.datadoghq.com", world.now).value().alerts.at(0);
    }
    Subject subject() {
        Subject subject;
        subject.alert = alert();
        subject.onset = world.zero - std::chrono::minutes(6);
        subject.incident = {world.zero - std::chrono::minutes(8), world.now};
        subject.baseline = {world.zero - std::chrono::minutes(68), world.zero - std::chrono::minutes(8)};
        subject.services = {"checkout", "payments", "inventory"};
        return subject;
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
    std::map<std::string, Fetched> answers;
    Records all;
    const auto fetch_all = [&](const std::vector<Query>& queries) {
        for (const Query& query : queries) {
            INFO(query.id);
            auto fetched = test::run(*play.loop, play.source->fetch(query, Deadline::after(play.clock, seconds(15))));
            if (!fetched) FAIL(query.id << ": " << fetched.error().message);
            all.append(fetched->records);
            answers.emplace(query.id, std::move(*fetched));
        }
    };
    fetch_all(play.source->plan(subject));
    fetch_all(play.source->follow_up(subject, all));

    CHECK(lines_with(answers.at("datadog/logs/incident").records, "pool exhausted") > 300);
    CHECK(lines_with(answers.at("datadog/logs/baseline").records, "pool exhausted") == 0);
    CHECK(lines_with(answers.at("datadog/logs/baseline").records, "card declined") > 10);
    CHECK(lines_with(answers.at("datadog/logs/incident/other").records, "order ") > 100);
    CHECK(answers.at("datadog/monitor").records.facts.at(0).text.find("state Alert") != std::string::npos);

    REQUIRE(all.changes.size() == 2);
    CHECK(answers.at("datadog/events").records.changes.at(0).sha == "4f1c2aa9d0b7e6358c1f42a6e9b3d57081c6f2e4");
    CHECK(answers.at("datadog/events").records.changes.at(0).time == play.world.zero - std::chrono::minutes(11));

    const MetricSeries* latency = series(all, "checkout", "trace.http.request.p95");
    REQUIRE(latency != nullptr);
    CHECK(latency->unit == "s");
    CHECK(latency->points.front().second == Approx(0.4).epsilon(0.06));
    CHECK(latency->points.back().second == Approx(3.4).epsilon(0.06));
    const MetricSeries* traffic = series(all, "checkout", "trace.http.request.hits");
    REQUIRE(traffic != nullptr);
    CHECK(traffic->points.front().second == Approx(traffic->points.back().second).epsilon(0.1));
    CHECK(series(all, "checkout-db", "system.cpu.user") != nullptr);  // learnt from the dependencies

    bool pool_wait = false;
    for (const SpanRecord& span : answers.at("datadog/spans/incident").records.spans) {
        pool_wait |= span.name == "pool.acquire" && span.end_time_unix_nano - span.start_time_unix_nano > 2'000'000'000;
    }
    CHECK(pool_wait);
    CHECK(all.edges.size() == 4);
}

TEST_CASE("pages of the simulation hold every line once, in order") {
    SandboxPlay play;
    const auto page = [&play](int limit, const std::string& cursor) {
        Search search{
            "service:\"checkout\" status:error", {play.world.zero - std::chrono::minutes(6), play.world.now}, false, limit, cursor};
        return parse_json(play.simulation->handle(to_raw(logs_request(play.account, search)), play.world).body).value();
    };
    std::vector<json> paged;
    std::string cursor;
    do {
        const json body = page(100, cursor);
        for (const json& item : body["data"]) paged.push_back(item);
        cursor = string_or_empty(body, "meta.page.after");
    } while (!cursor.empty());
    std::vector<json> whole;
    const json at_once = page(1000, "");
    for (const json& item : at_once["data"]) whole.push_back(item);
    REQUIRE(paged.size() >= whole.size());
    CHECK(std::equal(whole.begin(), whole.end(), paged.begin()));
    for (std::size_t i = 1; i < paged.size(); ++i) {
        const auto time = [](const json& item) { return parse_rfc3339(string_or_empty(item, "attributes.timestamp")).value(); };
        REQUIRE(time(paged[i - 1]) <= time(paged[i]));
        REQUIRE(paged[i - 1]["id"] != paged[i]["id"]);
    }
}

TEST_CASE("nothing of the future is shown, and the same play gives the same bytes") {
    SandboxPlay play;
    play.world.now = play.world.zero - std::chrono::minutes(7);
    Search search{"*", {play.world.zero - std::chrono::minutes(30), play.world.zero + std::chrono::hours(1)}, true, 1000, ""};
    const auto ask = [&] { return play.simulation->handle(to_raw(logs_request(play.account, search)), play.world).body; };
    const std::string early = ask();
    CHECK(early.find("pool exhausted") == std::string::npos);
    CHECK(early.find("order ") != std::string::npos);
    CHECK(early == ask());
    const std::string other = make_simulation()->handle(to_raw(logs_request(play.account, search)), play.world).body;
    CHECK(early == other);
}

TEST_CASE("what the real one refuses is refused") {
    struct Row {
        const char* what;
        const char* method;
        const char* path;
        const char* query;
        const char* body;
        int status;
    };
    const Row rows[] = {
        {"good search", "POST", "/api/v2/logs/events/search", "",
         R"({"filter":{"query":"*","from":"now-15m","to":"now"},"page":{"limit":5}})", 200},
        {"unknown field", "POST", "/api/v2/logs/events/search", "", R"({"filter":{"query":"*"},"limit":5})", 400},
        {"unknown filter", "POST", "/api/v2/events/search", "", R"({"filter":{"query":"*","indexes":["*"]}})", 400},
        {"number for a time", "POST", "/api/v2/logs/events/search", "", R"({"filter":{"from":1785578000000}})", 400},
        {"seconds for milliseconds", "POST", "/api/v2/logs/events/search", "", R"({"filter":{"from":"1785578000","to":"1785578400"}})",
         400},
        {"from after to", "POST", "/api/v2/logs/events/search", "", R"({"filter":{"from":"now","to":"now-5m"}})", 400},
        {"limit too big", "POST", "/api/v2/logs/events/search", "", R"({"page":{"limit":1001}})", 400},
        {"limit as text", "POST", "/api/v2/logs/events/search", "", R"({"page":{"limit":"5"}})", 400},
        {"a made-up cursor", "POST", "/api/v2/logs/events/search", "", R"({"page":{"cursor":"abc"}})", 400},
        {"bad sort", "POST", "/api/v2/logs/events/search", "", R"({"sort":"desc"})", 400},
        {"open quote", "POST", "/api/v2/logs/events/search", "", R"({"filter":{"query":"service:\"a"}})", 400},
        {"spans not wrapped", "POST", "/api/v2/spans/events/search", "", R"({"filter":{"query":"*"}})", 400},
        {"spans wrapped", "POST", "/api/v2/spans/events/search", "",
         R"({"data":{"type":"search_request","attributes":{"filter":{"query":"*"}}}})", 200},
        {"logs wrapped", "POST", "/api/v2/logs/events/search", "", R"({"data":{"type":"search_request","attributes":{}}})", 400},
        {"no JSON", "POST", "/api/v2/logs/events/search", "", "query=x", 400},
        {"metrics", "GET", "/api/v1/query", "from=1785570000&to=1785578000&query=avg:system.cpu.user{*}", "", 200},
        {"metrics in milliseconds", "GET", "/api/v1/query", "from=1785570000000&to=1785578000000&query=avg:a{*}", "", 400},
        {"metrics without scope", "GET", "/api/v1/query", "from=1785570000&to=1785578000&query=avg:a", "", 400},
        {"metrics, no aggregator", "GET", "/api/v1/query", "from=1785570000&to=1785578000&query=a{*}", "", 400},
        {"dependencies without env", "GET", "/api/v1/service_dependencies", "", "", 400},
        {"another monitor", "GET", "/api/v1/monitor/1", "", "", 404},
        {"no monitor's id", "GET", "/api/v1/monitor/abc", "", "", 400},
        {"another path", "GET", "/api/v1/validate_everything", "", "", 404},
    };
    SandboxPlay play;
    for (const Row& row : rows) {
        INFO(row.what);
        RawRequest request;
        request.method = row.method;
        request.path = row.path;
        request.query = row.query;
        request.body = row.body;
        request.headers = {{"DD-API-KEY", "k"}, {"DD-APPLICATION-KEY", "a"}, {"Content-Type", "application/json"}};
        const HttpReply reply = play.simulation->handle(request, play.world);
        INFO(reply.body.substr(0, 200));
        CHECK(reply.status == row.status);
        if (reply.status != 200) CHECK(find(parse_json(reply.body).value(), "errors")->is_array());
        request.headers = {{"DD-API-KEY", "k"}, {"Content-Type", "application/json"}};
        CHECK(play.simulation->handle(request, play.world).status == 403);
    }
}

TEST_CASE("the webhooks of one episode are read as trigger, renotify and recovery of it") {
    SandboxPlay play;
    const auto moment = [&play](const char* name) {
        const HttpRequest sent = play.simulation->webhooks(play.world, name).at(0);
        CHECK(sent.body.find_first_of("\x80\xff") == std::string::npos);
        RawRequest raw;
        raw.headers = sent.headers;
        raw.body = sent.body;
        return parse_webhook(raw, "https://app.datadoghq.com", play.world.now).value();
    };
    const ParsedDelivery trigger = moment("trigger");
    play.world.now += std::chrono::minutes(10);
    const ParsedDelivery renotify = moment("renotify");
    const ParsedDelivery recovery = moment("recovery");
    CHECK(trigger.alerts[0].notification == Notification::trigger);
    CHECK(renotify.alerts[0].notification == Notification::renotify);
    CHECK(recovery.alerts[0].notification == Notification::recovery);
    CHECK(trigger.alerts[0].episode == recovery.alerts[0].episode);
    CHECK(trigger.alerts[0].fingerprint == renotify.alerts[0].fingerprint);
    CHECK(trigger.key != renotify.key);
    CHECK(renotify.key != recovery.key);
    CHECK(trigger.alerts[0].started_at == play.world.zero);
    CHECK(trigger.alerts[0].service == "checkout");
    CHECK(trigger.alerts[0].metric == "trace.http.request");
    CHECK(trigger.alerts[0].title == "checkout: p95 latency above 2 s");
}

TEST_CASE("the default template is rendered with its seven keys and still understood") {
    SandboxPlay play;
    json changed = *play.world.scenario;
    changed["datadog"]["webhook"]["template"] = "default";
    play.world.scenario = std::make_shared<const json>(changed);
    CHECK(parse_json(play.simulation->webhooks(play.world, "trigger").at(0).body).value().size() == 7);
    const Alert alert = play.alert();
    CHECK(alert.monitor_id == "8123");
    CHECK(alert.service == "checkout");
    CHECK(alert.severity == Severity::error);
    CHECK(alert.transition == "Triggered");
}

TEST_CASE("the search language: terms, negation, alternatives, ranges, phrases") {
    const FieldLookup record = [](std::string_view key) -> std::vector<std::string> {
        if (key.empty()) return {"pool exhausted after 3 s"};
        if (key == "service") return {"checkout"};
        if (key == "status") return {"error"};
        if (key == "@duration") return {"2000"};
        return {};
    };
    const std::pair<const char*, bool> rows[] = {
        {"", true},
        {"*", true},
        {"service:checkout", true},
        {"service:\"checkout\" status:error", true},
        {"service:other", false},
        {"-service:other", true},
        {"-status:(error OR warn)", false},
        {"status:(warn OR error)", true},
        {"(service:\"a\" OR service:\"checkout\") status:error", true},
        {"service:a OR status:error", true},
        {"service:a AND status:error", false},
        {"@duration:>1000", true},
        {"@duration:>3000", false},
        {"\"pool exhausted\"", true},
        {"exhausted -pool", false},
        {"service:\"a\\\"b\"", false},
        {"missing:*", false},
    };
    for (const auto& [text, expected] : rows) {
        INFO(text);
        const auto filter = SearchFilter::parse(text);
        REQUIRE(filter.has_value());
        CHECK(filter->matches(record) == expected);
    }
    for (const char* wrong : {"service:", "service:\"a", "(a", "a)", ":x", "@d:>x", "status:(a OR", "-"}) {
        INFO(wrong);
        CHECK_FALSE(SearchFilter::parse(wrong).has_value());
    }
}

}  // namespace sandbox_test
