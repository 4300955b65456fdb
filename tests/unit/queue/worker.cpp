// The worker over a queue in memory, on a clock that the test moves.
#include "queue/worker.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <deque>

#include "tests/support/loop.hpp"
#include "tests/support/result_printing.hpp"

using namespace gumshoe;
using namespace gumshoe::test;

namespace {

/// Hands out what `waiting` holds and writes down what becomes of it.
class MemoryQueue final : public Queue {
public:
    struct Waiting {
        Job job;
        Timestamp due{};
    };

    explicit MemoryQueue(Clock& clock) : clock_(clock) {}

    void add(std::string key, milliseconds in = {}, int attempt = 1) {
        Job job;
        job.kind = "run";
        job.key = std::move(key);
        job.fence.job = ++last_;
        job.fence.attempt = attempt;
        waiting.push_back({job, clock_.now() + in});
    }

    task<void> put(std::string, std::string key, std::string, Timestamp) override {
        add(std::move(key));
        co_return result<void>();
    }
    task<std::optional<Job>> claim(std::vector<std::string>, std::string owner, milliseconds) override {
        ++claims;
        if (claim_error) co_return *claim_error;
        for (auto one = waiting.begin(); one != waiting.end(); ++one) {
            if (one->due > clock_.now()) continue;
            Job job = one->job;
            job.fence.owner = owner;
            waiting.erase(one);
            co_return std::optional<Job>(job);
        }
        co_return std::optional<Job>();
    }
    task<void> extend(Fence, milliseconds) override {
        ++extends;
        if (lease_lost) co_return Error{errc::lease_lost, "somebody else has it"};
        co_return result<void>();
    }
    task<void> finish(Fence fence) override { co_return note("finish", fence); }
    task<void> fail(Fence fence, std::string, Timestamp retry_at) override {
        retries.push_back(retry_at - clock_.now());
        co_return note("fail", fence);
    }
    task<void> park(Fence fence, std::string) override { co_return note("park", fence); }
    task<void> give_back(Fence fence) override { co_return note("give back", fence); }
    task<std::vector<Job>> take_parked() override { co_return std::vector<Job>(); }
    task<int> void_leases() override { co_return 0; }
    task<std::optional<Timestamp>> next_due() override {
        std::optional<Timestamp> next;
        for (const Waiting& one : waiting) next = next ? std::min(*next, one.due) : one.due;
        co_return next;
    }

    std::deque<Waiting> waiting;
    std::vector<std::string> ends;
    std::vector<milliseconds> retries;
    std::optional<Error> claim_error;
    bool lease_lost = false;
    int claims = 0;
    int extends = 0;

private:
    result<void> note(const std::string& what, const Fence& fence) {
        ends.push_back(what + " " + std::to_string(fence.job));
        return {};
    }
    Clock& clock_;
    std::int64_t last_ = 0;
};

struct Bench {
    FakeClock clock;
    std::unique_ptr<EventLoop> loop = make_event_loop(clock);
    MemoryQueue queue{clock};
    std::unique_ptr<Worker> worker;
    int now_running = 0;
    int most_running = 0;
    std::vector<std::string> log;
    Timestamp start = clock.now();

    Bench() { clock.idle_before_advance = milliseconds(1); }

    void work(JobHandler handler, int concurrency = 2) {
        WorkerOptions options;
        options.owner = "me";
        options.concurrency = concurrency;
        options.lease = seconds(60);
        options.heartbeat = seconds(15);
        worker = make_worker(queue, *loop, clock, options, {{"run", std::move(handler)}});
        loop->spawn("worker", worker->run());
    }
    bool until(const std::function<bool()>& done) { return run_until(*loop, done); }
    bool ended(std::size_t count) {
        return until([&] { return queue.ends.size() >= count; });
    }
    void pass(milliseconds span) {
        const Timestamp end = clock.now() + span;
        until([&] { return clock.now() >= end; });
    }
    void stop(milliseconds grace = milliseconds(0)) { run(*loop, worker->stop(Deadline::after(clock, grace))); }

    task<void> busy_for(Job job, milliseconds span, result<void> outcome) {
        most_running = std::max(most_running, ++now_running);
        log.push_back("began " + job.key);
        const Leave leave{now_running};
        co_await clock.sleep_until(clock.monotonic() + span);
        log.push_back("ended " + job.key);
        co_return outcome;
    }
    JobHandler takes(milliseconds span, result<void> outcome = {}) {
        return [this, span, outcome](Job job) { return busy_for(std::move(job), span, outcome); };
    }

private:
    struct Leave {
        int& count;
        ~Leave() { --count; }
    };
};

task<void> throws(Job) {
    throw std::runtime_error("a bug in a handler");
    co_return result<void>();
}

}  // namespace

TEST_CASE("jobs run side by side up to the limit and are finished") {
    Bench bench;
    for (int i = 0; i < 5; ++i) bench.queue.add("r" + std::to_string(i));
    bench.work(bench.takes(seconds(1)), 2);
    REQUIRE(bench.ended(5));
    CHECK(bench.most_running == 2);
    CHECK(std::count_if(bench.queue.ends.begin(), bench.queue.ends.end(), [](auto& end) { return end.starts_with("finish"); }) == 5);
    bench.stop();
}

TEST_CASE("a lease is extended as long as its handler works") {
    Bench bench;
    bench.queue.add("slow");
    bench.work(bench.takes(seconds(100)));
    REQUIRE(bench.ended(1));
    CHECK(bench.queue.extends == 6);
    CHECK(bench.queue.ends == std::vector<std::string>{"finish 1"});
    bench.stop();
}

TEST_CASE("a lost lease cancels the handler and nothing is written") {
    Bench bench;
    bench.queue.add("slow");
    bench.queue.lease_lost = true;
    bench.work(bench.takes(seconds(100)));
    REQUIRE(bench.until([&] { return bench.queue.extends > 0 && bench.worker->running() == 0; }));
    CHECK(bench.clock.now() - bench.start < seconds(20));
    CHECK(bench.log == std::vector<std::string>{"began slow"});
    CHECK(bench.queue.ends.empty());
    bench.stop();
}

TEST_CASE("a handler that finds its lease lost writes nothing either") {
    Bench bench;
    bench.queue.add("a");
    bench.work(bench.takes(seconds(1), Error{errc::lease_lost, "job 1"}));
    REQUIRE(bench.until([&] { return bench.log.size() == 2 && bench.worker->running() == 0; }));
    CHECK(bench.queue.ends.empty());
    bench.stop();
}

TEST_CASE("how a handler ends decides what becomes of its job") {
    struct Case {
        errc code;
        int attempt;
        std::string end;
    };
    const auto one = GENERATE(values<Case>({{errc::network, 1, "fail 1"},
                                            {errc::storage, 1, "fail 1"},
                                            {errc::internal, 1, "fail 1"},
                                            {errc::not_found, 1, "fail 1"},
                                            {errc::cancelled, 1, "fail 1"},
                                            {errc::network, 19, "fail 1"},
                                            {errc::network, 20, "park 1"},
                                            {errc::invalid_argument, 1, "park 1"},
                                            {errc::unsupported, 1, "park 1"},
                                            {errc::corrupt, 1, "park 1"},
                                            {errc::conflict, 1, "park 1"}}));
    CAPTURE(to_string(one.code), one.attempt);
    Bench bench;
    bench.queue.add("a", {}, one.attempt);
    bench.work(bench.takes(seconds(1), Error{one.code, "why"}));
    REQUIRE(bench.ended(1));
    CHECK(bench.queue.ends == std::vector<std::string>{one.end});
    bench.stop();
}

TEST_CASE("retries wait longer each time, up to a bound, and not all equally long") {
    Bench bench;
    std::vector<milliseconds> last;
    bench.work(bench.takes(milliseconds(1), Error{errc::network, "why"}));
    for (int attempt = 1; attempt < 20; ++attempt) {
        bench.queue.add("a", {}, attempt);
        REQUIRE(bench.ended(static_cast<std::size_t>(attempt)));
        const milliseconds bound = std::min<milliseconds>(seconds(300), seconds(1) * (1 << (attempt - 1)));
        CAPTURE(attempt);
        CHECK(bench.queue.retries.back() >= bound / 2);
        CHECK(bench.queue.retries.back() <= bound);
        if (bound == seconds(300)) last.push_back(bench.queue.retries.back());
    }
    std::sort(last.begin(), last.end());
    CHECK(std::unique(last.begin(), last.end()) - last.begin() > 1);
    bench.stop();
}

TEST_CASE("an exception of a handler fails its job and stops nothing else") {
    Bench bench;
    bench.queue.add("bad");
    bench.work(throws);
    REQUIRE(bench.ended(1));
    CHECK(bench.queue.ends == std::vector<std::string>{"fail 1"});
    bench.queue.add("bad again");
    bench.worker->wake();
    REQUIRE(bench.ended(2));
    bench.stop();
}

TEST_CASE("wake looks at once") {
    Bench bench;
    bench.work(bench.takes(milliseconds(0)));
    bench.pass(seconds(3));
    bench.clock.auto_advance = false;
    run_ready(*bench.loop);
    bench.queue.add("now");
    run_ready(*bench.loop);
    CHECK(bench.queue.ends.empty());  // no time passes, nobody looks
    bench.worker->wake();
    REQUIRE(bench.ended(1));
    bench.clock.auto_advance = true;
    bench.stop();
}

TEST_CASE("a job is taken when it falls due, before the next poll") {
    Bench bench;
    bench.queue.add("later", milliseconds(400));
    bench.work(bench.takes(milliseconds(0)));
    REQUIRE(bench.ended(1));
    CHECK(bench.clock.now() - bench.start == milliseconds(400));
    bench.stop();
}

TEST_CASE("an idle worker looks once a poll, also when the queue is broken or blocked") {
    Bench bench;
    SECTION("empty") {}
    SECTION("broken") {
        bench.queue.claim_error = Error{errc::storage, "disk"};
    }
    bench.work(bench.takes(milliseconds(0)));
    bench.pass(seconds(60));
    CHECK(bench.queue.claims >= 59);
    CHECK(bench.queue.claims <= 62);
    bench.stop();
}

TEST_CASE("a full worker does not look") {
    Bench bench;
    bench.queue.add("long");
    bench.work(bench.takes(seconds(60)), 1);
    bench.pass(seconds(50));
    CHECK(bench.queue.claims == 1);
    bench.stop();
}

TEST_CASE("stop waits for what ends in time and gives the rest back") {
    Bench bench;
    SECTION("in time") {
        bench.queue.add("short");
        bench.work(bench.takes(seconds(5)));
        REQUIRE(bench.until([&] { return bench.worker->running() == 1; }));
        bench.stop(seconds(10));
        CHECK(bench.queue.ends == std::vector<std::string>{"finish 1"});
        CHECK(bench.clock.now() - bench.start == seconds(5));
    }
    SECTION("too long") {
        bench.queue.add("long");
        bench.queue.add("long too");
        bench.work(bench.takes(seconds(500)));
        REQUIRE(bench.until([&] { return bench.worker->running() == 2; }));
        bench.stop(seconds(10));
        CHECK(bench.queue.ends == std::vector<std::string>{"give back 1", "give back 2"});
        CHECK(bench.clock.now() - bench.start == seconds(10));
    }
    CHECK(bench.worker->running() == 0);
    bench.queue.add("after");
    bench.worker->wake();
    run_ready(*bench.loop);
    CHECK(bench.queue.waiting.size() == 1);
}

TEST_CASE("cancelling everything at once gives jobs back too") {
    Bench bench;
    bench.queue.add("long");
    bench.work(bench.takes(seconds(500)));
    REQUIRE(bench.until([&] { return bench.worker->running() == 1; }));
    run(*bench.loop, bench.loop->cancel_spawned(Deadline::after(bench.clock, seconds(5))));
    CHECK(bench.queue.ends == std::vector<std::string>{"give back 1"});
    CHECK(bench.worker->running() == 0);
}
