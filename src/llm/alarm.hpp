// What the operators are told when a target has to be mended by people.
#pragma once

#include <string>
#include <vector>

#include "llm/attempt_store.hpp"
#include "llm/failure.hpp"
#include "llm/target.hpp"

namespace gumshoe::llm {

struct Alarm {
    std::string subject;  // one line
    std::string words;    // what is wrong, what it means, what to do
};

/// What a person can do about a quarantine of that class.
std::string advice(const Target& target, FailureClass failure);

/// `hit`: names of the targets that share what broke.
Alarm dead_target_alarm(const Target& target, const Failure& failure, const Quarantine& entry, const std::vector<std::string>& hit);

}  // namespace gumshoe::llm
