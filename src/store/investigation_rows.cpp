// Inserts that more than one repository makes.
#include "store/investigation_rows.hpp"

#include "base/ids.hpp"
#include "store/columns.hpp"
#include "store/jobs.hpp"
#include "store/members.hpp"

namespace gumshoe {

result<StartedInvestigation> create_investigation(Connection& connection, const Alert& alert, const std::string& route, Timestamp now) {
    StartedInvestigation started{new_id("inv", now), new_id("run", now)};
    auto inserted = connection.execute(
        "INSERT INTO investigations (id, state, reason, source, title, service, environment, severity, route, created_at, fired, "
        "related_alerts, posted_run) VALUES (?1, 'queued', '', ?2, ?3, ?4, ?5, ?6, ?7, ?8, 1, 0, '')",
        {started.investigation, alert.source, alert.title, alert.service, alert.environment, to_string(alert.severity), route,
         to_millis(now)});
    if (!inserted) return inserted.error();
    RunRow run;
    run.id = started.run;
    run.investigation = started.investigation;
    run.created_at = now;
    auto created = create_run(connection, run, "");
    if (!created) return created.error();
    return started;
}

result<void> create_run(Connection& connection, const RunRow& run, const std::string& idempotency_key) {
    auto inserted = connection.execute(
        "INSERT INTO runs (id, investigation, parent, mode, post, chain, state, created_at, error, idempotency_key, finding) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'queued', ?7, '', ?8, '')",
        {run.id, run.investigation, run.parent, to_string(run.mode), to_string(run.post), run.chain, to_millis(run.created_at),
         idempotency_key});
    if (!inserted) return inserted.error();
    return put_run_job(connection, run.investigation, run.id, run.created_at);
}

result<void> insert_alert(Connection& connection, const Alert& alert, const AlertRow& row) {
    auto inserted = connection.execute(
        "INSERT INTO alerts (delivery, investigation, source, fingerprint, episode, notification, effect, reason, received_at, alert) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        {reference(row.delivery), reference(row.investigation), alert.source, alert.fingerprint, row.episode, to_string(alert.notification),
         to_string(row.effect), row.reason, to_millis(row.received_at), row.text});
    if (!inserted) return inserted.error();
    if (row.effect == Effect::started || row.effect == Effect::joined || row.effect == Effect::repeated) {
        auto added = add_member(connection, alert, row.investigation, row.reason, row.received_at);
        if (!added) return added;
    }
    if (row.effect != Effect::started) return {};
    return done(connection.execute("UPDATE investigations SET alert = (SELECT min(id) FROM alerts WHERE investigation = ?1) WHERE id = ?1",
                                   {row.investigation}));
}

result<void> settle_investigation(Connection& connection, const std::string& id, const std::string& otherwise, const std::string& reason) {
    return done(
        connection.execute("UPDATE investigations SET reason = ?3, state = COALESCE("
                           "(SELECT state FROM runs WHERE investigation = ?1 AND state IN ('queued', 'running')), "
                           "(SELECT max(state) FROM runs WHERE investigation = ?1 AND state = 'done'), ?2) WHERE id = ?1",
                           {id, otherwise, reason}));
}

result<void> insert_audit(Connection& connection, const std::string& actor, const std::string& action, const std::string& subject,
                          const std::string& detail, const std::string& peer, Timestamp at) {
    return done(connection.execute("INSERT INTO audit (at, actor, action, subject, detail, peer) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                                   {to_millis(at), actor, action, subject, detail, peer}));
}

}  // namespace gumshoe
