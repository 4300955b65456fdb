// Durable queue. Work is claimed by lease; the attempt is the fence: every write-back names owner and attempt and must touch one row.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/task.hpp"

namespace gumshoe {

/// Who holds a job. A write under a stale fence fails with errc::lease_lost and changes nothing.
struct Fence {
    std::int64_t job = 0;
    int attempt = 0;
    std::string owner;  // random per process start, never a host name
};

struct Job {
    Fence fence;
    std::string kind;     // "run", "refresh", "annotate", "reanalyse"
    std::string key;      // what it is about; one waiting job a (kind, key)
    std::string payload;  // JSON
    int crashes = 0;      // attempts that ended without finish, fail or give_back
    std::string error;    // of a parked one: why
};

class Queue {
public:
    virtual ~Queue() = default;

    /// A second put of the same (kind, key) while the first still waits changes only its payload.
    virtual task<void> put(std::string kind, std::string key, std::string payload, Timestamp run_at) = 0;
    /// The oldest claimable job of these kinds (waiting and due, or its lease expired), leased to `owner`; its attempt is counted here.
    /// One whose crashes reached limits::crash_attempts is parked instead and returned by take_parked. Two jobs of one (kind, key)
    /// are never held at the same time.
    virtual task<std::optional<Job>> claim(std::vector<std::string> kinds, std::string owner, milliseconds lease) = 0;
    virtual task<void> extend(Fence fence, milliseconds lease) = 0;
    virtual task<void> finish(Fence fence) = 0;
    virtual task<void> fail(Fence fence, std::string error, Timestamp retry_at) = 0;  // tried again then
    virtual task<void> park(Fence fence, std::string error) = 0;                      // kept for a person
    virtual task<void> give_back(Fence fence) = 0;                                    // at shutdown: due at once, no crash counted
    /// Jobs parked since the last call, each once, for the notice to people.
    virtual task<std::vector<Job>> take_parked() = 0;
    /// At start-up of the only process of this database: every lease is void.
    virtual task<int> void_leases() = 0;
    /// When the next waiting job is due, if any.
    virtual task<std::optional<Timestamp>> next_due() = 0;
};

}  // namespace gumshoe
