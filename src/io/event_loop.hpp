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

    /// Cancels everything spawned and still running, and resumes when it ended or the deadline passed.
    virtual awaitable<void> cancel_spawned(Deadline deadline) = 0;
};

std::unique_ptr<EventLoop> make_event_loop();

}  // namespace gumshoe
