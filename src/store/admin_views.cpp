// Rows as the JSON of the admin API.
#include "store/admin_views.hpp"

#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "base/text.hpp"
#include "store/columns.hpp"
#include "store/members.hpp"

namespace gumshoe {

namespace {

json time_json(const Row& row, std::size_t i) {
    if (row.null(i)) return nullptr;
    return format_rfc3339(time_at(row, i));
}

/// Stored JSON as JSON; null for "" and for what cannot be read.
json parsed(const std::string& text) {
    auto value = parse_json(text);
    return value ? std::move(*value) : json();
}

/// Where a page starts: after this (time, id), newest first.
struct Position {
    std::int64_t time = std::numeric_limits<std::int64_t>::max();
    std::string id;
};

result<Position> position_of(const Page& page) {
    Position position;
    if (page.cursor.empty()) return position;
    const auto dot = page.cursor.find('.');
    const json holder = {{"time", page.cursor.substr(0, dot)}};
    const auto time = get_int(holder, "time");
    if (dot == std::string::npos || !time) return Error{errc::invalid_argument, "this cursor is not one of ours"};
    position.time = *time;
    position.id = page.cursor.substr(dot + 1);
    return position;
}

/// `rows` were asked for one more than the page holds; each has its time and id in the first columns.
template <class F>
Listed listed(std::vector<Row> rows, const Page& page, F item) {
    Listed list;
    const bool more = rows.size() > page.limit;
    if (more) rows.erase(rows.begin() + static_cast<std::ptrdiff_t>(page.limit), rows.end());
    for (const Row& row : rows) list.items.push_back(dump_json(item(row)));
    if (more && !rows.empty()) list.next_cursor = std::to_string(rows.back().integer(0)) + "." + rows.back().text(1);
    return list;
}

constexpr auto header_columns =
    "SELECT i.created_at, i.id, i.state, i.reason, i.source, i.title, i.service, i.environment, i.severity, i.route, i.fired, "
    "i.related_alerts, i.resolved_at, i.posted_run, r.finding, r.finished_at "
    "FROM investigations i LEFT JOIN runs r ON r.id = i.posted_run ";

json header_json(const Row& row) {
    json value = {{"id", row.text(1)},
                  {"state", row.text(2)},
                  {"reason", row.text(3)},
                  {"source", row.text(4)},
                  {"title", row.text(5)},
                  {"service", row.text(6)},
                  {"environment", row.text(7)},
                  {"severity", row.text(8)},
                  {"route", row.text(9)},
                  {"created_at", time_json(row, 0)},
                  {"fired", row.integer(10)},
                  {"related_alerts", row.integer(11)},
                  {"resolved_at", time_json(row, 12)},
                  {"posted_run", row.text(13)},
                  {"answered_after_ms", nullptr}};
    if (!row.null(15)) value["answered_after_ms"] = row.integer(15) - row.integer(0);
    return value;
}

json list_item_json(const Row& row) {
    json value = header_json(row);
    const json finding = parsed(row.text(14));
    value["finding"] = nullptr;
    if (!finding.is_object()) return value;
    value["finding"] = {{"status", string_or_empty(finding, "status")},
                        {"confidence", get_number(finding, "confidence").value_or(0)},
                        {"degraded", get_bool(finding, "degraded").value_or(false)},
                        {"summary", string_or_empty(finding, "summary")}};
    return value;
}

template <class F>
result<json> array_of(Connection& connection, std::string_view sql, const std::string& id, F item) {
    auto rows = connection.query(sql, {id});
    if (!rows) return rows.error();
    json array = json::array();
    for (const Row& row : *rows) array.push_back(item(row));
    return array;
}

json alert_json(const Row& row) {
    return {{"received_at", time_json(row, 0)}, {"delivery", row.text(1)}, {"investigation", row.text(2)},
            {"notification", row.text(3)},      {"effect", row.text(4)},   {"reason", row.text(5)},
            {"alert", parsed(row.text(6))}};
}

result<json> alerts_json(Connection& connection, const std::string& where, const std::string& id) {
    return array_of(
        connection,
        "SELECT received_at, delivery, investigation, notification, effect, reason, alert FROM alerts WHERE " + where + " = ?1 ORDER BY id",
        id, alert_json);
}

result<json> runs_json(Connection& connection, const std::string& id) {
    return array_of(connection,
                    "SELECT id, parent, mode, post, chain, state, created_at, started_at, finished_at, error, finding, "
                    "(SELECT sum(cost_usd) FROM llm_attempts WHERE run = runs.id) "
                    "FROM runs WHERE investigation = ?1 ORDER BY created_at, id",
                    id, [](const Row& row) -> json {
                        return {{"id", row.text(0)},
                                {"parent", row.text(1)},
                                {"mode", row.text(2)},
                                {"post", row.text(3)},
                                {"chain", row.text(4)},
                                {"state", row.text(5)},
                                {"created_at", time_json(row, 6)},
                                {"started_at", time_json(row, 7)},
                                {"finished_at", time_json(row, 8)},
                                {"error", row.text(9)},
                                {"finding", parsed(row.text(10))},
                                {"cost_usd", row.real(11)}};
                    });
}

constexpr auto delivery_columns =
    "SELECT d.received_at, d.id, d.source, d.verdict, d.reason, d.answer, d.key, d.peer, d.content_type, d.body_bytes, d.body IS NOT NULL ";

json delivery_json(const Row& row) {
    return {{"id", row.text(1)},
            {"received_at", time_json(row, 0)},
            {"source", row.text(2)},
            {"verdict", row.text(3)},
            {"reason", row.text(4)},
            {"answer", row.integer(5)},
            {"key", row.text(6)},
            {"peer", row.text(7)},
            {"content_type", row.text(8)},
            {"bytes", row.integer(9)},
            {"body_kept", row.integer(10) != 0}};
}

result<json> deliveries_json(Connection& connection, const std::string& id) {
    return array_of(
        connection,
        std::string(delivery_columns) +
            "FROM deliveries d WHERE d.id IN (SELECT delivery FROM alerts WHERE investigation = ?1) ORDER BY d.received_at, d.id",
        id, delivery_json);
}

result<json> messages_json(Connection& connection, const std::string& id) {
    return array_of(connection,
                    "SELECT id, purpose, state, channel, thread_ts, ts, attempt, first_try, wanted, sent, error FROM outbox "
                    "WHERE investigation = ?1 ORDER BY purpose",
                    id, [](const Row& row) -> json {
                        return {{"id", row.text(0)},          {"purpose", row.text(1)},
                                {"state", row.text(2)},       {"channel", row.text(3)},
                                {"thread_ts", row.text(4)},   {"ts", row.text(5)},
                                {"attempts", row.integer(6)}, {"first_try", row.integer(7) > 0 ? time_json(row, 7) : json()},
                                {"wanted", row.integer(8)},   {"sent", row.integer(9)},
                                {"error", row.text(10)}};
                    });
}

json members_json(const Members& members) {
    json senders = json::array();
    for (const Sender& sender : members.senders) {
        senders.push_back({{"source", sender.source}, {"alerts", sender.alerts}, {"open", sender.open}});
    }
    json shown = json::array();
    for (const Member& member : members.shown) {
        shown.push_back({{"source", member.source},
                         {"service", member.service},
                         {"title", member.title},
                         {"severity", to_string(member.severity)},
                         {"joined_at", format_rfc3339(member.joined_at)},
                         {"fired", member.alerts},
                         {"open", member.open},
                         {"why", member.why}});
    }
    return {{"alerts", members.alerts},
            {"services", members.services},
            {"senders", std::move(senders)},
            {"shown", std::move(shown)},
            {"same_outage", members.elsewhere}};
}

result<json> names_json(Connection& connection, const std::string& id) {
    return array_of(
        connection, "SELECT name, source, learned_at FROM names WHERE investigation = ?1 ORDER BY name, source", id,
        [](const Row& row) -> json { return {{"name", row.text(0)}, {"source", row.text(1)}, {"learned_at", time_json(row, 2)}}; });
}

}  // namespace

result<Listed> list_investigations(Connection& connection, const ListFilter& filter, const Page& page) {
    auto from = position_of(page);
    if (!from) return from.error();
    const std::int64_t since = filter.since ? to_millis(*filter.since) : 0;
    auto rows = connection.query(std::string(header_columns) +
                                     "WHERE (i.created_at, i.id) < (?1, ?2) AND i.created_at >= ?3 AND (?4 = '' OR i.state = ?4) "
                                     "AND (?5 = '' OR i.service = ?5) ORDER BY i.created_at DESC, i.id DESC LIMIT ?6",
                                 {from->time, from->id, since, filter.state, filter.service, static_cast<std::int64_t>(page.limit) + 1});
    if (!rows) return rows.error();
    return listed(std::move(*rows), page, list_item_json);
}

result<std::string> view_investigation(Connection& connection, const std::string& id) {
    auto rows = connection.query(std::string(header_columns) + "WHERE i.id = ?1", {id});
    if (!rows) return rows.error();
    if (rows->empty()) return Error{errc::not_found, "no investigation " + truncate(id, 64)};
    json value = header_json(rows->front());
    value["finding"] = parsed(rows->front().text(14));

    const std::vector<std::pair<const char*, result<json>>> parts = {{"alerts", alerts_json(connection, "investigation", id)},
                                                                     {"runs", runs_json(connection, id)},
                                                                     {"deliveries", deliveries_json(connection, id)},
                                                                     {"messages", messages_json(connection, id)},
                                                                     {"names", names_json(connection, id)}};
    for (const auto& [name, part] : parts) {
        if (!part) return part.error();
        value[name] = *part;
    }
    auto members = members_of(connection, id);
    if (!members) return members.error();
    value["members"] = members_json(*members);
    auto started_by = connection.query("SELECT a.alert FROM investigations i JOIN alerts a ON a.id = i.alert WHERE i.id = ?1", {id});
    if (!started_by) return started_by.error();
    value["alert"] = started_by->empty() ? json() : parsed(started_by->front().text(0));
    return dump_json(value);
}

result<Listed> list_deliveries(Connection& connection, const std::string& source, const std::string& verdict, const Page& page) {
    auto from = position_of(page);
    if (!from) return from.error();
    auto rows = connection.query(std::string(delivery_columns) +
                                     "FROM deliveries d WHERE (d.received_at, d.id) < (?1, ?2) AND (?3 = '' OR d.source = ?3) "
                                     "AND (?4 = '' OR d.verdict = ?4) ORDER BY d.received_at DESC, d.id DESC LIMIT ?5",
                                 {from->time, from->id, source, verdict, static_cast<std::int64_t>(page.limit) + 1});
    if (!rows) return rows.error();
    return listed(std::move(*rows), page, delivery_json);
}

result<std::string> view_delivery(Connection& connection, const std::string& id) {
    auto rows = connection.query(std::string(delivery_columns) + ", d.headers, d.body FROM deliveries d WHERE d.id = ?1", {id});
    if (!rows) return rows.error();
    if (rows->empty()) return Error{errc::not_found, "no delivery " + truncate(id, 64)};
    json value = delivery_json(rows->front());
    value["headers"] = parsed(rows->front().text(11));
    value["body"] = rows->front().null(12) ? json() : json(rows->front().text(12));
    auto alerts = alerts_json(connection, "delivery", id);
    if (!alerts) return alerts.error();
    value["alerts"] = *alerts;
    return dump_json(value);
}

result<Listed> list_audit(Connection& connection, const Page& page) {
    // Rows are numbered in the order they were written: the number alone is the place.
    auto from = position_of(page);
    if (!from) return from.error();
    auto rows =
        connection.query("SELECT id, '', at, actor, action, subject, detail, peer FROM audit WHERE id < ?1 ORDER BY id DESC LIMIT ?2",
                         {from->time, static_cast<std::int64_t>(page.limit) + 1});
    if (!rows) return rows.error();
    return listed(std::move(*rows), page, [](const Row& row) -> json {
        return {{"id", row.integer(0)},   {"at", time_json(row, 2)},       {"actor", row.text(3)}, {"action", row.text(4)},
                {"subject", row.text(5)}, {"detail", parsed(row.text(6))}, {"peer", row.text(7)}};
    });
}

}  // namespace gumshoe
