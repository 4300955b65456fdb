// Whether a reply that came through whole is an answer to what was asked.
#pragma once

#include <optional>
#include <vector>

#include "llm/failure.hpp"
#include "llm/request.hpp"

namespace gumshoe::llm {

/// What is wrong with it; nullopt when it may be shown to the caller's own check.
std::optional<Failure> judge(const Reply& reply, const Request& request);

/// The turn that asks the same target to mend its answer.
std::vector<Message> repair_turn(const Reply& reply, const Failure& failure);

}  // namespace gumshoe::llm
