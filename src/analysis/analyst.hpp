// The built-in analyst: no model, always there. Ranks suspects and changes, and writes a finding of facts.
#pragma once

#include <vector>

#include "evidence/condense.hpp"
#include "finding/finding.hpp"

namespace gumshoe {

/// Everything but investigation, run, coverage, route and versions is filled. degraded = true. Deterministic.
Finding analyse_builtin(const Subject& subject, const Records& records, const std::vector<Evidence>& evidence);

}  // namespace gumshoe
