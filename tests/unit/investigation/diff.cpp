#include "investigation/diff.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace gumshoe;

namespace {
Finding finding(std::string entity, std::string claim, std::string evidence) {
    Finding value;
    value.status = FindingStatus::likely;
    value.cause.entity = std::move(entity);
    value.cause.kind = "deploy";
    value.cause.evidence = {"E1"};
    value.claims.push_back({std::move(claim), "observation", {"E1"}, true, ""});
    Evidence item;
    item.id = "E1";
    item.text = std::move(evidence);
    value.evidence.push_back(item);
    return value;
}
}  // namespace

TEST_CASE("runs that say the same differ in nothing, whatever their ids") {
    Finding other = finding("checkout", "errors rose", "pool exhausted 40");
    other.evidence[0].id = "E9";
    other.cause.evidence = {"E9"};
    other.claims[0].cites = {"E9"};
    const json diff = diff_findings(finding("checkout", "errors rose", "pool exhausted 40"), other);
    CHECK(diff["same_cause"] == true);
    CHECK(diff["claims"]["only_first"].empty());
    CHECK(diff["evidence_used"]["only_second"].empty());
    CHECK(diff["evidence_used"]["both"].size() == 1);
}

TEST_CASE("another cause, claim and evidence show on both sides") {
    const json diff = diff_findings(finding("checkout", "errors rose", "a"), finding("payments", "latency rose", "b"));
    CHECK(diff["same_cause"] == false);
    CHECK(diff["claims"]["only_first"] == json::array({"errors rose"}));
    CHECK(diff["claims"]["only_second"] == json::array({"latency rose"}));
    const std::string text = diff_text(diff);
    CHECK(text.find("  + latency rose") != std::string::npos);
    CHECK(text.find("status: same") != std::string::npos);
}
