// Reads Memory and changes nothing.
#include "llm/snapshot.hpp"

#include <algorithm>

namespace gumshoe::llm {
namespace {

using namespace std::chrono_literals;

milliseconds span_until(Monotonic when, Monotonic now) {
    return std::max(0ms, std::chrono::ceil<milliseconds>(when - now));
}

std::optional<TargetState::Spans> spans_of(const Spans& spans) {
    if (spans.size() == 0) return std::nullopt;
    return TargetState::Spans{.p50 = *spans.quantile(0.5), .p95 = *spans.quantile(0.95)};
}

}  // namespace

std::vector<Prospect> prospects_of(const Journey& journey, const Memory& memory, const RouterOptions& options, Monotonic now,
                                   Timestamp wall) {
    std::vector<Prospect> prospects;
    for (const Slot& slot : journey.slots) {
        const Standing at = standing(journey, slot, memory, options, now, wall);
        const bool viable = at.skip == Skip::none || (at.skip == Skip::quarantine && at.turn == Memory::Block::Turn::trial);
        prospects.push_back({.target = slot.target->name,
                             .model = slot.target->model_on_wire(),
                             .key_fingerprint = key_fingerprint(*slot.target),
                             .viable = viable,
                             .skip = viable ? "" : std::string(to_string(at.skip)),
                             .reason = at.words,
                             .most_usd = estimated_usd(journey, slot)});
    }
    return prospects;
}

TargetState state_of(const Target& target, const Memory& memory, Monotonic now, Timestamp wall) {
    const Place& place = memory.look_at(target);
    const Breaker::Counts minute = place.breaker.counts(now);
    TargetState state;
    state.target = target.name;
    state.provider = target.provider;
    state.model = target.model_on_wire();
    state.account = target.account;
    state.key_fingerprint = key_fingerprint(target);
    state.breaker = to_string(place.breaker.state(now));
    state.breaker_opens_in = span_until(place.breaker.next_chance(now), now);
    state.trips = place.breaker.trips();
    state.calls = minute.calls;
    state.failures = minute.failures;
    state.slow = minute.slow;
    if (const auto block = memory.blocked(target, wall)) state.quarantine = block->entry;
    state.gate = span_until(place.gate, now);
    state.most_calls = place.throttle.most();
    state.in_flight = place.throttle.in_flight();
    state.window = memory.window(target, wall);
    for (const std::string& repair : memory.repairs(target, wall)) state.repairs.push_back(repair);
    state.samples = place.latency.total.size();
    state.first_content = spans_of(place.latency.first_content);
    state.total = spans_of(place.latency.total);
    return state;
}

}  // namespace gumshoe::llm
