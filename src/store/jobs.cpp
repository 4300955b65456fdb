// What other tables' transactions do with jobs.
#include "store/jobs.hpp"

#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "store/columns.hpp"

namespace gumshoe {

result<void> put_job(Connection& connection, const std::string& kind, const std::string& key, const std::string& payload, Timestamp due,
                     Timestamp now) {
    return done(
        connection.execute("INSERT INTO jobs (kind, key, payload, state, due_at, created_at) VALUES (?1, ?2, ?3, 'waiting', ?4, ?5) "
                           "ON CONFLICT (kind, key) WHERE state = 'waiting' DO UPDATE SET payload = excluded.payload",
                           {kind, key, payload, to_millis(due), to_millis(now)}));
}

result<void> put_run_job(Connection& connection, const std::string& investigation, const std::string& run, Timestamp now) {
    const json payload = {{"run", run}, {"investigation", investigation}};
    return put_job(connection, "run", run, dump_json(payload), now, now);
}

result<void> put_refresh_job(Connection& connection, const std::string& investigation, Timestamp now) {
    // In a storm nearly every alert comes here: one that waits already needs no write.
    const json payload = {{"investigation", investigation}};
    return done(
        connection.execute("INSERT INTO jobs (kind, key, payload, state, due_at, created_at) VALUES ('refresh', ?1, ?2, 'waiting', ?3, ?3) "
                           "ON CONFLICT (kind, key) WHERE state = 'waiting' DO NOTHING",
                           {investigation, dump_json(payload), to_millis(now)}));
}

result<void> drop_run_job(Connection& connection, const std::string& run) {
    return done(connection.execute("DELETE FROM jobs WHERE kind = 'run' AND key = ?1", {run}));
}

result<void> require_lease(Connection& connection, const Fence& fence) {
    auto rows = connection.query("SELECT 1 FROM jobs WHERE id = ?1 AND attempt = ?2 AND lease_owner = ?3 AND state = 'leased'",
                                 {fence.job, std::int64_t{fence.attempt}, fence.owner});
    if (!rows) return rows.error();
    if (rows->empty())
        return Error{errc::lease_lost, "job " + std::to_string(fence.job) + " is not held by attempt " + std::to_string(fence.attempt)};
    return {};
}

}  // namespace gumshoe
