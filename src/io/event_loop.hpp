// The one thread that runs every coroutine.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/scheduler.hpp"

namespace gumshoe {

class EventLoop : public Scheduler {
public:
    virtual boost::asio::any_io_executor executor() = 0;
    virtual Clock& clock() = 0;

    /// Runs `work` on a small pool for CPU work over 1 ms (or blocking calls) and resumes here when it ended.
    virtual awaitable<void> run_on_pool(std::function<void()> work) = 0;

    /// Runs until no work is left. SIGINT and SIGTERM call `on_stop` once; the second one ends the process at once.
    virtual void run() = 0;
    virtual void on_stop_signal(std::function<void()> on_stop) = 0;
    /// Runs one handler, waiting up to `at_most` for it; false when none came. For whoever drives the loop himself (tests).
    virtual bool run_one(milliseconds at_most) = 0;

    /// Cancels everything spawned and still running (but not the caller), and resumes when it ended or the deadline passed.
    virtual awaitable<void> cancel_spawned(Deadline deadline) = 0;
    /// How many spawned tasks have not ended.
    virtual std::size_t spawned() const = 0;
};

/// On the system's clocks.
std::unique_ptr<EventLoop> make_event_loop();
/// On another clock, which outlives the loop: `within` and all who ask clock() see its time.
std::unique_ptr<EventLoop> make_event_loop(Clock& clock);

}  // namespace gumshoe
