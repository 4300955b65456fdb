// The finding's JSON form.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "finding/finding.hpp"
#include "sample.hpp"

namespace gumshoe {
namespace {

TEST_CASE("a finding comes back from its JSON with every field") {
    const Finding original = sample::finding();
    const json first = to_json_value(original);
    const auto read = finding_from_json(first);
    REQUIRE(read.has_value());
    CHECK(to_json_value(*read) == first);
    CHECK(read->status == FindingStatus::likely);
    CHECK(read->cause.evidence == Citations{"E2", "E4"});
    CHECK(read->changes[0].deployed == true);
    CHECK_FALSE(read->changes[1].deployed.has_value());
    CHECK(read->hypotheses[0].against_it == Citations{"E5"});
    CHECK(read->timeline[0].at == original.timeline[0].at);
    CHECK(read->attempts[1].cost_usd == Approx(0.04));
    CHECK(read->claims[1].failed_check == "unknown evidence id");
    CHECK(read->duration == original.duration);
    REQUIRE(read->asides.size() == 1);
    CHECK(read->asides[0].age == std::chrono::hours(3));
}

TEST_CASE("the stored names are those of the published format") {
    const json v = to_json_value(sample::finding());
    for (const char* path : {"version",
                             "investigation",
                             "run",
                             "status",
                             "confidence",
                             "degraded",
                             "summary",
                             "cause.statement",
                             "cause.entity",
                             "cause.kind",
                             "cause.mechanism",
                             "cause.evidence",
                             "impact.statement",
                             "impact.evidence",
                             "claims",
                             "suspects",
                             "changes",
                             "hypotheses",
                             "timeline",
                             "similar",
                             "next_steps",
                             "not_checked",
                             "asides",
                             "evidence",
                             "coverage",
                             "route.answered_by",
                             "route.note",
                             "route.attempts",
                             "cost_usd",
                             "duration_ms",
                             "versions.binary",
                             "versions.prompt",
                             "versions.config"}) {
        INFO(path);
        CHECK(find(v, path) != nullptr);
    }
    CHECK(v["hypotheses"][0]["against"] == json::array({"E5"}));
    CHECK(v["changes"][1]["deployed"].is_null());
    CHECK(v["coverage"][1]["status"] == "timeout");
    CHECK(v["coverage"][1]["millis"] == 15000);
    CHECK(v["route"]["attempts"][0]["class"] == "account_dead");
}

TEST_CASE("what is not a finding is refused with the field's name") {
    struct Row {
        const char* text;
        const char* names;
    };
    const Row row =
        GENERATE(Row{R"([])", "object"}, Row{R"({"status":"maybe"})", "status"}, Row{R"({"status":"likely","claims":{}})", "claims"},
                 Row{R"({"status":"likely","next_steps":["x"]})", "next_steps"},
                 Row{R"({"status":"likely","timeline":[{"at":"noon"}]})", "timeline"}, Row{R"({"status":"likely","version":7})", "7"});
    const auto read = finding_from_json(json::parse(row.text));
    REQUIRE_FALSE(read.has_value());
    CHECK_THAT(read.error().message, Catch::Contains(row.names));
}

}  // namespace
}  // namespace gumshoe
