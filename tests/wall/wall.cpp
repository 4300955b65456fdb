// The fault wall: every scenario, every dialect, streamed and whole. Each is to end with a useful answer within the deadline.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <set>

#include "base/text.hpp"
#include "sandbox/wall.hpp"
#include "tests/support/result_printing.hpp"
#include "tests/wall/expected.hpp"
#include "tests/wall/play.hpp"

using namespace gumshoe;
using namespace gumshoe::test;
using sandbox::WallScenario;

namespace {

struct Played {
    const WallScenario* scenario;
    WallCase its;
    Expected expect;
};

/// Scenarios of one kind far apart: two dozen endless bodies at once are a test of this machine.
std::vector<Played> cases_of_the_wall() {
    const char* wanted = std::getenv("GUMSHOE_WALL_ONLY");
    const std::string only = wanted == nullptr ? "" : wanted;
    std::vector<Played> all;
    for (const Spoken& main : spoken()) {
        for (const bool stream : {true, false}) {
            const std::string mode = stream ? "streamed" : "buffered";
            for (const WallScenario& scenario : sandbox::wall()) {
                if (!sandbox::applies(scenario, main.provider) || !(stream ? scenario.streamed : scenario.buffered)) continue;
                for (const std::string& model : split(scenario.models, ' ')) {
                    if (model.empty() || !model.starts_with(only)) continue;
                    const std::string name = model + "/" + std::string(main.provider) + "/" + mode;
                    all.push_back({.scenario = &scenario,
                                   .its = {.name = name, .main = main, .model = model, .stream = stream},
                                   .expect = expected(model, main.provider, mode)});
                }
            }
        }
    }
    return all;
}

void check_state(const Seen& seen, After after) {
    const std::string scope = seen.main.quarantine ? seen.main.quarantine->scope.substr(0, seen.main.quarantine->scope.find(':')) : "";
    CHECK(scope == (after == After::account ? "account" : after == After::key ? "key" : after == After::model ? "model" : ""));
    CHECK(seen.alarms.size() == (scope.empty() ? 0 : 1));
    CHECK((seen.main.gate.count() > 0) == (after == After::gate));
    CHECK(seen.main.failures == (after == After::counted ? 1 : 0));
    CHECK(seen.main.breaker == "closed");  // one failure opens none
    CHECK(seen.main.in_flight == 0);
    if (!scope.empty() || after == After::gate) {
        CHECK(seen.main_calls_again == 0);  // it is known now
        CHECK(seen.answered_again);
    }
}

void check_journal(const Seen& seen, const Expected& expect) {
    std::vector<const LlmAttempt*> of_main;
    for (const LlmAttempt& attempt : seen.attempts) {
        CHECK(attempt.finished_at);
        CHECK(attempt.key_fingerprint.size() == 8);
        if (attempt.target == "main" && attempt.purpose != "skip") of_main.push_back(&attempt);
    }
    CHECK(of_main.size() == static_cast<std::size_t>(expect.calls));
    if (of_main.empty()) return;
    const std::string first = expect.failure == FailureClass::none ? "ok" : std::string(to_string(expect.failure));
    CHECK(of_main.front()->outcome == first);
    CHECK_FALSE((of_main.front()->reason.empty() && first != "ok"));
    CHECK((of_main.back()->outcome == "ok") == expect.answers);
}

/// The table of docs/fault-wall.md.
void print_times(const std::vector<Played>& cases, const std::vector<Seen>& seen) {
    struct Times {
        std::set<std::string> classes;
        std::set<std::size_t> calls;
        std::vector<std::int64_t> ms;
    };
    std::map<std::string, Times> table;
    for (std::size_t i = 0; i < cases.size(); ++i) {
        Times& row = table[std::string(cases[i].scenario->id)];
        row.classes.insert(std::string(to_string(cases[i].expect.failure)));
        row.calls.insert(seen[i].main_calls);
        row.ms.push_back(seen[i].took.count());
    }
    for (auto& [id, row] : table) {
        std::ranges::sort(row.ms);
        std::string calls;
        for (const std::size_t count : row.calls) calls += (calls.empty() ? "" : ", ") + std::to_string(count);
        std::printf("| %s | %s | %s | %lld | %lld |\n", id.c_str(), join({row.classes.begin(), row.classes.end()}, ", ").c_str(),
                    calls.c_str(), static_cast<long long>(row.ms[row.ms.size() / 2]), static_cast<long long>(row.ms.back()));
    }
}

}  // namespace

TEST_CASE("T-04, T-21, T-40, T-41, T-42, T-43, T-44, T-45, T-49, T-60: every fault of a provider ends in an answer within the deadline") {
    WallBench bench;
    const std::vector<Played> cases = cases_of_the_wall();
    std::vector<WallCase> to_play;
    for (const Played& one : cases) to_play.push_back(one.its);
    const std::vector<Seen> all = bench.play(std::move(to_play));
    for (std::size_t i = 0; i < cases.size(); ++i) {
        const Expected& expect = cases[i].expect;
        const Seen& seen = all[i];
        INFO(cases[i].its.name << ": " << cases[i].scenario->what);
        const auto* none = std::get_if<llm::NoAnswer>(&seen.outcome);
        std::string way;
        for (const LlmAttempt& attempt : seen.attempts) way += attempt.target + " " + attempt.outcome + ": " + attempt.reason + "\n";
        INFO(way);
        CHECK(none == nullptr);
        CHECK(seen.took <= wall_deadline);
        if (none == nullptr) CHECK(std::get<llm::Answer>(seen.outcome).target == (expect.answers ? "main" : "second"));
        CHECK(seen.main_calls == static_cast<std::size_t>(expect.calls));
        CHECK(seen.second_calls == (expect.answers ? 0 : 1));
        CHECK(seen.other_calls == 0);  // no redirect is followed
        check_state(seen, expect.after);
        check_journal(seen, expect);
    }
    CHECK(bench.everything_said().find(wall_canary) == std::string::npos);  // T-60
    if (std::getenv("GUMSHOE_WALL_ONLY") == nullptr) CHECK(bench.everything_said().find("llm target quarantined") != std::string::npos);
    if (std::getenv("GUMSHOE_WALL_TABLE") != nullptr) print_times(cases, all);
}
