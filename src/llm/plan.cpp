// Whom to ask next: chain order, whoever is viable; waiting only when nobody is.
#include "llm/plan.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace gumshoe::llm {
namespace {

using enum Skip;

std::int64_t max_output(const Journey& journey, const Slot& slot) {
    if (slot.max_output) return *slot.max_output;
    return slot.target->overrides.max_output_tokens.value_or(journey.request.max_output_tokens);
}

std::string ordinal(std::size_t n) {
    constexpr std::array<std::string_view, 3> endings{"st", "nd", "rd"};
    const bool teens = n % 100 >= 11 && n % 100 <= 13;
    const std::size_t last = n % 10;
    return std::to_string(n) + std::string(!teens && last >= 1 && last <= 3 ? endings[last - 1] : "th");
}

std::string words_of(const Slot& slot) {
    return slot.target->name + ": " + (slot.last_words.empty() ? "not asked" : slot.last_words);
}

std::string with_journal_words(std::string note, const Journey& journey) {
    if (journey.journal_failures == 0) return note;
    if (!note.empty()) note += "; ";
    return note + "the attempts could not all be journaled";
}

/// The one target worth a forced call when nobody may be called: the breaker that opens soonest, else the largest window
/// (our count of tokens is an upper bound, and a refusal tells the true one).
std::optional<std::size_t> last_resort(const Journey& journey, const Memory& memory, const std::vector<Standing>& standings) {
    std::optional<std::size_t> soonest;
    std::optional<std::size_t> largest;
    for (std::size_t i = 0; i < standings.size(); ++i) {
        const Standing& s = standings[i];
        if (s.skip == breaker && (!soonest || s.opens < standings[*soonest].opens)) soonest = i;
        const auto size = [&](std::size_t slot) { return memory.window(*journey.slots[slot].target); };
        if (s.skip == window && (!largest || size(i) > size(*largest))) largest = i;
    }
    return soonest ? soonest : largest;
}

}  // namespace

std::string_view to_string(Skip skip) {
    switch (skip) {
        case none:
            return "";
        case burned:
            return "burned";
        case tries:
            return "tries";
        case budget:
            return "budget";
        case window:
            return "window";
        case quarantine:
            return "quarantine";
        case gate:
            return "gate";
        case breaker:
            return "breaker";
        case pause:
            return "pause";
    }
    return "";
}

std::int64_t estimated_tokens(const Request& request) {
    std::size_t bytes = request.schema.size();
    for (const Message& message : request.messages) {
        bytes += message.text.size() + message.opaque.size();
        for (const ToolCall& call : message.tool_calls) bytes += call.name.size() + call.arguments.size();
    }
    for (const Tool& tool : request.tools) bytes += tool.name.size() + tool.description.size() + tool.parameters.size();
    return static_cast<std::int64_t>(bytes / 3 + 1);
}

Journey plan_journey(Request request, const Chain& chain, RouteContext context, Monotonic last_call) {
    Journey journey;
    journey.prompt_tokens = estimated_tokens(request);
    journey.request = std::move(request);
    for (const Link& link : chain) journey.slots.push_back(Slot{.target = link.target});
    journey.context = std::move(context);
    journey.last_call = last_call;
    return journey;
}

double estimated_usd(const Journey& journey, const Slot& slot) {
    Usage usage;
    usage.input_tokens = journey.prompt_tokens;
    usage.output_tokens = max_output(journey, slot);
    return cost_usd(slot.target->price, usage);
}

Standing standing(const Journey& journey, const Slot& slot, Memory& memory, const RouterOptions& options, Monotonic now, Timestamp wall) {
    const Target& target = *slot.target;
    if (slot.burned) return {.skip = burned, .words = slot.last_words};
    if (slot.tries >= options.max_attempts_per_target) return {.skip = tries, .words = slot.last_words};
    const double price = estimated_usd(journey, slot);
    if (journey.left_usd && price > 0 && journey.spent_usd + price > *journey.left_usd) {
        return {.skip = budget, .words = "its call could cost more than the budget has left"};
    }
    if (const auto block = memory.blocked(target, wall)) {
        return {.skip = quarantine,
                .words = block->entry.reason,
                .failure = failure_class(block->entry.failure).value_or(FailureClass::account_dead),
                .turn = block->turn,
                .scope = block->entry.scope};
    }
    if (const Monotonic opens = memory.gate_opens(target); now < opens) {
        return {.skip = gate, .words = "its rate limit has not opened yet", .opens = opens};
    }
    if (now < slot.not_before) return {.skip = pause, .words = slot.last_words, .opens = slot.not_before};
    if (journey.prompt_tokens + max_output(journey, slot) > memory.window(target)) {
        return {.skip = window, .words = "the request may not fit its context window"};
    }
    const Breaker& breaker_of = memory.breaker(target);
    if (!breaker_of.allows(now)) {
        return {.skip = breaker,
                .words = "its breaker is " + std::string(to_string(breaker_of.state(now))),
                .opens = breaker_of.next_chance(now)};
    }
    return {};
}

Choice choose(const Journey& journey, Memory& memory, const RouterOptions& options, Monotonic now, Timestamp wall) {
    Choice choice;
    if (journey.caller_fault || journey.cancelled || journey.attempts >= options.max_attempts || now >= journey.last_call) return choice;
    std::vector<Standing> standings;
    for (const Slot& slot : journey.slots) standings.push_back(standing(journey, slot, memory, options, now, wall));
    std::optional<std::size_t> first;
    for (std::size_t i = 0; i < standings.size(); ++i) {
        const Standing& s = standings[i];
        const bool trial = s.skip == quarantine && s.turn == Memory::Block::Turn::trial;
        if (s.skip == none || trial) {
            if (first) {
                choice.others_viable = true;
                continue;
            }
            first = i;
            choice.trial = trial;
            choice.scope = s.scope;
            continue;
        }
        if (s.skip == quarantine && s.turn == Memory::Block::Turn::probe) choice.probes.push_back(i);
        if (!first) choice.skips.emplace_back(i, s);
    }
    if (first) {
        choice.kind = Choice::Kind::call;
        choice.slot = *first;
        return choice;
    }
    if (!choice.probes.empty()) {  // nobody else is left: no free look first, the call itself is the probe
        choice.kind = Choice::Kind::call;
        choice.slot = choice.probes.front();
        choice.trial = true;
        choice.scope = standings[choice.slot].scope;
        choice.probes.clear();
        return choice;
    }
    std::optional<Monotonic> soonest;
    for (const Standing& s : standings) {
        const bool opens = s.skip == gate || s.skip == pause || (s.skip == breaker && journey.attempts > 0);
        if (opens && (!soonest || s.opens < *soonest)) soonest = s.opens;
    }
    if (soonest && *soonest + min_useful <= journey.last_call) {
        choice.kind = Choice::Kind::wait;
        choice.until = *soonest;
    } else if (const auto forced = last_resort(journey, memory, standings); forced && journey.attempts == 0) {
        choice.kind = Choice::Kind::call;
        choice.slot = *forced;
    }
    return choice;
}

milliseconds attempt_span(const Journey& journey, bool others_viable, Monotonic now) {
    const auto remaining = std::chrono::duration_cast<milliseconds>(journey.last_call - now);
    if (!others_viable) return remaining;
    return std::min(remaining, std::max(remaining * 6 / 10, min_useful));
}

std::string answer_note(const Journey& journey, std::size_t answered_by) {
    if (answered_by == 0) return with_journal_words({}, journey);
    std::string note = ordinal(answered_by + 1) + " choice";
    for (std::size_t i = 0; i < answered_by; ++i) note += "; " + words_of(journey.slots[i]);
    return with_journal_words(std::move(note), journey);
}

std::string no_answer_note(const Journey& journey) {
    if (journey.slots.empty()) return "no model is configured";
    std::string note = "no model answered";
    for (const Slot& slot : journey.slots) note += "; " + words_of(slot);
    return with_journal_words(std::move(note), journey);
}

}  // namespace gumshoe::llm
