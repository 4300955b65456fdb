// The finding's way back: once, whatever fails in between, and only what people are shown.
#include "investigation/write_back.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <nlohmann/json.hpp>

#include "base/ids.hpp"
#include "base/json.hpp"
#include "finding/finding.hpp"
#include "queue/worker.hpp"
#include "tests/support/store.hpp"

using namespace gumshoe;
using namespace gumshoe::test;

namespace {

/// Keeps its notes by incident; a note whose key stands there is not written again, as the role asks.
class FakeAnnotator final : public Annotator {
public:
    std::string_view name() const override { return "pagerduty"; }
    bool covers(const Alert& alert) const override { return alert.source == "pagerduty"; }
    task<void> annotate(Alert alert, std::string text, std::string key, Deadline) override {
        ++calls;
        const auto failure = failures.find(alert.fingerprint);
        if (failure != failures.end() && failure->second.code != errc::timeout) co_return failure->second;
        if (!notes[alert.fingerprint].emplace(key, text).second) ++found_standing;
        if (failure != failures.end()) co_return failure->second;  // written, and the answer got lost
        co_return result<void>{};
    }
    int calls = 0;
    int found_standing = 0;
    std::map<std::string, Error> failures;
    std::map<std::string, std::map<std::string, std::string>> notes;
};

struct Case {
    TestStore store;
    FakeAnnotator annotator;
    std::vector<Annotator*> annotators = {&annotator};
    std::string investigation;
    std::string run;

    explicit Case(const std::string& source = "datadog") {
        store.clock.auto_advance = false;
        investigation = send(source, "monitor").started.at(0);
        run = finish("a pool of 5");
    }
    Recorded send(const std::string& source, const std::string& fingerprint) {
        IntakePolicy policy;
        policy.route = [](const Alert&) { return RouteDecision{}; };
        policy.related = [](const std::string& service) { return std::vector<std::string>{service}; };
        policy.group_window = policy.cooldown = seconds(3600);
        store.clock.advance(seconds(1));
        Alert alert =
            sample_alert(fingerprint, "e" + std::to_string(to_millis(store.clock.now())), Notification::trigger, store.clock.now());
        alert.source = source;
        alert.service = "checkout";
        Delivery delivery;
        delivery.id = new_id("dlv", store.clock.now());
        delivery.key = delivery.id;
        delivery.received_at = store.clock.now();
        return store.get(store->intake->record(delivery, {alert}, policy));
    }
    /// The run that waits ends with this cause.
    std::string finish(const std::string& cause, bool show = true) {
        const auto job = store.get(store->queue->claim({"run"}, "me", seconds(60)));
        REQUIRE(job);
        Finding finding;
        finding.investigation = investigation;
        finding.cause.statement = cause;
        store.get(store->investigations->complete(job->fence, job->key, dump_json(to_json_value(finding)), show, store.clock.now()));
        store.get(store->queue->finish(job->fence));
        return job->key;
    }
    RunRow row() { return store.get(store->investigations->run(run)); }
    std::size_t queue_up(RunRow row) {
        store.get(queue_notes(std::move(row), annotators, *store->investigations, *store->queue, store.clock));
        return store.rows("SELECT 1 FROM jobs WHERE kind = 'annotate' AND state = 'waiting'", 1).size();
    }
    std::optional<Job> claim() { return store.get(store->queue->claim({"annotate"}, "me", seconds(60))); }
    result<void> write(Job job) { return store.run(write_note(std::move(job), annotators, *store->investigations, store.clock)); }
};

}  // namespace

TEST_CASE("only an investigation with an alert that can be annotated gets a job, one for each annotator") {
    Case none;
    CHECK(none.queue_up(none.row()) == 0);
    Case one("pagerduty");
    CHECK(one.queue_up(one.row()) == 1);
    CHECK(one.queue_up(one.row()) == 1);  // a repeat while it waits
    SECTION("a replay that only looks writes nothing") {
        Case looked("pagerduty");
        RunRow row = looked.row();
        row.post = GENERATE(PostMode::none, PostMode::thread);
        CHECK(looked.queue_up(row) == 0);
    }
    SECTION("without annotators nothing is asked") {
        Case bare("pagerduty");
        bare.annotators.clear();
        CHECK(bare.queue_up(bare.row()) == 0);
    }
}

TEST_CASE("each incident gets the note once, though its alert fired often and the job ran twice") {
    Case its("pagerduty");
    its.send("pagerduty", "another incident");
    its.send("pagerduty", "monitor");
    its.queue_up(its.row());
    const auto job = its.claim();
    REQUIRE(job);
    REQUIRE(its.write(*job));
    REQUIRE(its.annotator.notes.size() == 2);
    CHECK(its.annotator.calls == 2);
    const auto& [key, text] = *its.annotator.notes.at("monitor").begin();
    CHECK(key.starts_with(its.investigation + "-"));
    CHECK(text.find("a pool of 5") != std::string::npos);
    REQUIRE(its.write(*job));  // the process ended after the note stood there
    CHECK(its.annotator.notes.at("monitor").size() == 1);
    CHECK(its.annotator.found_standing == 2);
}

TEST_CASE("a note whose answer got lost is looked for and not written again") {
    Case its("pagerduty");
    its.annotator.failures["monitor"] = Error{errc::timeout, "no answer in time"};
    its.queue_up(its.row());
    const auto job = its.claim();
    REQUIRE(job);
    const auto failed = its.write(*job);
    REQUIRE(!failed);
    CHECK(failed.error().code == errc::timeout);
    CHECK(failed.error().message.find("is not noted at pagerduty: no answer in time") != std::string::npos);
    its.annotator.failures.clear();
    REQUIRE(its.write(*job));
    CHECK(its.annotator.notes.at("monitor").size() == 1);
}

TEST_CASE("one incident that refuses does not cost the others their note, and what may succeed later is tried again") {
    Case its("pagerduty");
    its.send("pagerduty", "second");
    its.send("pagerduty", "third");
    its.annotator.failures["monitor"] = Error{errc::unsupported, "no right to write"};
    its.queue_up(its.row());
    const auto job = its.claim();
    REQUIRE(job);
    CHECK(its.write(*job).error().code == errc::unsupported);
    CHECK(its.annotator.notes.count("second") + its.annotator.notes.count("third") == 2);
    its.annotator.failures["third"] = Error{errc::bad_reply, "502"};
    CHECK(its.write(*job).error().code == errc::bad_reply);
    std::swap(its.annotator.failures["monitor"], its.annotator.failures["third"]);
    CHECK(its.write(*job).error().code == errc::bad_reply);
}

TEST_CASE("through the worker a refusal parks the job with its reason, a timeout does not") {
    Case its("pagerduty");
    const bool hopeless = GENERATE(true, false);
    its.annotator.failures["monitor"] = Error{hopeless ? errc::unsupported : errc::bad_reply, "the vendor's word"};
    its.queue_up(its.row());
    WorkerOptions options;
    options.owner = "me";
    options.lease = seconds(60);
    options.heartbeat = seconds(15);
    std::map<std::string, JobHandler> handlers;
    handlers["annotate"] = [&its](Job job) {
        return write_note(std::move(job), its.annotators, *its.store->investigations, its.store.clock);
    };
    auto worker = make_worker(*its.store->queue, *its.store.loop, its.store.clock, options, handlers);
    its.store.loop->spawn("worker", worker->run());
    const std::string wanted = hopeless ? "parked" : "waiting";
    REQUIRE(run_until(*its.store.loop, [&] { return its.annotator.calls > 0 && worker->running() == 0; }));
    its.store.run(worker->stop(Deadline::after(its.store.clock, seconds(1))));
    CHECK(its.store.rows("SELECT state FROM jobs WHERE kind = 'annotate'", 1) == std::vector<std::string>{wanted});
    const auto parked = its.store.get(its.store->queue->take_parked());
    REQUIRE(parked.size() == (hopeless ? 1 : 0));
    if (hopeless) CHECK(parked[0].error == "the finding of " + its.investigation + " is not noted at pagerduty: the vendor's word");
}

TEST_CASE("a finding that is not shown any more is not written; one that replaced it is") {
    Case its("pagerduty");
    its.queue_up(its.row());
    ReplayRequest replay;
    replay.investigation = its.investigation;
    replay.post = PostMode::update;
    replay.actor = "ana";
    its.store.get(its.store->investigations->replay(replay, its.store.clock.now()));
    const std::string old = its.run;
    const bool other = GENERATE(true, false);
    its.run = its.finish(other ? "a bad deploy" : "a pool of 5");
    const auto stale = its.claim();
    REQUIRE(stale);
    CHECK(stale->key == old + "/pagerduty");
    REQUIRE(its.write(*stale));
    CHECK(its.annotator.calls == 0);
    its.queue_up(its.row());
    const auto fresh = its.claim();
    REQUIRE(fresh);
    REQUIRE(its.write(*fresh));
    REQUIRE(its.annotator.notes.at("monitor").size() == 1);
    CHECK((its.annotator.notes.at("monitor").begin()->second.find("a bad deploy") != std::string::npos) == other);
}

TEST_CASE("a job whose annotator is not configured any more is parked") {
    Case its("pagerduty");
    its.queue_up(its.row());
    const auto job = its.claim();
    REQUIRE(job);
    its.annotators.clear();
    CHECK(its.write(*job).error().code == errc::unsupported);
}
