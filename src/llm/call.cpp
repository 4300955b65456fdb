// What a call holds, and what its end says of the endpoint's health.
#include "llm/call.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"

namespace gumshoe::llm {
namespace {

using namespace std::chrono_literals;

constexpr milliseconds slow_answer = 30s;
constexpr milliseconds slow_reasoning = 60s;

/// An answer that came after so long that it is worth little: three times what is usual here.
bool is_slow(const Call& call, const Latency& usual, milliseconds took) {
    const auto median = usual.total.quantile(0.5);
    return took > std::max(reasons(call.request) ? slow_reasoning : slow_answer, median.value_or(0ms) * 3);
}

void learn_of_endpoint(Call& call, Monotonic now, double jitter) {
    Place& place = call.hold->place();
    const Breaker::Pass& pass = call.hold->pass();
    const auto took = std::chrono::duration_cast<milliseconds>(now - call.began);
    const FailureClass failure = call.verdict.failure;
    if (call.reply() != nullptr) {
        place.breaker.succeeded(pass, now, is_slow(call, place.latency, took), jitter);
        place.throttle.answered();
        place.latency.total.add(took);
        if (call.progress.first_content) {
            place.latency.first_content.add(std::chrono::duration_cast<milliseconds>(*call.progress.first_content - call.began));
        }
        return;
    }
    if (failure == FailureClass::overloaded) place.throttle.overloaded(now);
    // A silence that we ended counts as that long, so that a model that has become slower is given more time by and by.
    if (failure == FailureClass::timeout && !call.progress.first_content) place.latency.first_content.add(took);
    const bool our_haste = failure == FailureClass::timeout && call.span < min_useful(place);
    if (counts_for_breaker(failure) && !our_haste) {
        place.breaker.failed(pass, now, jitter);
    } else {
        place.breaker.neutral(pass);
    }
}

}  // namespace

Failure without_keys(Failure failure, const Target& target) {
    for (std::string* text : {&failure.reason, &failure.code, &failure.request_id}) {
        for (const Secret Target::* const key : target_secrets) {
            const Secret& secret = target.*key;
            if (!secret.empty()) *text = replace_all(std::move(*text), secret.reveal(), "[key]");
        }
    }
    return failure;
}

bool counts_for_breaker(FailureClass failure) {
    using enum FailureClass;
    return failure == overloaded || failure == server_error || failure == network || failure == timeout || failure == truncated_stream ||
           failure == bad_body;
}

Hold::Hold(Memory& memory, Purses& purses, Of of)
    : memory_(memory),
      purses_(purses),
      of_(std::move(of)),
      place_(memory.at(*of_.target)),
      pass_(place_.breaker.started(of_.now, of_.now + of_.span * 12 / 10)) {
    purses_.reserve(of_.team, of_.usd);
    place_.throttle.started();
    if (!of_.scope.empty()) memory_.take_turn(of_.scope, of_.wall + of_.span);
}

Hold::~Hold() {
    purses_.reserve(of_.team, -of_.usd);
    place_.throttle.ended();
    if (settled_) return;
    place_.breaker.neutral(pass_);
    if (!of_.scope.empty()) memory_.turn_over(of_.scope);
}

void learn_health(Call& call, Memory& memory, Monotonic now, Timestamp wall, double jitter) {
    learn_of_endpoint(call, now, jitter);
    call.hold->settle();
    call.row.breaker_after = to_string(call.hold->place().breaker.state(now));
    if (call.reply() != nullptr || call.renewed) call.absolved = memory.absolve(*call.target);  // nobody has a key that was replaced
    if (call.renewed) {
        // what was refused is gone
    } else if (!broken_scope(*call.target, call.verdict.failure).empty()) {
        call.struck = memory.strike(*call.target, call.verdict, wall, jitter);
    } else if (call.trial && call.reply() == nullptr) {
        memory.postpone(call.scope, wall + probe_again);
    }
    call.hold.reset();
}

}  // namespace gumshoe::llm
