// A chain under a fault, played without a network, a key or a second of waiting: the real router, on a clock that jumps, over
// an HTTP client that never leaves the process.
#pragma once

#include <set>
#include <span>
#include <string>
#include <string_view>

#include "llm/target.hpp"

namespace gumshoe {

/// What a vendor does. Refusals come at once, silence lasts as long as it is let.
struct RehearsedFault {
    enum class Reach { target, key, account, endpoint };  // what else has it: nothing, or whatever shares this with the target
    std::string_view name;                                // "key refused"
    int status = 0;                                       // HTTP; 0: silence
    Reach reach = Reach::target;
};
/// The main classes of faults.
std::span<const RehearsedFault> rehearsed_faults();

/// The chain's targets that have a fault when the one of that name has it. Of several keys, the first one has it.
std::set<const llm::Target*> hit_by(const llm::Chain& chain, const std::string& target, RehearsedFault::Reach reach);

struct Rehearsal {
    std::string answered_by;  // "": nobody
    int calls = 0;
    milliseconds waited{};  // until the answering call began, or until the end where nobody answered
    std::string note;       // as people are told
};
Rehearsal rehearse(const llm::Chain& chain, const std::set<const llm::Target*>& broken, const RehearsedFault& fault, milliseconds deadline);

}  // namespace gumshoe
