// What an operator is shown: where a request would go, and what is known of each target.
#pragma once

#include "llm/plan.hpp"

namespace gumshoe::llm {

std::vector<Prospect> prospects_of(const Journey& journey, const Memory& memory, const RouterOptions& options, Monotonic now,
                                   Timestamp wall);
TargetState state_of(const Target& target, const Memory& memory, Monotonic now, Timestamp wall);

}  // namespace gumshoe::llm
