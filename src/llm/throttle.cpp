// Additive increase, multiplicative decrease.
#include "llm/throttle.hpp"

#include <algorithm>

namespace gumshoe::llm {
namespace {

using namespace std::chrono_literals;

constexpr int answers_for_one_more = 20;
constexpr int unlimited_again = 64;
constexpr auto one_event = 1s;  // calls refused together are told once

}  // namespace

void Throttle::overloaded(Monotonic now) {
    answers_ = 0;
    if (in_flight_ < 2 || now - halved_at_ < one_event) return;  // a lone call was not one too many
    halved_at_ = now;
    most_ = std::max(1, std::min(most_.value_or(in_flight_), in_flight_) / 2);
}

void Throttle::answered() {
    if (!most_ || ++answers_ < answers_for_one_more) return;
    answers_ = 0;
    if (++*most_ >= unlimited_again) most_.reset();
}

}  // namespace gumshoe::llm
