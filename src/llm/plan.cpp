// Whom to ask next: in turn, whoever is viable; waiting only when nobody is.
#include "llm/plan.hpp"

#include <algorithm>
#include <utility>

namespace gumshoe::llm {
namespace {

using namespace std::chrono_literals;
using enum Skip;

constexpr milliseconds unknown_useful = 3s;
constexpr milliseconds look_again = 250ms;  // where another request's call decides, nobody tells us when
constexpr int most_keys = 3;                // of one target, by one request

std::int64_t max_output(const Journey& journey, const Slot& slot) {
    if (slot.max_output) return *slot.max_output;
    return slot.target->overrides.max_output_tokens.value_or(journey.request.max_output_tokens);
}

bool enough_keys_tried(const Journey& journey, const Slot& slot) {
    const auto tried = [&](const Slot& other) { return other.tries > 0 && other.target->name == slot.target->name; };
    return slot.tries == 0 && std::ranges::count_if(journey.slots, tried) >= most_keys;
}

/// " since 14:02 UTC", with the date where it was another day; "" for what happened just now.
std::string since(Timestamp then, Timestamp now) {
    if (now - then < 1min) return {};
    const std::string at = format_rfc3339(then);
    const bool today = std::chrono::floor<std::chrono::days>(then) == std::chrono::floor<std::chrono::days>(now);
    return " since " + (today ? "" : at.substr(0, 10) + " ") + at.substr(11, 5) + " UTC";
}

/// What is said of the endpoint's health; none when it may be called.
Standing health(const Slot& slot, const Place& place, Monotonic now) {
    if (now < place.gate) return {.skip = gate, .words = "its rate limit has not opened yet", .opens = place.gate};
    if (place.throttle.full()) {
        return {.skip = crowded, .words = "it asked for fewer calls at a time", .opens = now + look_again};
    }
    if (now < slot.not_before) return {.skip = pause, .words = slot.last_words, .opens = slot.not_before};
    return {};
}

Standing breaker_standing(const Slot& slot, const Breaker& of, Monotonic now) {
    if (!of.allows(now)) {
        const bool probing = of.probing(now);
        const Monotonic chance = of.next_chance(now);
        return {.skip = breaker,
                .words = "its breaker is " + std::string(to_string(of.state(now))),
                .opens = probing ? std::min(chance, now + look_again) : chance,
                .probing = probing};
    }
    if (slot.draw >= of.share(now)) return {.skip = ramp, .words = "it is only just back: few calls are let through yet"};
    return {};
}

/// The breaker to be called through when nobody may be called: that which opens soonest and nobody is probing.
std::optional<std::size_t> soonest_breaker(const std::vector<Standing>& standings) {
    std::optional<std::size_t> soonest;
    for (std::size_t i = 0; i < standings.size(); ++i) {
        const Standing& s = standings[i];
        if (s.skip == breaker && !s.probing && (!soonest || s.opens < standings[*soonest].opens)) soonest = i;
    }
    return soonest;
}

/// Our count of tokens is an upper bound, and a refusal tells the true one.
std::optional<std::size_t> largest_window(const Journey& journey, const Memory& memory, const std::vector<Standing>& standings,
                                          Timestamp wall) {
    std::optional<std::size_t> largest;
    const auto size = [&](std::size_t slot) { return memory.window(*journey.slots[slot].target, wall); };
    for (std::size_t i = 0; i < standings.size(); ++i) {
        if (standings[i].skip == window && (!largest || size(i) > size(*largest))) largest = i;
    }
    return largest;
}

/// When somebody who is not burned may be asked again.
std::optional<Monotonic> soonest_opening(const Journey& journey, const Memory& memory, const std::vector<Standing>& standings) {
    std::optional<Monotonic> soonest;
    for (const Standing& s : standings) {
        if (s.skip != gate && s.skip != crowded && s.skip != pause && s.skip != breaker) continue;
        const bool may_be_forced = s.skip == breaker && !s.probing && journey.attempts == 0;
        const Monotonic opens = may_be_forced ? std::min(s.opens, memory.next_forced_call()) : s.opens;
        if (!soonest || opens < *soonest) soonest = opens;
    }
    return soonest;
}

Choice calling(Choice choice, std::size_t slot) {
    choice.kind = Choice::Kind::call;
    choice.slot = slot;
    return choice;
}

/// Nobody may be called without more ado: a call through an open breaker, a wait, a window that may be too small, or the end.
Choice choose_without_viable(Choice choice, const Journey& journey, const Memory& memory, const std::vector<Standing>& standings,
                             Monotonic now, Timestamp wall) {
    const auto soonest = soonest_breaker(standings);
    if (soonest && journey.attempts == 0 && now >= memory.next_forced_call()) {
        choice.forced = true;
        return calling(std::move(choice), *soonest);
    }
    const auto opens = soonest_opening(journey, memory, standings);
    if (opens && *opens + unknown_useful <= journey.last_call) {
        choice.kind = Choice::Kind::wait;
        choice.until = *opens;
        return choice;
    }
    const auto largest = largest_window(journey, memory, standings, wall);
    if (largest && journey.attempts == 0) return calling(std::move(choice), *largest);
    return choice;
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
        case crowded:
            return "crowded";
        case breaker:
            return "breaker";
        case ramp:
            return "ramp";
        case time:
            return "time";
        case pause:
            return "pause";
    }
    return "";
}

Journey plan_journey(Request request, const Chain& chain, RouteContext context, Monotonic last_call, const Memory& memory, Random& random) {
    Journey journey;
    for (Link& link : in_turn(chain, request, memory, random)) {
        journey.slots.push_back(Slot{.target = std::move(link.target), .draw = std::uniform_real_distribution<double>(0, 1)(random)});
    }
    journey.prompt_tokens = estimated_tokens(request);
    journey.request = std::move(request);
    journey.context = std::move(context);
    journey.last_call = last_call;
    return journey;
}

double estimated_usd(const Journey& journey, const Slot& slot) {
    return estimated_usd(*slot.target, journey.prompt_tokens, max_output(journey, slot));
}

Standing standing(const Journey& journey, const Slot& slot, const Memory& memory, const RouterOptions& options, Monotonic now,
                  Timestamp wall) {
    const Target& target = *slot.target;
    if (slot.burned) return {.skip = burned, .words = slot.last_words};
    if (slot.tries >= options.max_attempts_per_target) return {.skip = tries, .words = slot.last_words};
    if (enough_keys_tried(journey, slot)) return {.skip = tries, .words = "enough of its keys were tried"};
    const double price = estimated_usd(journey, slot);
    if (journey.left_usd && price > 0 && journey.spent_usd + price > *journey.left_usd) {
        return {.skip = budget, .words = "its call could cost more than the budget has left"};
    }
    if (const auto block = memory.blocked(target, wall)) {
        return {.skip = quarantine,
                .words = block->entry.reason + since(block->entry.since, wall),
                .failure = failure_class(block->entry.failure).value_or(FailureClass::account_dead),
                .turn = block->turn,
                .scope = block->entry.scope};
    }
    const Place& place = memory.look_at(target);
    if (Standing s = health(slot, place, now); s.skip != none) return s;
    if (journey.prompt_tokens + max_output(journey, slot) > memory.window(target, wall)) {
        return {.skip = window, .words = "the request may not fit its context window"};
    }
    if (Standing s = breaker_standing(slot, place.breaker, now); s.skip != none) return s;
    if (now + min_useful(place) > journey.last_call) return {.skip = Skip::time, .words = "it takes longer than there is left"};
    return {};
}

Choice choose(const Journey& journey, const Memory& memory, const RouterOptions& options, Monotonic now, Timestamp wall) {
    Choice choice;
    if (journey.caller_fault || journey.cancelled || journey.attempts >= options.max_attempts || now >= journey.last_call) return choice;
    std::vector<Standing> standings;
    for (const Slot& slot : journey.slots) standings.push_back(standing(journey, slot, memory, options, now, wall));
    std::optional<std::size_t> first;
    std::optional<std::size_t> reluctant;  // to be called when there is nobody better
    int viable = 0;
    // Who failed is asked again when nobody else is left; a call that mends the last one is no second try.
    const auto untried = [&](std::size_t slot) { return journey.slots[slot].tries == 0 || journey.slots[slot].mending; };
    const auto better = [&](std::size_t one, std::size_t other) { return untried(one) && !untried(other); };
    for (std::size_t i = 0; i < standings.size(); ++i) {
        const Standing& s = standings[i];
        const bool trial = s.skip == quarantine && s.turn == Memory::Block::Turn::trial;
        if (s.skip == none || trial || s.skip == ramp) ++viable;
        if (s.skip == none || trial) {
            if (first && !better(i, *first)) continue;
            first = i;
            choice.trial = trial;
            choice.scope = s.scope;
            continue;
        }
        if ((s.skip == ramp || s.skip == Skip::time) && (!reluctant || better(i, *reluctant))) reluctant = i;
        if (s.skip == quarantine && s.turn == Memory::Block::Turn::probe) choice.probes.push_back(i);
        if (!first) choice.skips.emplace_back(i, s);
    }
    choice.others_viable = viable > 1;
    if (!first && reluctant) first = reluctant;
    if (first) return calling(std::move(choice), *first);
    if (!choice.probes.empty()) {  // nobody else is left: no free look first, the call itself is the probe
        const std::size_t due = choice.probes.front();
        choice.trial = true;
        choice.scope = standings[due].scope;
        choice.probes.clear();
        return calling(std::move(choice), due);
    }
    return choose_without_viable(std::move(choice), journey, memory, standings, now, wall);
}

std::optional<Choice> choose_hedge(const Journey& journey, const Slot& first, const Memory& memory, const RouterOptions& options,
                                   Monotonic now, Timestamp wall) {
    if (journey.attempts >= options.max_attempts) return std::nullopt;
    for (std::size_t i = 0; i < journey.slots.size(); ++i) {
        const Slot& slot = journey.slots[i];
        if (slot.target->provider == first.target->provider || slot.tries > 0) continue;
        if (memory.look_at(*slot.target).breaker.state(now) != Breaker::State::closed) continue;
        if (standing(journey, slot, memory, options, now, wall).skip != none) continue;
        Choice choice;
        choice.hedge = true;
        return calling(std::move(choice), i);
    }
    return std::nullopt;
}

milliseconds min_useful(const Place& place) {
    return place.latency.total.quantile(0.5, enough_for_median).value_or(unknown_useful);
}

milliseconds attempt_span(const Journey& journey, const Place& place, bool others_viable, Monotonic now) {
    const auto remaining = std::chrono::duration_cast<milliseconds>(journey.last_call - now);
    if (!others_viable) return remaining;
    return std::min(remaining, std::max(remaining * 6 / 10, min_useful(place)));
}

}  // namespace gumshoe::llm
