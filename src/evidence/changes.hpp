// Which change is suspect: by its deploy's timing, the service it went to, paths named in stack frames, and shared words.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "evidence/suspects.hpp"

namespace gumshoe {

struct ScoredChange {
    std::size_t index = 0;  // into Records::changes
    double score = 0;
    std::vector<std::string> reasons;
    std::optional<bool> deployed;
    Timestamp live{};  // when it took effect: its deploy's time, or its own
};

/// Best first. `items` are what is known of the symptoms, `suspects` their ranking.
std::vector<ScoredChange> rank_changes(const Subject& subject, const Records& records, const Topology& topology,
                                       const std::vector<Evidence>& items, const std::vector<RankedEntity>& suspects);

/// When it began, as the evidence shows it: monitors fire some minutes after the first metric moved or the first new error was logged.
Timestamp first_sign(const Subject& subject, const std::vector<Evidence>& items);

/// "7 min before", "2 h after".
std::string relative_to(Timestamp t, Timestamp onset);

/// "deploy v412 of checkout", "commit 4f1c2aa \"shrink the pool\"".
std::string name_of(const Change& change);

}  // namespace gumshoe
