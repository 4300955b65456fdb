// Investigations and runs. A worker's writes go through its fence; a person's leave an audit row in the same transaction.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/ids.hpp"
#include "base/json.hpp"
#include "investigation/store.hpp"
#include "store/columns.hpp"
#include "store/investigation_rows.hpp"
#include "store/jobs.hpp"
#include "store/members.hpp"
#include "store/repositories.hpp"

namespace gumshoe {

namespace {

constexpr auto run_columns =
    "SELECT r.id, r.investigation, r.parent, r.mode, r.post, r.chain, r.state, r.created_at, r.started_at, r.finished_at, r.finding, "
    "r.error "
    "FROM runs r ";

RunRow run_of(const Row& row) {
    RunRow run;
    run.id = row.text(0);
    run.investigation = row.text(1);
    run.parent = row.text(2);
    run.mode = word_at(row, 3, {ReplayMode::none, ReplayMode::frozen, ReplayMode::exact, ReplayMode::live});
    run.post = word_at(row, 4, {PostMode::none, PostMode::thread, PostMode::update});
    run.chain = row.text(5);
    run.state = row.text(6);
    run.created_at = time_at(row, 7);
    run.started_at = maybe_time_at(row, 8);
    run.finished_at = maybe_time_at(row, 9);
    run.finding = row.text(10);
    run.error = row.text(11);
    return run;
}

result<std::vector<RunRow>> select_runs(Connection& connection, const std::string& condition, const Arguments& arguments) {
    auto rows = connection.query(run_columns + condition, arguments);
    if (!rows) return rows.error();
    std::vector<RunRow> runs;
    for (const Row& row : *rows) runs.push_back(run_of(row));
    return runs;
}

result<RunRow> select_run(Connection& connection, const std::string& condition, const Arguments& arguments, const std::string& missing) {
    auto runs = select_runs(connection, condition, arguments);
    if (!runs) return runs.error();
    if (runs->empty()) return Error{errc::not_found, missing};
    return std::move(runs->front());
}

result<RunRow> run_by_id(Connection& connection, const std::string& id) {
    return select_run(connection, "WHERE r.id = ?1", {id}, "no run " + id);
}

result<InvestigationRow> investigation_by_id(Connection& connection, const std::string& id) {
    auto rows = connection.query(
        "SELECT i.id, i.state, i.created_at, i.fired, i.related_alerts, i.resolved_at, i.posted_run, a.alert "
        "FROM investigations i JOIN alerts a ON a.id = i.alert WHERE i.id = ?1",
        {id});
    if (!rows) return rows.error();
    if (rows->empty()) return Error{errc::not_found, "no investigation " + id};
    const Row& row = rows->front();
    auto value = parse_json(row.text(7));
    if (!value) return Error{errc::corrupt, "the alert of " + id + ": " + value.error().message};
    auto alert = alert_from_json(*value);
    if (!alert) return Error{errc::corrupt, "the alert of " + id + ": " + alert.error().message};
    InvestigationRow found;
    found.id = row.text(0);
    found.state = row.text(1);
    found.alert = std::move(*alert);
    found.created_at = time_at(row, 2);
    found.fired = static_cast<int>(row.integer(3));
    found.related_alerts = static_cast<int>(row.integer(4));
    found.resolved_at = maybe_time_at(row, 5);
    found.posted_run = row.text(6);
    return found;
}

/// Takes an open run to its end. Error: conflict when it ended before.
result<void> end_run(Connection& connection, const RunRow& run, const std::string& state, const std::string& finding,
                     const std::string& error, Timestamp now) {
    auto ended = connection.execute(
        "UPDATE runs SET state = ?2, finding = ?3, error = ?4, finished_at = ?5, started_at = COALESCE(started_at, ?5) "
        "WHERE id = ?1 AND state IN ('queued', 'running')",
        {run.id, state, finding, error, to_millis(now)});
    if (!ended) return ended.error();
    if (*ended == 0) return Error{errc::conflict, "the run " + run.id + " has ended already: " + run.state};
    return {};
}

result<void> begin_run(Connection& connection, const Fence& fence, const std::string& id, Timestamp now) {
    auto held = require_lease(connection, fence);
    if (!held) return held;
    auto run = run_by_id(connection, id);
    if (!run) return run.error();
    auto begun = connection.execute(
        "UPDATE runs SET state = 'running', started_at = COALESCE(started_at, ?2) WHERE id = ?1 AND state IN ('queued', 'running')",
        {id, to_millis(now)});
    if (!begun) return begun.error();
    if (*begun == 0) return Error{errc::conflict, "the run " + id + " has ended already: " + run->state};
    return settle_investigation(connection, run->investigation, "running", "");
}

result<void> complete_run(Connection& connection, const Fence& fence, const std::string& id, const std::string& finding, bool show,
                          Timestamp now) {
    auto held = require_lease(connection, fence);
    if (!held) return held;
    auto run = run_by_id(connection, id);
    if (!run) return run.error();
    auto ended = end_run(connection, *run, "done", finding, "", now);
    if (!ended) return ended;
    if (show) {
        auto shown = connection.execute("UPDATE investigations SET posted_run = ?2 WHERE id = ?1", {run->investigation, id});
        if (!shown) return shown.error();
    }
    return settle_investigation(connection, run->investigation, "done", "");
}

result<void> abandon_run(Connection& connection, const Fence& fence, const std::string& id, const std::string& error, Timestamp now) {
    auto held = require_lease(connection, fence);
    if (!held) return held;
    auto run = run_by_id(connection, id);
    if (!run) return run.error();
    auto ended = end_run(connection, *run, "failed", "", error, now);
    if (!ended) return ended;
    return settle_investigation(connection, run->investigation, "failed", error);
}

/// Its job is parked already. A run that ended meanwhile stays as it is.
result<void> park_run(Connection& connection, const std::string& id, const std::string& reason, Timestamp now) {
    auto run = run_by_id(connection, id);
    if (!run) return run.error();
    auto ended = end_run(connection, *run, "failed", "", reason, now);
    if (!ended) return ended.error().code == errc::conflict ? result<void>() : ended;
    return settle_investigation(connection, run->investigation, "parked", reason);
}

/// The run that a replay starts from.
result<RunRow> parent_run(Connection& connection, const ReplayRequest& request) {
    if (!request.parent.empty()) {
        return select_run(connection, "WHERE r.investigation = ?1 AND r.id = ?2", {request.investigation, request.parent},
                          "no run " + request.parent + " of " + request.investigation);
    }
    auto done = select_runs(connection, "WHERE r.investigation = ?1 AND r.state = 'done' ORDER BY r.finished_at DESC, r.id DESC LIMIT 1",
                            {request.investigation});
    if (!done) return done.error();
    if (!done->empty()) return std::move(done->front());
    if (request.mode != ReplayMode::live) {
        return Error{errc::conflict, request.investigation + " has no finished run to replay from; replay it with mode live"};
    }
    return select_run(connection, "WHERE r.investigation = ?1 ORDER BY r.created_at DESC, r.id DESC LIMIT 1", {request.investigation},
                      "no run of " + request.investigation);
}

result<RunRow> replay_run(Connection& connection, const ReplayRequest& request, Timestamp now) {
    if (!request.idempotency_key.empty()) {
        auto same = select_runs(connection, "WHERE r.investigation = ?1 AND r.idempotency_key = ?2",
                                {request.investigation, request.idempotency_key});
        if (!same) return same.error();
        if (!same->empty()) return std::move(same->front());
    }
    auto known = connection.query("SELECT 1 FROM investigations WHERE id = ?1", {request.investigation});
    if (!known) return known.error();
    if (known->empty()) return Error{errc::not_found, "no investigation " + request.investigation};
    auto open = select_runs(connection, "WHERE r.investigation = ?1 AND r.state IN ('queued', 'running')", {request.investigation});
    if (!open) return open.error();
    if (!open->empty()) return Error{errc::conflict, open->front().id + " of " + request.investigation + " is under way"};
    auto parent = parent_run(connection, request);
    if (!parent) return parent.error();

    RunRow run;
    run.id = new_id("run", now);
    run.investigation = request.investigation;
    run.parent = parent->id;
    run.mode = request.mode;
    run.post = request.post;
    run.chain = request.chain;
    run.state = "queued";
    run.created_at = now;
    auto created = create_run(connection, run, request.idempotency_key);
    if (!created) return created.error();
    auto settled = settle_investigation(connection, run.investigation, "queued", "");
    if (!settled) return settled.error();
    const json detail = {
        {"run", run.id}, {"parent", run.parent}, {"mode", to_string(run.mode)}, {"post", to_string(run.post)}, {"chain", run.chain}};
    auto audited = insert_audit(connection, request.actor, "replay", run.investigation, dump_json(detail), "", now);
    if (!audited) return audited.error();
    return run;
}

result<void> cancel_run(Connection& connection, const std::string& investigation, const std::string& actor, Timestamp now) {
    auto known = connection.query("SELECT 1 FROM investigations WHERE id = ?1", {investigation});
    if (!known) return known.error();
    if (known->empty()) return Error{errc::not_found, "no investigation " + investigation};
    auto open = select_runs(connection, "WHERE r.investigation = ?1 AND r.state IN ('queued', 'running')", {investigation});
    if (!open) return open.error();
    if (open->empty()) return Error{errc::conflict, investigation + " has nothing under way"};
    auto ended = end_run(connection, open->front(), "cancelled", "", "cancelled by " + actor, now);
    if (!ended) return ended;
    auto dropped = drop_run_job(connection, open->front().id);
    if (!dropped) return dropped;
    auto settled = settle_investigation(connection, investigation, "cancelled", "cancelled by " + actor);
    if (!settled) return settled;
    const json detail = {{"run", open->front().id}};
    return insert_audit(connection, actor, "cancel", investigation, dump_json(detail), "", now);
}

result<RunRow> start_run(Connection& connection, const Alert& alert, const std::string& text, Timestamp now) {
    AlertRow row;
    auto started = create_investigation(connection, alert, "", now);
    if (!started) return started.error();
    row.investigation = started->investigation;
    row.episode = alert.episode;
    row.effect = Effect::started;
    row.received_at = now;
    row.text = text;
    auto inserted = insert_alert(connection, alert, row);
    if (!inserted) return inserted.error();
    return run_by_id(connection, started->run);
}

result<void> learn_names(Connection& connection, const Fence& fence, const std::string& investigation,
                         const std::vector<std::pair<std::string, std::string>>& names, Timestamp now) {
    auto held = require_lease(connection, fence);
    if (!held) return held;
    auto before = same_outage(connection, investigation);
    if (!before) return before.error();
    for (const auto& [source, name] : names) {
        auto added = add_names(connection, investigation, source, {name}, now);
        if (!added) return added;
    }
    auto after = same_outage(connection, investigation);
    if (!after) return after.error();
    for (const std::string& other : *after) {
        if (std::find(before->begin(), before->end(), other) != before->end()) continue;
        auto put = put_refresh_job(connection, other, now);
        if (!put) return put;
    }
    return {};
}

result<std::vector<Alert>> alerts_of(Connection& connection, const std::string& investigation, std::size_t most) {
    auto rows = connection.query(
        "SELECT alert FROM (SELECT id, alert, row_number() OVER (PARTITION BY source ORDER BY id) AS place FROM alerts "
        "WHERE investigation = ?1 AND (effect = 'started' OR effect = 'joined')) AS numbered WHERE place <= ?2 ORDER BY id",
        {investigation, static_cast<std::int64_t>(most)});
    if (!rows) return rows.error();
    std::vector<Alert> alerts;
    for (const Row& row : *rows) {
        auto value = parse_json(row.text(0));
        if (!value) return Error{errc::corrupt, "an alert of " + investigation + ": " + value.error().message};
        auto alert = alert_from_json(*value);
        if (!alert) return Error{errc::corrupt, "an alert of " + investigation + ": " + alert.error().message};
        alerts.push_back(std::move(*alert));
    }
    return alerts;
}

class StoredInvestigations final : public InvestigationStore {
public:
    explicit StoredInvestigations(Database& database) : database_(database) {}

    task<InvestigationRow> investigation(std::string id) override {
        std::function<result<InvestigationRow>(Connection&)> work = [=](Connection& connection) {
            return investigation_by_id(connection, id);
        };
        co_return co_await read_value(database_, std::move(work));
    }

    task<RunRow> run(std::string id) override {
        std::function<result<RunRow>(Connection&)> work = [=](Connection& connection) { return run_by_id(connection, id); };
        co_return co_await read_value(database_, std::move(work));
    }

    task<std::vector<RunRow>> runs(std::string investigation) override {
        std::function<result<std::vector<RunRow>>(Connection&)> work = [=](Connection& connection) {
            return select_runs(connection, "WHERE r.investigation = ?1 ORDER BY r.created_at, r.id", {investigation});
        };
        co_return co_await read_value(database_, std::move(work));
    }

    task<void> begin(Fence fence, std::string run, Timestamp now) override {
        std::function<result<void>(Connection&)> work = [=](Connection& connection) { return begin_run(connection, fence, run, now); };
        co_return co_await database_.write(std::move(work));
    }

    task<void> complete(Fence fence, std::string run, std::string finding, bool show, Timestamp now) override {
        std::function<result<void>(Connection&)> work = [=](Connection& connection) {
            return complete_run(connection, fence, run, finding, show, now);
        };
        co_return co_await database_.write(std::move(work));
    }

    task<void> abandon(Fence fence, std::string run, std::string error, Timestamp now) override {
        std::function<result<void>(Connection&)> work = [=](Connection& connection) {
            return abandon_run(connection, fence, run, error, now);
        };
        co_return co_await database_.write(std::move(work));
    }

    task<void> discard(Fence fence, std::string run, std::string reason, Timestamp now) override {
        std::function<result<void>(Connection&)> work = [=](Connection& connection) -> result<void> {
            auto abandoned = abandon_run(connection, fence, run, reason, now);
            if (!abandoned) return abandoned;
            return done(connection.execute("DELETE FROM steps WHERE run = ?1", {run}));
        };
        co_return co_await database_.write(std::move(work));
    }

    task<void> park(std::string run, std::string reason, Timestamp now) override {
        std::function<result<void>(Connection&)> work = [=](Connection& connection) { return park_run(connection, run, reason, now); };
        co_return co_await database_.write(std::move(work));
    }

    task<RunRow> replay(ReplayRequest request, Timestamp now) override {
        std::function<result<RunRow>(Connection&)> work = [=](Connection& connection) { return replay_run(connection, request, now); };
        co_return co_await write_value(database_, std::move(work));
    }

    task<void> cancel(std::string investigation, std::string actor, Timestamp now) override {
        std::function<result<void>(Connection&)> work = [=](Connection& connection) {
            return cancel_run(connection, investigation, actor, now);
        };
        co_return co_await database_.write(std::move(work));
    }

    task<RunRow> start(Alert alert, Timestamp now) override {
        std::function<result<RunRow>(Connection&)> work = [alert, now, text = dump_json(to_json_value(alert))](Connection& connection) {
            return start_run(connection, alert, text, now);
        };
        co_return co_await write_value(database_, std::move(work));
    }

    task<void> learn(Fence fence, std::string investigation, std::vector<std::pair<std::string, std::string>> names,
                     Timestamp now) override {
        std::function<result<void>(Connection&)> work = [=](Connection& connection) {
            return learn_names(connection, fence, investigation, names, now);
        };
        co_return co_await database_.write(std::move(work));
    }

    task<Members> members(std::string investigation) override {
        std::function<result<Members>(Connection&)> work = [=](Connection& connection) { return members_of(connection, investigation); };
        co_return co_await read_value(database_, std::move(work));
    }

    task<std::vector<Alert>> alerts(std::string investigation, std::size_t most) override {
        std::function<result<std::vector<Alert>>(Connection&)> work = [=](Connection& connection) {
            return alerts_of(connection, investigation, most);
        };
        co_return co_await read_value(database_, std::move(work));
    }

    task<std::vector<RunRow>> finished(Timestamp since, std::size_t most) override {
        // One run an investigation: the one that is shown, else its latest.
        std::function<result<std::vector<RunRow>>(Connection&)> work = [=](Connection& connection) {
            return select_runs(
                connection,
                "JOIN investigations i ON i.id = r.investigation WHERE r.state = 'done' AND r.finished_at >= ?1 "
                "AND r.id = COALESCE(NULLIF(i.posted_run, ''), (SELECT l.id FROM runs l WHERE l.investigation = i.id "
                "AND l.state = 'done' ORDER BY l.finished_at DESC, l.id DESC LIMIT 1)) ORDER BY r.finished_at DESC, r.id LIMIT ?2",
                {to_millis(since), static_cast<std::int64_t>(most)});
        };
        co_return co_await read_value(database_, std::move(work));
    }

    task<std::optional<RunRow>> last_model_finding(std::string source, std::string fingerprint, Timestamp since, Timestamp until) override {
        std::function<result<std::optional<RunRow>>(Connection&)> work = [=](Connection& connection) -> result<std::optional<RunRow>> {
            auto runs =
                select_runs(connection,
                            "JOIN investigations i ON i.id = r.investigation JOIN alerts a ON a.id = i.alert WHERE r.state = 'done' "
                            "AND r.finished_at >= ?3 AND r.finished_at < ?4 AND a.source = ?1 AND a.fingerprint = ?2 "
                            "AND CASE r.state WHEN 'done' THEN json_extract(r.finding, '$.degraded') END = 0 ORDER BY r.finished_at DESC, "
                            "r.id DESC LIMIT 1",
                            {source, fingerprint, to_millis(since), to_millis(until)});
            if (!runs) return runs.error();
            return runs->empty() ? std::optional<RunRow>() : std::optional<RunRow>(std::move(runs->front()));
        };
        co_return co_await read_value(database_, std::move(work));
    }

private:
    Database& database_;
};

}  // namespace

std::unique_ptr<InvestigationStore> make_investigation_store(Database& database) {
    return std::make_unique<StoredInvestigations>(database);
}

}  // namespace gumshoe
