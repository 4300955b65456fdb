// The built-in analyst: turns ranked evidence into a finding of facts, in plain words.
#include <algorithm>
#include <map>

#include "analysis/analyst.hpp"
#include "evidence/changes.hpp"
#include "evidence/detect.hpp"
#include "evidence/recall.hpp"
#include "evidence/suspects.hpp"

namespace gumshoe {

Finding analyse_builtin(const Subject& subject, const Records& records, const std::vector<Evidence>& evidence) {
    Finding finding;
    const auto topology = topology_of(records);
    const auto suspects = rank_entities(subject, topology, evidence);
    for (const auto& suspect : suspects) {
        Suspect one{suspect.entity, suspect.kind, suspect.score, {}};
        for (std::size_t i = 0; i < std::min<std::size_t>(suspect.items.size(), 5); ++i) {
            one.evidence.push_back(evidence[suspect.items[i]].id);
        }
        finding.suspects.push_back(one);
    }
    for (const auto& change : rank_changes(subject, records, topology, evidence, suspects)) {
        const auto& c = records.changes[change.index];
        finding.changes.push_back({c.id, c.kind, c.subject, change.score, change.reasons, change.deployed, c.link});
    }
    return finding;
}

}  // namespace gumshoe
