// The journal's row of an attempt: as it is opened before the call, and closed after it.
#pragma once

#include <string_view>

#include "llm/attempt_store.hpp"
#include "llm/plan.hpp"

namespace gumshoe::llm {

LlmAttempt row_of(const Journey& journey, const Target& target, Timestamp now);
/// Before the call, so before the attempt is counted.
LlmAttempt row_of_call(const Journey& journey, const Choice& choice, std::string_view body, Timestamp now);
/// `reply` null where none came.
void close_row(LlmAttempt& row, const Failure& failure, const Reply* reply, double cost, Timestamp now);

}  // namespace gumshoe::llm
