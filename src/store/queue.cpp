// The queue's table. Waiting and leased jobs have one due time: claimable from then on, so an expired lease needs no rescuer.
#include "queue/queue.hpp"

#include "base/limits.hpp"
#include "store/columns.hpp"
#include "store/jobs.hpp"
#include "store/repositories.hpp"

namespace gumshoe {

namespace {

/// Id, attempt, owner, kind, key, payload, crashes.
Job job_of(const Row& row) {
    Job job;
    job.fence.job = row.integer(0);
    job.fence.attempt = static_cast<int>(row.integer(1));
    job.fence.owner = row.text(2);
    job.kind = row.text(3);
    job.key = row.text(4);
    job.payload = row.text(5);
    job.crashes = static_cast<int>(row.integer(6));
    return job;
}

/// One statement, so that no rescuer has to run beside it. A job found still leased ended without a word: that is a crash.
std::string claim_sql(std::size_t kinds) {
    std::string list;
    for (std::size_t i = 0; i < kinds; ++i) list += (i ? ", ?" : "?") + std::to_string(5 + i);
    return "UPDATE jobs SET"
           " state = CASE WHEN state = 'leased' AND crashes + 1 >= ?4 THEN 'parked' ELSE 'leased' END,"
           " due_at = CASE WHEN state = 'leased' AND crashes + 1 >= ?4 THEN NULL ELSE ?3 END,"
           " error = CASE WHEN state = 'leased' THEN 'the process ended while it worked on this' ELSE error END,"
           " crashes = crashes + CASE WHEN state = 'leased' THEN 1 ELSE 0 END,"
           " attempt = attempt + 1, lease_owner = ?2 "
           "WHERE id = (SELECT j.id FROM jobs j WHERE j.due_at <= ?1 AND j.kind IN (" +
           list +
           ") AND NOT EXISTS (SELECT 1 FROM jobs h WHERE h.kind = j.kind AND h.key = j.key AND h.state = 'leased' AND h.id <> j.id) "
           "ORDER BY j.due_at, j.id LIMIT 1) "
           "RETURNING id, attempt, lease_owner, kind, key, payload, crashes, state";
}

result<std::optional<Job>> claim_one(Connection& connection, const std::vector<std::string>& kinds, const std::string& owner, Timestamp now,
                                     milliseconds lease) {
    const std::string sql = claim_sql(kinds.size());
    Arguments arguments = {to_millis(now), owner, to_millis(now + lease), std::int64_t{limits::crash_attempts}};
    arguments.insert(arguments.end(), kinds.begin(), kinds.end());
    for (;;) {
        auto rows = connection.query(sql, arguments);
        if (!rows) return rows.error();
        if (rows->empty()) return std::optional<Job>();
        if (rows->front().text(7) == "leased") return std::optional<Job>(job_of(rows->front()));
    }
}

/// A job that goes back to waiting while a newer one of its key waits already: the newer one stands for both.
result<void> return_job(Connection& connection, const Fence& fence, Timestamp due, const std::string& error) {
    auto held = require_lease(connection, fence);
    if (!held) return held;
    auto superseded = connection.execute(
        "DELETE FROM jobs WHERE id = ?1 AND EXISTS (SELECT 1 FROM jobs w WHERE w.kind = jobs.kind "
        "AND w.key = jobs.key AND w.state = 'waiting')",
        {fence.job});
    if (!superseded) return superseded.error();
    if (*superseded > 0) return {};
    return done(
        connection.execute("UPDATE jobs SET state = 'waiting', due_at = ?2, lease_owner = '', "
                           "error = CASE WHEN ?3 = '' THEN error ELSE ?3 END WHERE id = ?1",
                           {fence.job, to_millis(due), error}));
}

class StoredQueue final : public Queue {
public:
    StoredQueue(Database& database, Clock& clock) : database_(database), clock_(clock) {}

    task<void> put(std::string kind, std::string key, std::string payload, Timestamp run_at) override {
        std::function<result<void>(Connection&)> work = [=, now = clock_.now()](Connection& connection) {
            return put_job(connection, kind, key, payload, run_at, now);
        };
        co_return co_await database_.write(std::move(work));
    }

    task<std::optional<Job>> claim(std::vector<std::string> kinds, std::string owner, milliseconds lease) override {
        std::function<result<std::optional<Job>>(Connection&)> work = [=, now = clock_.now()](Connection& connection) {
            return claim_one(connection, kinds, owner, now, lease);
        };
        co_return co_await write_value(database_, std::move(work));
    }

    task<void> extend(Fence fence, milliseconds lease) override {
        std::function<result<void>(Connection&)> work = [=, until = clock_.now() + lease](Connection& connection) -> result<void> {
            auto held = require_lease(connection, fence);
            if (!held) return held;
            return done(connection.execute("UPDATE jobs SET due_at = ?2 WHERE id = ?1", {fence.job, to_millis(until)}));
        };
        co_return co_await database_.write(std::move(work));
    }

    task<void> finish(Fence fence) override {
        std::function<result<void>(Connection&)> work = [=](Connection& connection) -> result<void> {
            auto held = require_lease(connection, fence);
            if (!held) return held;
            return done(connection.execute("DELETE FROM jobs WHERE id = ?1", {fence.job}));
        };
        co_return co_await database_.write(std::move(work));
    }

    task<void> fail(Fence fence, std::string error, Timestamp retry_at) override {
        std::function<result<void>(Connection&)> work = [=](Connection& connection) {
            return return_job(connection, fence, retry_at, error);
        };
        co_return co_await database_.write(std::move(work));
    }

    task<void> park(Fence fence, std::string error) override {
        std::function<result<void>(Connection&)> work = [=](Connection& connection) -> result<void> {
            auto held = require_lease(connection, fence);
            if (!held) return held;
            return done(connection.execute("UPDATE jobs SET state = 'parked', due_at = NULL, lease_owner = '', error = ?2 WHERE id = ?1",
                                           {fence.job, error}));
        };
        co_return co_await database_.write(std::move(work));
    }

    task<void> give_back(Fence fence) override {
        std::function<result<void>(Connection&)> work = [=, now = clock_.now()](Connection& connection) {
            return return_job(connection, fence, now, "");
        };
        co_return co_await database_.write(std::move(work));
    }

    task<std::vector<Job>> take_parked() override {
        std::function<result<std::vector<Job>>(Connection&)> work = [](Connection& connection) -> result<std::vector<Job>> {
            auto rows = connection.query(
                "UPDATE jobs SET told = 1 WHERE state = 'parked' AND told = 0 "
                "RETURNING id, attempt, lease_owner, kind, key, payload, crashes, error");
            if (!rows) return rows.error();
            std::vector<Job> jobs;
            for (const Row& row : *rows) {
                jobs.push_back(job_of(row));
                jobs.back().error = row.text(7);
            }
            return jobs;
        };
        co_return co_await write_value(database_, std::move(work));
    }

    task<int> void_leases() override {
        // Still 'leased', so that the next claim counts the crash; without an owner, so that no old holder can write.
        std::function<result<int>(Connection&)> work = [](Connection& connection) -> result<int> {
            auto voided = connection.execute("UPDATE jobs SET due_at = 0, lease_owner = '' WHERE state = 'leased'");
            if (!voided) return voided.error();
            return static_cast<int>(*voided);
        };
        co_return co_await write_value(database_, std::move(work));
    }

    task<std::optional<Timestamp>> next_due() override {
        std::function<result<std::optional<Timestamp>>(Connection&)> work = [](Connection& connection) -> result<std::optional<Timestamp>> {
            auto rows = connection.query("SELECT due_at FROM jobs WHERE due_at IS NOT NULL AND state = 'waiting' ORDER BY due_at LIMIT 1");
            if (!rows) return rows.error();
            if (rows->empty()) return std::optional<Timestamp>();
            return maybe_time_at(rows->front(), 0);
        };
        co_return co_await read_value(database_, std::move(work));
    }

private:
    Database& database_;
    Clock& clock_;
};

}  // namespace

std::unique_ptr<Queue> make_queue(Database& database, Clock& clock) {
    return std::make_unique<StoredQueue>(database, clock);
}

}  // namespace gumshoe
