// Deleting what is past its time, a bounded batch a transaction, so that no writer waits for it.
#include "store/admin_views.hpp"
#include "store/columns.hpp"

namespace gumshoe {

result<std::int64_t> purge_old(Connection& connection, Timestamp deliveries_before, Timestamp evidence_before, std::size_t batch) {
    const auto most = static_cast<std::int64_t>(batch);
    // The row of a delivery stays: its key still has to be known when it comes again.
    auto bodies = connection.execute(
        "UPDATE deliveries SET body = NULL WHERE id IN "
        "(SELECT id FROM deliveries WHERE received_at < ?1 AND body IS NOT NULL ORDER BY received_at LIMIT ?2)",
        {to_millis(deliveries_before), most});
    if (!bodies) return bodies.error();
    auto rows = connection.execute(
        "DELETE FROM deliveries WHERE id IN "
        "(SELECT id FROM deliveries WHERE received_at < ?1 AND verdict IN ('duplicate', 'refused') ORDER BY received_at LIMIT ?2)",
        {to_millis(deliveries_before), most});
    if (!rows) return rows.error();
    auto steps = connection.execute(
        "DELETE FROM steps WHERE id IN (SELECT s.id FROM runs r JOIN steps s ON s.run = r.id "
        "WHERE r.finished_at < ?1 AND r.purged = 0 ORDER BY r.finished_at LIMIT ?2)",
        {to_millis(evidence_before), most});
    if (!steps) return steps.error();
    auto runs = connection.execute(
        "UPDATE runs SET purged = 1 WHERE finished_at < ?1 AND purged = 0 AND NOT EXISTS (SELECT 1 FROM steps s WHERE s.run = runs.id)",
        {to_millis(evidence_before)});
    if (!runs) return runs.error();
    // Attempts of no run; a day longer, for a day's budget is counted from them.
    auto attempts = connection.execute(
        "DELETE FROM llm_attempts WHERE id IN (SELECT id FROM llm_attempts WHERE run = '' AND started_at < ?1 ORDER BY started_at LIMIT "
        "?2)",
        {to_millis(evidence_before - std::chrono::days(1)), most});
    if (!attempts) return attempts.error();
    return *bodies + *rows + *steps + *attempts;
}

}  // namespace gumshoe
