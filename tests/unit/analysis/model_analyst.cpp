// The turn loop against a router that answers as told: who is asked for what, and what of an answer that nobody accepted is kept.
#include "analysis/model_analyst.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "evidence/redact.hpp"
#include "tests/support/loop.hpp"
#include "tests/support/result_printing.hpp"
#include "tests/support/scripted_router.hpp"

using namespace gumshoe;
using namespace gumshoe::test;

namespace {

class EachTime final : public Steps {
public:
    task<std::shared_ptr<const json>> step(std::string, json, std::function<task<StepOutput>()> work) override {
        auto output = co_await work();
        if (!output) co_return output.error();
        co_return output->value;
    }
};

std::string answer(const std::string& claim, const std::string& cites = "E1") {
    return json{{"summary", "Checkout fails."},
                {"status", "likely"},
                {"confidence", 0.7},
                {"cause",
                 {{"statement", "checkout logged \"pool exhausted\" 4,812 times"},
                  {"entity", "checkout"},
                  {"kind", "config"},
                  {"mechanism", ""},
                  {"evidence", {cites}}}},
                {"impact", {{"statement", ""}, {"evidence", json::array()}}},
                {"claims", {{{"text", claim}, {"kind", "observation"}, {"cites", {cites}}}}},
                {"hypotheses", json::array()},
                {"timeline", json::array()},
                {"next_steps", json::array()}}
        .dump();
}

const std::string holds = "\"pool exhausted\" was logged 4,812 times";
const std::string wrong = "\"pool exhausted\" was logged 7,000 times";

struct Case {
    FakeClock clock;
    std::unique_ptr<EventLoop> loop = make_event_loop(clock);
    ScriptedRouter router;
    EachTime steps;
    Prompts prompts = load_prompts().value();
    Redactor redactor{{}};

    ModelAnalysis analyse() {
        Evidence logs;
        logs.id = "E1";
        logs.kind = EvidenceKind::log;
        logs.entity = "checkout";
        logs.text = "checkout logged \"pool exhausted\" 4,812 times in 10 min, 0 in the 55 min before";
        logs.signal = "new";
        logs.numbers = {{"count", 4812}, {"before", 0}};
        ModelAnalystInput input;
        input.subject.alert.service = "checkout";
        input.evidence = {logs};
        input.builtin.degraded = true;
        input.builtin.summary = "facts";
        for (const char* task : {"analysis", "repair"}) {
            auto target = std::make_shared<llm::Target>();
            target->name = std::string("of ") + task;
            input.route.chains[task] = llm::in_order({target});
        }
        input.route.team = "payments";
        input.route.team_per_day_usd = 5;
        input.run = "run_1";
        input.deadline = Deadline::after(clock, seconds(90));
        auto analysis = test::run(*loop, analyse_with_model(std::move(input), prompts, router, {}, steps, *loop, clock, redactor));
        if (!analysis) throw std::runtime_error(analysis.error().message);
        return std::move(*analysis);
    }
};

}  // namespace

TEST_CASE("the finding is asked of the chain of analysis, its correction of that of repair, both at the team's expense") {
    Case c;
    c.router.answers = {answer(wrong), answer(holds)};
    const ModelAnalysis analysis = c.analyse();
    CHECK(c.router.asked == std::vector<std::string>{"analysis: of analysis; payments 5", "repair: of repair; payments 5"});
    REQUIRE(analysis.answered);
    CHECK(analysis.finding.claims.at(0).text == holds);
    CHECK(analysis.finding.asides.empty());
}

TEST_CASE("an answer whose claims hold needs no correction") {
    Case c;
    c.router.answers = {answer(holds)};
    CHECK(c.analyse().answered);
    CHECK(c.router.asked.size() == 1);
}

TEST_CASE("nobody answered: what came in a wrong form is kept, marked, only when its claims stand up to their evidence") {
    struct Row {
        std::string rejected;
        bool kept;
    };
    const Row row = GENERATE(values<Row>({{"Sure!\n" + answer(holds) + "\nBye", true},
                                          {"Sure!\n" + answer(wrong) + "\nBye", false},
                                          {"Sure!\n" + answer(holds, "E9") + "\nBye", false},
                                          {"I cannot say.", false},
                                          {"", false}}));
    CAPTURE(row.rejected);
    Case c;
    c.router.rejected = row.rejected;
    const Finding finding = c.analyse().finding;
    CHECK(finding.degraded);
    CHECK(finding.summary == "facts");
    REQUIRE(finding.asides.size() == (row.kept ? 1 : 0));
    if (!row.kept) return;
    CHECK(finding.asides[0].answered_by == "second");
    CHECK(finding.asides[0].investigation.empty());
    CHECK(finding.asides[0].evidence == Citations{"E1"});
}
