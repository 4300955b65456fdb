// What a request learns from a failed attempt: who is not asked again, what is mended, how long to wait.
#pragma once

#include "llm/plan.hpp"

namespace gumshoe::llm {

struct Moment {
    Monotonic now;
    Timestamp wall;
    bool may_retry = true;  // the budget of retries has one left
    milliseconds backoff{};
};

/// `reply` where the failure is a reply that is no answer, else null. Quarantines and breakers are the router's.
void take_lesson(Journey& journey, Slot& slot, const Failure& failure, const Reply* reply, Memory& memory, const Moment& moment);

}  // namespace gumshoe::llm
