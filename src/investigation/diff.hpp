// Two runs side by side: did the answer change, and what did it cost.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "finding/finding.hpp"

namespace gumshoe {

/// { same_cause, same_status, status: [a, b], cause: [a, b], claims: {only_first, only_second, both}, evidence_used: {...},
///   answered_by: [a, b], cost_usd: [a, b], duration_ms: [a, b] }
json diff_findings(const Finding& first, const Finding& second);

/// The same for a terminal.
std::string diff_text(const json& diff);

}  // namespace gumshoe
