// The rules of intake on every engine: what a delivery of each kind does to what is known.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <random>
#include <set>

#include "base/ids.hpp"
#include "base/json.hpp"
#include "tests/support/store.hpp"

using namespace gumshoe;
using namespace gumshoe::test;

namespace {

constexpr auto trigger = Notification::trigger;
constexpr auto renotify = Notification::renotify;
constexpr auto recovery = Notification::recovery;

struct IntakeTest {
    TestStore store{GENERATE(from_range(store_engines()))};
    FakeClock& clock = store.clock;
    IntakePolicy policy;
    int sent = 0;

    IntakeTest() {
        clock.auto_advance = false;
        policy.route = [](const Alert& alert) {
            RouteDecision decision;
            decision.investigate = alert.severity != Severity::info;
            decision.reason = decision.investigate ? "" : "route 2 does not investigate info";
            return decision;
        };
        policy.related = [](const std::string& service) {
            if (service == "checkout" || service == "payments") return std::vector<std::string>{"checkout", "payments"};
            return std::vector<std::string>{service};
        };
        policy.group_window = seconds(300);
        policy.cooldown = seconds(1800);
    }

    Delivery delivery(const std::string& key) {
        Delivery made;
        made.id = new_id("dlv", clock.now());
        made.source = "datadog";
        made.received_at = clock.now();
        made.headers = R"({"User-Agent":"Datadog"})";
        made.body = "the raw \xff bytes";
        made.key = key;
        return made;
    }
    Recorded send(std::vector<Alert> alerts, const std::string& key = "") {
        clock.advance(seconds(1));
        for (Alert& alert : alerts) alert.received_at = clock.now();
        Delivery made = delivery(key.empty() ? "key " + std::to_string(++sent) : key);
        return store.get(store->intake->record(std::move(made), std::move(alerts), policy));
    }
    Recorded send(Alert alert, const std::string& key = "") { return send(std::vector<Alert>{std::move(alert)}, key); }
    /// An alert of fingerprint f and episode e that happens now.
    Alert alert(Notification notification, const std::string& episode = "e", const std::string& fingerprint = "f") {
        return sample_alert(fingerprint, episode, notification, clock.now());
    }
    Alert service_alert(const std::string& service, const std::string& fingerprint, const std::string& environment = "prod") {
        Alert made = alert(trigger, "e", fingerprint);
        made.service = service;
        made.environment = environment;
        return made;
    }
    InvestigationRow row(const std::string& id) { return store.get(store->investigations->investigation(id)); }
    std::size_t count(const std::string& table) { return store.rows("SELECT 1 FROM " + table, 1).size(); }
    std::size_t jobs(const std::string& kind) { return count("jobs WHERE kind = '" + kind + "'"); }
};

void check_filtered(const Recorded& recorded, const std::string& reason) {
    CHECK(recorded.verdict == Verdict::filtered);
    CHECK(recorded.reason == reason);
    CHECK(recorded.started.empty());
    CHECK(recorded.updated.empty());
}

}  // namespace

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

TEST_CASE("intake: alerts of related services and one environment share an investigation inside the window") {
    IntakeTest test;
    const std::string id = test.send(test.service_alert("checkout", "f")).started.at(0);
    struct Case {
        std::string what;
        std::string service;
        std::string environment;
        bool joins;
    };
    const auto one = GENERATE(values<Case>({{"the same service", "checkout", "prod", true},
                                            {"a related one", "payments", "prod", true},
                                            {"an unrelated one", "search", "prod", false},
                                            {"another environment", "payments", "staging", false},
                                            {"no service", "", "prod", false}}));
    CAPTURE(one.what);
    const Recorded recorded = test.send(test.service_alert(one.service, "g", one.environment));
    CHECK(recorded.started.size() == (one.joins ? 0 : 1));
    CHECK(recorded.updated.size() == (one.joins ? 1 : 0));
    CHECK(test.row(id).related_alerts == (one.joins ? 1 : 0));
    CHECK(test.row(id).fired == 1);
}

TEST_CASE("intake: grouping ends with the window, and with a cancelled investigation") {
    IntakeTest test;
    const std::string id = test.send(test.service_alert("checkout", "f")).started.at(0);
    SECTION("window") {
        test.clock.advance(test.policy.group_window);
    }
    SECTION("cancelled") {
        test.store.get(test.store->investigations->cancel(id, "ana", test.clock.now()));
    }
    CHECK(test.send(test.service_alert("payments", "g")).started.size() == 1);
}

TEST_CASE("intake: the alerts of one delivery are taken one by one") {
    IntakeTest test;
    Alert mild = test.alert(trigger, "e", "h");
    mild.severity = Severity::info;
    const Recorded recorded = test.send({test.service_alert("checkout", "f"), test.service_alert("payments", "g"), mild,
                                         test.alert(Notification::test), test.alert(trigger, "e", "i")});
    CHECK(recorded.verdict == Verdict::accepted);
    CHECK(recorded.started.size() == 2);
    CHECK(recorded.updated == std::vector<std::string>{recorded.started[0]});
    CHECK(test.store.rows("SELECT effect FROM alerts ORDER BY id", 1).size() == 5);
    const Recorded nothing = test.send({test.alert(renotify, "x", "x"), test.alert(renotify, "y", "y"), test.alert(Notification::test)});
    CHECK(nothing.reason == "a repeat of an alert whose start was never seen; test notification");
}

TEST_CASE("intake: a storm of one service is one investigation") {
    IntakeTest test;
    for (int i = 0; i < 200; ++i) test.send(test.service_alert("checkout", "f" + std::to_string(i)));
    CHECK(test.count("investigations") == 1);
    CHECK(test.count("deliveries WHERE verdict = 'accepted'") == 200);
    CHECK(test.count("jobs") == 2);
}

namespace {

/// What happened, as the sender's clock has it.
struct Happening {
    std::string fingerprint;
    std::string episode;
    Notification notification;
    Timestamp at;
};

using Random = std::mt19937;

std::vector<Happening> random_history(Random& random, Timestamp start) {
    const auto chance = [&](int percent) { return static_cast<int>(random() % 100) < percent; };
    std::vector<Happening> history;
    for (int f = 0; f < 3; ++f) {
        Timestamp at = start + seconds(random() % 60);
        for (int e = 0; e < 2; ++e) {
            const std::string fingerprint = "f" + std::to_string(f);
            const std::string episode = "e" + std::to_string(e);
            for (bool again = true; again; again = chance(30)) {
                history.push_back({fingerprint, episode, trigger, at += seconds(1 + random() % 60)});
                while (chance(40)) history.push_back({fingerprint, episode, renotify, at += seconds(60)});
                if (chance(75)) history.push_back({fingerprint, episode, recovery, at += seconds(1 + random() % 60)});
            }
        }
    }
    return history;
}

std::map<std::string, std::string> expected_states(const std::vector<Happening>& history) {
    std::map<std::string, std::pair<Timestamp, Timestamp>> times;
    for (const Happening& one : history) {
        auto& [fired, ended] = times[one.fingerprint + "|" + one.episode];
        if (one.notification == trigger) fired = std::max(fired, one.at);
        if (one.notification == recovery) ended = std::max(ended, one.at);
    }
    std::map<std::string, std::string> states;
    for (const auto& [episode, both] : times) {
        const bool open = both.first > both.second;
        states[episode] = open ? "open|-" : "resolved|" + std::to_string(to_millis(both.second));
    }
    return states;
}

awaitable<void> record_into(IntakeTest& test, Delivery delivery, std::vector<Alert> alerts, std::vector<Verdict>& verdicts) {
    auto recorded = co_await test.store->intake->record(std::move(delivery), std::move(alerts), test.policy);
    verdicts.push_back(recorded ? recorded->verdict : Verdict::refused);
}

}  // namespace

TEST_CASE("intake: deliveries in any order and number give one final state") {
    IntakeTest test;
    const unsigned seed = GENERATE(range(1u, 41u));
    CAPTURE(seed);
    Random random(seed);
    const auto history = random_history(random, test.clock.now());
    auto order = history;
    for (const Happening& one : history) {
        if (random() % 3 == 0) order.push_back(one);  // sent again under a key of its own
    }
    std::shuffle(order.begin(), order.end(), random);

    std::vector<Verdict> verdicts;
    std::vector<awaitable<void>> all;
    std::size_t sent = 0;
    for (std::size_t i = 0; i < order.size(); ++i) {
        const Happening& one = order[i];
        test.clock.advance(milliseconds(random() % 1000));
        Alert alert = sample_alert(one.fingerprint, one.episode, one.notification, one.at);
        alert.service = random() % 2 ? "checkout" : "";
        alert.environment = "prod";
        alert.received_at = test.clock.now();
        for (std::size_t copies = 1 + random() % 3; copies > 0; --copies, ++sent) {  // sent again under the same key
            all.push_back(record_into(test, test.delivery("key " + std::to_string(i)), {alert}, verdicts));
        }
    }
    run(*test.store.loop, test.store.loop->all(std::move(all)));
    REQUIRE(verdicts.size() == sent);
    CHECK(std::count(verdicts.begin(), verdicts.end(), Verdict::duplicate) == static_cast<std::ptrdiff_t>(sent - order.size()));
    CHECK(std::count(verdicts.begin(), verdicts.end(), Verdict::refused) == 0);

    std::map<std::string, std::string> states;
    for (const std::string& row : test.store.rows("SELECT fingerprint, episode, state, resolved_at FROM episodes", 4)) {
        const auto second = row.find('|', row.find('|') + 1);
        states[row.substr(0, second)] = row.substr(second + 1);
    }
    CHECK(states == expected_states(history));
    // Whatever fires is being investigated, and an investigation is over exactly when all of its episodes are.
    CHECK(test.count("episodes WHERE state = 'open' AND investigation IS NULL") == 0);
    CHECK(test.count("investigations i WHERE (i.resolved_at IS NULL) <> EXISTS "
                     "(SELECT 1 FROM episodes e WHERE e.investigation = i.id AND e.state = 'open')") == 0);
    CHECK(test.count("investigations i WHERE NOT EXISTS (SELECT 1 FROM runs r WHERE r.investigation = i.id)") == 0);
    CHECK(test.jobs("run") == test.count("investigations"));
    CHECK(test.count("alerts") == order.size());
}
