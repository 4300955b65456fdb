// Investigations, runs and the journal on every engine.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "tests/support/store.hpp"

namespace store_investigations {

using namespace gumshoe;
using namespace gumshoe::test;

namespace {

struct InvestigationTest {
    TestStore store{GENERATE(from_range(store_engines()))};
    FakeClock& clock = store.clock;
    InvestigationTest() { clock.auto_advance = false; }

    InvestigationStore& investigations() { return *store->investigations; }
    Journal& journal() { return *store->journal; }
    RunRow start(const std::string& fingerprint = "checkout") {
        clock.advance(seconds(1));
        return store.get(investigations().start(sample_alert(fingerprint, "e1", Notification::trigger, clock.now()), clock.now()));
    }
    Fence claim() {
        auto job = store.get(store->queue->claim({"run"}, "me", seconds(60)));
        REQUIRE(job);
        return job->fence;
    }
    /// Started and finished with this finding.
    RunRow finished(const std::string& fingerprint, bool show = true) {
        RunRow run = start(fingerprint);
        const Fence fence = claim();
        store.get(investigations().begin(fence, run.id, clock.now()));
        store.get(investigations().complete(fence, run.id, R"({"summary":")" + fingerprint + "\"}", show, clock.now()));
        store.get(store->queue->finish(fence));
        return store.get(investigations().run(run.id));
    }
    std::string state(const RunRow& run) {
        return store.get(investigations().investigation(run.investigation)).state + "/" + store.get(investigations().run(run.id)).state;
    }
    ReplayRequest replay_of(const RunRow& run, const std::string& key = "") {
        ReplayRequest request;
        request.investigation = run.investigation;
        request.idempotency_key = key;
        request.actor = "ana";
        return request;
    }
};

template <class T>
errc code_of(const result<T>& outcome) {
    REQUIRE(!outcome);
    return outcome.error().code;
}

StepRow step(const std::string& run, const std::string& name, Timestamp at) {
    StepRow row;
    row.run = run;
    row.name = name;
    row.input = R"({"q":1})";
    row.started_at = at;
    return row;
}

}  // namespace

TEST_CASE("investigations: a run goes from queued over running to done") {
    InvestigationTest test;
    RunRow run = test.start();
    CHECK(run.mode == ReplayMode::none);
    CHECK(run.post == PostMode::update);
    CHECK(test.state(run) == "queued/queued");
    const Fence fence = test.claim();
    test.store.get(test.investigations().begin(fence, run.id, test.clock.now()));
    CHECK(test.state(run) == "running/running");
    const Timestamp began = test.clock.now();
    test.clock.advance(seconds(90));
    test.store.get(test.investigations().begin(fence, run.id, test.clock.now()));  // resumed
    test.store.get(test.investigations().complete(fence, run.id, R"({"summary":"pool"})", true, test.clock.now()));
    CHECK(test.state(run) == "done/done");
    run = test.store.get(test.investigations().run(run.id));
    CHECK(run.started_at == began);
    CHECK(run.finished_at == began + seconds(90));
    CHECK(run.finding == R"({"summary":"pool"})");
    const InvestigationRow row = test.store.get(test.investigations().investigation(run.investigation));
    CHECK(row.posted_run == run.id);
    CHECK(row.alert.fingerprint == "checkout");
    CHECK(row.alert.started_at == row.created_at);
}

TEST_CASE("investigations: an ended run is not begun, completed or abandoned again") {
    InvestigationTest test;
    const RunRow run = test.start();
    const Fence fence = test.claim();
    test.store.get(test.investigations().complete(fence, run.id, R"({"summary":"first"})", true, test.clock.now()));
    CHECK(code_of(test.store.run(test.investigations().begin(fence, run.id, test.clock.now()))) == errc::conflict);
    CHECK(code_of(test.store.run(test.investigations().complete(fence, run.id, "{}", true, test.clock.now()))) == errc::conflict);
    CHECK(code_of(test.store.run(test.investigations().abandon(fence, run.id, "no", test.clock.now()))) == errc::conflict);
    test.store.get(test.investigations().park(run.id, "no", test.clock.now()));
    CHECK(test.state(run) == "done/done");
    CHECK(test.store.get(test.investigations().run(run.id)).finding == R"({"summary":"first"})");
}

TEST_CASE("investigations: what does not exist is not found") {
    InvestigationTest test;
    CHECK(code_of(test.store.run(test.investigations().investigation("inv_x"))) == errc::not_found);
    CHECK(code_of(test.store.run(test.investigations().run("run_x"))) == errc::not_found);
    CHECK(test.store.get(test.investigations().runs("inv_x")).empty());
    CHECK(code_of(test.store.run(test.investigations().cancel("inv_x", "ana", test.clock.now()))) == errc::not_found);
    RunRow nothing;
    nothing.investigation = "inv_x";
    CHECK(code_of(test.store.run(test.investigations().replay(test.replay_of(nothing), test.clock.now()))) == errc::not_found);
}

TEST_CASE("investigations: abandoned and parked runs say why") {
    InvestigationTest test;
    const RunRow run = test.start();
    const Fence fence = test.claim();
    const bool parked = GENERATE(true, false);
    if (parked)
        test.store.get(test.investigations().park(run.id, "three crashes", test.clock.now()));
    else
        test.store.get(test.investigations().abandon(fence, run.id, "three crashes", test.clock.now()));
    CHECK(test.state(run) == (parked ? "parked/failed" : "failed/failed"));
    CHECK(test.store.get(test.investigations().run(run.id)).error == "three crashes");
}

TEST_CASE("investigations: no write of a worker goes through without its lease") {
    InvestigationTest test;
    const RunRow run = test.start();
    const Fence stale = test.claim();
    test.store.get(test.journal().intend(stale, step(run.id, "gather/logs", test.clock.now())));
    test.clock.advance(seconds(60));
    const Fence holder = test.claim();
    const auto everything = [&] {
        auto rows = test.store.rows("SELECT id, state, posted_run FROM investigations", 3);
        for (auto& row : test.store.rows("SELECT id, state, finding, error FROM runs", 4)) rows.push_back(row);
        for (auto& row : test.store.rows("SELECT run, name, finished_at, output FROM steps ORDER BY name", 4)) rows.push_back(row);
        return rows;
    };
    const auto before = everything();
    StepRow done = step(run.id, "gather/logs", test.clock.now());
    done.output = "{}";
    done.finished_at = test.clock.now();
    CHECK(code_of(test.store.run(test.investigations().begin(stale, run.id, test.clock.now()))) == errc::lease_lost);
    CHECK(code_of(test.store.run(test.investigations().complete(stale, run.id, "{}", true, test.clock.now()))) == errc::lease_lost);
    CHECK(code_of(test.store.run(test.investigations().abandon(stale, run.id, "no", test.clock.now()))) == errc::lease_lost);
    CHECK(code_of(test.store.run(test.journal().intend(stale, step(run.id, "new", test.clock.now())))) == errc::lease_lost);
    CHECK(code_of(test.store.run(test.journal().record(stale, done))) == errc::lease_lost);
    CHECK(everything() == before);
    test.store.get(test.journal().record(holder, done));
    test.store.get(test.investigations().begin(holder, run.id, test.clock.now()));
    CHECK(everything() != before);
}

TEST_CASE("investigations: cancel takes the run from its worker") {
    InvestigationTest test;
    const RunRow run = test.start();
    const Fence fence = test.claim();
    test.store.get(test.investigations().begin(fence, run.id, test.clock.now()));
    test.store.get(test.investigations().cancel(run.investigation, "ana", test.clock.now()));
    CHECK(test.state(run) == "cancelled/cancelled");
    CHECK(code_of(test.store.run(test.investigations().complete(fence, run.id, "{}", true, test.clock.now()))) == errc::lease_lost);
    CHECK(code_of(test.store.run(test.store->queue->extend(fence, seconds(60)))) == errc::lease_lost);
    CHECK(test.store.rows("SELECT key FROM jobs", 1).empty());
    CHECK(test.store.rows("SELECT actor, action, subject FROM audit", 3) == std::vector<std::string>{"ana|cancel|" + run.investigation});
    CHECK(code_of(test.store.run(test.investigations().cancel(run.investigation, "ana", test.clock.now()))) == errc::conflict);
}

TEST_CASE("investigations: a replay is a new run with its parent, job and audit row") {
    InvestigationTest test;
    const RunRow parent = test.finished("checkout");
    test.clock.advance(seconds(5));
    ReplayRequest request = test.replay_of(parent, "key-1");
    request.mode = ReplayMode::exact;
    request.post = PostMode::thread;
    request.chain = "cheap";
    const RunRow run = test.store.get(test.investigations().replay(request, test.clock.now()));
    CHECK(run.parent == parent.id);
    CHECK(run.mode == ReplayMode::exact);
    CHECK(run.post == PostMode::thread);
    CHECK(run.chain == "cheap");
    CHECK(test.state(run) == "queued/queued");
    const auto job = test.store.get(test.store->queue->claim({"run"}, "me", seconds(60)));
    REQUIRE(job);
    CHECK(job->key == run.id);
    const auto payload = parse_json(job->payload).value();
    CHECK(string_or_empty(payload, "run") == run.id);
    CHECK(string_or_empty(payload, "investigation") == parent.investigation);
    CHECK(test.store.rows("SELECT actor, action, subject FROM audit", 3) == std::vector<std::string>{"ana|replay|" + parent.investigation});
    const auto runs = test.store.get(test.investigations().runs(parent.investigation));
    REQUIRE(runs.size() == 2);
    CHECK(runs[0].id == parent.id);
    CHECK(runs[1].id == run.id);

    SECTION("the same key gives the same run, also while it is under way and after it ended") {
        CHECK(test.store.get(test.investigations().replay(request, test.clock.now())).id == run.id);
        test.store.get(test.investigations().complete(job->fence, run.id, "{}", false, test.clock.now()));
        CHECK(test.store.get(test.investigations().replay(request, test.clock.now())).id == run.id);
        CHECK(test.store.get(test.investigations().runs(parent.investigation)).size() == 2);
        CHECK(test.store.rows("SELECT id FROM audit", 1).size() == 1);
    }
    SECTION("another key conflicts while it is under way") {
        request.idempotency_key = "key-2";
        CHECK(code_of(test.store.run(test.investigations().replay(request, test.clock.now()))) == errc::conflict);
    }
    SECTION("its failure leaves the finding that is shown") {
        test.store.get(test.investigations().abandon(job->fence, run.id, "no model", test.clock.now()));
        CHECK(test.state(run) == "done/failed");
        CHECK(test.store.get(test.investigations().investigation(parent.investigation)).posted_run == parent.id);
    }
    SECTION("unless it is to be shown, its finding does not take the place of the first") {
        test.store.get(test.investigations().complete(job->fence, run.id, "{}", false, test.clock.now()));
        CHECK(test.store.get(test.investigations().investigation(parent.investigation)).posted_run == parent.id);
    }
}

TEST_CASE("investigations: many replays with one key make one run") {
    InvestigationTest test;
    const RunRow parent = test.finished("checkout");
    struct Story {
        static awaitable<void> replay(InvestigationTest& its, ReplayRequest request, std::vector<std::string>& ids) {
            auto run = co_await its.investigations().replay(std::move(request), its.clock.now());
            ids.push_back(run ? run->id : run.error().message);
        }
    };
    std::vector<std::string> ids;
    std::vector<awaitable<void>> all;
    for (int i = 0; i < 32; ++i) all.push_back(Story::replay(test, test.replay_of(parent, "double-click"), ids));
    run(*test.store.loop, test.store.loop->all(std::move(all)));
    REQUIRE(ids.size() == 32);
    CHECK(std::count(ids.begin(), ids.end(), ids.front()) == 32);
    CHECK(test.store.get(test.investigations().runs(parent.investigation)).size() == 2);
}

TEST_CASE("investigations: a replay needs a run to start from") {
    InvestigationTest test;
    const RunRow failed = test.start();
    test.store.get(test.investigations().abandon(test.claim(), failed.id, "no", test.clock.now()));
    ReplayRequest request = test.replay_of(failed, "k");
    CHECK(code_of(test.store.run(test.investigations().replay(request, test.clock.now()))) == errc::conflict);
    request.parent = "run_elsewhere";
    CHECK(code_of(test.store.run(test.investigations().replay(request, test.clock.now()))) == errc::not_found);
    request.parent = "";
    request.mode = ReplayMode::live;
    CHECK(test.store.get(test.investigations().replay(request, test.clock.now())).parent == failed.id);
}

TEST_CASE("investigations: finished ones come newest first, one run each") {
    InvestigationTest test;
    const RunRow old = test.finished("old");
    const RunRow unshown = test.finished("unshown", false);
    const RunRow replayed = test.finished("replayed");
    const RunRow again = test.store.get(test.investigations().replay(test.replay_of(replayed, "k"), test.clock.now()));
    test.store.get(test.investigations().complete(test.claim(), again.id, "{}", false, test.clock.now()));
    test.start("open");
    const auto ids = [&](Timestamp since, std::size_t most) {
        std::vector<std::string> found;
        for (const RunRow& run : test.store.get(test.investigations().finished(since, most))) found.push_back(run.id);
        return found;
    };
    CHECK(ids({}, 10) == std::vector<std::string>{replayed.id, unshown.id, old.id});
    CHECK(ids({}, 2) == std::vector<std::string>{replayed.id, unshown.id});
    CHECK(ids(*unshown.finished_at, 10) == std::vector<std::string>{replayed.id, unshown.id});
}

TEST_CASE("investigations: the last finding of a model for an alert, not of facts alone, not of another alert, not of another time") {
    InvestigationTest test;
    const auto found = [&](const std::string& fingerprint, Timestamp since, Timestamp until) {
        const auto run = test.store.get(test.investigations().last_model_finding("datadog", fingerprint, since, until));
        return run ? run->id : "none";
    };
    const auto end = [&](const std::string& fingerprint, const std::string& finding) {
        RunRow run = test.start(fingerprint);
        const Fence fence = test.claim();
        test.store.get(test.investigations().complete(fence, run.id, finding, true, test.clock.now()));
        test.store.get(test.store->queue->finish(fence));
        return run.id;
    };
    const Timestamp began = test.clock.now();
    const std::string first = end("pool", R"({"degraded":false})");
    const Timestamp between = test.clock.now() + milliseconds(1);
    const std::string second = end("pool", R"({"degraded":false})");
    end("pool", R"({"degraded":true})");
    end("disk", R"({"degraded":false})");
    test.start("pool");  // not finished: no finding at all
    const Timestamp now = test.clock.now() + seconds(1);
    CHECK(found("pool", began, now) == second);
    CHECK(found("pool", began, between) == first);
    CHECK(found("pool", now, now + seconds(1)) == "none");
    CHECK(found("cpu", began, now) == "none");
    CHECK_FALSE(test.store.get(test.investigations().last_model_finding("signoz", "pool", began, now)));
}

TEST_CASE("investigations: a run that is discarded leaves its attempts and no journal") {
    InvestigationTest test;
    const RunRow parent = test.finished("pool");
    const RunRow run = test.store.get(test.investigations().replay(test.replay_of(parent), test.clock.now()));
    const Fence fence = test.claim();
    test.store.get(test.journal().intend(fence, step(run.id, "gather/logs", test.clock.now())));
    test.store.get(test.investigations().discard(fence, run.id, "no model answered", test.clock.now()));
    CHECK(test.state(run) == "done/failed");
    CHECK(test.store.get(test.journal().steps(run.id, false)).empty());
    Fence stale = fence;
    ++stale.attempt;
    CHECK(code_of(test.store.run(test.investigations().discard(stale, run.id, "", test.clock.now()))) == errc::lease_lost);
}

TEST_CASE("journal: a step is intended once, recorded once and read back as it was") {
    InvestigationTest test;
    const RunRow run = test.start();
    const Fence fence = test.claim();
    CHECK(!test.store.get(test.journal().find(run.id, "gather/logs")));
    StepRow row = step(run.id, "gather/logs", test.clock.now());
    test.store.get(test.journal().intend(fence, row));
    auto found = test.store.get(test.journal().find(run.id, "gather/logs"));
    REQUIRE(found);
    CHECK(!found->finished_at);
    CHECK(found->output.empty());

    test.clock.advance(seconds(9));
    StepRow late = step(run.id, "gather/logs", test.clock.now());
    late.input = R"({"q":2})";
    test.store.get(test.journal().intend(fence, late));  // a crash left the first one: it stays
    row.output = R"({"lines":3})";
    row.raw = std::string("raw\0bytes", 9);
    CHECK(code_of(test.store.run(test.journal().record(fence, row))) == errc::invalid_argument);  // when did it end?
    row.finished_at = test.clock.now();
    test.store.get(test.journal().record(fence, row));
    found = test.store.get(test.journal().find(run.id, "gather/logs"));
    REQUIRE(found);
    CHECK(found->input == R"({"q":1})");
    CHECK(found->output == R"({"lines":3})");
    CHECK(found->raw == row.raw);
    CHECK(found->started_at == row.started_at);
    CHECK(found->finished_at == row.finished_at);

    row.output = "{}";
    CHECK(code_of(test.store.run(test.journal().record(fence, row))) == errc::conflict);
    CHECK(test.store.get(test.journal().find(run.id, "gather/logs"))->output == R"({"lines":3})");
}

TEST_CASE("journal: steps come in the order of their start, raw only when asked for") {
    InvestigationTest test;
    const RunRow run = test.start();
    const Fence fence = test.claim();
    for (const char* name : {"b", "a", "c"}) {
        StepRow row = step(run.id, name, test.clock.now());
        row.raw = "raw";
        row.finished_at = test.clock.now();
        test.store.get(test.journal().record(fence, row));
    }
    test.store.get(test.journal().intend(fence, step(run.id, "first", test.clock.now() - seconds(1))));
    std::string names;
    for (const StepRow& row : test.store.get(test.journal().steps(run.id, false))) {
        names += row.name + " ";
        CHECK(row.raw.empty());
    }
    CHECK(names == "first b a c ");
    CHECK(test.store.get(test.journal().steps(run.id, true))[1].raw == "raw");
    CHECK(test.store.get(test.journal().steps("run_x", true)).empty());
}

TEST_CASE("journal: bytes that are not those that were written are corrupt, not a result") {
    InvestigationTest test;
    const RunRow run = test.start();
    StepRow row = step(run.id, "gather/logs", test.clock.now());
    row.output = R"({"lines":3})";
    row.finished_at = test.clock.now();
    test.store.get(test.journal().record(test.claim(), row));
    std::function<result<void>(Connection&)> flip = [](Connection& connection) -> result<void> {
        auto changed = connection.execute("UPDATE steps SET output = '{\"lines\":4}'");
        return changed ? result<void>() : result<void>(changed.error());
    };
    test.store.get(test.store->database->write(std::move(flip)));
    CHECK(code_of(test.store.run(test.journal().find(run.id, "gather/logs"))) == errc::corrupt);
    CHECK(code_of(test.store.run(test.journal().steps(run.id, false))) == errc::corrupt);
}

}  // namespace store_investigations
