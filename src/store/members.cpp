// The tables members, member_services and names. All of it is written in the transaction of the alert it comes from.
#include "store/members.hpp"

#include "alert/references.hpp"
#include "base/limits.hpp"
#include "store/columns.hpp"

namespace gumshoe {

namespace {

/// The members m of an investigation, each with the state of its episodes: 'open' while one of them is, NULL for one from the command line,
/// which has none. All episodes are grouped once: a look at each member's own would cost the square of a storm.
constexpr std::string_view members_with_state =
    " FROM members m LEFT JOIN (SELECT source, fingerprint, min(state) AS state FROM episodes WHERE investigation = ?1 "
    "GROUP BY source, fingerprint) AS e ON e.source = m.source AND e.fingerprint = m.fingerprint WHERE m.investigation = ?1 ";

/// A service whose environment nobody named gets that of the others: else it would draw in the alerts of every environment.
result<void> add_service(Connection& connection, const Alert& alert, const std::string& investigation) {
    if (!alert.service.empty()) {
        auto added = connection.execute(
            "INSERT INTO member_services (investigation, service, environment, created_at) "
            "SELECT id, ?2, COALESCE(NULLIF(?3, ''), (SELECT max(environment) FROM member_services WHERE investigation = ?1), ''), "
            "created_at FROM investigations WHERE id = ?1 ON CONFLICT (investigation, service) DO NOTHING",
            {investigation, alert.service, alert.environment});
        if (!added) return added.error();
    }
    if (alert.environment.empty()) return {};
    return done(connection.execute("UPDATE member_services SET environment = ?2 WHERE investigation = ?1 AND environment = ''",
                                   {investigation, alert.environment}));
}

result<std::vector<Sender>> senders_of(Connection& connection, const std::string& investigation) {
    auto rows = connection.query("SELECT m.source, count(*), count(CASE WHEN e.state = 'resolved' THEN NULL ELSE 1 END)" +
                                     std::string(members_with_state) + "GROUP BY m.source ORDER BY m.source",
                                 {investigation});
    if (!rows) return rows.error();
    std::vector<Sender> senders;
    for (const Row& row : *rows) senders.push_back({row.text(0), static_cast<int>(row.integer(1)), static_cast<int>(row.integer(2))});
    return senders;
}

}  // namespace

result<void> add_member(Connection& connection, const Alert& alert, const std::string& investigation, const std::string& why,
                        Timestamp now) {
    auto added = connection.execute(
        "INSERT INTO members (investigation, source, fingerprint, service, title, severity, joined_at, alerts, why) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 1, ?8) "
        "ON CONFLICT (investigation, source, fingerprint) DO UPDATE SET alerts = members.alerts + 1",
        {investigation, alert.source, alert.fingerprint, alert.service, alert.title, to_string(alert.severity), to_millis(now), why});
    if (!added) return added.error();
    auto placed = add_service(connection, alert, investigation);
    if (!placed) return placed;
    return add_names(connection, investigation, alert.source, references_of(alert), now);
}

result<void> add_names(Connection& connection, const std::string& investigation, const std::string& source,
                       const std::vector<std::string>& names, Timestamp now) {
    for (const std::string& name : names) {
        auto added = connection.execute(
            "INSERT INTO names (investigation, name, source, learned_at) VALUES (?1, ?2, ?3, ?4) "
            "ON CONFLICT (investigation, name, source) DO NOTHING",
            {investigation, name, source, to_millis(now)});
        if (!added) return added.error();
    }
    return {};
}

result<Members> members_of(Connection& connection, const std::string& investigation) {
    Members members;
    auto counted = connection.query(
        "SELECT count(*), count(DISTINCT NULLIF(service, '')), COALESCE(max(joined_at), 0) FROM members WHERE investigation = ?1",
        {investigation});
    if (!counted) return counted.error();
    members.alerts = static_cast<int>(counted->front().integer(0));
    members.services = static_cast<int>(counted->front().integer(1));
    members.last_joined = time_at(counted->front(), 2);
    auto senders = senders_of(connection, investigation);
    if (!senders) return senders.error();
    members.senders = std::move(*senders);
    auto rows = connection.query(
        "SELECT m.source, m.service, m.title, m.severity, m.joined_at, m.alerts, m.why, e.state" + std::string(members_with_state) +
            "ORDER BY CASE m.severity WHEN 'critical' THEN 0 WHEN 'error' THEN 1 WHEN 'warning' THEN 2 ELSE 3 END, m.joined_at, "
            "m.source, m.fingerprint LIMIT ?2",
        {investigation, static_cast<std::int64_t>(limits::members_shown)});
    if (!rows) return rows.error();
    for (const Row& row : *rows) {
        Member member;
        member.source = row.text(0);
        member.service = row.text(1);
        member.title = row.text(2);
        member.severity = word_at(row, 3, {Severity::critical, Severity::error, Severity::warning, Severity::info});
        member.joined_at = time_at(row, 4);
        member.alerts = static_cast<int>(row.integer(5));
        member.why = row.text(6);
        member.open = row.text(7) != "resolved";
        members.shown.push_back(std::move(member));
    }
    auto elsewhere = same_outage(connection, investigation);
    if (!elsewhere) return elsewhere.error();
    members.elsewhere = std::move(*elsewhere);
    return members;
}

result<std::vector<std::string>> same_outage(Connection& connection, const std::string& investigation) {
    constexpr std::int64_t apart = std::chrono::duration_cast<milliseconds>(limits::same_outage).count();
    auto rows = connection.query(
        "SELECT DISTINCT o.id FROM investigations i JOIN names n ON n.investigation = i.id "
        "JOIN names m ON m.name = n.name AND m.source <> n.source AND m.learned_at >= i.created_at - ?2 "
        "JOIN investigations o ON o.id = m.investigation AND o.id <> i.id AND o.state <> 'cancelled' "
        "AND o.created_at BETWEEN i.created_at - ?2 AND i.created_at + ?2 WHERE i.id = ?1 ORDER BY o.id LIMIT 5",
        {investigation, apart});
    if (!rows) return rows.error();
    std::vector<std::string> others;
    for (const Row& row : *rows) others.push_back(row.text(0));
    return others;
}

}  // namespace gumshoe
