// Numbers for /metrics. Each is one look at an index, however many rows there are.
#include "admin/metrics.hpp"
#include "store/admin_views.hpp"
#include "store/columns.hpp"

namespace gumshoe {

namespace {

using std::chrono::hours;

/// Rows of (label 1, label 2 or "", number).
result<void> add(Connection& connection, std::vector<Sample>& samples, const std::string& name, std::string_view first,
                 std::string_view second, std::string_view sql, const Arguments& arguments) {
    auto rows = connection.query(sql, arguments);
    if (!rows) return rows.error();
    for (const Row& row : *rows) {
        const std::string one = row.text(0);
        const std::string two = row.text(1);
        samples.push_back({name, metric_labels({{first, one}, {second, two}}), row.real(2)});
    }
    return {};
}

result<void> add_oldest(Connection& connection, std::vector<Sample>& samples, Timestamp now) {
    auto rows = connection.query("SELECT due_at FROM jobs WHERE due_at > 0 AND due_at <= ?1 ORDER BY due_at LIMIT 1", {to_millis(now)});
    if (!rows) return rows.error();
    const double age = rows->empty() ? 0 : static_cast<double>(to_millis(now) - rows->front().integer(0)) / 1000;
    samples.push_back({"gumshoe_oldest_claimable_seconds", "", age});
    return {};
}

}  // namespace

result<std::vector<Sample>> take_samples(Connection& connection, Timestamp now) {
    std::vector<Sample> samples;
    const std::int64_t hour_ago = to_millis(now - hours(1));
    auto added = add(connection, samples, "gumshoe_investigations", "state", "",
                     "SELECT state, '', count(*) FROM investigations GROUP BY state ORDER BY state", {});
    if (added) {
        added =
            add(connection, samples, "gumshoe_deliveries_last_hour", "source", "verdict",
                "SELECT source, verdict, count(*) FROM deliveries WHERE received_at > ?1 GROUP BY source, verdict ORDER BY source, verdict",
                {hour_ago});
    }
    if (added) {
        added = add(connection, samples, "gumshoe_jobs", "kind", "state",
                    "SELECT kind, state, count(*) FROM jobs GROUP BY kind, state ORDER BY kind, state", {});
    }
    if (added) {
        added = add(connection, samples, "gumshoe_messages", "state", "",
                    "SELECT state, '', count(*) FROM outbox GROUP BY state ORDER BY state", {});
    }
    if (added) {
        added = add(
            connection, samples, "gumshoe_llm_attempts_last_hour", "target", "outcome",
            "SELECT target, outcome, count(*) FROM llm_attempts WHERE started_at > ?1 GROUP BY target, outcome ORDER BY target, outcome",
            {hour_ago});
    }
    if (added) {
        added = add(connection, samples, "gumshoe_llm_spent_usd_last_hour", "target", "",
                    "SELECT target, '', sum(cost_usd) FROM llm_attempts WHERE started_at > ?1 GROUP BY target ORDER BY target", {hour_ago});
    }
    if (added) added = add_oldest(connection, samples, now);
    if (!added) return added.error();
    return samples;
}

}  // namespace gumshoe
