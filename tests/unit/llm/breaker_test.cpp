// Breaker, throttle, latency and budgets on their own.
#include "llm/breaker.hpp"

#include <catch2/catch.hpp>

#include "llm/budget.hpp"
#include "llm/latency.hpp"
#include "llm/throttle.hpp"

using namespace gumshoe;
using namespace gumshoe::llm;
using namespace std::chrono_literals;

namespace {

const Monotonic start{1000h};

void fail(Breaker& breaker, Monotonic now) {
    breaker.failed(breaker.started(now, now + 1min), now, 1);
}
void succeed(Breaker& breaker, Monotonic now, bool slow = false) {
    breaker.succeeded(breaker.started(now, now + 1min), now, slow, 1);
}
Breaker tripped(Monotonic now) {
    Breaker breaker;
    for (int i = 0; i < 4; ++i) fail(breaker, now);
    return breaker;
}

}  // namespace

TEST_CASE("a breaker trips on four failures in a row and lets one call at a time through after its pause") {
    Breaker breaker;
    for (int i = 0; i < 3; ++i) fail(breaker, start + seconds(i));
    CHECK(breaker.state(start + 3s) == Breaker::State::closed);
    fail(breaker, start + 3s);
    CHECK(breaker.state(start + 4s) == Breaker::State::open);
    CHECK_FALSE(breaker.allows(start + 17s));
    CHECK(breaker.next_chance(start + 4s) == start + 18s);
    CHECK(breaker.allows(start + 18s));
    const Breaker::Pass pass = breaker.started(start + 18s, start + 60s);
    CHECK(breaker.probing(start + 19s));
    CHECK_FALSE(breaker.allows(start + 19s));  // one permit
    CHECK(breaker.allows(start + 60s));        // whose lease ends
    breaker.neutral(pass);
    CHECK(breaker.allows(start + 19s));  // given back by a call that said nothing
}

TEST_CASE("a permit is given back once, by whoever holds it") {
    Breaker breaker = tripped(start);
    const Breaker::Pass late = breaker.started(start + 15s, start + 20s);
    const Breaker::Pass next = breaker.started(start + 21s, start + 60s);  // the first one's lease has ended
    breaker.neutral(late);
    CHECK(breaker.probing(start + 22s));
    breaker.neutral(Breaker::Pass{});
    CHECK(breaker.probing(start + 22s));
    breaker.failed(late, start + 22s, 1);  // no say any more
    CHECK(breaker.state(start + 22s) == Breaker::State::half_open);
    breaker.neutral(next);
    CHECK_FALSE(breaker.probing(start + 22s));
}

TEST_CASE("two probes close a half-open breaker, one failure opens it for twice as long") {
    Breaker breaker = tripped(start);
    succeed(breaker, start + 15s);
    CHECK(breaker.state(start + 15s) == Breaker::State::half_open);
    fail(breaker, start + 16s);
    CHECK(breaker.next_chance(start + 16s) == start + 46s);
    succeed(breaker, start + 46s);
    succeed(breaker, start + 47s);
    CHECK(breaker.state(start + 47s) == Breaker::State::ramp);
}

TEST_CASE("calls from before a breaker opened have no say in half-open and ramp") {
    Breaker breaker;
    const Breaker::Pass old = breaker.started(start, start + 10min);
    for (int i = 0; i < 4; ++i) fail(breaker, start);
    breaker.succeeded(old, start + 16s, false, 1);
    breaker.succeeded(old, start + 16s, false, 1);
    CHECK(breaker.state(start + 16s) == Breaker::State::half_open);
    breaker.failed(old, start + 16s, 1);
    CHECK(breaker.state(start + 16s) == Breaker::State::half_open);
    succeed(breaker, start + 17s);
    succeed(breaker, start + 17s);
    breaker.failed(old, start + 18s, 1);
    CHECK(breaker.state(start + 18s) == Breaker::State::ramp);
}

TEST_CASE("T-28: after recovery 10, 25, 50 and 100 % are let through, 15 s each, and one failure opens it for longer") {
    Breaker breaker = tripped(start);
    succeed(breaker, start + 15s);
    succeed(breaker, start + 15s);
    const Monotonic ramp = start + 15s;
    CHECK(breaker.share(ramp) == 0.1);
    CHECK(breaker.share(ramp + 14s) == 0.1);
    CHECK(breaker.share(ramp + 15s) == 0.25);
    CHECK(breaker.share(ramp + 30s) == 0.5);
    CHECK(breaker.share(ramp + 45s) == 1);
    CHECK(breaker.state(ramp + 59s) == Breaker::State::ramp);
    CHECK(breaker.state(ramp + 60s) == Breaker::State::closed);
    CHECK(breaker.share(ramp + 60s) == 1);
    fail(breaker, ramp + 50s);
    CHECK(breaker.state(ramp + 50s) == Breaker::State::open);
    CHECK(breaker.next_chance(ramp + 50s) == ramp + 80s);  // the second trip
    CHECK(breaker.trips() == 2);
}

TEST_CASE("failures of calls that were under way do not lengthen a breaker's pause") {
    Breaker breaker;
    for (int i = 0; i < 40; ++i) breaker.failed({.permit = 0, .began = start}, start, 1);
    CHECK(breaker.next_chance(start) == start + 15s);
}

TEST_CASE("T-16: a breaker never opens earlier than was said before") {
    Breaker breaker;
    for (int i = 0; i < 4; ++i) breaker.failed({.permit = 0, .began = start}, start, 1.2);
    const Monotonic said = breaker.next_chance(start);
    const Breaker::Pass forced = breaker.started(start + 1s, start + 2s);
    breaker.failed(forced, start + 2s, 0.8);
    CHECK(breaker.next_chance(start + 2s) == said);
}

TEST_CASE("half the calls of a busy minute failing trips a breaker, old failures do not") {
    Breaker busy;
    for (int i = 0; i < 3; ++i) {
        succeed(busy, start + seconds(i));
        fail(busy, start + seconds(i));
    }
    CHECK(busy.state(start + 3s) == Breaker::State::open);
    Breaker rare;
    for (int i = 0; i < 10; ++i) {
        fail(rare, start + 11min * i);
        CHECK(rare.state(start + 11min * i) == Breaker::State::closed);
    }
}

TEST_CASE("four of five slow answers trip a breaker, fewer or quicker ones do not") {
    Breaker slow;
    for (int i = 0; i < 4; ++i) succeed(slow, start + seconds(i), true);
    CHECK(slow.state(start + 4s) == Breaker::State::closed);  // five calls are the least
    succeed(slow, start + 4s, true);
    CHECK(slow.state(start + 4s) == Breaker::State::open);
    Breaker mixed;
    for (int i = 0; i < 12; ++i) succeed(mixed, start + seconds(i), i % 4 != 0);
    CHECK(mixed.state(start + 12s) == Breaker::State::closed);
}

TEST_CASE("a breaker's pause is capped at five minutes") {
    Monotonic now = start;
    Breaker breaker = tripped(now);
    for (int i = 0; i < 20; ++i) {
        now = breaker.next_chance(now);
        fail(breaker, now);
        CHECK(breaker.next_chance(now) - now <= 5min);
        CHECK(breaker.next_chance(now) > now);
    }
}

TEST_CASE("a breaker that was reset is closed, and permits from before are worth nothing") {
    Breaker breaker = tripped(start);
    const Breaker::Pass old = breaker.started(start + 15s, start + 60s);
    breaker.reset();
    CHECK(breaker.state(start + 15s) == Breaker::State::closed);
    for (int i = 0; i < 4; ++i) fail(breaker, start + 16s);
    const Breaker::Pass now = breaker.started(start + 31s, start + 60s);
    CHECK(now.permit != old.permit);
    breaker.neutral(old);
    CHECK(breaker.probing(start + 32s));
}

TEST_CASE("a throttle halves what was under way, and gives one more for twenty answers") {
    Throttle throttle;
    throttle.started();
    throttle.overloaded(start);
    CHECK_FALSE(throttle.most());  // a lone call was not one too many
    for (int i = 0; i < 7; ++i) throttle.started();
    throttle.overloaded(start);
    throttle.overloaded(start + 500ms);  // refused together: told once
    CHECK(throttle.most() == 4);
    CHECK(throttle.full());
    for (int i = 0; i < 5; ++i) throttle.ended();
    CHECK_FALSE(throttle.full());
    throttle.overloaded(start + 2s);
    CHECK(throttle.most() == 1);
    for (int i = 0; i < 19; ++i) throttle.answered();
    CHECK(throttle.most() == 1);
    throttle.answered();
    CHECK(throttle.most() == 2);
    for (int i = 0; i < 20 * 62; ++i) throttle.answered();
    CHECK_FALSE(throttle.most());
}

TEST_CASE("quantiles are of the last answers only") {
    Spans spans;
    CHECK_FALSE(spans.quantile(0.5));
    for (int i = 1; i <= 100; ++i) spans.add(milliseconds(i));
    CHECK(spans.size() == 64);
    CHECK(spans.quantile(0.5) == 69ms);  // of 37 to 100
    CHECK(spans.quantile(0.95) == 97ms);
    CHECK(spans.quantile(1) == 100ms);
    CHECK_FALSE(Spans().quantile(0.5, 1));
    Spans few;
    few.add(1ms);
    CHECK(few.quantile(0.95) == 1ms);
    CHECK_FALSE(few.quantile(0.95, 2));
}

TEST_CASE("purses know what was spent and what is set aside, by day and team") {
    Purses purses;
    const Timestamp day = *parse_rfc3339("2026-08-01T00:00:00Z");
    purses.begin_day(day);
    purses.spend("payments", 1);
    purses.spend("", 2);
    purses.reserve("payments", 0.5);
    CHECK(purses.taken_usd("") == Approx(3.5));
    CHECK(purses.taken_usd("payments") == Approx(1.5));
    CHECK(purses.taken_usd("search") == 0);
    for (int i = 0; i < 2; ++i) CHECK(purses.due("payments", Monotonic(1s)));
    purses.read("payments", 0.2, Monotonic(1s));  // the store lags behind
    CHECK_FALSE(purses.due("payments", Monotonic(10'999ms)));
    CHECK(purses.due("payments", Monotonic(11s)));
    CHECK_FALSE(purses.due("payments", Monotonic(11s)));  // one asks for all
    CHECK(purses.taken_usd("payments") == Approx(1.5));
    purses.read("payments", 4, Monotonic(12s));
    CHECK(purses.taken_usd("payments") == Approx(4.5));
    purses.begin_day(day + 24h);
    CHECK(purses.taken_usd("payments") == Approx(0.5));  // calls under way go on
    purses.reserve("payments", -0.5);
    CHECK(purses.taken_usd("") == Approx(0));
}

TEST_CASE("one hedge for every twenty requests of the last hour") {
    HedgeBudget budget;
    for (int i = 0; i < 19; ++i) budget.request(start);
    CHECK_FALSE(budget.take(start));
    budget.request(start);
    CHECK(budget.take(start));
    CHECK_FALSE(budget.take(start));
    for (int i = 0; i < 20; ++i) budget.request(start + 30min);
    CHECK(budget.take(start + 30min));
    CHECK_FALSE(budget.take(start + 30min));
    CHECK_FALSE(budget.take(start + 61min));  // the first twenty are forgotten, the second hedge is not
}
