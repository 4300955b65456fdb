// The rules of intake on every engine: what a delivery of each kind does to what is known.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <set>

#include "base/json.hpp"
#include "tests/support/intake.hpp"

namespace store_intake {

using namespace gumshoe;
using namespace gumshoe::test;

TEST_CASE("intake: a first trigger starts an investigation with its run and job, and keeps the raw bytes") {
    IntakeTest test;
    const Recorded recorded = test.send(test.service_alert("checkout", "f"), "k1");
    CHECK(recorded.verdict == Verdict::accepted);
    REQUIRE(recorded.started.size() == 1);
    CHECK(recorded.updated.empty());
    const InvestigationRow row = test.row(recorded.started[0]);
    CHECK(row.state == "queued");
    CHECK(row.fired == 1);
    CHECK(row.alert.service == "checkout");
    CHECK(!row.resolved_at);
    const auto runs = test.store.get(test.store->investigations->runs(row.id));
    REQUIRE(runs.size() == 1);
    CHECK(runs[0].state == "queued");
    const auto job = test.store.get(test.store->queue->claim({"run"}, "me", seconds(60)));
    REQUIRE(job);
    CHECK(job->key == runs[0].id);
    const json payload = parse_json(job->payload).value();
    CHECK(string_or_empty(payload, "run") == runs[0].id);
    CHECK(string_or_empty(payload, "investigation") == row.id);
    CHECK(test.store.rows("SELECT key, verdict, reason, answer, body FROM deliveries", 5) ==
          std::vector<std::string>{"k1|accepted||202|the raw \xff bytes"});
    CHECK(test.store.rows("SELECT effect, investigation FROM alerts", 2) == std::vector<std::string>{"started|" + row.id});
}

TEST_CASE("intake: a known key is a duplicate, does nothing and keeps no body") {
    IntakeTest test;
    const Recorded first = test.send(test.alert(trigger), "k1");
    const Recorded again = test.send(test.alert(trigger, "another episode", "another fingerprint"), "k1");
    CHECK(again.verdict == Verdict::duplicate);
    CHECK(again.reason.find("the same as dlv_") == 0);
    CHECK(again.started.empty());
    CHECK(again.updated.empty());
    CHECK(test.count("investigations") == 1);
    CHECK(test.count("alerts") == 1);
    CHECK(test.store.rows("SELECT verdict, answer, body FROM deliveries ORDER BY received_at, id", 3) ==
          std::vector<std::string>{"accepted|202|the raw \xff bytes", "duplicate|200|-"});
    SECTION("a filtered one is known too") {
        test.send(test.alert(renotify, "x", "y"), "k2");
        CHECK(test.send(test.alert(renotify, "x", "y"), "k2").verdict == Verdict::duplicate);
    }
    SECTION("keys belong to their source") {
        Delivery other = test.delivery("k1");
        other.source = "newrelic";
        CHECK(test.store.get(test.store->intake->record(other, {test.alert(trigger, "e", "g")}, test.policy)).verdict == Verdict::accepted);
    }
    SECTION("a quarantined one may come again and be understood") {
        Delivery kept = test.delivery("k3");
        kept.verdict = Verdict::quarantined;
        test.store.get(test.store->intake->keep(kept));
        CHECK(test.send(test.alert(trigger, "e", "g"), "k3").verdict == Verdict::accepted);
    }
}

TEST_CASE("intake: many equal deliveries at once are accepted once") {
    IntakeTest test;
    struct Story {
        static awaitable<void> send(IntakeTest& its, Delivery delivery, std::vector<Verdict>& verdicts) {
            std::vector<Alert> alerts = {its.alert(trigger)};
            auto recorded = co_await its.store->intake->record(std::move(delivery), std::move(alerts), its.policy);
            verdicts.push_back(recorded ? recorded->verdict : Verdict::refused);
        }
    };
    std::vector<Verdict> verdicts;
    std::vector<awaitable<void>> all;
    for (int i = 0; i < 64; ++i) all.push_back(Story::send(test, test.delivery("same"), verdicts));
    run(*test.store.loop, test.store.loop->all(std::move(all)));
    CHECK(std::count(verdicts.begin(), verdicts.end(), Verdict::accepted) == 1);
    CHECK(std::count(verdicts.begin(), verdicts.end(), Verdict::duplicate) == 63);
    CHECK(test.count("investigations") == 1);
}

TEST_CASE("intake: keep writes quarantined, filtered and refused deliveries") {
    IntakeTest test;
    const Verdict verdict = GENERATE(Verdict::quarantined, Verdict::filtered, Verdict::refused);
    Delivery kept = test.delivery("k");
    kept.verdict = verdict;
    kept.reason = "why";
    kept.answer = 401;
    if (verdict == Verdict::refused) kept.body.clear();
    test.store.get(test.store->intake->keep(kept));
    const std::string body = verdict == Verdict::refused ? "-" : kept.body;
    CHECK(test.store.rows("SELECT verdict, reason, answer, body FROM deliveries", 4) ==
          std::vector<std::string>{std::string(to_string(verdict)) + "|why|401|" + body});
    kept.id = new_id("dlv", test.clock.now());
    test.store.get(test.store->intake->keep(kept));
    CHECK(test.count("deliveries WHERE verdict = 'duplicate'") == (verdict == Verdict::filtered ? 1 : 0));
    CHECK(test.count("deliveries") == 2);
}

TEST_CASE("intake: test notifications and deliveries without alerts are filtered") {
    IntakeTest test;
    check_filtered(test.send(test.alert(Notification::test)), "test notification");
    check_filtered(test.send(std::vector<Alert>{}), "no alert in it");
    CHECK(test.count("episodes") == 0);
    CHECK(test.store.rows("SELECT DISTINCT answer FROM deliveries", 1) == std::vector<std::string>{"200"});
}

TEST_CASE("intake: an alert that its route does not investigate is kept and filtered, until it grows worse") {
    IntakeTest test;
    Alert mild = test.alert(trigger);
    mild.severity = Severity::info;
    check_filtered(test.send(mild), "route 2 does not investigate info");
    CHECK(test.count("alerts") == 1);
    check_filtered(test.send(test.alert(renotify)), "a repeat of an alert that is not investigated");
    SECTION("the same episode with a higher severity starts an investigation") {
        CHECK(test.send(test.alert(trigger)).started.size() == 1);
    }
    SECTION("its end is known, and a late trigger starts nothing") {
        const Alert late = test.alert(trigger);
        test.clock.advance(seconds(1));
        check_filtered(test.send(test.alert(recovery)), "the recovery of an alert that is not investigated");
        check_filtered(test.send(late), "late: this episode has ended already");
    }
}

TEST_CASE("intake: repeats of an open episode count and refresh, never start") {
    IntakeTest test;
    const std::string id = test.send(test.alert(trigger)).started.at(0);
    const Notification again = GENERATE(trigger, renotify);
    for (int i = 2; i < 5; ++i) {
        const Recorded recorded = test.send(test.alert(again));
        CHECK(recorded.verdict == Verdict::accepted);
        CHECK(recorded.started.empty());
        CHECK(recorded.updated == std::vector<std::string>{id});
        CHECK(test.row(id).fired == i);
    }
    CHECK(test.jobs("run") == 1);
    CHECK(test.jobs("refresh") == 1);
    const auto job = test.store.get(test.store->queue->claim({"refresh"}, "me", seconds(60)));
    REQUIRE(job);
    CHECK(job->key == id);
}

TEST_CASE("intake: a repeat of what was never seen to start is filtered") {
    IntakeTest test;
    check_filtered(test.send(test.alert(renotify)), "a repeat of an alert whose start was never seen");
    CHECK(test.count("investigations") == 0);
    CHECK(test.send(test.alert(trigger)).started.size() == 1);
}

TEST_CASE("intake: a recovery resolves its episode and, with the last one, the investigation") {
    IntakeTest test;
    const std::string id = test.send(test.service_alert("checkout", "f")).started.at(0);
    CHECK(test.send(test.service_alert("payments", "g")).updated == std::vector<std::string>{id});
    test.clock.advance(seconds(60));
    const Alert first = test.alert(recovery, "e", "f");
    CHECK(test.send(first).updated == std::vector<std::string>{id});
    CHECK(!test.row(id).resolved_at);
    test.clock.advance(seconds(60));
    const Alert second = test.alert(recovery, "e", "g");
    CHECK(test.send(second).updated == std::vector<std::string>{id});
    CHECK(test.row(id).resolved_at == second.started_at);
    check_filtered(test.send(first), "its recovery is known already");
    CHECK(test.row(id).resolved_at == second.started_at);
    CHECK(test.jobs("run") == 1);
}

TEST_CASE("intake: a recovery that names only the episode's start ends it when we hear of it") {
    IntakeTest test;
    Alert fired = test.alert(trigger);
    const std::string id = test.send(fired).started.at(0);
    test.clock.advance(seconds(600));
    fired.notification = recovery;
    test.send(fired);
    CHECK(test.row(id).resolved_at == test.clock.now());
    check_filtered(test.send(fired), "its recovery is known already");
}

TEST_CASE("intake: the recovery of what was never seen to start is filtered, and its late trigger starts nothing") {
    IntakeTest test;
    const bool named = GENERATE(true, false);
    const std::string episode = named ? "e" : "";
    const Alert fired = test.alert(trigger, episode);
    test.clock.advance(seconds(60));
    check_filtered(test.send(test.alert(recovery, episode)), "the recovery of an alert whose start was never seen");
    CHECK(test.store.rows("SELECT state, investigation FROM episodes", 2) == std::vector<std::string>{"resolved|-"});
    check_filtered(test.send(fired), "late: this episode has ended already");
    check_filtered(test.send(test.alert(renotify, episode)),
                   named ? "late: this episode has ended already" : "a repeat of an alert whose start was never seen");
    CHECK(test.count("investigations") == 0);
    CHECK(test.count("episodes") == 1);
}

TEST_CASE("intake: a late trigger of an ended episode changes nothing that people see") {
    IntakeTest test;
    const Alert fired = test.alert(trigger);
    const std::string id = test.send(fired).started.at(0);
    test.clock.advance(seconds(60));
    test.send(test.alert(recovery));
    const auto job = test.store.get(test.store->queue->claim({"refresh"}, "me", seconds(60)));
    test.store.get(test.store->queue->finish(job->fence));
    const InvestigationRow before = test.row(id);
    check_filtered(test.send(fired), "late: this episode has ended already");
    check_filtered(test.send(test.alert(renotify)), "late: this episode has ended already");
    CHECK(test.row(id).fired == before.fired);
    CHECK(test.row(id).resolved_at == before.resolved_at);
    CHECK(test.jobs("refresh") == 0);
    CHECK(test.count("alerts WHERE investigation = '" + id + "'") == 4);  // on record all the same
}

TEST_CASE("intake: an episode that fires again after its end is open again") {
    IntakeTest test;
    const std::string id = test.send(test.alert(trigger)).started.at(0);
    test.clock.advance(seconds(60));
    const Alert ended = test.alert(recovery);
    test.send(ended);
    REQUIRE(test.row(id).resolved_at);
    SECTION("inside the cooldown in its investigation") {
        test.clock.advance(seconds(60));
        CHECK(test.send(test.alert(trigger)).updated == std::vector<std::string>{id});
        CHECK(!test.row(id).resolved_at);
        CHECK(test.row(id).fired == 2);
        check_filtered(test.send(ended), "late: this alert fired again since");
        CHECK(!test.row(id).resolved_at);
    }
    SECTION("after it in a new one") {
        test.clock.advance(test.policy.cooldown);
        const Recorded recorded = test.send(test.alert(trigger));
        REQUIRE(recorded.started.size() == 1);
        CHECK(recorded.started[0] != id);
        CHECK(test.row(id).resolved_at);
    }
}

TEST_CASE("intake: without a name an alert belongs to the open episode of its fingerprint") {
    IntakeTest test;
    const std::string id = test.send(test.alert(trigger, "")).started.at(0);
    CHECK(test.send(test.alert(trigger, "")).updated == std::vector<std::string>{id});
    CHECK(test.send(test.alert(renotify, "")).updated == std::vector<std::string>{id});
    CHECK(test.count("episodes") == 1);
    test.clock.advance(seconds(60));
    CHECK(test.send(test.alert(recovery, "")).updated == std::vector<std::string>{id});
    CHECK(test.row(id).resolved_at);
    test.clock.advance(seconds(60));
    CHECK(test.send(test.alert(trigger, "")).updated == std::vector<std::string>{id});  // cooldown
    CHECK(test.count("episodes") == 2);
    CHECK(!test.row(id).resolved_at);
    CHECK(test.count("investigations") == 1);
}

TEST_CASE("intake: another fingerprint is another episode, whatever its name") {
    IntakeTest test;
    test.send(test.alert(trigger, "e", "f"));
    CHECK(test.send(test.alert(trigger, "e", "g")).started.size() == 1);
    Alert elsewhere = test.alert(trigger, "e", "f");
    elsewhere.source = "newrelic";
    CHECK(test.send(elsewhere).started.size() == 1);
}

TEST_CASE("intake: a new episode inside the cooldown joins the fingerprint's last investigation") {
    IntakeTest test;
    const std::string id = test.send(test.alert(trigger, "e1")).started.at(0);
    test.clock.advance(seconds(60));
    test.send(test.alert(recovery, "e1"));
    test.clock.advance(test.policy.cooldown - seconds(70));
    const Recorded inside = test.send(test.alert(trigger, "e2"));
    CHECK(inside.updated == std::vector<std::string>{id});
    CHECK(test.row(id).fired == 2);
    CHECK(!test.row(id).resolved_at);
    CHECK(test.jobs("run") == 1);
    test.clock.advance(seconds(60));
    CHECK(test.send(test.alert(trigger, "e3")).started.size() == 1);
}

}  // namespace store_intake
