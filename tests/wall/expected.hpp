// What we make of each scenario of the wall: one row a model's name, and where a provider's dialect makes something else of it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "llm/failure.hpp"

namespace gumshoe::test {

/// What is known of the faulty target afterwards.
enum class After {
    account,  // its account is quarantined
    key,      // its key is
    model,    // the model under its account is
    gate,     // its rate limit's gate is shut
    counted,  // its breaker counted a failure
    nothing   // nothing is held against it
};

struct Expected {
    std::string_view model;
    FailureClass failure;  // of the first call; none: it answers
    int calls;             // at the faulty target
    After after;
    bool answers = false;  // the faulty target itself, in the end
};

/// `provider` and `mode` ("buffered", "streamed") of the faulty target.
Expected expected(std::string_view model, std::string_view provider, std::string_view mode);

}  // namespace gumshoe::test
