// Time. Wall clock for what people and vendors see, monotonic clock for every wait; both from one injected Clock.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/task.hpp"

namespace gumshoe {

using std::chrono::milliseconds;
using std::chrono::seconds;

using Timestamp = std::chrono::sys_time<milliseconds>;  // wall clock, UTC
using Monotonic = std::chrono::steady_clock::time_point;

class Clock {
public:
    virtual ~Clock() = default;
    virtual Timestamp now() const = 0;
    virtual Monotonic monotonic() const = 0;
    /// Resumes at or after `when`; throws asio's operation_aborted when the task is cancelled.
    virtual awaitable<void> sleep_until(Monotonic when) = 0;
};

/// A point on the monotonic clock by which something must have ended.
struct Deadline {
    Monotonic at;

    static Deadline after(const Clock& clock, milliseconds span) { return {clock.monotonic() + span}; }
    milliseconds remaining(const Clock& clock) const;  // never negative
    bool passed(const Clock& clock) const { return clock.monotonic() >= at; }
    Deadline earlier(Deadline other) const { return {at < other.at ? at : other.at}; }
};

struct Window {
    Timestamp from;
    Timestamp to;
    bool contains(Timestamp t) const { return from <= t && t < to; }
};

/// "2026-08-01T10:00:00Z"; with milliseconds only where they are not zero.
std::string format_rfc3339(Timestamp t);
result<Timestamp> parse_rfc3339(std::string_view text);
/// "10:03:11", UTC.
std::string format_clock(Timestamp t);
/// "38 s", "11 m", "2 h 5 m", "3 d": for people.
std::string format_duration(milliseconds span);

std::int64_t to_millis(Timestamp t);
Timestamp from_millis(std::int64_t ms);
std::int64_t to_seconds(Timestamp t);
Timestamp from_seconds(std::int64_t s);

}  // namespace gumshoe
