// The sentences of the built-in analyst.
#pragma once

#include <optional>
#include <string>

#include "evidence/changes.hpp"
#include "evidence/suspects.hpp"
#include "finding/finding.hpp"

namespace gumshoe {

/// "cpu" -> "capacity": a suspect's kind as a kind of cause. `elsewhere`: the suspect is not the alerting service.
std::string cause_kind(const std::string& suspect_kind, bool elsewhere);

/// "payment is short of CPU", "the network to and from payment is slow".
std::string headline(const RankedEntity& suspect);

/// "deploy v412 of checkout (4f1c2aa \"shrink the pool\" by ana)".
std::string describe(const Change& change);

/// "Checkout ..." with a full stop at its end.
std::string sentence(std::string text);

/// What to do about a suspect without a change to blame.
NextStep look_at(const RankedEntity& suspect, const Evidence& strongest);

}  // namespace gumshoe
