// Findings are compared by what they say, not by their ids: evidence by its text, claims by theirs.
#include "investigation/diff.hpp"

#include <nlohmann/json.hpp>
#include <set>

#include "base/json.hpp"

namespace gumshoe {

namespace {

std::set<std::string> claims_of(const Finding& finding) {
    std::set<std::string> texts;
    for (const Claim& claim : finding.claims) texts.insert(claim.text);
    return texts;
}

std::set<std::string> evidence_of(const Finding& finding) {
    std::set<std::string> ids(finding.cause.evidence.begin(), finding.cause.evidence.end());
    for (const Claim& claim : finding.claims) ids.insert(claim.cites.begin(), claim.cites.end());
    std::set<std::string> texts;
    for (const Evidence& item : finding.evidence) {
        if (ids.contains(item.id)) texts.insert(item.text);
    }
    return texts;
}

json compare(const std::set<std::string>& first, const std::set<std::string>& second) {
    json only_first = json::array();
    json only_second = json::array();
    json both = json::array();
    for (const std::string& text : first) (second.contains(text) ? both : only_first).push_back(text);
    for (const std::string& text : second) {
        if (!first.contains(text)) only_second.push_back(text);
    }
    return {{"only_first", only_first}, {"only_second", only_second}, {"both", both}};
}

}  // namespace

json diff_findings(const Finding& first, const Finding& second) {
    const bool same_cause = first.cause.entity == second.cause.entity && first.cause.kind == second.cause.kind;
    return {{"same_cause", same_cause},
            {"same_status", first.status == second.status},
            {"status", {to_string(first.status), to_string(second.status)}},
            {"cause", {first.cause.statement, second.cause.statement}},
            {"claims", compare(claims_of(first), claims_of(second))},
            {"evidence_used", compare(evidence_of(first), evidence_of(second))},
            {"answered_by", {first.answered_by, second.answered_by}},
            {"cost_usd", {first.cost_usd, second.cost_usd}},
            {"duration_ms", {first.duration.count(), second.duration.count()}}};
}

std::string diff_text(const json& diff) {
    std::string text;
    for (const char* key : {"status", "cause", "answered_by", "cost_usd", "duration_ms"}) {
        const json& pair = diff.at(key);
        text += std::string(key) + ": " +
                (pair[0] == pair[1] ? "same, " + dump_json(pair[0]) : dump_json(pair[0]) + " -> " + dump_json(pair[1])) + "\n";
    }
    for (const char* key : {"claims", "evidence_used"}) {
        const json& lists = diff.at(key);
        text += std::string(key) + ": " + std::to_string(lists.at("both").size()) + " in both\n";
        for (const json& entry : lists.at("only_first")) text += "  - " + entry.get<std::string>() + "\n";
        for (const json& entry : lists.at("only_second")) text += "  + " + entry.get<std::string>() + "\n";
    }
    return text;
}

}  // namespace gumshoe
