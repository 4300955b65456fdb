#include "llm/lesson.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "llm/judge.hpp"
#include "llm/repair.hpp"

namespace gumshoe::llm {
namespace {

using namespace std::chrono_literals;

constexpr milliseconds shortest_gate = 1s;
constexpr milliseconds longest_gate = 10min;
constexpr int most_repairs = 3;
constexpr std::int64_t least_output = 256;  // an answer with less room is none

milliseconds stated_wait(const Failure& failure, Timestamp wall) {
    if (failure.retry_after) return *failure.retry_after;
    if (failure.until) return std::max(0ms, std::chrono::duration_cast<milliseconds>(*failure.until - wall));
    return 0ms;
}

void burn_provider(Journey& journey, const std::string& provider, const Failure& failure) {
    for (Slot& slot : journey.slots) {
        if (slot.target->provider != provider) continue;
        slot.burned = true;
        if (slot.last_words.empty()) slot.last_words = failure.reason;
    }
}

/// Less room for the answer where that suffices; else only larger windows are left.
std::optional<LearnedFact> overflow(Journey& journey, Slot& slot, const Failure& failure, Memory& memory, Timestamp wall) {
    std::optional<LearnedFact> fact;
    if (failure.window) fact = memory.learn_window(*slot.target, *failure.window, wall);
    const std::int64_t room = failure.window && failure.prompt_tokens ? *failure.window - *failure.prompt_tokens - 1 : 0;
    if (room >= least_output && !slot.max_output) {
        slot.max_output = room;
        slot.mending = true;
        journey.prompt_tokens = std::min(journey.prompt_tokens, *failure.prompt_tokens);
        return fact;
    }
    const std::int64_t too_small = memory.window(*slot.target, wall);
    slot.burned = true;
    for (Slot& other : journey.slots) {
        if (memory.window(*other.target, wall) > too_small) continue;
        other.burned = true;
        if (other.last_words.empty()) other.last_words = "its context window is no larger than that of " + slot.target->name;
        other.last_failure = FailureClass::context_overflow;
    }
    return fact;
}

bool grow_output(const Journey& journey, Slot& slot, const Memory& memory, Timestamp wall) {
    if (slot.max_output) return false;
    const std::int64_t now = slot.target->overrides.max_output_tokens.value_or(journey.request.max_output_tokens);
    slot.max_output = std::min(now * 2, memory.window(*slot.target, wall) - journey.prompt_tokens);
    slot.mending = true;
    return *slot.max_output > now;
}

/// Every repair is new to the model, so the calls it costs are bounded.
std::optional<LearnedFact> mend(Slot& slot, const Failure& failure, Memory& memory, Timestamp wall) {
    const std::string repair = repair_for(failure.param);
    if (repair.empty() || slot.repairs >= most_repairs || memory.repairs(*slot.target, wall).contains(repair)) return std::nullopt;
    ++slot.repairs;
    --slot.tries;
    slot.mending = true;
    return memory.learn_repair(*slot.target, repair, wall);
}

}  // namespace

std::optional<LearnedFact> take_lesson(Journey& journey, Slot& slot, const Failure& failure, const Reply* reply, Memory& memory,
                                       const Moment& moment) {
    using enum FailureClass;
    std::optional<LearnedFact> fact;
    slot.last_words = failure.reason;
    slot.last_failure = failure.failure;
    switch (failure.failure) {
        case rate_limit:
            memory.gate(*slot.target, moment.now + std::clamp(stated_wait(failure, moment.wall), shortest_gate, longest_gate));
            break;
        case overloaded:
        case server_error:
        case network:
        case truncated_stream:
        case bad_body:
            slot.not_before = moment.now + std::max(stated_wait(failure, moment.wall), moment.backoff);
            slot.burned = !moment.may_retry;
            break;
        case context_overflow:
            fact = overflow(journey, slot, failure, memory, moment.wall);
            break;
        case output_truncated:
            slot.burned = !grow_output(journey, slot, memory, moment.wall);
            break;
        case unsupported_param:
            fact = mend(slot, failure, memory, moment.wall);
            slot.burned = !fact;
            break;
        case schema_invalid:
        case empty:
            slot.burned = !slot.repair_turn.empty() || reply == nullptr;
            if (!slot.burned) slot.repair_turn = repair_turn(*reply, failure);
            slot.mending = !slot.burned;
            break;
        case bad_request_unknown:
            journey.refused_by.insert(slot.target->provider);
            journey.caller_fault = journey.refused_by.size() >= 2;
            burn_provider(journey, slot.target->provider, failure);
            break;
        case content_filter:
        case refusal:
        case too_large:
            burn_provider(journey, slot.target->provider, failure);
            break;
        case caller_fault:
            journey.caller_fault = true;
            break;
        case cancelled:
            journey.cancelled = true;
            break;
        default:
            slot.burned = true;
            break;  // timeouts, and what is quarantined
    }
    return fact;
}

void ask_again(Slot& slot, const Failure& failure) {
    slot.renewed = slot.mending = true;
    --slot.tries;
    slot.last_words = failure.reason;
}

void keep_rejected(Journey& journey, const Slot& slot, const Reply& reply, const Failure& failure) {
    if (failure.failure != FailureClass::schema_invalid || !reply.tool_calls.empty() || trim(reply.text).empty()) return;
    const bool well_formed = !judge(reply, journey.request);
    if (journey.best_is_well_formed && !well_formed) return;
    journey.best_is_well_formed = well_formed;
    journey.best_rejected = NoAnswer::Rejected{.reply = reply, .target = slot.target->name, .failure = failure};
}

void take_drill(Journey& journey, Slot& slot, const Failure& failure, Memory memory, const Moment& moment) {
    take_lesson(journey, slot, failure, nullptr, memory, moment);
    if (failure.failure == FailureClass::rate_limit) slot.burned = true;  // no gate keeps it from being asked at once
    const std::string scope = broken_scope(*slot.target, failure.failure);
    for (Slot& other : journey.slots) {
        if (!scope.empty() && broken_scope(*other.target, failure.failure) == scope) other.burned = true;
    }
}

}  // namespace gumshoe::llm
