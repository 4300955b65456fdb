// The loop: side by side, deadlines, cancellation that waits, spawned work, the pool.
#include "io/event_loop.hpp"

#include <catch2/catch.hpp>
#include <thread>

#include "tests/support/loop.hpp"

namespace gumshoe {
namespace {

using test::FakeClock;
using test::run;

awaitable<void> sleep_then(Clock& clock, milliseconds span, std::vector<std::string>& log, std::string name) {
    co_await clock.sleep_until(clock.monotonic() + span);
    log.push_back(std::move(name));
}

awaitable<void> throw_after(Clock& clock, milliseconds span) {
    co_await clock.sleep_until(clock.monotonic() + span);
    throw std::logic_error("a bug");
}

/// Notes that it was stopped, and takes `cleanup` more to end.
awaitable<void> slow_to_stop(Clock& clock, milliseconds cleanup, std::vector<std::string>& log) {
    try {
        co_await clock.sleep_until(clock.monotonic() + std::chrono::hours(1));
    } catch (const std::exception&) {
        log.push_back("stopping");
    }
    co_await boost::asio::this_coro::reset_cancellation_state();
    co_await clock.sleep_until(clock.monotonic() + cleanup);
    log.push_back("stopped");
}

}  // namespace

TEST_CASE("all runs its work side by side and resumes after the last") {
    FakeClock clock;
    auto loop = make_event_loop(clock);
    std::vector<std::string> log;
    std::vector<awaitable<void>> work;
    work.push_back(sleep_then(clock, seconds(3), log, "three"));
    work.push_back(sleep_then(clock, seconds(1), log, "one"));
    work.push_back(sleep_then(clock, seconds(2), log, "two"));
    const auto start = clock.now();
    run(*loop, loop->all(std::move(work)));
    CHECK(log == std::vector<std::string>{"one", "two", "three"});
    CHECK(clock.now() - start == seconds(3));
}

TEST_CASE("all of nothing ends") {
    auto loop = make_event_loop();
    run(*loop, loop->all({}));
}

TEST_CASE("all rethrows a bug after everything has ended") {
    FakeClock clock;
    auto loop = make_event_loop(clock);
    std::vector<std::string> log;
    std::vector<awaitable<void>> work;
    work.push_back(throw_after(clock, seconds(1)));
    work.push_back(sleep_then(clock, seconds(5), log, "ended"));
    CHECK_THROWS_WITH(run(*loop, loop->all(std::move(work))), "a bug");
    CHECK(log == std::vector<std::string>{"ended"});
}

TEST_CASE("within tells work that ended from work that was stopped, and waits for its end") {
    FakeClock clock;
    auto loop = make_event_loop(clock);
    std::vector<std::string> log;
    CHECK(run(*loop, loop->within(Deadline::after(clock, seconds(2)), sleep_then(clock, seconds(1), log, "in time"))));
    const auto start = clock.now();
    CHECK_FALSE(run(*loop, loop->within(Deadline::after(clock, seconds(2)), slow_to_stop(clock, seconds(7), log))));
    CHECK(clock.now() - start == seconds(9));
    CHECK(log == std::vector<std::string>{"in time", "stopping", "stopped"});
    CHECK_THROWS_WITH(run(*loop, loop->within(Deadline::after(clock, seconds(2)), throw_after(clock, seconds(1)))), "a bug");
    CHECK_FALSE(run(*loop, loop->within(Deadline::after(clock, seconds(0)), sleep_then(clock, seconds(1), log, "never"))));
    CHECK(clock.sleepers() == 0);
}

namespace {
awaitable<void> nested(EventLoop& loop, std::vector<std::string>& log) {
    std::vector<awaitable<void>> work;
    work.push_back(slow_to_stop(loop.clock(), seconds(1), log));
    work.push_back(slow_to_stop(loop.clock(), seconds(2), log));
    co_await loop.all(std::move(work));
    log.push_back("not reached");
}
}  // namespace

TEST_CASE("cancelling the caller of all cancels the work and awaits its end") {
    FakeClock clock;
    auto loop = make_event_loop(clock);
    std::vector<std::string> log;
    CHECK_FALSE(run(*loop, loop->within(Deadline::after(clock, seconds(1)), nested(*loop, log))));
    CHECK(log == std::vector<std::string>{"stopping", "stopping", "stopped", "stopped"});
}

TEST_CASE("work on the pool leaves the loop free and brings its exception back") {
    auto loop = make_event_loop();
    const auto here = std::this_thread::get_id();
    std::thread::id there;
    auto note = [&] { there = std::this_thread::get_id(); };
    run(*loop, loop->run_on_pool(note));
    CHECK(there != std::thread::id{});
    CHECK(there != here);
    auto bug = [] { throw std::logic_error("on the pool"); };
    CHECK_THROWS_WITH(run(*loop, loop->run_on_pool(bug)), "on the pool");
}

namespace {
awaitable<void> shut_down(EventLoop& loop, milliseconds patience, std::vector<std::string>& log) {
    co_await loop.cancel_spawned(Deadline::after(loop.clock(), patience));
    log.push_back("shut down with " + std::to_string(loop.spawned()));
    co_await loop.clock().sleep_until(loop.clock().monotonic() + seconds(1));
    log.push_back("went on");
}
}  // namespace

TEST_CASE("cancel_spawned stops everything but its caller, and no longer than its deadline") {
    FakeClock clock;
    auto loop = make_event_loop(clock);
    std::vector<std::string> log;
    SECTION("all end in time") {
        loop->spawn("slow", slow_to_stop(clock, seconds(3), log));
        test::run_ready(*loop);
        run(*loop, shut_down(*loop, seconds(10), log));
        CHECK(log == std::vector<std::string>{"stopping", "stopped", "shut down with 0", "went on"});
    }
    SECTION("the caller is spawned itself") {
        loop->spawn("slow", slow_to_stop(clock, seconds(3), log));
        loop->spawn("shutdown", shut_down(*loop, seconds(10), log));
        test::run_until(*loop, [&] { return loop->spawned() == 0; });
        CHECK(log == std::vector<std::string>{"stopping", "stopped", "shut down with 1", "went on"});
    }
    SECTION("one does not end") {
        loop->spawn("slow", slow_to_stop(clock, seconds(30), log));
        test::run_ready(*loop);
        run(*loop, shut_down(*loop, seconds(10), log));
        CHECK(log == std::vector<std::string>{"stopping", "shut down with 1", "went on"});
    }
}

TEST_CASE("a spawned task that throws is over and harms nobody") {
    FakeClock clock;
    auto loop = make_event_loop(clock);
    std::vector<std::string> log;
    loop->spawn("buggy", throw_after(clock, seconds(1)));
    loop->spawn("fine", sleep_then(clock, seconds(2), log, "fine"));
    loop->run_one(milliseconds(0));
    test::run_until(*loop, [&] { return loop->spawned() == 0; });
    CHECK(log == std::vector<std::string>{"fine"});
}

TEST_CASE("the system clock sleeps and can be interrupted") {
    auto loop = make_event_loop();
    std::vector<std::string> log;
    run(*loop, sleep_then(loop->clock(), milliseconds(1), log, "slept"));
    CHECK(log == std::vector<std::string>{"slept"});
    CHECK_FALSE(
        run(*loop, loop->within(Deadline::after(loop->clock(), milliseconds(5)), slow_to_stop(loop->clock(), milliseconds(1), log))));
}

}  // namespace gumshoe
