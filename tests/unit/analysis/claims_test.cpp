// The claim checks: what a model says, held against what it cites.
#include "analysis/claims.hpp"

#include <catch2/catch.hpp>

#include "analysis/analyst.hpp"
#include "tests/unit/evidence/incident.hpp"

using namespace gumshoe;

namespace {

Evidence item(const char* id, EvidenceKind kind, const char* entity, const char* text, const char* signal, std::int64_t from,
              std::map<std::string, double> numbers) {
    Evidence evidence;
    evidence.id = id;
    evidence.kind = kind;
    evidence.entity = entity;
    evidence.text = text;
    evidence.signal = signal;
    evidence.from = from_seconds(from);
    evidence.to = from_seconds(1785579000);
    evidence.numbers = std::move(numbers);
    return evidence;
}

Finding base() {
    Finding finding;
    finding.evidence = {
        item("E1", EvidenceKind::log, "checkout",
             "checkout logged \"pool exhausted after <*> tries\" 4,812 times in 10 min, 0 in the 55 min before", "new", 1785578280,
             {{"count", 4812}, {"before", 0}}),
        item("E2", EvidenceKind::metric, "checkout", "checkout latency.p95 rose from 0.4 s to 3.4 s at 09:58:00", "rise", 1785578280,
             {{"before", 0.4}, {"after", 3.4}}),
        item("E3", EvidenceKind::change, "checkout", "deploy v412 of checkout \"shrink the pool\" by ana, live 7 min before", "deploy",
             1785577860, {{"minutes_before", 7}}),
        item("E4", EvidenceKind::metric, "payment-api", "payment-api request.rate fell from 120 1/s to 80 1/s at 09:59:00", "drop",
             1785578340, {{"before", 120}, {"after", 80}})};
    finding.evidence[0].quotes = {"pool exhausted after 3 tries"};
    finding.status = FindingStatus::confirmed;
    finding.confidence = 0.9;
    finding.cause = {"deploy v412 of checkout shrank the pool", "checkout", "deploy", "", {"E3", "E1"}};
    return finding;
}

}  // namespace

TEST_CASE("claims stand or fall by what they cite") {
    struct Row {
        const char* text;
        Citations cites;
        const char* fails;  // "" when it stands
    };
    const auto row = GENERATE(values<Row>({
        {"checkout p95 latency rose from 0.4 s to 3.4 s", {"E2"}, ""},
        {"p95 of checkout is 8.5x higher, at 3400 ms", {"E2"}, ""},
        {"latency rose by 3 s at 09:58", {"E2"}, ""},
        {"\"pool exhausted\" was logged 4,812 times and never seen before", {"E1"}, ""},
        {"about 4.8k pool errors in 10 minutes", {"E1"}, ""},
        {"p95 rose 7 min after deploy v412", {"E2", "E3"}, ""},
        {"the request rate of payment-api dropped by 33 %", {"E4"}, ""},
        {"checkout logged \"pool exhausted after 5 tries\"", {"E1"}, ""},
        {"checkout p95 latency rose from 0.4 s to 5.1 s", {"E2"}, "number"},
        {"checkout p95 latency is 12x higher", {"E2"}, "number"},
        {"latency rose at 10:21", {"E2"}, "number"},
        {"7,218 pool errors", {"E1"}, "number"},
        {"the request rate of payment-api rose", {"E4"}, "direction"},
        {"checkout latency dropped sharply", {"E2"}, "direction"},
        {"payment-api latency rose from 0.4 s to 3.4 s", {"E2"}, "entity"},
        {"inventory-service is out of connections", {"E1"}, "entity"},
        {"the change in config/other.yaml broke checkout", {"E3"}, "entity"},
        {"checkout logged \"disk full\"", {"E1"}, "quote"},
        {"deploy v412 went live after the latency of p95 rose", {"E2", "E3"}, "order"},
        {"p95 rose before deploy v412 was live", {"E2", "E3"}, "order"},
        {"checkout is slow", {}, "no evidence"},
        {"checkout is slow", {"E99"}, "no evidence"},
        {"checkout is slow [E77]", {"E2"}, "id"},
    }));
    auto finding = base();
    finding.claims = {{row.text, "observation", row.cites, true, ""}};
    const auto report = check_claims(finding);
    CAPTURE(row.text, finding.claims[0].failed_check);
    CHECK(finding.claims[0].verified == std::string(row.fails).empty());
    CHECK(finding.claims[0].failed_check.find(row.fails) == 0);
    CHECK(report.failed_claims == (finding.claims[0].verified ? 0 : 1));
}

TEST_CASE("ids that do not exist are dropped everywhere and counted") {
    auto finding = base();
    finding.cause.evidence = {"E3", "E50", "E1"};
    finding.claims = {{"checkout p95 latency rose", "observation", {"E2", "E51"}, false, ""}};
    finding.hypotheses = {{"a deploy", "leading", {"E52", "E3"}, {}}};
    const auto report = check_claims(finding);
    CHECK(report.invented_ids == 3);
    CHECK(finding.cause.evidence == Citations{"E3", "E1"});
    CHECK(finding.claims[0].cites == Citations{"E2"});
    CHECK(finding.hypotheses[0].for_it == Citations{"E3"});
    CHECK(report.problems.size() == 3);
}

TEST_CASE("confirmed needs two kinds of evidence, likely needs the cause to stand") {
    auto finding = base();
    SECTION("two kinds") {
        check_claims(finding);
        CHECK(finding.status == FindingStatus::confirmed);
    }
    SECTION("one kind") {
        finding.cause.evidence = {"E3"};
        CHECK(check_claims(finding).cause_stands);
        CHECK(finding.status == FindingStatus::likely);
    }
    SECTION("a cause that cites nothing") {
        finding.cause.evidence = {};
        CHECK_FALSE(check_claims(finding).cause_stands);
        CHECK(finding.status == FindingStatus::inconclusive);
        CHECK(finding.confidence <= 0.4);
    }
    SECTION("a cause whose entity is not in its evidence") {
        finding.cause.entity = "payment-api";
        CHECK_FALSE(check_claims(finding).cause_stands);
    }
    SECTION("half of the claims fail") {
        finding.claims = {{"checkout p95 latency rose", "observation", {"E2"}, false, ""},
                          {"checkout latency fell", "observation", {"E2"}, true, ""}};
        check_claims(finding);
        CHECK(finding.confidence <= 0.5);
    }
}

TEST_CASE("a summary that says more than the evidence is replaced by what stands") {
    auto finding = base();
    finding.summary = "billing-service lost 900 orders";
    check_claims(finding);
    CHECK(finding.summary == finding.cause.statement);
}

TEST_CASE("timeline entries keep to the times of their evidence") {
    auto finding = base();
    finding.timeline = {{from_seconds(1785577860), "deploy v412", {"E3"}}, {from_seconds(1785500000), "deploy v412", {"E3"}}};
    check_claims(finding);
    REQUIRE(finding.timeline.size() == 1);
    CHECK(finding.timeline[0].at == from_seconds(1785577860));
}

TEST_CASE("what was not checked is coverage's word, not the model's") {
    auto finding = base();
    finding.not_checked = {{"everything", "I forgot"}};
    finding.coverage = {{"datadog", "datadog/logs/incident", CoverageStatus::timeout, "no answer in time", milliseconds(15000)},
                        {"datadog", "datadog/metrics", CoverageStatus::ok, "", milliseconds(20)},
                        {"github", "github/commits", CoverageStatus::error, "401", milliseconds(20)},
                        {"slack", "slack/history", CoverageStatus::empty, "", milliseconds(20)}};
    check_claims(finding);
    REQUIRE(finding.not_checked.size() == 2);
    CHECK(finding.not_checked[0].what == "datadog logs incident");
    CHECK(finding.not_checked[0].why == "no answer in time");
    CHECK(finding.not_checked[1].why == "the query failed: 401");
}

TEST_CASE("the built-in analyst passes the checks that a model must pass") {
    const auto subject = test::pool_subject();
    const auto records = test::pool_records();
    auto finding = analyse_builtin(subject, records, condense(subject, records));
    const auto status = finding.status;
    finding.timeline.clear();  // the alert itself is on it, which is no item of evidence
    const auto report = check_claims(finding);
    CAPTURE(report.problems);
    CHECK(report.problems.empty());
    CHECK(report.failed_claims == 0);
    CHECK(finding.status == status);
}
