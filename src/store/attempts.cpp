// Attempts at models and what was learned from them.
#include "llm/attempt_store.hpp"
#include "store/columns.hpp"
#include "store/repositories.hpp"

namespace gumshoe {

namespace {

/// Intent and outcome are one statement: an outcome whose intent was lost is a fact all the same.
result<void> write_attempt(Connection& connection, const LlmAttempt& attempt) {
    return done(connection.execute(
        "INSERT INTO llm_attempts (id, run, step, number, target, provider, model, purpose, key_fingerprint, request_sha256, started_at, "
        "finished_at, outcome, reason, http_status, vendor_code, request_id, input_tokens, cached_tokens, output_tokens, reasoning_tokens, "
        "cost_usd) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22) "
        "ON CONFLICT (id) DO UPDATE SET model = excluded.model, finished_at = excluded.finished_at, outcome = excluded.outcome, "
        "reason = excluded.reason, http_status = excluded.http_status, vendor_code = excluded.vendor_code, "
        "request_id = excluded.request_id, input_tokens = excluded.input_tokens, cached_tokens = excluded.cached_tokens, "
        "output_tokens = excluded.output_tokens, reasoning_tokens = excluded.reasoning_tokens, cost_usd = excluded.cost_usd",
        {attempt.id,
         attempt.run,
         attempt.step,
         std::int64_t{attempt.number},
         attempt.target,
         attempt.provider,
         attempt.model,
         attempt.purpose,
         attempt.key_fingerprint,
         attempt.request_sha256,
         to_millis(attempt.started_at),
         column(attempt.finished_at),
         attempt.outcome,
         attempt.reason,
         std::int64_t{attempt.http_status},
         attempt.vendor_code,
         attempt.request_id,
         attempt.usage.input_tokens,
         attempt.usage.cached_tokens,
         attempt.usage.output_tokens,
         attempt.usage.reasoning_tokens,
         attempt.cost_usd}));
}

LlmAttempt attempt_of(const Row& row) {
    LlmAttempt attempt;
    attempt.id = row.text(0);
    attempt.run = row.text(1);
    attempt.step = row.text(2);
    attempt.number = static_cast<int>(row.integer(3));
    attempt.target = row.text(4);
    attempt.provider = row.text(5);
    attempt.model = row.text(6);
    attempt.purpose = row.text(7);
    attempt.key_fingerprint = row.text(8);
    attempt.request_sha256 = row.text(9);
    attempt.started_at = time_at(row, 10);
    attempt.finished_at = maybe_time_at(row, 11);
    attempt.outcome = row.text(12);
    attempt.reason = row.text(13);
    attempt.http_status = static_cast<int>(row.integer(14));
    attempt.vendor_code = row.text(15);
    attempt.request_id = row.text(16);
    attempt.usage.input_tokens = row.integer(17);
    attempt.usage.cached_tokens = row.integer(18);
    attempt.usage.output_tokens = row.integer(19);
    attempt.usage.reasoning_tokens = row.integer(20);
    attempt.cost_usd = row.real(21);
    return attempt;
}

result<std::vector<LlmAttempt>> attempts_of(Connection& connection, const std::string& run) {
    auto rows = connection.query(
        "SELECT id, run, step, number, target, provider, model, purpose, key_fingerprint, request_sha256, started_at, finished_at, "
        "outcome, "
        "reason, http_status, vendor_code, request_id, input_tokens, cached_tokens, output_tokens, reasoning_tokens, cost_usd "
        "FROM llm_attempts WHERE run = ?1 ORDER BY started_at, step, number, id",
        {run});
    if (!rows) return rows.error();
    std::vector<LlmAttempt> attempts;
    for (const Row& row : *rows) attempts.push_back(attempt_of(row));
    return attempts;
}

result<std::vector<Quarantine>> all_quarantines(Connection& connection) {
    auto rows = connection.query("SELECT scope, failure, reason, since, until, strikes FROM quarantines ORDER BY scope");
    if (!rows) return rows.error();
    std::vector<Quarantine> entries;
    for (const Row& row : *rows) {
        entries.push_back({row.text(0), row.text(1), row.text(2), time_at(row, 3), time_at(row, 4), static_cast<int>(row.integer(5))});
    }
    return entries;
}

class StoredAttempts final : public AttemptStore {
public:
    explicit StoredAttempts(Database& database) : database_(database) {}

    task<void> intend(LlmAttempt attempt) override {
        std::function<result<void>(Connection&)> work = [attempt = std::move(attempt)](Connection& connection) {
            return write_attempt(connection, attempt);
        };
        co_return co_await database_.write(std::move(work));
    }

    task<void> outcome(LlmAttempt attempt) override {
        std::function<result<void>(Connection&)> work = [attempt = std::move(attempt)](Connection& connection) {
            return write_attempt(connection, attempt);
        };
        co_return co_await database_.write(std::move(work));
    }

    task<std::vector<LlmAttempt>> attempts(std::string run) override {
        std::function<result<std::vector<LlmAttempt>>(Connection&)> work = [=](Connection& connection) {
            return attempts_of(connection, run);
        };
        co_return co_await read_value(database_, std::move(work));
    }

    task<double> spent_usd(Timestamp since) override {
        std::function<result<double>(Connection&)> work = [=](Connection& connection) -> result<double> {
            auto rows =
                connection.query("SELECT COALESCE(sum(cost_usd), 0.0) FROM llm_attempts WHERE started_at >= ?1", {to_millis(since)});
            if (!rows) return rows.error();
            return rows->front().real(0);
        };
        co_return co_await read_value(database_, std::move(work));
    }

    task<std::vector<Quarantine>> quarantines() override {
        std::function<result<std::vector<Quarantine>>(Connection&)> work = all_quarantines;
        co_return co_await read_value(database_, std::move(work));
    }

    task<void> quarantine(Quarantine entry) override {
        std::function<result<void>(Connection&)> work = [=](Connection& connection) {
            return done(connection.execute(
                "INSERT INTO quarantines (scope, failure, reason, since, until, strikes) VALUES (?1, ?2, ?3, ?4, ?5, ?6) "
                "ON CONFLICT (scope) DO UPDATE SET failure = excluded.failure, reason = excluded.reason, since = excluded.since, "
                "until = excluded.until, strikes = excluded.strikes",
                {entry.scope, entry.failure, entry.reason, to_millis(entry.since), to_millis(entry.until), std::int64_t{entry.strikes}}));
        };
        co_return co_await database_.write(std::move(work));
    }

    task<void> release(std::string scope) override {
        std::function<result<void>(Connection&)> work = [=](Connection& connection) {
            return done(connection.execute("DELETE FROM quarantines WHERE scope = ?1", {scope}));
        };
        co_return co_await database_.write(std::move(work));
    }

private:
    Database& database_;
};

}  // namespace

std::unique_ptr<AttemptStore> make_attempt_store(Database& database) {
    return std::make_unique<StoredAttempts>(database);
}

}  // namespace gumshoe
