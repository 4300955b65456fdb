// Attempts at models, quarantines and what was learned, on every engine.
#include <catch2/catch.hpp>

#include "tests/support/store.hpp"

namespace store_attempts {

using namespace gumshoe;
using namespace gumshoe::test;

namespace {

struct AttemptTest {
    TestStore store{GENERATE(from_range(store_engines()))};
    FakeClock& clock = store.clock;
    AttemptTest() { clock.auto_advance = false; }
};

}  // namespace

TEST_CASE("attempts: intent and outcome are one row; money adds up; quarantines are replaced and released") {
    AttemptTest test;
    AttemptStore& attempts = *test.store->attempts;
    LlmAttempt attempt;
    attempt.id = "att_1";
    attempt.run = "run_1";
    attempt.number = 1;
    attempt.target = "main";
    attempt.started_at = test.clock.now();
    attempts.record(attempt, kept);
    CHECK(test.store.get(attempts.attempts("run_1")).at(0).outcome.empty());
    attempt.outcome = "ok";
    attempt.finished_at = test.clock.now() + seconds(2);
    attempt.cost_usd = 0.25;
    attempt.usage.output_tokens = 321;
    attempts.record(attempt, kept);
    LlmAttempt skipped = attempt;
    skipped.id = "att_2";
    skipped.number = 2;
    skipped.outcome = "skipped";
    skipped.cost_usd = 0;
    attempts.record(skipped, kept);
    test.store.get(attempts.release("nobody"));
    CHECK(test.store.get(attempts.spent_usd(test.clock.now(), "")) == Approx(0.25));  // it stood in line before that
    const auto rows = test.store.get(attempts.attempts("run_1"));
    REQUIRE(rows.size() == 2);
    CHECK(rows[0].outcome == "ok");
    CHECK(rows[0].usage.output_tokens == 321);
    CHECK(rows[0].finished_at == attempt.finished_at);
    CHECK(rows[1].outcome == "skipped");
    CHECK(test.store.get(attempts.spent_usd(test.clock.now(), "")) == Approx(0.25));
    CHECK(test.store.get(attempts.spent_usd(test.clock.now() + milliseconds(1), "")) == 0);

    Quarantine entry{"account:ab12", "account_dead", "deactivated", test.clock.now(), test.clock.now() + seconds(60), 1};
    test.store.get(attempts.quarantine(entry));
    entry.strikes = 2;
    test.store.get(attempts.quarantine(entry));
    REQUIRE(test.store.get(attempts.quarantines()).size() == 1);
    CHECK(test.store.get(attempts.quarantines())[0].strikes == 2);
    CHECK(test.store.get(attempts.quarantines())[0].until == entry.until);
    test.store.get(attempts.release("account:ab12"));
    CHECK(test.store.get(attempts.quarantines()).empty());
}

TEST_CASE("attempts: what a row says of team, hop, time, bytes and breaker comes back; a team's money is its own") {
    AttemptTest test;
    AttemptStore& attempts = *test.store->attempts;
    LlmAttempt attempt;
    attempt.id = "att_1";
    attempt.run = "run_1";
    attempt.team = "payments";
    attempt.hop = 2;
    attempt.started_at = test.clock.now();
    attempt.bytes_out = 900;
    attempt.breaker_before = "half-open";
    attempt.deadline_left = seconds(80);
    attempts.record(attempt, kept);
    CHECK_FALSE(test.store.get(attempts.attempts("run_1")).at(0).first_content);
    attempt.finished_at = test.clock.now() + seconds(3);
    attempt.first_content = milliseconds(1200);
    attempt.took = milliseconds(3000);
    attempt.bytes_in = 4000;
    attempt.breaker_after = "ramp";
    attempt.answered_model = "m-2026";
    attempt.cost_usd = 0.5;
    attempts.record(attempt, kept);
    const LlmAttempt row = test.store.get(attempts.attempts("run_1")).at(0);
    CHECK(row.team == "payments");
    CHECK(row.hop == 2);
    CHECK(row.first_content == milliseconds(1200));
    CHECK(row.took == milliseconds(3000));
    CHECK(row.bytes_out == 900);
    CHECK(row.bytes_in == 4000);
    CHECK(row.breaker_before == "half-open");
    CHECK(row.breaker_after == "ramp");
    CHECK(row.deadline_left == seconds(80));
    CHECK(row.answered_model == "m-2026");
    attempt.id = "att_2";
    attempt.team = "";
    attempts.record(attempt, kept);
    CHECK(test.store.get(attempts.attempts("run_1")).size() == 2);
    CHECK(test.store.get(attempts.spent_usd(test.clock.now(), "payments")) == Approx(0.5));
    CHECK(test.store.get(attempts.spent_usd(test.clock.now(), "search")) == 0);
    CHECK(test.store.get(attempts.spent_usd(test.clock.now(), "")) == Approx(1));
}

TEST_CASE("attempts: an outcome that comes before its intent is written is written with it") {
    AttemptTest test;
    AttemptStore& attempts = *test.store->attempts;
    const auto writes = [&] {
        const std::vector<Sample> samples = test.store.get(test.store->admin->samples());
        const auto found = std::ranges::find(samples, "gumshoe_store_writes_total", &Sample::name);
        REQUIRE(found != samples.end());
        return found->value;
    };
    LlmAttempt attempt;
    attempt.run = "run_1";
    attempt.started_at = test.clock.now();
    const double before = writes();
    for (const char* id : {"att_1", "att_2"}) {
        attempt.id = id;
        attempt.finished_at.reset();
        attempt.outcome.clear();
        attempts.record(attempt, kept);
        attempt.outcome = "ok";
        attempt.finished_at = test.clock.now();
        attempts.record(attempt, kept);
    }
    const auto rows = test.store.get(attempts.attempts("run_1"));
    REQUIRE(rows.size() == 2);
    for (const LlmAttempt& row : rows) CHECK(row.outcome == "ok");
    CHECK(writes() - before == 3);  // the two, and the reader's place in line
    attempt.reason = "looked at again";
    attempts.record(attempt, kept);
    CHECK(test.store.get(attempts.attempts("run_1")).at(1).reason == "looked at again");
}

TEST_CASE("what was learned of models is replaced, expires and is forgotten by place") {
    AttemptTest test;
    AttemptStore& attempts = *test.store->attempts;
    const Timestamp now = test.clock.now();
    test.store.get(attempts.learn({"main", "window", 8192, now + seconds(60)}, now));
    test.store.get(attempts.learn({"main", "window", 4096, now + seconds(90)}, now));
    test.store.get(attempts.learn({"main", "repair:temperature", 0, now + seconds(30)}, now));
    test.store.get(attempts.learn({"other", "window", 1024, now + seconds(90)}, now));
    REQUIRE(test.store.get(attempts.learned(now)).size() == 3);
    const auto left = test.store.get(attempts.learned(now + seconds(30)));
    REQUIRE(left.size() == 2);
    CHECK(left[0].place == "main");
    CHECK(left[0].fact == "window");
    CHECK(left[0].value == 4096);
    CHECK(left[0].until == now + seconds(90));
    test.store.get(attempts.learn({"other", "repair:top_p", 0, now + seconds(90)}, now + seconds(30)));  // takes the expired along
    CHECK(test.store.get(attempts.learned(now)).size() == 3);
    test.store.get(attempts.forget("main"));
    for (const LearnedFact& fact : test.store.get(attempts.learned(now))) CHECK(fact.place == "other");
}

}  // namespace store_attempts
