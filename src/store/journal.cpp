// The journal of steps. A finished step is never written again, and is read back only if its bytes are those that were written.
#include "investigation/journal.hpp"

#include "base/digest.hpp"
#include "store/columns.hpp"
#include "store/jobs.hpp"
#include "store/repositories.hpp"

namespace gumshoe {

namespace {

constexpr auto step_columns = "SELECT run, name, input, output, started_at, finished_at, output_sha256, ";

result<StepRow> step_of(const Row& row) {
    StepRow step;
    step.run = row.text(0);
    step.name = row.text(1);
    step.input = row.text(2);
    step.output = row.text(3);
    step.started_at = time_at(row, 4);
    step.finished_at = maybe_time_at(row, 5);
    step.raw = row.text(7);
    if (step.finished_at && sha256_hex(step.output) != row.text(6)) {
        return Error{errc::corrupt, "the journal of " + step.run + ": the output of " + step.name + " is not what was written"};
    }
    return step;
}

result<std::optional<StepRow>> find_step(Connection& connection, const std::string& run, const std::string& name) {
    auto rows = connection.query(std::string(step_columns) + "raw FROM steps WHERE run = ?1 AND name = ?2", {run, name});
    if (!rows) return rows.error();
    if (rows->empty()) return std::optional<StepRow>();
    auto step = step_of(rows->front());
    if (!step) return step.error();
    return std::optional<StepRow>(std::move(*step));
}

result<void> intend_step(Connection& connection, const Fence& fence, const StepRow& step) {
    auto held = require_lease(connection, fence);
    if (!held) return held;
    return done(
        connection.execute("INSERT INTO steps (run, name, started_at, output_sha256, input, output, raw) "
                           "VALUES (?1, ?2, ?3, '', ?4, '', ?5) ON CONFLICT (run, name) DO NOTHING",
                           {step.run, step.name, to_millis(step.started_at), step.input, BlobView{}}));
}

result<void> record_step(Connection& connection, const Fence& fence, const StepRow& step, Timestamp finished_at) {
    auto held = require_lease(connection, fence);
    if (!held) return held;
    auto recorded = connection.execute(
        "INSERT INTO steps (run, name, started_at, finished_at, output_sha256, input, output, raw) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) "
        "ON CONFLICT (run, name) DO UPDATE SET finished_at = excluded.finished_at, output_sha256 = excluded.output_sha256, "
        "output = excluded.output, raw = excluded.raw WHERE steps.finished_at IS NULL",
        {step.run, step.name, to_millis(step.started_at), to_millis(finished_at), sha256_hex(step.output), step.input, step.output,
         BlobView{step.raw}});
    if (!recorded) return recorded.error();
    if (*recorded == 0) return Error{errc::conflict, "the step " + step.name + " of " + step.run + " is recorded already"};
    return {};
}

class StoredJournal final : public Journal {
public:
    explicit StoredJournal(Database& database) : database_(database) {}

    task<std::optional<StepRow>> find(std::string run, std::string name) override {
        std::function<result<std::optional<StepRow>>(Connection&)> work = [=](Connection& connection) {
            return find_step(connection, run, name);
        };
        co_return co_await read_value(database_, std::move(work));
    }

    task<void> intend(Fence fence, StepRow step) override {
        std::function<result<void>(Connection&)> work = [=](Connection& connection) { return intend_step(connection, fence, step); };
        co_return co_await database_.write(std::move(work));
    }

    task<void> record(Fence fence, StepRow step) override {
        // Without a time the step is not recorded but intended.
        if (!step.finished_at)
            co_return Error{errc::invalid_argument, "journal: " + step.name + " is recorded without the time of its end"};
        auto kept = std::make_shared<const StepRow>(std::move(step));
        std::function<result<void>(Connection&)> work = [fence, kept](Connection& connection) {
            return record_step(connection, fence, *kept, *kept->finished_at);
        };
        co_return co_await database_.write(std::move(work));
    }

    task<std::vector<StepRow>> steps(std::string run, bool with_raw) override {
        std::function<result<std::vector<StepRow>>(Connection&)> work = [=](Connection& connection) -> result<std::vector<StepRow>> {
            auto rows = connection.query(
                std::string(step_columns) + (with_raw ? "raw" : "NULL") + " FROM steps WHERE run = ?1 ORDER BY started_at, id", {run});
            if (!rows) return rows.error();
            std::vector<StepRow> steps;
            for (const Row& row : *rows) {
                auto step = step_of(row);
                if (!step) return step.error();
                steps.push_back(std::move(*step));
            }
            return steps;
        };
        co_return co_await read_value(database_, std::move(work));
    }

private:
    Database& database_;
};

}  // namespace

std::unique_ptr<Journal> make_journal(Database& database) {
    return std::make_unique<StoredJournal>(database);
}

}  // namespace gumshoe
