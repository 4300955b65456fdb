// Checks a model's finding against the evidence it cites; nothing unchecked is shown as checked.
#pragma once

#include <string>
#include <vector>

#include "finding/finding.hpp"

namespace gumshoe {

struct CheckReport {
    int invented_ids = 0;
    int failed_claims = 0;
    bool cause_stands = true;
    std::vector<std::string> problems;  // one line each, for a repair turn
};

/// Drops unknown ids, marks claims, caps the status (confirmed needs two independent kinds), fills not_checked from coverage.
CheckReport check_claims(Finding& finding);

/// not_checked from coverage: what failed, timed out or was skipped, and why. Code's word, never a model's.
void fill_not_checked(Finding& finding);

}  // namespace gumshoe
