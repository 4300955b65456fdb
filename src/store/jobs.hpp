// Jobs and fences inside another table's transaction.
#pragma once

#include "queue/queue.hpp"
#include "store/database.hpp"

namespace gumshoe {

/// See Queue::put.
result<void> put_job(Connection& connection, const std::string& kind, const std::string& key, const std::string& payload, Timestamp due,
                     Timestamp now);

/// The work of a run.
result<void> put_run_job(Connection& connection, const std::string& investigation, const std::string& run, Timestamp now);
/// The message of an investigation has something new to show.
result<void> put_refresh_job(Connection& connection, const std::string& investigation, Timestamp now);
/// Whoever holds it finds out at the next write.
result<void> drop_run_job(Connection& connection, const std::string& run);

/// First statement of every write of a worker. Error: lease_lost.
result<void> require_lease(Connection& connection, const Fence& fence);

}  // namespace gumshoe
