// Reads a model's answer strictly enough that a wrong shape is told back to it, and cleans every text on the way in.
#include "analysis/answer.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/json.hpp"
#include "base/text.hpp"

namespace gumshoe {

namespace {

constexpr std::size_t text_bytes = 700;
constexpr std::size_t most_entries = 12;

std::string clean(std::string_view text) {
    return truncate(strip_invisible(sanitize_utf8(trim(text))), text_bytes);
}

/// The first problem wins; the reader goes on so that the code below stays flat.
class Reader {
public:
    std::string text(const json& object, const char* key, const std::string& where) {
        const json* value = gumshoe::find(object, key);
        if (value && value->is_null()) return {};
        if (!value || !value->is_string()) return fail<std::string>(where + key + " must be a string");
        return clean(value->get_ref<const std::string&>());
    }
    std::string one_of(const json& object, const char* key, const std::string& where, const std::set<std::string>& allowed) {
        const std::string value = text(object, key, where);
        if (problem_.empty() && !allowed.contains(value)) problem_ = where + key + " has the unknown value \"" + truncate(value, 40) + "\"";
        return value;
    }
    Citations ids(const json& object, const char* key, const std::string& where) {
        const json* value = gumshoe::find(object, key);
        if (!value || !value->is_array()) return fail<Citations>(where + key + " must be an array of evidence ids");
        Citations out;
        for (const json& id : *value) {
            if (!id.is_string()) return fail<Citations>(where + key + " must hold strings");
            const std::string cited = clean(id.get_ref<const std::string&>());
            if (std::find(out.begin(), out.end(), cited) == out.end()) out.push_back(cited);
        }
        return out;
    }
    const json& object(const json& parent, const char* key) {
        static const json none = json::object();
        const json* value = gumshoe::find(parent, key);
        if (!value || !value->is_object()) {
            if (problem_.empty()) problem_ = std::string(key) + " must be an object";
            return none;
        }
        return *value;
    }
    std::vector<const json*> objects(const json& parent, const char* key) {
        const json* value = gumshoe::find(parent, key);
        if (!value || !value->is_array()) return fail<std::vector<const json*>>(std::string(key) + " must be an array");
        std::vector<const json*> out;
        for (const json& entry : *value) {
            if (!entry.is_object()) return fail<std::vector<const json*>>(std::string(key) + " must hold objects");
            if (out.size() < most_entries) out.push_back(&entry);
        }
        return out;
    }
    const std::string& problem() const { return problem_; }

private:
    template <class T>
    T fail(std::string problem) {
        if (problem_.empty()) problem_ = std::move(problem);
        return {};
    }
    std::string problem_;
};

FindingStatus status_of(const std::string& word) {
    if (word == "confirmed") return FindingStatus::confirmed;
    if (word == "likely") return FindingStatus::likely;
    return FindingStatus::inconclusive;
}

void lay_lists(Reader& reader, const json& answer, Finding& finding) {
    finding.claims.clear();
    for (const json* entry : reader.objects(answer, "claims")) {
        Claim claim;
        claim.text = reader.text(*entry, "text", "claims[].");
        claim.kind = reader.one_of(*entry, "kind", "claims[].", {"observation", "inference"});
        claim.cites = reader.ids(*entry, "cites", "claims[].");
        finding.claims.push_back(std::move(claim));
    }
    finding.hypotheses.clear();
    for (const json* entry : reader.objects(answer, "hypotheses")) {
        Hypothesis hypothesis;
        hypothesis.statement = reader.text(*entry, "statement", "hypotheses[].");
        hypothesis.verdict = reader.one_of(*entry, "verdict", "hypotheses[].", {"leading", "weakened", "ruled_out"});
        hypothesis.for_it = reader.ids(*entry, "for", "hypotheses[].");
        hypothesis.against_it = reader.ids(*entry, "against", "hypotheses[].");
        finding.hypotheses.push_back(std::move(hypothesis));
    }
    std::vector<TimelineEntry> timeline;
    for (const json* entry : reader.objects(answer, "timeline")) {
        TimelineEntry moment;
        // A time that cannot be read drops its entry, not the answer.
        const auto at = parse_rfc3339(reader.text(*entry, "at", "timeline[]."));
        moment.what = reader.text(*entry, "what", "timeline[].");
        moment.evidence = reader.ids(*entry, "evidence", "timeline[].");
        if (!at) continue;
        moment.at = *at;
        timeline.push_back(std::move(moment));
    }
    if (!timeline.empty()) finding.timeline = std::move(timeline);
    std::vector<NextStep> steps;
    for (const json* entry : reader.objects(answer, "next_steps")) {
        NextStep step;
        step.action = reader.text(*entry, "action", "next_steps[].");
        step.command = reader.text(*entry, "command", "next_steps[].");
        step.risk = reader.one_of(*entry, "risk", "next_steps[].", {"low", "medium", "high"});
        step.undo = reader.text(*entry, "undo", "next_steps[].");
        step.evidence = reader.ids(*entry, "evidence", "next_steps[].");
        if (steps.size() < 3) steps.push_back(std::move(step));
    }
    finding.next_steps = std::move(steps);
}

}  // namespace

result<Finding> lay_answer(std::string_view text, Finding finding) {
    const auto open = text.find('{');
    const auto close = text.rfind('}');
    if (open == std::string_view::npos || close == std::string_view::npos || close < open) {
        return Error{errc::parse, "the answer holds no JSON object"};
    }
    auto answer = parse_json(text.substr(open, close - open + 1));
    if (!answer) return in_context("the answer is not JSON", answer.error());
    Reader reader;
    finding.summary = reader.text(*answer, "summary", "");
    finding.status = status_of(reader.one_of(*answer, "status", "", {"confirmed", "likely", "inconclusive"}));
    const auto confidence = get_number(*answer, "confidence");
    const json& cause = reader.object(*answer, "cause");
    finding.cause.statement = reader.text(cause, "statement", "cause.");
    finding.cause.entity = reader.text(cause, "entity", "cause.");
    finding.cause.kind = reader.one_of(cause, "kind", "cause.",
                                       {"deploy", "config", "dependency", "capacity", "code", "infrastructure", "traffic", "unknown"});
    finding.cause.mechanism = reader.text(cause, "mechanism", "cause.");
    finding.cause.evidence = reader.ids(cause, "evidence", "cause.");
    const json& impact = reader.object(*answer, "impact");
    finding.impact.statement = reader.text(impact, "statement", "impact.");
    finding.impact.evidence = reader.ids(impact, "evidence", "impact.");
    lay_lists(reader, *answer, finding);
    if (!reader.problem().empty()) return Error{errc::parse, reader.problem()};
    if (!confidence) return Error{errc::parse, "confidence must be a number from 0 to 1"};
    if (finding.summary.empty()) return Error{errc::parse, "summary is empty"};
    finding.confidence = std::clamp(*confidence, 0.0, 1.0);
    finding.degraded = false;
    return finding;
}

}  // namespace gumshoe
