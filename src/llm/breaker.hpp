// A breaker for one model at one endpoint under one account: closed, open for a while, then one call at a time to see, then a ramp.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/clock.hpp"

namespace gumshoe::llm {

class Breaker {
public:
    enum class State { closed, open, half_open, ramp };

    /// What a call carries from its start to its end: by it a breaker knows whose outcome it is told.
    struct Pass {
        std::uint64_t permit = 0;  // 0: it needed none
        Monotonic began{};
    };

    State state(Monotonic now) const;
    /// Whether a call may be made now: in half-open one at a time, in the ramp those of the share() of requests.
    bool allows(Monotonic now) const;
    double share(Monotonic now) const;
    /// Whether the one call that finds out is under way.
    bool probing(Monotonic now) const;
    /// When it will next allow a call; `now` when it does already.
    Monotonic next_chance(Monotonic now) const;

    /// As a call starts; where the breaker is not closed it takes the permit, until `lease`.
    Pass started(Monotonic now, Monotonic lease);
    /// `slow`: it answered, after so long that many of these are trouble too. `jitter` in [0.8, 1.2] spreads the reopening of many
    /// processes.
    void succeeded(const Pass& pass, Monotonic now, bool slow, double jitter);
    void failed(const Pass& pass, Monotonic now, double jitter);
    /// A call that said nothing about the endpoint (the request was at fault, or we stopped it): only the permit goes back.
    void neutral(const Pass& pass) { give_back(pass); }
    /// Closed, with nothing remembered; calls under way have no say any more.
    void reset();

    struct Counts {
        int calls = 0;
        int failures = 0;
        int slow = 0;
    };
    Counts counts(Monotonic now) const;  // of the last minute
    int trips() const { return trips_; }

private:
    struct Bucket {
        Monotonic start{};
        Counts counts;
    };
    bool give_back(const Pass& pass);
    Counts& bucket(Monotonic now);
    bool must_trip(Monotonic now) const;
    void trip(Monotonic now, double jitter);

    std::array<Bucket, 12> window_{};  // 5 s each
    int consecutive_ = 0;
    Monotonic last_failure_{};
    std::optional<Monotonic> open_until_;  // set: open, half-open after it
    std::optional<Monotonic> ramp_from_;
    std::uint64_t permit_ = 0;  // that is out; 0: none
    std::uint64_t last_permit_ = 0;
    Monotonic permit_until_{};
    int half_open_successes_ = 0;
    int trips_ = 0;  // in a row within an hour
    Monotonic last_trip_{};
};

std::string_view to_string(Breaker::State state);

}  // namespace gumshoe::llm
