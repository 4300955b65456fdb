// What stands beside facts alone, and how models are asked again: the engine on a real store, with a router that answers as told.
#include "investigation/reanalysis.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "investigation/engine.hpp"
#include "tests/support/scripted_router.hpp"
#include "tests/support/store.hpp"

using namespace gumshoe;
using namespace gumshoe::test;
using namespace std::chrono_literals;

namespace {

const std::string model_answer = R"({"summary":"Checkout fails.","status":"inconclusive","confidence":0.2,
  "cause":{"statement":"the pool was cut","entity":"checkout","kind":"config","mechanism":"","evidence":[]},
  "impact":{"statement":"","evidence":[]},"claims":[],"hypotheses":[],"timeline":[],"next_steps":[]})";

class KeptDelivery final : public MessageDelivery {
public:
    task<void> publish(std::string, std::string, std::string, std::string, Document document) override {
        last = document_to_json(document);
        co_return result<void>();
    }
    task<OutboxMessage> settled(std::string, std::string, Deadline) override { co_return Error{errc::timeout, "not sent"}; }
    task<void> recover() override { co_return result<void>(); }
    std::string last;
};

struct House {
    TestStore store;
    ScriptedRouter router;
    KeptDelivery delivery;
    Prompts prompts = load_prompts().value();
    Redactor redactor{{}};
    Presenter presenter{*store->investigations,
                        delivery,
                        [](const Alert&) { return std::string("C1"); },
                        [](const std::string&) { return std::string(); },
                        {}};
    Equipment equipment{.sources = {},
                        .annotators = {},
                        .subject = [](const Alert& alert, const std::vector<std::string>& joined,
                                      Timestamp now) { return make_subject(alert, {}, now, joined); },
                        .route = [](const Alert&, const std::string&) { return Route{.channel = "C1", .models = models()}; },
                        .prompts = prompts,
                        .router = router,
                        .redactor = redactor,
                        .investigations = *store->investigations,
                        .presenter = presenter,
                        .scheduler = *store.loop,
                        .clock = store.clock,
                        .gather_deadline = 10s,
                        .llm_deadline = 90s,
                        .budget_usd = 0,
                        .config_version = "c"};
    Engine engine{*store->investigations, *store->journal, *store->queue, equipment, [](const std::string&) {}};

    House() { store.clock.auto_advance = false; }

    static ModelRoute models() {
        auto target = std::make_shared<llm::Target>();
        target->name = "main";
        ModelRoute route;
        route.chains["analysis"] = llm::in_order({target});
        return route;
    }
    std::string alert(const std::string& fingerprint) {
        const Timestamp now = store.clock.now();
        return store.get(store->investigations->start(sample_alert(fingerprint, "e", Notification::trigger, now), now)).investigation;
    }
    /// Does what is due; the kinds of jobs in order.
    std::vector<std::string> work() {
        std::vector<std::string> done;
        auto handlers = engine.handlers();
        while (auto job = store.get(store->queue->claim({"run", "reanalyse"}, "me", 60s))) {
            store.get(handlers.at(job->kind)(*job));
            store.get(store->queue->finish(job->fence));
            done.push_back(job->kind);
        }
        return done;
    }
    std::vector<std::string> work_after(milliseconds span) {
        store.clock.advance(span);
        return work();
    }
    Finding shown(const std::string& investigation) {
        const std::string run = store.get(store->investigations->investigation(investigation)).posted_run;
        return finding_from_json(*parse_json(store.get(store->investigations->run(run)).finding)).value();
    }
};

using Kinds = std::vector<std::string>;

}  // namespace

TEST_CASE("no model answers: what one said of the same alert before stands beside the facts, with its age, for a day") {
    House house;
    house.router.answers = {model_answer};
    const std::string first = house.alert("pool");
    house.work();
    REQUIRE_FALSE(house.shown(first).degraded);
    CHECK(house.shown(first).asides.empty());

    struct Row {
        std::string fingerprint;
        milliseconds after;
        bool recalled;
    };
    const Row row = GENERATE(values<Row>({{"pool", 3h, true}, {"disk", 3h, false}, {"pool", 25h, false}}));
    CAPTURE(row.fingerprint, row.after.count());
    house.store.clock.advance(row.after);
    const std::string second = house.alert(row.fingerprint);
    house.work();
    const Finding finding = house.shown(second);
    CHECK(finding.degraded);
    REQUIRE(finding.asides.size() == (row.recalled ? 1 : 0));
    CHECK((house.delivery.last.find("What a model said of the same alert") != std::string::npos) == row.recalled);
    if (!row.recalled) return;
    CHECK(finding.asides[0].investigation == first);
    CHECK(finding.asides[0].cause == "the pool was cut");
    CHECK(finding.asides[0].age == 3h);
    CHECK(finding.cause.statement != "the pool was cut");  // the facts stay the finding
    CHECK(house.delivery.last.find("(stale)") != std::string::npos);
}

TEST_CASE("models that come back make the finding whole, in its place; tries that come to nothing leave nothing") {
    House house;
    const std::string id = house.alert("pool");
    CHECK(house.work() == Kinds{"run"});
    CHECK(house.shown(id).degraded);
    const std::string first_run = house.shown(id).run;

    CHECK(house.work_after(59s).empty());
    CHECK(house.work_after(1s) == Kinds{"reanalyse", "run"});  // nobody answers yet
    auto runs = house.store.get(house.store->investigations->runs(id));
    REQUIRE(runs.size() == 2);
    CHECK(runs[1].state == "failed");
    CHECK(runs[1].mode == ReplayMode::frozen);
    CHECK(house.store.get(house.store->journal->steps(runs[1].id, false)).empty());
    CHECK_FALSE(house.store.get(house.store->journal->steps(first_run, false)).empty());
    CHECK(house.shown(id).run == first_run);
    CHECK(house.store.get(house.store->investigations->investigation(id)).state == "done");

    CHECK(house.work_after(119s).empty());
    house.router.answers = {model_answer};
    CHECK(house.work_after(1s) == Kinds{"reanalyse", "run"});
    CHECK_FALSE(house.shown(id).degraded);
    CHECK(house.shown(id).run != first_run);
    CHECK(house.delivery.last.find("the pool was cut") != std::string::npos);
    CHECK(house.work_after(1h).empty());
}

TEST_CASE("models are asked again after 1, 2, 5, 15 and then every 30 minutes") {
    std::vector<milliseconds> moments;
    milliseconds waited{};
    for (int i = 0; i < 6; ++i) {
        waited += next_reanalysis(waited);
        moments.push_back(waited);
    }
    CHECK(moments == std::vector<milliseconds>{1min, 3min, 8min, 23min, 53min, 83min});
}

TEST_CASE("nobody is asked again about an alert that recovered, a finding that a model made, or after a day") {
    InvestigationRow investigation;
    investigation.created_at = from_seconds(1785578400);
    RunRow run;
    run.finding = R"({"degraded":true})";
    CHECK(wants_reanalysis(investigation, run, investigation.created_at + 23h));
    CHECK_FALSE(wants_reanalysis(investigation, run, investigation.created_at + 24h));
    investigation.resolved_at = investigation.created_at + 1h;
    CHECK_FALSE(wants_reanalysis(investigation, run, investigation.created_at + 2h));
    investigation.resolved_at.reset();
    run.finding = R"({"degraded":false})";
    CHECK_FALSE(wants_reanalysis(investigation, run, investigation.created_at + 2h));
}
