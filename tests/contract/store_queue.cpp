// The queue on every engine.
#include <catch2/catch.hpp>

#include "base/limits.hpp"
#include "tests/support/store.hpp"

namespace store_queue {

using namespace gumshoe;
using namespace gumshoe::test;

namespace {

constexpr auto lease = seconds(60);

struct QueueTest {
    TestStore store{GENERATE(from_range(store_engines()))};
    FakeClock& clock = store.clock;
    QueueTest() { clock.auto_advance = false; }

    Queue& queue() { return *store->queue; }
    void put(const std::string& key, const std::string& payload = "{}", milliseconds in = {}, const std::string& kind = "run") {
        store.get(queue().put(kind, key, payload, clock.now() + in));
    }
    std::optional<Job> claim(const std::string& owner = "me", std::vector<std::string> kinds = {"run", "refresh"}) {
        return store.get(queue().claim(std::move(kinds), owner, lease));
    }
    std::string claim_key(const std::string& owner = "me") {
        auto job = claim(owner);
        return job ? job->key : "nothing";
    }
};

errc error_code_of(const result<void>& outcome) {
    REQUIRE(!outcome);
    return outcome.error().code;
}

}  // namespace

TEST_CASE("queue: the oldest due job comes first, and none before its time") {
    QueueTest test;
    test.put("late", "{}", seconds(5));
    test.put("first");
    test.clock.advance(milliseconds(1));
    test.put("second");
    CHECK(test.store.get(test.queue().next_due()) == test.clock.now() - milliseconds(1));
    CHECK(test.claim_key() == "first");
    CHECK(test.claim_key() == "second");
    CHECK(test.claim_key() == "nothing");
    test.clock.advance(seconds(5));
    CHECK(test.claim_key() == "late");
    CHECK(!test.store.get(test.queue().next_due()));
}

TEST_CASE("queue: only jobs of the kinds asked for") {
    QueueTest test;
    test.put("a", "{}", {}, "refresh");
    CHECK(!test.claim("me", {"run"}));
    CHECK(!test.claim("me", {}));
    CHECK(test.claim("me", {"refresh"})->key == "a");
}

TEST_CASE("queue: a second put while the first waits changes only its payload") {
    QueueTest test;
    test.put("a", R"({"n":1})");
    test.put("b");
    test.clock.advance(seconds(1));
    test.put("a", R"({"n":2})", seconds(100));
    auto job = test.claim();
    REQUIRE(job);
    CHECK(job->key == "a");
    CHECK(job->payload == R"({"n":2})");
    CHECK(test.claim_key() == "b");
    CHECK(test.claim_key() == "nothing");
}

TEST_CASE("queue: two jobs of one key are never held at the same time") {
    QueueTest test;
    test.put("a", R"({"n":1})");
    auto first = test.claim();
    test.put("a", R"({"n":2})");
    CHECK(test.claim_key() == "nothing");
    test.put("b");
    CHECK(test.claim_key() == "b");
    test.store.get(test.queue().finish(first->fence));
    CHECK(test.claim()->payload == R"({"n":2})");
}

TEST_CASE("queue: a lease holds until its end, and longer when it is extended") {
    QueueTest test;
    test.put("a");
    auto job = test.claim("one");
    REQUIRE(job);
    test.clock.advance(seconds(59));
    CHECK(!test.claim("two"));
    test.store.get(test.queue().extend(job->fence, lease));
    test.clock.advance(seconds(59));
    CHECK(!test.claim("two"));
    test.clock.advance(seconds(1));
    auto taken = test.claim("two");
    REQUIRE(taken);
    CHECK(taken->fence.attempt == job->fence.attempt + 1);
    CHECK(taken->fence.owner == "two");
    CHECK(taken->crashes == 1);
}

TEST_CASE("queue: under a stale fence nothing can be written") {
    QueueTest test;
    test.put("a");
    auto stale = test.claim("one");
    REQUIRE(stale);
    const std::string how = GENERATE("taken over", "voided", "given back and claimed by itself", "finished");
    CAPTURE(how);
    std::optional<Job> holder;
    if (how == "taken over") {
        test.clock.advance(lease);
        holder = test.claim("two");
    } else if (how == "voided") {
        CHECK(test.store.get(test.queue().void_leases()) == 1);
    } else if (how == "finished") {
        test.store.get(test.queue().finish(stale->fence));
    } else {
        test.store.get(test.queue().give_back(stale->fence));
        holder = test.claim("one");
    }
    const auto before = test.store.rows("SELECT id, kind, key, state, due_at, attempt, crashes, lease_owner, error FROM jobs", 9);
    CHECK(error_code_of(test.store.run(test.queue().extend(stale->fence, lease))) == errc::lease_lost);
    CHECK(error_code_of(test.store.run(test.queue().finish(stale->fence))) == errc::lease_lost);
    CHECK(error_code_of(test.store.run(test.queue().fail(stale->fence, "why", test.clock.now()))) == errc::lease_lost);
    CHECK(error_code_of(test.store.run(test.queue().park(stale->fence, "why"))) == errc::lease_lost);
    CHECK(error_code_of(test.store.run(test.queue().give_back(stale->fence))) == errc::lease_lost);
    CHECK(test.store.rows("SELECT id, kind, key, state, due_at, attempt, crashes, lease_owner, error FROM jobs", 9) == before);
    if (holder) CHECK(test.store.run(test.queue().finish(holder->fence)));
}

TEST_CASE("queue: the id of a finished job is never used again") {
    QueueTest test;
    test.put("a");
    auto old = test.claim();
    test.store.get(test.queue().finish(old->fence));
    test.put("a");
    auto next = test.claim();
    CHECK(next->fence.job != old->fence.job);
}

TEST_CASE("queue: a failed job waits for its time, and counts no crash") {
    QueueTest test;
    test.put("a");
    auto job = test.claim();
    test.store.get(test.queue().fail(job->fence, "the API hangs", test.clock.now() + seconds(30)));
    CHECK(test.claim_key() == "nothing");
    CHECK(test.store.get(test.queue().next_due()) == test.clock.now() + seconds(30));
    test.clock.advance(seconds(30));
    auto again = test.claim();
    REQUIRE(again);
    CHECK(again->fence.attempt == 2);
    CHECK(again->crashes == 0);
}

TEST_CASE("queue: a job sent back while a newer one of its key waits makes room for it") {
    QueueTest test;
    test.put("a", R"({"n":1})");
    auto job = test.claim();
    test.put("a", R"({"n":2})");
    const bool failed = GENERATE(true, false);
    if (failed)
        test.store.get(test.queue().fail(job->fence, "why", test.clock.now() + seconds(30)));
    else
        test.store.get(test.queue().give_back(job->fence));
    auto next = test.claim();
    REQUIRE(next);
    CHECK(next->payload == R"({"n":2})");
    test.store.get(test.queue().finish(next->fence));
    test.clock.advance(seconds(60));
    CHECK(test.claim_key() == "nothing");
}

TEST_CASE("queue: a job given back is due at once and counts no crash") {
    QueueTest test;
    test.put("a");
    for (int i = 0; i < 2 * limits::crash_attempts; ++i) {
        auto job = test.claim();
        REQUIRE(job);
        CHECK(job->crashes == 0);
        test.store.get(test.queue().give_back(job->fence));
    }
    CHECK(test.store.get(test.queue().take_parked()).empty());
}

TEST_CASE("queue: a job that crashes its process is parked after three, and told once") {
    QueueTest test;
    test.put("poison", R"({"run":"r"})");
    const bool restarts = GENERATE(true, false);  // a restart voids the leases; elsewhere they run out
    for (int i = 0; i < limits::crash_attempts; ++i) {
        auto job = test.claim();
        REQUIRE(job);
        CHECK(job->key == "poison");
        CHECK(job->crashes == i);
        if (restarts)
            CHECK(test.store.get(test.queue().void_leases()) == 1);
        else
            test.clock.advance(lease);
    }
    CHECK(test.store.get(test.queue().take_parked()).empty());
    test.put("good");
    CHECK(test.claim_key() == "good");  // the same claim parks the other
    auto parked = test.store.get(test.queue().take_parked());
    REQUIRE(parked.size() == 1);
    CHECK(parked[0].key == "poison");
    CHECK(parked[0].payload == R"({"run":"r"})");
    CHECK(parked[0].crashes == limits::crash_attempts);
    CHECK(test.store.get(test.queue().take_parked()).empty());
    test.clock.advance(std::chrono::hours(1000));
    CHECK(test.claim_key() == "good");
}

TEST_CASE("queue: a parked job is kept for people and does not hold up its key") {
    QueueTest test;
    test.put("a");
    auto job = test.claim();
    test.store.get(test.queue().park(job->fence, "no such run"));
    CHECK(test.claim_key() == "nothing");
    CHECK(test.store.get(test.queue().take_parked()).size() == 1);
    test.put("a");
    CHECK(test.claim_key() == "a");
}

TEST_CASE("queue: one expired lease is found among many that hold") {
    QueueTest test;
    test.put("first");
    auto expired = test.claim("dead");
    test.clock.advance(lease);
    for (int i = 0; i < 300; ++i) test.put("held " + std::to_string(i), "{}", -milliseconds(std::chrono::hours(1)));
    for (int i = 0; i < 300; ++i) REQUIRE(test.claim("alive"));
    CHECK(test.claim_key() == "first");
}

TEST_CASE("queue: what it holds survives a restart") {
    QueueTest test;
    test.put("waiting");
    test.put("leased");
    auto job = test.claim();
    test.store.close();
    test.store.open();
    CHECK(test.claim_key() == "leased");
    CHECK(test.claim_key() == "nothing");
    CHECK(test.store.get(test.queue().void_leases()) == 2);
    CHECK(test.claim()->crashes == 1);
}

}  // namespace store_queue
