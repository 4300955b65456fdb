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
/// Returns what is to be remembered beyond this process.
std::optional<LearnedFact> take_lesson(Journey& journey, Slot& slot, const Failure& failure, const Reply* reply, Memory& memory,
                                       const Moment& moment);

/// With the key that its file holds now: at once, and as no try of it.
void ask_again(Slot& slot, const Failure& failure);

/// Keeps a reply whose only fault is its form, if it is better than what is kept: one that only the caller refused is, else the later.
void keep_rejected(Journey& journey, const Slot& slot, const Reply& reply, const Failure& failure);

/// As the request takes it, when nobody really failed: `memory` is asked and not changed.
void take_drill(Journey& journey, Slot& slot, const Failure& failure, Memory memory, const Moment& moment);

}  // namespace gumshoe::llm
