// The finding's JSON: stored, returned by the API, printed by --json. Every field goes both ways.
#include "finding/finding.hpp"

#include <nlohmann/json.hpp>
#include <utility>

namespace gumshoe {
namespace {

json timestamp(Timestamp t) {
    return t == Timestamp{} ? json(nullptr) : json(format_rfc3339(t));
}

template <class T, class Function>
json list_of(const std::vector<T>& items, Function one) {
    json out = json::array();
    for (const auto& item : items) out.push_back(one(item));
    return out;
}

json cause_json(const Cause& c) {
    return {{"statement", c.statement}, {"entity", c.entity}, {"kind", c.kind}, {"mechanism", c.mechanism}, {"evidence", c.evidence}};
}

json claim_json(const Claim& c) {
    json out = {{"text", c.text}, {"kind", c.kind}, {"cites", c.cites}, {"verified", c.verified}};
    if (!c.failed_check.empty()) out["failed_check"] = c.failed_check;
    return out;
}

json suspect_json(const Suspect& s) {
    return {{"entity", s.entity}, {"kind", s.kind}, {"score", s.score}, {"evidence", s.evidence}};
}

json change_json(const RankedChange& c) {
    json out = {{"id", c.id}, {"kind", c.kind}, {"subject", c.subject}, {"score", c.score}, {"reasons", c.reasons}, {"link", c.link}};
    out["deployed"] = c.deployed ? json(*c.deployed) : json(nullptr);
    return out;
}

json hypothesis_json(const Hypothesis& h) {
    return {{"statement", h.statement}, {"verdict", h.verdict}, {"for", h.for_it}, {"against", h.against_it}};
}

json timeline_json(const TimelineEntry& t) {
    return {{"at", timestamp(t.at)}, {"what", t.what}, {"evidence", t.evidence}};
}

json similar_json(const SimilarIncident& s) {
    return {{"id", s.id}, {"title", s.title}, {"score", s.score}, {"resolution", s.resolution}};
}

json step_json(const NextStep& s) {
    json out = {{"action", s.action}, {"risk", s.risk}, {"evidence", s.evidence}};
    if (!s.command.empty()) out["command"] = s.command;
    if (!s.undo.empty()) out["undo"] = s.undo;
    return out;
}

json attempt_json(const RouteAttempt& a) {
    return {{"target", a.target}, {"class", a.failure}, {"millis", a.duration.count()}, {"cost_usd", a.cost_usd}};
}

json aside_json(const Aside& a) {
    return {{"summary", a.summary},
            {"cause", a.cause},
            {"evidence", a.evidence},
            {"answered_by", a.answered_by},
            {"investigation", a.investigation},
            {"age_ms", a.age.count()}};
}

double number_or(const json& value, std::string_view path, double fallback) {
    return get_number(value, path).value_or(fallback);
}

std::vector<std::string> strings(const json& value, std::string_view path) {
    std::vector<std::string> out;
    const json* array = find(value, path);
    if (!array || !array->is_array()) return out;
    for (const auto& item : *array)
        if (item.is_string()) out.push_back(item.get<std::string>());
    return out;
}

/// Reads an array of objects; absent is empty. Items of another type are an error: half a finding is worse than none.
template <class T, class Function>
result<std::vector<T>> objects(const json& value, std::string_view key, Function one) {
    std::vector<T> out;
    const json* array = find(value, key);
    if (!array || array->is_null()) return out;
    if (!array->is_array()) return Error{errc::parse, "finding." + std::string(key) + " is not a list"};
    for (const auto& item : *array) {
        if (!item.is_object()) return Error{errc::parse, "finding." + std::string(key) + " holds something that is not an object"};
        result<T> parsed = one(item);
        if (!parsed) return in_context("finding." + std::string(key), parsed.error());
        out.push_back(std::move(*parsed));
    }
    return out;
}

result<Claim> read_claim(const json& v) {
    Claim c{string_or_empty(v, "text"), string_or_empty(v, "kind"), strings(v, "cites"), get_bool(v, "verified").value_or(false), {}};
    c.failed_check = string_or_empty(v, "failed_check");
    return c;
}

result<Suspect> read_suspect(const json& v) {
    return Suspect{string_or_empty(v, "entity"), string_or_empty(v, "kind"), number_or(v, "score", 0), strings(v, "evidence")};
}

result<RankedChange> read_change(const json& v) {
    RankedChange c;
    c.id = string_or_empty(v, "id");
    c.kind = string_or_empty(v, "kind");
    c.subject = string_or_empty(v, "subject");
    c.score = number_or(v, "score", 0);
    c.reasons = strings(v, "reasons");
    c.deployed = get_bool(v, "deployed");
    c.link = string_or_empty(v, "link");
    return c;
}

result<Hypothesis> read_hypothesis(const json& v) {
    return Hypothesis{string_or_empty(v, "statement"), string_or_empty(v, "verdict"), strings(v, "for"), strings(v, "against")};
}

result<TimelineEntry> read_timeline(const json& v) {
    TimelineEntry entry{{}, string_or_empty(v, "what"), strings(v, "evidence")};
    if (const auto at = get_string(v, "at")) {
        const auto parsed = parse_rfc3339(*at);
        if (!parsed) return in_context("at", parsed.error());
        entry.at = *parsed;
    }
    return entry;
}

result<SimilarIncident> read_similar(const json& v) {
    return SimilarIncident{string_or_empty(v, "id"), string_or_empty(v, "title"), number_or(v, "score", 0),
                           string_or_empty(v, "resolution")};
}

result<NextStep> read_step(const json& v) {
    return NextStep{string_or_empty(v, "action"), string_or_empty(v, "command"), string_or_empty(v, "risk"), string_or_empty(v, "undo"),
                    strings(v, "evidence")};
}

result<NotChecked> read_not_checked(const json& v) {
    return NotChecked{string_or_empty(v, "what"), string_or_empty(v, "why")};
}

result<RouteAttempt> read_attempt(const json& v) {
    return RouteAttempt{string_or_empty(v, "target"), string_or_empty(v, "class"), milliseconds{get_int(v, "millis").value_or(0)},
                        number_or(v, "cost_usd", 0)};
}

result<Aside> read_aside(const json& v) {
    return Aside{string_or_empty(v, "summary"),     string_or_empty(v, "cause"),         strings(v, "evidence"),
                 string_or_empty(v, "answered_by"), string_or_empty(v, "investigation"), milliseconds{get_int(v, "age_ms").value_or(0)}};
}

template <class T>
bool take(result<std::vector<T>> parsed, std::vector<T>& target, Error& error) {
    if (!parsed) {
        error = parsed.error();
        return false;
    }
    target = std::move(*parsed);
    return true;
}

result<void> read_lists(const json& v, Finding& f) {
    Error error;
    const bool read = take(objects<Claim>(v, "claims", read_claim), f.claims, error) &&
                      take(objects<Suspect>(v, "suspects", read_suspect), f.suspects, error) &&
                      take(objects<RankedChange>(v, "changes", read_change), f.changes, error) &&
                      take(objects<Hypothesis>(v, "hypotheses", read_hypothesis), f.hypotheses, error) &&
                      take(objects<TimelineEntry>(v, "timeline", read_timeline), f.timeline, error) &&
                      take(objects<SimilarIncident>(v, "similar", read_similar), f.similar, error) &&
                      take(objects<NextStep>(v, "next_steps", read_step), f.next_steps, error) &&
                      take(objects<NotChecked>(v, "not_checked", read_not_checked), f.not_checked, error) &&
                      take(objects<Aside>(v, "asides", read_aside), f.asides, error) &&
                      take(objects<Evidence>(v, "evidence", evidence_from_json), f.evidence, error) &&
                      take(objects<Coverage>(v, "coverage", coverage_from_json), f.coverage, error) &&
                      take(objects<RouteAttempt>(v, "route.attempts", read_attempt), f.attempts, error);
    if (!read) return error;
    return {};
}

}  // namespace

std::string_view to_string(FindingStatus status) {
    switch (status) {
        case FindingStatus::confirmed:
            return "confirmed";
        case FindingStatus::likely:
            return "likely";
        case FindingStatus::inconclusive:
            return "inconclusive";
    }
    return "inconclusive";
}

json to_json_value(const Finding& f) {
    json out = {{"version", f.version},       {"investigation", f.investigation}, {"run", f.run},         {"status", to_string(f.status)},
                {"confidence", f.confidence}, {"degraded", f.degraded},           {"summary", f.summary}, {"cause", cause_json(f.cause)},
                {"cost_usd", f.cost_usd},     {"duration_ms", f.duration.count()}};
    out["impact"] = {{"statement", f.impact.statement}, {"evidence", f.impact.evidence}};
    out["claims"] = list_of(f.claims, claim_json);
    out["suspects"] = list_of(f.suspects, suspect_json);
    out["changes"] = list_of(f.changes, change_json);
    out["hypotheses"] = list_of(f.hypotheses, hypothesis_json);
    out["timeline"] = list_of(f.timeline, timeline_json);
    out["similar"] = list_of(f.similar, similar_json);
    out["next_steps"] = list_of(f.next_steps, step_json);
    out["not_checked"] = list_of(f.not_checked, [](const NotChecked& n) { return json{{"what", n.what}, {"why", n.why}}; });
    out["asides"] = list_of(f.asides, aside_json);
    out["evidence"] = list_of(f.evidence, [](const Evidence& e) { return to_json_value(e); });
    out["coverage"] = list_of(f.coverage, [](const Coverage& c) { return to_json_value(c); });
    out["route"] = {{"answered_by", f.answered_by}, {"note", f.route_note}, {"attempts", list_of(f.attempts, attempt_json)}};
    out["versions"] = {{"binary", f.binary_version}, {"prompt", f.prompt_version}, {"config", f.config_version}};
    return out;
}

result<Finding> finding_from_json(const json& v) {
    if (!v.is_object()) return Error{errc::parse, "a finding is a JSON object"};
    Finding f;
    f.version = static_cast<int>(get_int(v, "version").value_or(1));
    if (f.version != 1) return Error{errc::unsupported, "finding version " + std::to_string(f.version) + " is not known"};
    const std::string status = string_or_empty(v, "status");
    if (status == "confirmed")
        f.status = FindingStatus::confirmed;
    else if (status == "likely")
        f.status = FindingStatus::likely;
    else if (status != "inconclusive")
        return Error{errc::parse, "finding.status is none of confirmed, likely, inconclusive"};
    f.investigation = string_or_empty(v, "investigation");
    f.run = string_or_empty(v, "run");
    f.confidence = number_or(v, "confidence", 0);
    f.degraded = get_bool(v, "degraded").value_or(false);
    f.summary = string_or_empty(v, "summary");
    f.cause.statement = string_or_empty(v, "cause.statement");
    f.cause.entity = string_or_empty(v, "cause.entity");
    f.cause.kind = string_or_empty(v, "cause.kind");
    f.cause.mechanism = string_or_empty(v, "cause.mechanism");
    f.cause.evidence = strings(v, "cause.evidence");
    f.impact.statement = string_or_empty(v, "impact.statement");
    f.impact.evidence = strings(v, "impact.evidence");
    f.answered_by = string_or_empty(v, "route.answered_by");
    f.route_note = string_or_empty(v, "route.note");
    f.cost_usd = number_or(v, "cost_usd", 0);
    f.duration = milliseconds{get_int(v, "duration_ms").value_or(0)};
    f.binary_version = string_or_empty(v, "versions.binary");
    f.prompt_version = string_or_empty(v, "versions.prompt");
    f.config_version = string_or_empty(v, "versions.config");
    const auto lists = read_lists(v, f);
    if (!lists) return lists.error();
    return f;
}

}  // namespace gumshoe
