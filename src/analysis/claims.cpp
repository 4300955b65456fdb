// A model's finding held against its evidence: ids, claims, cause, status.
#include "analysis/claims.hpp"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "analysis/claim_checks.hpp"
#include "base/text.hpp"

namespace gumshoe {

namespace {

constexpr auto timeline_slack = std::chrono::minutes(1);

class Review {
public:
    explicit Review(Finding& finding) : finding_(finding), checker_(finding.evidence) {
        for (const auto& item : finding.evidence) {
            by_id_[item.id] = &item;
        }
    }

    CheckReport run() {
        drop_invented();
        check_all_claims();
        check_cause();
        check_impact_and_timeline();
        check_summary();
        cap_status();
        fill_not_checked(finding_);
        return std::move(report_);
    }

private:
    std::vector<const Evidence*> cited(const Citations& ids) const {
        std::vector<const Evidence*> items;
        for (const auto& id : ids) {
            if (const auto at = by_id_.find(id); at != by_id_.end()) {
                items.push_back(at->second);
            }
        }
        return items;
    }

    void keep_known(Citations& ids, const std::string& where) {
        std::erase_if(ids, [&](const std::string& id) {
            if (by_id_.contains(id)) {
                return false;
            }
            report_.invented_ids += 1;
            report_.problems.push_back(where + " cites " + truncate(id, 20) + ", which does not exist");
            return true;
        });
        std::set<std::string> seen;
        std::erase_if(ids, [&seen](const std::string& id) { return !seen.insert(id).second; });
    }

    void drop_invented() {
        keep_known(finding_.cause.evidence, "the cause");
        keep_known(finding_.impact.evidence, "the impact");
        for (std::size_t i = 0; i < finding_.claims.size(); ++i) {
            keep_known(finding_.claims[i].cites, "claim " + std::to_string(i + 1));
        }
        for (auto& hypothesis : finding_.hypotheses) {
            keep_known(hypothesis.for_it, "a hypothesis");
            keep_known(hypothesis.against_it, "a hypothesis");
        }
        for (auto& entry : finding_.timeline) {
            keep_known(entry.evidence, "the timeline");
        }
        for (auto& step : finding_.next_steps) {
            keep_known(step.evidence, "a next step");
        }
    }

    /// An id written in the text itself that is no item: "[E99]".
    std::optional<std::string> invented_in(const std::string& text) const {
        for (auto at = text.find("[E"); at != std::string::npos; at = text.find("[E", at + 1)) {
            const auto end = text.find(']', at);
            const auto id = text.substr(at + 1, end == std::string::npos ? 0 : end - at - 1);
            const bool is_id = id.size() > 1 && std::all_of(id.begin() + 1, id.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
            if (is_id && !by_id_.contains(id)) {
                return "id: " + id + " does not exist";
            }
        }
        return std::nullopt;
    }

    std::optional<std::string> check(const std::string& text, const std::vector<const Evidence*>& items) const {
        auto failed = invented_in(text);
        return failed ? failed : checker_.check(text, items);
    }

    void check_all_claims() {
        for (std::size_t i = 0; i < finding_.claims.size(); ++i) {
            auto& claim = finding_.claims[i];
            const auto failed = check(claim.text, cited(claim.cites));
            claim.verified = !failed;
            claim.failed_check = failed.value_or("");
            if (failed) {
                report_.failed_claims += 1;
                report_.problems.push_back("claim " + std::to_string(i + 1) + ": " + *failed);
            }
        }
    }

    void check_cause() {
        auto& cause = finding_.cause;
        if (cause.statement.empty()) {
            report_.cause_stands = false;
            return;
        }
        const auto items = cited(cause.evidence);
        auto failed = check(cause.statement, items);
        if (!failed && !cause.mechanism.empty()) {
            failed = check(cause.mechanism, items);
        }
        if (!failed && !cause.entity.empty()) {
            const bool named = std::any_of(items.begin(), items.end(), [&cause](const Evidence* item) {
                return iequals(item->entity, cause.entity) || icontains(item->text, cause.entity) ||
                       icontains(item->change_id, cause.entity);
            });
            if (!named) {
                failed = "entity: " + truncate(cause.entity, 80) + " is not in the cited evidence";
            }
        }
        if (failed) {
            report_.cause_stands = false;
            report_.problems.push_back("the cause: " + *failed);
        }
    }

    void check_impact_and_timeline() {
        if (!finding_.impact.statement.empty()) {
            if (const auto failed = check(finding_.impact.statement, cited(finding_.impact.evidence))) {
                report_.problems.push_back("the impact: " + *failed);
                finding_.impact = {};
            }
        }
        std::erase_if(finding_.timeline, [this](const TimelineEntry& entry) {
            const auto items = cited(entry.evidence);
            const bool fits = std::any_of(items.begin(), items.end(), [&entry](const Evidence* item) {
                return entry.at >= item->from - timeline_slack && entry.at <= std::max(item->from, item->to) + timeline_slack;
            });
            if (!fits) {
                report_.problems.push_back("the timeline: " + format_clock(entry.at) + " is not a time of its evidence");
            }
            return !fits;
        });
    }

    /// What is read first must not say more than the rest: a summary that fails is replaced by what stands.
    void check_summary() {
        std::vector<const Evidence*> all;
        for (const auto& item : finding_.evidence) {
            all.push_back(&item);
        }
        const auto failed = finding_.summary.empty() ? std::nullopt : check(finding_.summary, all);
        if (!failed) {
            return;
        }
        report_.problems.push_back("the summary: " + *failed);
        std::vector<std::string> standing;
        if (report_.cause_stands) {
            standing.push_back(finding_.cause.statement);
        }
        for (const auto& claim : finding_.claims) {
            if (claim.verified && standing.size() < 2) {
                standing.push_back(claim.text);
            }
        }
        finding_.summary = join(standing, " ");
    }

    void cap_status() {
        std::set<EvidenceKind> kinds;
        const auto count = [&](const Citations& ids) {
            for (const auto* item : cited(ids)) {
                const bool independent = item->kind == EvidenceKind::metric || item->kind == EvidenceKind::log ||
                                         item->kind == EvidenceKind::trace || item->kind == EvidenceKind::change;
                if (independent) {
                    kinds.insert(item->kind);
                }
            }
        };
        if (report_.cause_stands) {
            count(finding_.cause.evidence);
        }
        std::size_t passed = 0;
        for (const auto& claim : finding_.claims) {
            if (claim.verified) {
                ++passed;
                count(claim.cites);
            }
        }
        if (finding_.status == FindingStatus::confirmed && kinds.size() < 2) {
            finding_.status = FindingStatus::likely;
        }
        if (!report_.cause_stands) {
            finding_.status = FindingStatus::inconclusive;
        }
        const double share = finding_.claims.empty() ? 1 : static_cast<double>(passed) / static_cast<double>(finding_.claims.size());
        constexpr double most_when_inconclusive = 0.4;
        finding_.confidence = std::clamp(std::min(finding_.confidence, share), 0.0,
                                         finding_.status == FindingStatus::inconclusive ? most_when_inconclusive : 1.0);
    }

    Finding& finding_;
    ClaimChecker checker_;
    std::map<std::string, const Evidence*> by_id_;
    CheckReport report_;
};

}  // namespace

CheckReport check_claims(Finding& finding) {
    return Review(finding).run();
}

void fill_not_checked(Finding& finding) {
    finding.not_checked.clear();
    for (const auto& coverage : finding.coverage) {
        if (coverage.status == CoverageStatus::ok || coverage.status == CoverageStatus::empty) {
            continue;
        }
        std::string what = coverage.query.starts_with(coverage.source) ? coverage.query : coverage.source + "/" + coverage.query;
        const std::string why = coverage.status == CoverageStatus::timeout   ? "no answer in time"
                                : coverage.status == CoverageStatus::skipped ? "skipped"
                                                                             : "the query failed";
        finding.not_checked.push_back({replace_all(std::move(what), "/", " "),
                                       coverage.reason.empty() || coverage.reason == why ? why : why + ": " + coverage.reason});
    }
}

}  // namespace gumshoe
