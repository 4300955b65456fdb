// Attempts at models and what was learned from them.
#include "llm/attempt_store.hpp"

#include <memory>
#include <mutex>
#include <unordered_map>

#include "store/columns.hpp"
#include "store/repositories.hpp"

namespace gumshoe {

namespace {

/// Intent and outcome are one statement: an outcome whose intent was lost is a fact all the same.
result<void> write_attempt(Connection& connection, const LlmAttempt& attempt) {
    return done(connection.execute(
        "INSERT INTO llm_attempts (id, run, step, number, target, provider, model, purpose, key_fingerprint, request_sha256, started_at, "
        "finished_at, outcome, reason, http_status, vendor_code, request_id, input_tokens, cached_tokens, output_tokens, reasoning_tokens, "
        "cost_usd, team, hop, first_content_ms, took_ms, bytes_out, bytes_in, breaker_before, breaker_after, deadline_left_ms, "
        "answered_model) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, "
        "?26, ?27, ?28, ?29, ?30, ?31, ?32) "
        "ON CONFLICT (id) DO UPDATE SET model = excluded.model, finished_at = excluded.finished_at, outcome = excluded.outcome, "
        "reason = excluded.reason, http_status = excluded.http_status, vendor_code = excluded.vendor_code, "
        "request_id = excluded.request_id, input_tokens = excluded.input_tokens, cached_tokens = excluded.cached_tokens, "
        "output_tokens = excluded.output_tokens, reasoning_tokens = excluded.reasoning_tokens, cost_usd = excluded.cost_usd, "
        "first_content_ms = excluded.first_content_ms, took_ms = excluded.took_ms, bytes_in = excluded.bytes_in, "
        "breaker_after = excluded.breaker_after, answered_model = excluded.answered_model",
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
         attempt.cost_usd,
         attempt.team,
         std::int64_t{attempt.hop},
         attempt.first_content ? Argument(std::int64_t{attempt.first_content->count()}) : Argument(nullptr),
         std::int64_t{attempt.took.count()},
         attempt.bytes_out,
         attempt.bytes_in,
         attempt.breaker_before,
         attempt.breaker_after,
         std::int64_t{attempt.deadline_left.count()},
         attempt.answered_model}));
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
    attempt.team = row.text(22);
    attempt.hop = static_cast<int>(row.integer(23));
    if (!row.null(24)) attempt.first_content = milliseconds(row.integer(24));
    attempt.took = milliseconds(row.integer(25));
    attempt.bytes_out = row.integer(26);
    attempt.bytes_in = row.integer(27);
    attempt.breaker_before = row.text(28);
    attempt.breaker_after = row.text(29);
    attempt.deadline_left = milliseconds(row.integer(30));
    attempt.answered_model = row.text(31);
    return attempt;
}

result<std::vector<LlmAttempt>> attempts_of(Connection& connection, const std::string& run) {
    auto rows = connection.query(
        "SELECT id, run, step, number, target, provider, model, purpose, key_fingerprint, request_sha256, started_at, finished_at, "
        "outcome, reason, http_status, vendor_code, request_id, input_tokens, cached_tokens, output_tokens, reasoning_tokens, cost_usd, "
        "team, hop, first_content_ms, took_ms, bytes_out, bytes_in, breaker_before, breaker_after, deadline_left_ms, answered_model FROM "
        "llm_attempts "
        "WHERE run = ?1 ORDER BY started_at, step, number, id",
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

result<std::vector<LearnedFact>> facts_after(Connection& connection, Timestamp now) {
    auto rows = connection.query("SELECT place, fact, value, until FROM learned WHERE until > ?1 ORDER BY place, fact", {to_millis(now)});
    if (!rows) return rows.error();
    std::vector<LearnedFact> facts;
    for (const Row& row : *rows) facts.push_back({row.text(0), row.text(1), row.integer(2), time_at(row, 3)});
    return facts;
}

/// Rows that wait for the writer. An outcome that comes before its intent is written takes its place: one statement for both.
class WaitingRows {
public:
    struct Entry {
        std::string id;  // also when the row was taken
        LlmAttempt row;
    };

    /// The new entry to be written; nullptr when it went into one that waits already.
    std::shared_ptr<Entry> put(LlmAttempt row) {
        const std::lock_guard lock(mutex_);
        auto& entry = entries_[row.id];
        const bool waits = entry != nullptr;
        if (!waits) entry = std::make_shared<Entry>(Entry{row.id, {}});
        entry->row = std::move(row);
        return waits ? nullptr : entry;
    }
    /// Its row as it stands; what comes after it waits anew.
    LlmAttempt take(const std::shared_ptr<Entry>& entry) {
        const std::lock_guard lock(mutex_);
        const auto found = entries_.find(entry->id);
        if (found != entries_.end() && found->second == entry) entries_.erase(found);
        return std::move(entry->row);
    }

private:
    std::mutex mutex_;
    std::unordered_map<std::string, std::shared_ptr<Entry>> entries_;  // by the attempt's id
};

class StoredAttempts final : public AttemptStore {
public:
    explicit StoredAttempts(Database& database) : database_(database) {}

    void record(LlmAttempt attempt, Lost lost) override {
        auto entry = waiting_->put(std::move(attempt));
        if (!entry) return;
        std::function<result<void>(Connection&)> work = [waiting = waiting_, entry](Connection& connection) {
            return write_attempt(connection, waiting->take(entry));
        };
        auto failed = [waiting = waiting_, entry, lost = std::move(lost)](const Error& error) {
            waiting->take(entry);  // where it was refused at the door
            lost(error);
        };
        database_.post(std::move(work), std::move(failed));
    }

    task<std::vector<LlmAttempt>> attempts(std::string run) override {
        std::function<result<void>(Connection&)> nothing = [](Connection&) { return result<void>(); };
        auto in_line = co_await database_.write(std::move(nothing));  // behind what was recorded; its failure takes no reading away
        static_cast<void>(in_line);
        std::function<result<std::vector<LlmAttempt>>(Connection&)> work = [=](Connection& connection) {
            return attempts_of(connection, run);
        };
        co_return co_await read_value(database_, std::move(work));
    }

    task<double> spent_usd(Timestamp since, std::string team) override {
        std::function<result<double>(Connection&)> work = [=](Connection& connection) -> result<double> {
            const std::string all = "SELECT COALESCE(sum(cost_usd), 0.0) FROM llm_attempts WHERE started_at >= ?1";
            auto rows = team.empty() ? connection.query(all, {to_millis(since)})
                                     : connection.query(all + " AND team <> '' AND team = ?2", {to_millis(since), team});
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

    task<std::vector<LearnedFact>> learned(Timestamp now) override {
        std::function<result<std::vector<LearnedFact>>(Connection&)> work = [=](Connection& connection) {
            return facts_after(connection, now);
        };
        co_return co_await read_value(database_, std::move(work));
    }

    task<void> learn(LearnedFact fact, Timestamp now) override {
        std::function<result<void>(Connection&)> work = [=](Connection& connection) -> result<void> {
            auto expired = connection.execute("DELETE FROM learned WHERE until <= ?1", {to_millis(now)});
            if (!expired) return expired.error();
            return done(
                connection.execute("INSERT INTO learned (place, fact, value, until) VALUES (?1, ?2, ?3, ?4) "
                                   "ON CONFLICT (place, fact) DO UPDATE SET value = excluded.value, until = excluded.until",
                                   {fact.place, fact.fact, fact.value, to_millis(fact.until)}));
        };
        co_return co_await database_.write(std::move(work));
    }

    task<void> forget(std::string place) override {
        std::function<result<void>(Connection&)> work = [=](Connection& connection) {
            return done(connection.execute("DELETE FROM learned WHERE place = ?1", {place}));
        };
        co_return co_await database_.write(std::move(work));
    }

private:
    Database& database_;
    std::shared_ptr<WaitingRows> waiting_ = std::make_shared<WaitingRows>();  // the writer's too
};

}  // namespace

std::unique_ptr<AttemptStore> make_attempt_store(Database& database) {
    return std::make_unique<StoredAttempts>(database);
}

}  // namespace gumshoe
