// The admin API's views, audit, samples and retention on every engine.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <set>

#include "base/ids.hpp"
#include "base/json.hpp"
#include "tests/support/store.hpp"

namespace store_admin {

using namespace gumshoe;
using namespace gumshoe::test;

namespace {

struct AdminTest {
    TestStore store{GENERATE(from_range(store_engines()))};
    FakeClock& clock = store.clock;
    AdminStore& admin = *store->admin;
    IntakePolicy policy;

    AdminTest() {
        clock.auto_advance = false;
        policy.route = [](const Alert&) { return RouteDecision{true, "checkout team", ""}; };
        policy.related = [](const std::string& service) { return std::vector<std::string>{service}; };
        policy.group_window = seconds(300);
        policy.cooldown = seconds(1800);
        policy.storm = 1000;
    }
    Delivery delivery(const std::string& key) {
        clock.advance(milliseconds(1500));
        Delivery made;
        made.id = new_id("dlv", clock.now());
        made.source = "datadog";
        made.received_at = clock.now();
        made.headers = R"({"User-Agent":"Datadog"})";
        made.body = "{\"raw\":\"bytes \xff\"}";
        made.key = key;
        made.peer = "203.0.113.9";
        return made;
    }
    Recorded send(const std::string& service, const std::string& fingerprint) {
        Delivery made = delivery(fingerprint);
        Alert alert = sample_alert(fingerprint, "e", Notification::trigger, made.received_at);
        alert.service = service;
        alert.environment = "prod";
        return store.get(store->intake->record(made, {alert}, policy));
    }
    json view(const std::string& id) { return parse_json(store.get(admin.investigation(id))).value(); }
    /// Runs the first queued run to its end.
    std::string finish(const std::string& finding) {
        auto job = store.get(store->queue->claim({"run"}, "me", seconds(60)));
        REQUIRE(job);
        store.get(store->investigations->begin(job->fence, job->key, clock.now()));
        StepRow step;
        step.run = job->key;
        step.name = "gather/logs";
        step.output = "{}";
        step.raw = "raw";
        step.started_at = clock.now();
        step.finished_at = clock.now();
        store.get(store->journal->record(job->fence, step));
        clock.advance(seconds(42));
        store.get(store->investigations->complete(job->fence, job->key, finding, true, clock.now()));
        store.get(store->queue->finish(job->fence));
        return job->key;
    }
};

std::vector<std::string> ids_of(const Listed& listed) {
    std::vector<std::string> ids;
    for (const std::string& item : listed.items) {
        const json value = parse_json(item).value();
        ids.push_back(get_string(value, "id").value_or(std::to_string(get_int(value, "id").value_or(0))));
    }
    return ids;
}

/// Every page of a list, `limit` at a time.
template <class F>
std::vector<std::string> all_pages(F list, std::size_t limit) {
    std::vector<std::string> all;
    Page page;
    page.limit = limit;
    for (int pages = 0; pages < 100; ++pages) {
        const Listed listed = list(page);
        CHECK(listed.items.size() <= limit);
        for (std::string& id : ids_of(listed)) all.push_back(std::move(id));
        page.cursor = listed.next_cursor;
        if (page.cursor.empty()) return all;
    }
    FAIL("the pages do not end");
    return all;
}

}  // namespace

TEST_CASE("admin: an investigation with all that belongs to it") {
    AdminTest test;
    const std::string id = test.send("checkout", "f").started.at(0);
    test.send("checkout", "g");
    const std::string run = test.finish(R"({"summary":"the pool is too small","status":"likely","confidence":0.7})");
    OutboxMessage message;
    message.id = "uuid-1";
    message.purpose = "anchor";
    message.investigation = id;
    message.channel = "C1";
    message.document = "{}";
    test.store.get(test.store->outbox->want(message));
    LlmAttempt attempt;
    attempt.id = "att_1";
    attempt.run = run;
    attempt.cost_usd = 0.125;
    test.store->attempts->record(attempt, kept);
    CHECK(test.store.get(test.store->attempts->attempts(run)).size() == 1);

    const json view = test.view(id);
    CHECK(string_or_empty(view, "id") == id);
    CHECK(string_or_empty(view, "state") == "done");
    CHECK(string_or_empty(view, "service") == "checkout");
    CHECK(string_or_empty(view, "route") == "checkout team");
    CHECK(string_or_empty(view, "finding.summary") == "the pool is too small");
    CHECK(string_or_empty(view, "posted_run") == run);
    CHECK(get_int(view, "related_alerts") == 1);
    CHECK(get_int(view, "answered_after_ms") == 43'500);
    CHECK(string_or_empty(view, "alert.fingerprint") == "f");
    REQUIRE(view["alerts"].size() == 2);
    CHECK(view["alerts"][0]["effect"] == "started");
    CHECK(view["alerts"][1]["effect"] == "joined");
    CHECK(view["alerts"][1]["alert"]["fingerprint"] == "g");
    REQUIRE(view["runs"].size() == 1);
    CHECK(view["runs"][0]["state"] == "done");
    CHECK(view["runs"][0]["cost_usd"] == 0.125);
    CHECK(view["runs"][0]["finding"]["status"] == "likely");
    REQUIRE(view["deliveries"].size() == 2);
    CHECK(view["deliveries"][0]["verdict"] == "accepted");
    CHECK(!view["deliveries"][0].contains("body"));
    REQUIRE(view["messages"].size() == 1);
    CHECK(view["messages"][0]["state"] == "ready");
    CHECK(view["messages"][0]["channel"] == "C1");
    auto missing = test.store.run(test.admin.investigation("inv_x"));
    REQUIRE(!missing);
    CHECK(missing.error().code == errc::not_found);
}

TEST_CASE("admin: lists come newest first, page by page, without loss or repeat") {
    AdminTest test;
    std::vector<std::string> started;
    for (int i = 0; i < 7; ++i) started.insert(started.begin(), test.send("service " + std::to_string(i), std::to_string(i)).started.at(0));
    const std::size_t limit = GENERATE(1u, 3u, 7u, 50u);
    const auto investigations = [&](const ListFilter& filter) {
        return all_pages([&](const Page& page) { return test.store.get(test.admin.investigations(filter, page)); }, limit);
    };
    CHECK(investigations({}) == started);
    ListFilter filter;
    filter.service = "service 3";
    CHECK(investigations(filter) == std::vector<std::string>{started[3]});
    filter = {};
    filter.state = "queued";
    CHECK(investigations(filter).size() == 7);
    filter.state = "done";
    CHECK(investigations(filter).empty());
    filter = {};
    filter.since = test.clock.now();
    CHECK(investigations(filter) == std::vector<std::string>{started[0]});
    const auto deliveries = [&](const std::string& source, const std::string& verdict) {
        return all_pages([&](const Page& page) { return test.store.get(test.admin.deliveries(source, verdict, page)); }, limit).size();
    };
    CHECK(deliveries("", "") == 7);
    CHECK(deliveries("datadog", "accepted") == 7);
    CHECK(deliveries("newrelic", "") == 0);
    CHECK(deliveries("", "refused") == 0);
}

TEST_CASE("admin: rows of one millisecond are paged without loss") {
    AdminTest test;
    for (int i = 0; i < 5; ++i) {
        Delivery made = test.delivery("k" + std::to_string(i));
        made.received_at = from_millis(1785578400000);
        made.verdict = Verdict::quarantined;
        test.store.get(test.store->intake->keep(made));
    }
    const auto ids = all_pages([&](const Page& page) { return test.store.get(test.admin.deliveries("", "", page)); }, 2);
    CHECK(std::set<std::string>(ids.begin(), ids.end()).size() == 5);
    CHECK(ids.size() == 5);
}

TEST_CASE("admin: a cursor that is not ours is an error") {
    AdminTest test;
    for (const char* cursor : {"x", "12", "x.y", ".", "' OR 1=1 --"}) {
        CAPTURE(cursor);
        Page page;
        page.cursor = cursor;
        auto listed = test.store.run(test.admin.deliveries("", "", page));
        REQUIRE(!listed);
        CHECK(listed.error().code == errc::invalid_argument);
    }
}

TEST_CASE("admin: a delivery shows its bytes, its verdict and what its alerts did") {
    AdminTest test;
    test.send("checkout", "f");
    const Listed listed = test.store.get(test.admin.deliveries("", "", Page{}));
    const std::string id = ids_of(listed).at(0);
    const json view = parse_json(test.store.get(test.admin.delivery(id))).value();
    CHECK(string_or_empty(view, "verdict") == "accepted");
    CHECK(string_or_empty(view, "headers.User-Agent") == "Datadog");
    CHECK(string_or_empty(view, "body") == "{\"raw\":\"bytes \xef\xbf\xbd\"}");  // one JSON text: what is no UTF-8 is marked
    CHECK(view["alerts"][0]["effect"] == "started");
    CHECK(!test.store.run(test.admin.delivery("dlv_x")));
}

TEST_CASE("admin: audit rows are kept in order") {
    AdminTest test;
    for (int i = 0; i < 3; ++i) {
        AuditEntry entry;
        entry.actor = "ops";
        entry.action = "llm.release";
        entry.subject = "key:" + std::to_string(i);
        entry.detail = R"({"why":"rotated"})";
        entry.at = test.clock.now();
        test.store.get(test.admin.audit(entry));
    }
    const auto list = [&](const Page& page) { return test.store.get(test.admin.audit_log(page)); };
    CHECK(all_pages(list, 2) == std::vector<std::string>{"3", "2", "1"});
    const json newest = parse_json(list(Page{}).items.at(0)).value();
    CHECK(string_or_empty(newest, "subject") == "key:2");
    CHECK(string_or_empty(newest, "detail.why") == "rotated");
}

TEST_CASE("admin: samples tell states, verdicts and how long work has waited") {
    AdminTest test;
    test.send("checkout", "f");
    test.send("search", "g");
    test.clock.advance(seconds(90));
    const auto value = [&](const std::string& name, const std::string& labels) {
        for (const Sample& sample : test.store.get(test.admin.samples())) {
            if (sample.name == name && sample.labels == labels) return sample.value;
        }
        return -1.0;
    };
    CHECK(value("gumshoe_investigations", R"({state="queued"})") == 2);
    CHECK(value("gumshoe_deliveries_last_hour", R"({source="datadog",verdict="accepted"})") == 2);
    CHECK(value("gumshoe_jobs", R"({kind="run",state="waiting"})") == 2);
    CHECK(value("gumshoe_oldest_claimable_seconds", "") == Approx(91.5));
    CHECK(value("gumshoe_store_commits_total", "") >= 2);
    test.finish("{}");
    CHECK(value("gumshoe_investigations", R"({state="done"})") == 1);
    test.clock.advance(std::chrono::hours(2));
    CHECK(value("gumshoe_deliveries_last_hour", R"({source="datadog",verdict="accepted"})") == -1);
    CHECK(test.store.run(test.admin.healthy()));
}

TEST_CASE("admin: retention drops bodies, passing rows and journals of ended runs, a batch at a time") {
    AdminTest test;
    const std::string old = test.send("checkout", "f").started.at(0);
    const std::string run = test.finish(R"({"summary":"kept"})");
    test.send("checkout", "f");  // a duplicate
    const Timestamp between = test.clock.now() + milliseconds(1);
    const std::string fresh = test.send("search", "g").started.at(0);
    CHECK(test.store.get(test.admin.purge({}, {}, 10)) == 0);
    CHECK(test.store.get(test.admin.purge(between, between, 10)) == 3);
    CHECK(test.store.get(test.admin.purge(between, between, 10)) == 0);
    CHECK(test.store.rows("SELECT key, verdict, body IS NULL FROM deliveries ORDER BY received_at", 3) ==
          std::vector<std::string>{"f|accepted|1", "g|accepted|"});
    CHECK(test.store.get(test.store->journal->steps(run, true)).empty());
    CHECK(string_or_empty(test.view(old), "finding.summary") == "kept");
    CHECK(test.send("checkout", "f").verdict == Verdict::duplicate);  // its key is known for ever
    // A run that has not ended keeps its journal, however old it is.
    auto job = test.store.get(test.store->queue->claim({"run"}, "me", seconds(60)));
    StepRow step;
    step.run = job->key;
    step.name = "gather/logs";
    test.store.get(test.store->journal->intend(job->fence, step));
    const Timestamp later = test.clock.now() + std::chrono::hours(1);
    CHECK(test.store.get(test.admin.purge(later, later, 1)) == 2);
    CHECK(test.store.get(test.admin.purge(later, later, 1)) == 0);
    CHECK(test.store.get(test.store->journal->steps(job->key, false)).size() == 1);
}

TEST_CASE("admin: retention lets go of attempts that belong to no run, and of none that counts for the day's budget") {
    AdminTest test;
    const Timestamp now = test.clock.now();
    const auto attempt = [&](const std::string& run, Timestamp at) {
        LlmAttempt row;
        row.id = new_id("att", at);
        row.run = run;
        row.step = "gateway/bot";
        row.started_at = at;
        row.cost_usd = 1;
        test.store->attempts->record(row, kept);
    };
    attempt("", now - std::chrono::hours(49));
    attempt("", now - std::chrono::hours(23));
    attempt("run_1", now - std::chrono::hours(49));
    CHECK(test.store.get(test.admin.purge({}, now - std::chrono::hours(24 * 30), 10)) == 0);
    CHECK(test.store.get(test.admin.purge({}, now - std::chrono::hours(1), 10)) == 1);
    CHECK(test.store.get(test.store->attempts->attempts("")).size() == 1);
    CHECK(test.store.get(test.store->attempts->attempts("run_1")).size() == 1);
    CHECK(test.store.get(test.store->attempts->spent_usd(now - std::chrono::hours(24), "")) == 1);
}

}  // namespace store_admin
