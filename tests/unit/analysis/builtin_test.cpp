// The finding that needs no model.
#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "analysis/analyst.hpp"
#include "tests/unit/evidence/incident.hpp"

using namespace gumshoe;
using namespace gumshoe::test;

namespace {
Finding analyse(const Subject& subject, const Records& records) {
    return analyse_builtin(subject, records, condense(subject, records));
}
}  // namespace

TEST_CASE("a bad deploy is named with its time, its proof and the way back") {
    const auto finding = analyse(pool_subject(), pool_records());
    CAPTURE(finding.summary, finding.cause.statement);
    CHECK(finding.degraded);
    CHECK(finding.status == FindingStatus::confirmed);
    CHECK(finding.suspects.at(0).entity == "checkout");
    CHECK(finding.changes.at(0).id == "v412");
    CHECK(finding.changes.at(0).deployed == true);
    CHECK(finding.cause.kind == "deploy");
    CHECK(finding.cause.entity == "checkout");
    CHECK(finding.summary.find(
              "checkout latency.p95 rose from 416 ms to 3.7 s at 09:58:00, 7 min after deploy v412 of checkout (4f1c2aa") == 0);
    CHECK(finding.summary.find("connection pool exhausted") != std::string::npos);
    const auto back = std::find_if(finding.next_steps.begin(), finding.next_steps.end(),
                                   [](const NextStep& step) { return step.action.find("v411") != std::string::npos; });
    REQUIRE(back != finding.next_steps.end());
    CHECK(back->risk == "medium");
    CHECK(std::all_of(finding.next_steps.begin(), finding.next_steps.end(), [](const NextStep& step) { return step.command.empty(); }));
    CHECK(std::any_of(finding.hypotheses.begin(), finding.hypotheses.end(),
                      [](const Hypothesis& h) { return h.verdict == "ruled_out" && h.statement.find("traffic") != std::string::npos; }));
    CHECK(std::is_sorted(finding.timeline.begin(), finding.timeline.end(),
                         [](const TimelineEntry& a, const TimelineEntry& b) { return a.at < b.at; }));
}

TEST_CASE("without a change or a second kind of evidence nothing is confirmed") {
    auto records = pool_records();
    records.changes.clear();
    const auto finding = analyse(pool_subject(), records);
    CHECK(finding.status != FindingStatus::confirmed);
    CHECK(finding.changes.empty());
    CHECK(finding.suspects.at(0).entity == "checkout");
}

TEST_CASE("a quiet time gives no suspect and says so") {
    Records records;
    records.metrics = {series("checkout", "latency.p95", "s", 0.4, 0.4), series("payment", "latency.p95", "s", 0.1, 0.1)};
    const auto finding = analyse(pool_subject(), records);
    CHECK(finding.suspects.empty());
    CHECK(finding.status == FindingStatus::inconclusive);
    CHECK(finding.confidence < 0.3);
    CHECK(finding.summary.find("Root cause undetermined") != std::string::npos);
}

TEST_CASE("nothing at all is a finding too") {
    const auto finding = analyse(pool_subject(), {});
    CHECK(finding.status == FindingStatus::inconclusive);
    CHECK(finding.cause.statement.empty());
    CHECK_FALSE(finding.summary.empty());
}

TEST_CASE("two runs over the same records give the same bytes") {
    const auto once = to_json_value(analyse(pool_subject(), pool_records()));
    CHECK(once == to_json_value(analyse(pool_subject(), pool_records())));
}
