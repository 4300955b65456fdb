// The built-in analyst: ranked evidence in, a finding of facts out. It names a cause only as far as the numbers carry it.
#include <algorithm>
#include <cmath>
#include <optional>

#include "analysis/analyst.hpp"
#include "analysis/builtin_words.hpp"
#include "base/text.hpp"
#include "evidence/changes.hpp"
#include "evidence/recall.hpp"
#include "evidence/suspects.hpp"

namespace gumshoe {

namespace {

constexpr std::size_t most_suspects = 10;
constexpr std::size_t most_changes = 10;
constexpr std::size_t most_claims = 6;
constexpr std::size_t cites_per_suspect = 5;
constexpr double weak_score = 0.5;    // below: no single suspect
constexpr double strong_score = 1.0;  // from here, with a clear gap and two kinds of evidence: high confidence
constexpr double clear_gap = 0.3;

class BuiltinAnalyst {
public:
    BuiltinAnalyst(const Subject& subject, const Records& records, const std::vector<Evidence>& evidence)
        : subject_(subject),
          records_(records),
          evidence_(evidence),
          onset_(first_sign(subject, evidence)),
          topology_(topology_of(records)),
          suspects_(rank_entities(subject, topology_, evidence)),
          changes_(rank_changes(subject, records, topology_, evidence, suspects_)) {}

    Finding write() {
        finding_.degraded = true;
        finding_.answered_by = "built-in";
        finding_.evidence = evidence_;
        blame_ = leading_change();
        list_suspects_and_changes();
        judge();
        tell_cause();
        tell_summary();
        tell_claims();
        weigh_hypotheses();
        tell_timeline();
        propose_steps();
        for (const auto& similar : similar_incidents(subject_, records_, evidence_, 3)) {
            const auto& past = records_.incidents[similar.index];
            finding_.similar.push_back({past.id, past.title, similar.score, past.resolution});
        }
        return std::move(finding_);
    }

private:
    const Change& change_of(const ScoredChange& scored) const { return records_.changes[scored.index]; }

    const Evidence* item_of(const ScoredChange& scored) const {
        const auto& change = change_of(scored);
        const auto at = std::find_if(evidence_.begin(), evidence_.end(), [&change](const Evidence& item) {
            return item.kind == EvidenceKind::change && item.change_id == change.id && item.signal == change.kind;
        });
        return at == evidence_.end() ? nullptr : &*at;
    }

    const Evidence* strongest_of(const std::string& entity, EvidenceKind kind) const {
        for (const auto& item : evidence_) {
            if (item.entity == entity && item.kind == kind && item.signal != "flat") {
                return &item;
            }
        }
        return nullptr;
    }

    /// The change worth blaming: live before the onset, and more than recent.
    std::optional<ScoredChange> leading_change() const {
        constexpr double worth_blaming = 0.8;
        if (changes_.empty()) {
            return std::nullopt;
        }
        const auto& top = changes_.front();
        const bool live = top.deployed.value_or(false) && top.live <= onset_ + std::chrono::minutes(1);
        return live && top.score >= worth_blaming ? std::optional(top) : std::nullopt;
    }

    void list_suspects_and_changes() {
        for (std::size_t i = 0; i < std::min(suspects_.size(), most_suspects); ++i) {
            const auto& from = suspects_[i];
            Suspect suspect{from.entity, from.kind, std::round(from.score * 1e4) / 1e4, {}};
            for (std::size_t n = 0; n < std::min(from.items.size(), cites_per_suspect); ++n) {
                suspect.evidence.push_back(evidence_[from.items[n]].id);
            }
            finding_.suspects.push_back(std::move(suspect));
        }
        for (std::size_t i = 0; i < std::min(changes_.size(), most_changes); ++i) {
            const auto& change = change_of(changes_[i]);
            finding_.changes.push_back({change.id, change.kind, change.subject, std::round(changes_[i].score * 1e4) / 1e4,
                                        changes_[i].reasons, changes_[i].deployed, change.link});
        }
    }

    double gap() const { return suspects_.size() > 1 ? suspects_[0].score - suspects_[1].score : suspects_[0].score; }

    void judge() {
        const double score = suspects_.empty() ? 0 : suspects_.front().score;
        if (score < weak_score && !blame_) {
            finding_.confidence = 0.3 * score / weak_score;
            return;
        }
        const bool high = score >= strong_score && gap() >= clear_gap && suspects_.front().kinds >= 2;
        finding_.confidence = 0.3 + 0.2 * std::min(1.0, score) + (suspects_.empty() ? 0 : 0.15 * std::clamp(gap() / clear_gap, 0.0, 1.0)) +
                              (high ? 0.1 : 0) + (blame_ ? 0.15 : 0);
        finding_.confidence = std::round(std::min(finding_.confidence, 0.9) * 100) / 100;
        finding_.status = finding_.confidence >= 0.5 ? FindingStatus::likely : FindingStatus::inconclusive;
        if (blame_ && confirms(*blame_)) {
            finding_.status = FindingStatus::confirmed;
            finding_.confidence = std::max(finding_.confidence, 0.85);
        }
    }

    /// Two independent kinds agree: the suspect's own deploy shortly before, and a failure logged only since that speaks of what it
    /// changed.
    bool confirms(const ScoredChange& scored) const {
        const auto& change = change_of(scored);
        if (suspects_.empty() || change.service != suspects_.front().entity || onset_ - scored.live > std::chrono::hours(1)) {
            return false;
        }
        const bool speaks_of_it = std::any_of(scored.reasons.begin(), scored.reasons.end(), [](const std::string& reason) {
            return reason.starts_with("touches ") || reason.starts_with("shares words");
        });
        const auto* log = strongest_of(change.service, EvidenceKind::log);
        return speaks_of_it && log != nullptr && log->signal == "new" && log->aspect == "errors" && log->mass >= 0.6 &&
               log->from >= scored.live - std::chrono::minutes(1);
    }

    void tell_cause() {
        auto& cause = finding_.cause;
        if (blame_) {
            const auto& change = change_of(*blame_);
            cause.entity = change.service.empty() ? subject_.alert.service : change.service;
            cause.kind = change.kind == "flag" || change.kind == "config" ? "config" : "deploy";
            cause.statement = describe(change) + ", live " + relative_to(blame_->live, onset_) + " the first sign";
            if (const auto* item = item_of(*blame_)) {
                cause.evidence.push_back(item->id);
            }
        }
        if (!suspects_.empty() && (suspects_.front().score >= weak_score || blame_)) {
            const auto& top = suspects_.front();
            const auto& item = evidence_[top.items.front()];
            if (!blame_) {
                cause.entity = top.entity;
                cause.kind = cause_kind(top.kind, top.entity != subject_.alert.service);
                cause.statement = headline(top);
            }
            cause.mechanism = item.text;
            for (std::size_t i = 0; i < std::min<std::size_t>(top.items.size(), 3); ++i) {
                cause.evidence.push_back(evidence_[top.items[i]].id);
            }
        }
        if (cause.kind.empty()) {
            cause.kind = "unknown";
        }
    }

    /// What the alerting service itself shows: its own metric first.
    const Evidence* symptom() const {
        const auto& service = subject_.alert.service;
        const Evidence* best = nullptr;
        for (const auto& item : evidence_) {
            const bool felt = item.aspect == "latency" || item.aspect == "errors" || item.aspect == "availability";
            if (item.entity != service || !felt || item.signal == "flat") {
                continue;
            }
            const bool named = !subject_.alert.metric.empty() && item.text.find(subject_.alert.metric) != std::string::npos;
            if (best == nullptr || named) {
                best = &item;
            }
            if (named) {
                break;
            }
        }
        return best;
    }

    void tell_summary() {
        std::vector<std::string> parts;
        const auto* felt = symptom();
        if (felt != nullptr) {
            finding_.impact = {felt->text, {felt->id}};
        }
        if (blame_) {
            const auto when = relative_to(blame_->live, felt != nullptr ? felt->from : onset_);
            const std::string distance = when.ends_with(" before") ? when.substr(0, when.size() - 7) + " after " : "close to ";
            parts.push_back(sentence((felt != nullptr ? felt->text : subject_.alert.service + ": " + subject_.alert.title) + ", " +
                                     distance + describe(change_of(*blame_))));
        } else if (felt != nullptr) {
            parts.push_back(sentence(felt->text));
        }
        if (!suspects_.empty()) {
            const auto& top = suspects_.front();
            const auto& item = evidence_[top.items.front()];
            if (top.score < weak_score && !blame_) {
                parts.push_back(sentence("No single suspect stands out. The strongest lead: " + item.text));
            } else if (felt == nullptr || item.id != felt->id) {
                parts.push_back(sentence(blame_ ? item.text : "Strongest suspect: " + headline(top) + " (" + item.text + ")"));
            } else if (top.items.size() > 1) {
                parts.push_back(sentence(evidence_[top.items[1]].text));
            }
        }
        if (!blame_ && parts.size() < 3) {
            for (const auto& item : evidence_) {
                if (item.kind == EvidenceKind::absence && item.text.find("deploys") != std::string::npos) {
                    parts.push_back(sentence(item.text));
                    break;
                }
            }
        }
        if (parts.empty()) {
            parts.emplace_back("Nothing that was fetched departs from what is usual. Root cause undetermined.");
        }
        finding_.summary = join(parts, " ");
    }

    void tell_claims() {
        std::vector<const Evidence*> told;
        const auto add = [&told](const Evidence* item) {
            if (item != nullptr && told.size() < most_claims && std::find(told.begin(), told.end(), item) == told.end()) {
                told.push_back(item);
            }
        };
        add(symptom());
        add(blame_ ? item_of(*blame_) : nullptr);
        for (std::size_t i = 0; i < std::min<std::size_t>(suspects_.size(), 3); ++i) {
            for (std::size_t n = 0; n < std::min<std::size_t>(suspects_[i].items.size(), i == 0 ? 3 : 1); ++n) {
                add(&evidence_[suspects_[i].items[n]]);
            }
        }
        for (const auto* item : told) {
            finding_.claims.push_back({item->text, "observation", {item->id}, true, ""});
        }
    }

    void weigh_hypotheses() {
        if (!finding_.cause.statement.empty() && finding_.status != FindingStatus::inconclusive) {
            finding_.hypotheses.push_back({finding_.cause.statement, "leading", finding_.cause.evidence, {}});
        }
        if (suspects_.size() > 1 && suspects_[1].score >= weak_score) {
            const auto& second = suspects_[1];
            finding_.hypotheses.push_back(
                {headline(second), "weakened", {evidence_[second.items.front()].id}, {evidence_[suspects_[0].items.front()].id}});
        }
        for (const auto& item : evidence_) {
            if (item.signal == "flat" && item.aspect == "traffic") {
                finding_.hypotheses.push_back({"more traffic than usual", "ruled_out", {}, {item.id}});
            } else if (item.signal == "flat" && (item.aspect == "cpu" || item.aspect == "memory")) {
                finding_.hypotheses.push_back(
                    {item.entity + " lacks " + (item.aspect == "cpu" ? "CPU" : "memory"), "ruled_out", {}, {item.id}});
            } else if (item.kind == EvidenceKind::absence && item.text.find("deploys") != std::string::npos) {
                finding_.hypotheses.push_back({"a deploy", "ruled_out", {}, {item.id}});
            }
        }
    }

    void tell_timeline() {
        auto& timeline = finding_.timeline;
        for (std::size_t i = 0; i < std::min<std::size_t>(changes_.size(), 3); ++i) {
            const auto* item = item_of(changes_[i]);
            if (item != nullptr && changes_[i].deployed.value_or(false)) {
                timeline.push_back({changes_[i].live, describe(change_of(changes_[i])) + " live", {item->id}});
            }
        }
        for (const auto& claim : finding_.claims) {
            const auto at =
                std::find_if(evidence_.begin(), evidence_.end(), [&claim](const Evidence& item) { return item.id == claim.cites.front(); });
            if (at->kind != EvidenceKind::change && at->kind != EvidenceKind::trace) {
                timeline.push_back({at->from, at->text, {at->id}});
            }
        }
        if (subject_.alert.started_at != Timestamp{}) {
            timeline.push_back({subject_.alert.started_at, "alert: " + truncate(subject_.alert.title, 120), {}});
        }
        std::sort(timeline.begin(), timeline.end(),
                  [](const TimelineEntry& a, const TimelineEntry& b) { return a.at != b.at ? a.at < b.at : a.what < b.what; });
    }

    /// The deploy of the same service that was live before the blamed one.
    const Change* version_before(const Change& blamed) const {
        const Change* before = nullptr;
        for (const auto& change : records_.changes) {
            const bool earlier =
                change.kind == "deploy" && change.service == blamed.service && change.time < blamed.time && change.id != blamed.id;
            if (earlier && (before == nullptr || change.time > before->time)) {
                before = &change;
            }
        }
        return before;
    }

    void propose_steps() {
        if (blame_) {
            const auto& change = change_of(*blame_);
            const auto* item = item_of(*blame_);
            const Citations cites = item != nullptr ? Citations{item->id} : Citations{};
            finding_.next_steps.push_back({"Look at what " + name_of(change) + " changed", "", "low", "", cites});
            if (change.kind == "deploy") {
                const auto* before = version_before(change);
                finding_.next_steps.push_back(
                    {before != nullptr ? "Roll " + change.service + " back to " + truncate(before->id, 60) + ", live before it"
                                       : "Consider rolling " + change.service + " back to the version before " + truncate(change.id, 60),
                     "", "medium", "deploy " + truncate(change.id, 60) + " again", cites});
            } else if (change.kind == "flag" || change.kind == "config") {
                finding_.next_steps.push_back(
                    {"Set " + truncate(change.id, 60) + " back to its value before", "", "medium", "set it again", cites});
            }
        }
        if (!suspects_.empty() && finding_.next_steps.size() < 3) {
            const auto& top = suspects_.front();
            finding_.next_steps.push_back(look_at(top, evidence_[top.items.front()]));
        }
    }

    const Subject& subject_;
    const Records& records_;
    const std::vector<Evidence>& evidence_;
    Timestamp onset_;
    Topology topology_;
    std::vector<RankedEntity> suspects_;
    std::vector<ScoredChange> changes_;
    std::optional<ScoredChange> blame_;
    Finding finding_;
};

}  // namespace

Finding analyse_builtin(const Subject& subject, const Records& records, const std::vector<Evidence>& evidence) {
    return BuiltinAnalyst(subject, records, evidence).write();
}

}  // namespace gumshoe
