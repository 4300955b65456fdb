// From records to ranked evidence items: log patterns, metric shifts, trace signals, changes, messages, absences.
#pragma once

#include <vector>

#include "evidence/evidence.hpp"
#include "evidence/gather.hpp"

namespace gumshoe {

/// Sorted by mass, ids given in that order, at most limits::evidence_items. Deterministic.
std::vector<Evidence> condense(const Subject& subject, const Gathering& gathering);

/// The same over bare records (a case file), where there is no query to name.
std::vector<Evidence> condense(const Subject& subject, const Records& records);

/// The items as a model reads them: budgeted, ranked, one line each, within about `max_tokens` (3.5 bytes each).
std::string pack(const std::vector<Evidence>& items, std::size_t max_tokens);

}  // namespace gumshoe
