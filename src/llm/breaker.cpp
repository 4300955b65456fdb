// Incidents bring few calls, so failures in a row count most; the ratio is for busy hours.
#include "llm/breaker.hpp"

#include <algorithm>

namespace gumshoe::llm {
namespace {

using namespace std::chrono_literals;

constexpr int trip_after = 4;  // in a row
constexpr auto row_forgotten = 10min;
constexpr int ratio_calls = 5;
constexpr double ratio = 0.5;
constexpr milliseconds bucket_span = 5s;
constexpr milliseconds window_span = 60s;
constexpr milliseconds first_pause = 15s;
constexpr milliseconds longest_pause = 5min;
constexpr auto trips_forgotten = 1h;
constexpr int successes_to_close = 2;

}  // namespace

Breaker::State Breaker::state(Monotonic now) const {
    if (!open_until_) return State::closed;
    return now < *open_until_ ? State::open : State::half_open;
}

bool Breaker::allows(Monotonic now) const {
    return next_chance(now) <= now;
}

Monotonic Breaker::next_chance(Monotonic now) const {
    Monotonic chance = now;
    if (open_until_) {
        chance = std::max(chance, *open_until_);
        if (permit_until_) chance = std::max(chance, *permit_until_);
    }
    return chance;
}

void Breaker::started(Monotonic now, Monotonic lease) {
    if (state(now) != State::closed) permit_until_ = lease;
}

void Breaker::succeeded(Monotonic now) {
    permit_until_.reset();
    consecutive_ = 0;
    count(now, false);
    if (!open_until_ || ++half_open_successes_ < successes_to_close) return;
    open_until_.reset();
    window_ = {};
}

void Breaker::failed(Monotonic now, double jitter) {
    permit_until_.reset();
    if (now - last_failure_ > row_forgotten) consecutive_ = 0;
    last_failure_ = now;
    ++consecutive_;
    count(now, true);
    if (open_until_ || must_trip(now)) trip(now, jitter);
}

void Breaker::neutral() {
    permit_until_.reset();
}

void Breaker::count(Monotonic now, bool failure) {
    const auto index = static_cast<std::size_t>(now.time_since_epoch() / bucket_span) % window_.size();
    const Monotonic start{now.time_since_epoch() / bucket_span * bucket_span};
    Bucket& bucket = window_[index];
    if (bucket.start != start) bucket = Bucket{.start = start};
    ++bucket.calls;
    if (failure) ++bucket.failures;
}

bool Breaker::must_trip(Monotonic now) const {
    if (consecutive_ >= trip_after) return true;
    int calls = 0;
    int failures = 0;
    for (const Bucket& bucket : window_) {
        if (now - bucket.start >= window_span) continue;
        calls += bucket.calls;
        failures += bucket.failures;
    }
    return calls >= ratio_calls && failures >= ratio * calls;
}

void Breaker::trip(Monotonic now, double jitter) {
    if (now - last_trip_ > trips_forgotten) trips_ = 0;
    // Calls already under way when it opened fail too; they are no reason to stay away longer.
    const bool already_open = state(now) == State::open;
    if (!already_open) {
        last_trip_ = now;
        ++trips_;
    }
    half_open_successes_ = 0;
    const auto pause = std::min<milliseconds>(first_pause * (1 << std::min(trips_ - 1, 5)), longest_pause);
    const Monotonic until = now + std::chrono::duration_cast<milliseconds>(pause * jitter);
    if (!already_open) open_until_ = std::max(open_until_.value_or(until), until);
}

std::string_view to_string(Breaker::State state) {
    switch (state) {
        case Breaker::State::closed:
            return "closed";
        case Breaker::State::open:
            return "open";
        case Breaker::State::half_open:
            return "half-open";
    }
    return "closed";
}

}  // namespace gumshoe::llm
