// Incidents bring few calls, so failures in a row count most; the ratios are for busy hours.
#include "llm/breaker.hpp"

#include <algorithm>

namespace gumshoe::llm {
namespace {

using namespace std::chrono_literals;

constexpr int trip_after = 4;  // in a row
constexpr auto row_forgotten = 10min;
constexpr int ratio_calls = 5;
constexpr double failure_ratio = 0.5;
constexpr double slow_ratio = 0.8;
constexpr milliseconds bucket_span = 5s;
constexpr milliseconds window_span = 60s;
constexpr milliseconds first_pause = 15s;
constexpr milliseconds longest_pause = 5min;
constexpr auto trips_forgotten = 1h;
constexpr int successes_to_close = 2;
constexpr std::array ramp_shares{0.1, 0.25, 0.5, 1.0};
constexpr milliseconds ramp_step = 15s;

}  // namespace

Breaker::State Breaker::state(Monotonic now) const {
    if (open_until_) return now < *open_until_ ? State::open : State::half_open;
    const bool ramp = ramp_from_ && now < *ramp_from_ + ramp_step * ramp_shares.size();
    return ramp ? State::ramp : State::closed;
}

bool Breaker::allows(Monotonic now) const {
    return next_chance(now) <= now;
}

double Breaker::share(Monotonic now) const {
    return state(now) == State::ramp ? ramp_shares[static_cast<std::size_t>((now - *ramp_from_) / ramp_step)] : 1;
}

bool Breaker::probing(Monotonic now) const {
    return permit_ != 0 && now < permit_until_;
}

Monotonic Breaker::next_chance(Monotonic now) const {
    if (!open_until_) return now;
    return std::max({now, *open_until_, probing(now) ? permit_until_ : now});
}

Breaker::Pass Breaker::started(Monotonic now, Monotonic lease) {
    if (!open_until_) return {.began = now};
    permit_ = ++last_permit_;
    permit_until_ = lease;
    return {.permit = permit_, .began = now};
}

bool Breaker::give_back(const Pass& pass) {
    if (pass.permit == 0 || pass.permit != permit_) return false;
    permit_ = 0;
    return true;
}

void Breaker::succeeded(const Pass& pass, Monotonic now, bool slow, double jitter) {
    const bool probe = give_back(pass);
    if (open_until_) {
        // A call from before it opened says nothing about now.
        if (!probe || ++half_open_successes_ < successes_to_close) return;
        open_until_.reset();
        ramp_from_ = now;
        window_ = {};
        consecutive_ = 0;
        return;
    }
    consecutive_ = 0;
    Counts& counts = bucket(now);
    ++counts.calls;
    if (!slow) return;
    ++counts.slow;
    if (must_trip(now)) trip(now, jitter);
}

void Breaker::failed(const Pass& pass, Monotonic now, double jitter) {
    const bool probe = give_back(pass);
    switch (state(now)) {
        case State::open:
            return;  // calls already under way fail too; they are no reason to stay away longer
        case State::half_open:
            if (probe) trip(now, jitter);
            return;
        case State::ramp:
            if (pass.began >= *ramp_from_) trip(now, jitter);
            return;
        case State::closed:
            break;
    }
    if (now - last_failure_ > row_forgotten) consecutive_ = 0;
    last_failure_ = now;
    ++consecutive_;
    Counts& counts = bucket(now);
    ++counts.calls;
    ++counts.failures;
    if (must_trip(now)) trip(now, jitter);
}

void Breaker::reset() {
    const std::uint64_t last = last_permit_;
    *this = {};
    last_permit_ = last;
}

Breaker::Counts& Breaker::bucket(Monotonic now) {
    const auto index = static_cast<std::size_t>(now.time_since_epoch() / bucket_span) % window_.size();
    const Monotonic start{now.time_since_epoch() / bucket_span * bucket_span};
    Bucket& bucket = window_[index];
    if (bucket.start != start) bucket = Bucket{.start = start, .counts = {}};
    return bucket.counts;
}

Breaker::Counts Breaker::counts(Monotonic now) const {
    Counts sum;
    for (const Bucket& bucket : window_) {
        if (now - bucket.start >= window_span) continue;
        sum.calls += bucket.counts.calls;
        sum.failures += bucket.counts.failures;
        sum.slow += bucket.counts.slow;
    }
    return sum;
}

bool Breaker::must_trip(Monotonic now) const {
    if (consecutive_ >= trip_after) return true;
    const Counts minute = counts(now);
    return minute.calls >= ratio_calls && (minute.failures >= failure_ratio * minute.calls || minute.slow >= slow_ratio * minute.calls);
}

void Breaker::trip(Monotonic now, double jitter) {
    if (now - last_trip_ > trips_forgotten) trips_ = 0;
    last_trip_ = now;
    ++trips_;
    half_open_successes_ = 0;
    ramp_from_.reset();
    const auto pause = std::min<milliseconds>(first_pause * (1 << std::min(trips_ - 1, 5)), longest_pause);
    const Monotonic until = now + std::chrono::duration_cast<milliseconds>(pause * jitter);
    open_until_ = std::max(open_until_.value_or(until), until);
}

std::string_view to_string(Breaker::State state) {
    switch (state) {
        case Breaker::State::closed:
            return "closed";
        case Breaker::State::open:
            return "open";
        case Breaker::State::half_open:
            return "half-open";
        case Breaker::State::ramp:
            return "ramp";
    }
    return "closed";
}

}  // namespace gumshoe::llm
