#include "investigation/run.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "memory_journal.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/loop.hpp"
#include "tests/support/result_printing.hpp"

using namespace gumshoe;
using namespace gumshoe::test;

namespace {

RunRow row(std::string id, ReplayMode mode = ReplayMode::none, std::string parent = "") {
    RunRow run;
    run.id = std::move(id);
    run.mode = mode;
    run.parent = std::move(parent);
    return run;
}

struct Counted {
    int calls = 0;
    std::function<task<StepOutput>()> work(int value) {
        return [this, value]() -> task<StepOutput> {
            ++calls;
            co_return StepOutput{std::make_shared<const json>(json{{"value", value}}), "raw"};
        };
    }
};

result<std::shared_ptr<const json>> step(Run& run, const std::string& name, std::function<task<StepOutput>()> work) {
    return test::run(run.step(name, json::object(), std::move(work)));
}

}  // namespace

TEST_CASE("a step is done once and read back ever after") {
    MemoryJournal journal;
    FakeClock clock;
    Counted counted;
    Run first(row("run_1"), Fence{1, 1, "boot"}, journal, clock);
    REQUIRE(step(first, "gather/logs", counted.work(7)));
    Run resumed(row("run_1"), Fence{1, 1, "boot"}, journal, clock);
    const auto again = step(resumed, "gather/logs", counted.work(8));
    REQUIRE(again);
    CHECK((**again)["value"] == 7);
    CHECK(counted.calls == 1);
    CHECK(journal.rows.at({"run_1", "gather/logs"}).raw == "raw");
}

TEST_CASE("an intent without outcome is what a crash leaves: the step is done again") {
    MemoryJournal journal;
    FakeClock clock;
    StepRow open;
    open.run = "run_1";
    open.name = "llm/turn-1";
    journal.rows[{"run_1", "llm/turn-1"}] = open;
    Counted counted;
    Run resumed(row("run_1"), Fence{1, 1, "boot"}, journal, clock);
    REQUIRE(step(resumed, "llm/turn-1", counted.work(1)));
    CHECK(counted.calls == 1);
}

TEST_CASE("a worker whose lease is lost does no work and writes nothing") {
    MemoryJournal journal;
    journal.current_attempt = 2;
    FakeClock clock;
    Counted counted;
    Run stale(row("run_1"), Fence{1, 1, "boot"}, journal, clock);
    const auto refused = step(stale, "gather/logs", counted.work(1));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == errc::lease_lost);
    CHECK(counted.calls == 0);
    CHECK(journal.rows.empty());
}

TEST_CASE("an error of the work is returned and not journaled") {
    MemoryJournal journal;
    FakeClock clock;
    Run run(row("run_1"), Fence{1, 1, "boot"}, journal, clock);
    auto failing = []() -> task<StepOutput> { co_return Error{errc::internal, "broke"}; };
    REQUIRE_FALSE(step(run, "subject", failing));
    CHECK_FALSE(journal.rows.at({"run_1", "subject"}).finished_at);
}

TEST_CASE("a replay reads its parent's steps: which ones depends on the mode") {
    struct Case {
        ReplayMode mode;
        const char* step;
        bool recorded;  // read from the parent
    };
    const Case cases[] = {
        {ReplayMode::frozen, "subject", true},
        {ReplayMode::frozen, "gather/datadog/logs", true},
        {ReplayMode::frozen, "tool/datadog/logs", true},
        {ReplayMode::frozen, "llm/turn-1", false},
        {ReplayMode::exact, "gather/datadog/logs", true},
        {ReplayMode::exact, "llm/turn-1", true},
        {ReplayMode::live, "gather/datadog/logs", false},
        {ReplayMode::live, "llm/turn-1", false},
    };
    for (const Case& c : cases) {
        CAPTURE(to_string(c.mode), c.step);
        MemoryJournal journal;
        FakeClock clock;
        Counted counted;
        Run parent(row("run_1"), Fence{1, 1, "boot"}, journal, clock);
        REQUIRE(step(parent, c.step, counted.work(1)));
        Run replay(row("run_2", c.mode, "run_1"), Fence{2, 1, "boot"}, journal, clock);
        const auto value = step(replay, c.step, counted.work(2));
        REQUIRE(value);
        CHECK((**value)["value"] == (c.recorded ? 1 : 2));
        CHECK(counted.calls == (c.recorded ? 1 : 2));
        CHECK(journal.rows.contains({"run_2", c.step}));
    }
}

TEST_CASE("a frozen replay never fetches what was not recorded") {
    MemoryJournal journal;
    FakeClock clock;
    Counted counted;
    Run replay(row("run_2", ReplayMode::frozen, "run_1"), Fence{2, 1, "boot"}, journal, clock);
    const auto refused = step(replay, "tool/datadog/spans", counted.work(1));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == errc::not_found);
    CHECK(counted.calls == 0);
}
