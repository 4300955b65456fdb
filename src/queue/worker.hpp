// Takes jobs from the queue and runs a handler for each, within a concurrency limit, extending leases while they work.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/scheduler.hpp"
#include "queue/queue.hpp"

namespace gumshoe {

struct WorkerOptions {
    std::string owner;  // random boot id
    int concurrency = 8;
    milliseconds lease{};
    milliseconds heartbeat{};
    milliseconds poll{1000};              // upper bound between looks when nobody called wake
    milliseconds first_retry{1000};       // doubled with each attempt, with jitter
    milliseconds last_retry{5 * 60'000};  // upper bound of that
    int attempts = 20;                    // a job that failed this often (over an hour) is parked
};

/// A handler's error sends the job back with a delay, or parks it when the code says that trying again cannot help
/// (invalid_argument, unsupported, corrupt, conflict). lease_lost: somebody else has it, nothing is written.
using JobHandler = std::function<task<void>(Job)>;

class Worker {
public:
    virtual ~Worker() = default;
    /// Claims until stop(). Give it to Scheduler::spawn.
    virtual awaitable<void> run() = 0;
    /// There may be new work: looks at once.
    virtual void wake() = 0;
    /// Claims no more; waits for what is under way until the deadline, then cancels it and gives it back. Resumes when none is left.
    virtual awaitable<void> stop(Deadline deadline) = 0;
    virtual int running() const = 0;
};

std::unique_ptr<Worker> make_worker(Queue& queue, Scheduler& scheduler, Clock& clock, WorkerOptions options,
                                    std::map<std::string, JobHandler> handlers);

}  // namespace gumshoe
