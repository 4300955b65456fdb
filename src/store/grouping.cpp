// Grouping. Each rule leaves its reason with the member, so that people can see why an alert stands where it stands.
#include "store/grouping.hpp"

#include <algorithm>

#include "alert/references.hpp"
#include "store/columns.hpp"

namespace gumshoe {

namespace {

result<Placement> by_name(Connection& connection, const Alert& alert, Timestamp after) {
    Placement place;
    std::int64_t newest = to_millis(after);
    for (const std::string& name : references_of(alert)) {
        // A name is learned after its investigation began: the index ends the search there.
        auto rows = connection.query(
            "SELECT i.id, i.created_at, n.source FROM names n JOIN investigations i ON i.id = n.investigation "
            "WHERE n.name = ?1 AND n.learned_at > ?2 AND n.source <> ?3 AND i.created_at > ?2 AND i.state <> 'cancelled' "
            "ORDER BY i.created_at DESC LIMIT 1",
            {name, newest, alert.source});
        if (!rows) return rows.error();
        if (rows->empty()) continue;
        place = {rows->front().text(0), rows->front().text(2) + " names it too: " + name};
        newest = rows->front().integer(1);
    }
    return place;
}

/// Any service of an investigation counts, not only its first alert's. The alert's own environment before one that nobody named.
result<Placement> by_service(Connection& connection, const Alert& alert, const IntakePolicy& policy, Timestamp after) {
    Placement place;
    if (alert.service.empty()) return place;
    std::pair<std::int64_t, std::int64_t> best{-1, -1};
    for (const std::string& service : policy.related(alert.service)) {
        auto rows = connection.query(
            "SELECT s.environment = ?3, s.created_at, i.id FROM member_services s JOIN investigations i ON i.id = s.investigation "
            "WHERE s.service = ?1 AND s.created_at > ?2 AND (s.environment = ?3 OR s.environment = '' OR ?3 = '') "
            "AND i.state <> 'cancelled' ORDER BY 1 DESC, s.created_at DESC LIMIT 1",
            {service, to_millis(after), alert.environment});
        if (!rows) return rows.error();
        if (rows->empty()) continue;
        const std::pair found{rows->front().integer(0), rows->front().integer(1)};
        if (found <= best) continue;
        best = found;
        place = {rows->front().text(2), service == alert.service ? service + " is in it" : "belongs together with " + service};
    }
    return place;
}

/// Nothing is dropped: it is a member of the newest investigation and counts in its message. Routes keep their own, for their channels.
result<Placement> by_storm(Connection& connection, const IntakePolicy& policy, const std::string& route, Timestamp after) {
    auto rows = connection.query(
        "SELECT id FROM investigations WHERE created_at > ?1 AND route = ?2 AND state <> 'cancelled' "
        "ORDER BY created_at DESC, id DESC LIMIT ?3",
        {to_millis(after), route, std::int64_t{policy.storm}});
    if (!rows) return rows.error();
    if (rows->empty() || rows->size() < static_cast<std::size_t>(policy.storm)) return Placement{};
    return Placement{rows->front().text(0),
                     "storm: " + std::to_string(policy.storm) + " investigations began within " + format_duration(policy.group_window)};
}

}  // namespace

result<Placement> find_place(Connection& connection, const Alert& alert, const IntakePolicy& policy, const std::string& route,
                             Timestamp now) {
    auto place = by_name(connection, alert, now - std::max(policy.cooldown, policy.group_window));
    if (!place || !place->investigation.empty()) return place;
    const Timestamp window = now - policy.group_window;
    place = by_service(connection, alert, policy, window);
    if (!place || !place->investigation.empty()) return place;
    return by_storm(connection, policy, route, window);
}

}  // namespace gumshoe
