// A breaker for one model at one endpoint under one account: closed, open for a while, then one call at a time to see.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "base/clock.hpp"

namespace gumshoe::llm {

class Breaker {
public:
    enum class State { closed, open, half_open };

    State state(Monotonic now) const;
    /// Whether a call may be made now. In half-open one call at a time.
    bool allows(Monotonic now) const;
    /// When it will next allow a call; `now` when it does already.
    Monotonic next_chance(Monotonic now) const;

    /// To be called as a call starts that allows() let through: takes the permit in half-open, until `lease`.
    void started(Monotonic now, Monotonic lease);
    void succeeded(Monotonic now);
    /// `jitter` in [0.8, 1.2] spreads the reopening of many processes.
    void failed(Monotonic now, double jitter);
    /// A call that said nothing about the endpoint (the request was at fault, or we stopped it): only the permit goes back.
    void neutral();

private:
    struct Bucket {
        Monotonic start{};
        int calls = 0;
        int failures = 0;
    };
    void count(Monotonic now, bool failure);
    bool must_trip(Monotonic now) const;
    void trip(Monotonic now, double jitter);

    std::array<Bucket, 12> window_{};  // 5 s each
    int consecutive_ = 0;
    Monotonic last_failure_{};
    std::optional<Monotonic> open_until_;  // set: not closed
    std::optional<Monotonic> permit_until_;
    int half_open_successes_ = 0;
    int trips_ = 0;  // in a row within an hour
    Monotonic last_trip_{};
};

std::string_view to_string(Breaker::State state);

}  // namespace gumshoe::llm
