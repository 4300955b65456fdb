// Concurrency as the stages see it; io/event_loop.hpp implements it on one thread.
#pragma once

#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/task.hpp"

namespace gumshoe {

class Scheduler {
public:
    virtual ~Scheduler() = default;

    /// Runs all of them side by side and resumes when each has ended. A cancelled caller cancels and awaits them.
    /// An exception that leaves one of them is a bug: rethrown after all have ended.
    virtual awaitable<void> all(std::vector<awaitable<void>> work) = 0;

    /// Runs them side by side until one yields true; then cancels the others. Resumes when each has ended. Cancellation and
    /// exceptions as in all().
    virtual awaitable<void> race(std::vector<awaitable<bool>> work) = 0;

    /// True when `work` ended by itself before the deadline. Else cancels it, waits for its end and yields false.
    virtual awaitable<bool> within(Deadline deadline, awaitable<void> work) = 0;

    /// Starts work that nobody awaits. Its name, end and errors are logged; it is cancelled at shutdown.
    virtual void spawn(std::string name, awaitable<void> work) = 0;
};

}  // namespace gumshoe
