// How many calls at a time a model takes that asked for fewer: halved when it says so, one more for every twenty answers.
#pragma once

#include <optional>

#include "base/clock.hpp"

namespace gumshoe::llm {

class Throttle {
public:
    bool full() const { return most_ && in_flight_ >= *most_; }
    std::optional<int> most() const { return most_; }  // nullopt: as many as come
    int in_flight() const { return in_flight_; }

    void started() { ++in_flight_; }
    void ended() { --in_flight_; }
    /// Told by a call that is still counted in flight.
    void overloaded(Monotonic now);
    void answered();
    void reset() { most_.reset(); }

private:
    std::optional<int> most_;
    int in_flight_ = 0;
    int answers_ = 0;  // since the last change
    Monotonic halved_at_{};
};

}  // namespace gumshoe::llm
