// Episodes: one firing each, from trigger to recovery.
#include "store/episodes.hpp"

#include <algorithm>
#include <limits>

#include "store/columns.hpp"
#include "store/grouping.hpp"
#include "store/investigation_rows.hpp"
#include "store/jobs.hpp"

namespace gumshoe {

namespace {

struct Episode {
    std::string name;
    bool known = false;
    bool open = false;
    std::string investigation;
    Timestamp seen_at{};
    Timestamp triggered_at{};
    Timestamp recovered_at{};
    std::optional<Timestamp> resolved_at;

    bool operator==(const Episode&) const = default;
};

class AlertTransaction {
public:
    AlertTransaction(Connection& connection, const Alert& alert, const IntakePolicy& policy, Timestamp now)
        : connection_(connection), alert_(alert), policy_(policy), now_(now) {}

    result<Taken> take() {
        if (alert_.notification == Notification::test) return Taken{Effect::none, "", alert_.episode, "test notification"};
        auto episode = find();
        if (!episode) return episode.error();
        found_ = *episode;
        auto taken = act(*episode);
        if (taken) taken->episode = episode->name;
        return taken;
    }

private:
    result<Taken> act(Episode& episode) {
        switch (alert_.notification) {
            case Notification::recovery:
                return recover(episode);
            case Notification::renotify:
                return renotify(episode);
            default:
                return trigger(episode);
        }
    }

    /// The sender's name for it; without one the open episode of the fingerprint, else the ended one that this alert is late for,
    /// else a new one named after its time.
    result<Episode> find() {
        if (!alert_.episode.empty()) return first("AND episode = ?3", {alert_.episode}, alert_.episode);
        const bool ends = alert_.notification == Notification::recovery && has_time();
        const std::int64_t until = ends ? to_millis(alert_.started_at) : std::numeric_limits<std::int64_t>::max();
        const Timestamp named_after = has_time() ? alert_.started_at : now_;
        const std::string name = "at " + format_rfc3339(named_after);
        auto open = first("AND state = 'open' AND triggered_at <= ?3 ORDER BY triggered_at DESC LIMIT 1", {until}, name);
        if (!open || open->known || !has_time()) return open;
        return first("AND state = 'resolved' AND recovered_at >= ?3 ORDER BY recovered_at LIMIT 1", {to_millis(alert_.started_at)}, name);
    }

    result<Episode> first(const std::string& condition, Arguments arguments, const std::string& name) {
        arguments.insert(arguments.begin(), {alert_.source, alert_.fingerprint});
        auto rows = connection_.query(
            "SELECT episode, state, investigation, seen_at, triggered_at, recovered_at, resolved_at FROM episodes "
            "WHERE source = ?1 AND fingerprint = ?2 " +
                condition,
            arguments);
        if (!rows) return rows.error();
        Episode episode;
        episode.name = name;
        if (rows->empty()) return episode;
        const Row& row = rows->front();
        episode.name = row.text(0);
        episode.known = true;
        episode.open = row.text(1) == "open";
        episode.investigation = row.text(2);
        episode.seen_at = time_at(row, 3);
        episode.triggered_at = time_at(row, 4);
        episode.recovered_at = time_at(row, 5);
        episode.resolved_at = maybe_time_at(row, 6);
        return episode;
    }

    result<Taken> trigger(Episode& episode) {
        episode.triggered_at = std::max(episode.triggered_at, alert_.started_at);
        if (episode.known && !episode.open && episode.triggered_at <= episode.recovered_at) {
            return keep(episode, "late: this episode has ended already");
        }
        if (episode.open && !episode.investigation.empty()) return repeat(episode, Effect::repeated, "fired");
        const RouteDecision decision = policy_.route(alert_);
        episode.seen_at = now_;
        episode.open = true;
        episode.resolved_at.reset();
        if (!decision.investigate) {
            episode.investigation.clear();
            return keep(episode, decision.reason);
        }
        return investigate(episode, decision);
    }

    result<Taken> investigate(Episode& episode, const RouteDecision& decision) {
        auto recent = investigated_recently();
        if (!recent) return recent.error();
        episode.investigation = *recent;
        if (!recent->empty()) return repeat(episode, Effect::joined, "fired", "fired again");
        auto place = find_place(connection_, alert_, policy_, decision.route, now_);
        if (!place) return place.error();
        episode.investigation = place->investigation;
        if (!place->investigation.empty()) return repeat(episode, Effect::joined, "related_alerts", place->why);

        auto started = create_investigation(connection_, alert_, decision.route, now_);
        if (!started) return started.error();
        episode.investigation = started->investigation;
        auto saved = save(episode);
        if (!saved) return saved.error();
        return Taken{Effect::started, episode.investigation, "", ""};
    }

    /// Another alert of the episode's investigation; `counter` is one of its columns.
    result<Taken> repeat(const Episode& episode, Effect effect, const std::string& counter, const std::string& why = "") {
        auto saved = save(episode);
        if (!saved) return saved.error();
        auto counted = connection_.execute(
            "UPDATE investigations SET " + counter + " = " + counter + " + 1, resolved_at = NULL WHERE id = ?1", {episode.investigation});
        if (!counted) return counted.error();
        return refreshed(episode, effect, why);
    }

    result<Taken> renotify(const Episode& episode) {
        if (!episode.known) return Taken{Effect::none, "", "", "a repeat of an alert whose start was never seen"};
        if (!episode.open) return Taken{Effect::none, episode.investigation, "", "late: this episode has ended already"};
        if (episode.investigation.empty()) return Taken{Effect::none, "", "", "a repeat of an alert that is not investigated"};
        return repeat(episode, Effect::repeated, "fired");
    }

    result<Taken> recover(Episode& episode) {
        const Timestamp at = has_time() ? alert_.started_at : episode.triggered_at;
        const bool ended = episode.known && !episode.open;
        if (ended && at <= episode.recovered_at) return keep(episode, "its recovery is known already");
        episode.recovered_at = std::max(episode.recovered_at, at);
        if (episode.open && at < episode.triggered_at) return keep(episode, "late: this alert fired again since");
        if (!episode.known) episode.seen_at = now_;
        episode.open = false;
        // Some senders name the start of the episode in its recovery too: then the end is when we heard of it.
        episode.resolved_at = at > episode.triggered_at ? at : now_;
        if (!episode.known) return keep(episode, "the recovery of an alert whose start was never seen");
        if (episode.investigation.empty()) return keep(episode, "the recovery of an alert that is not investigated");
        return resolve(episode);
    }

    /// An investigation has ended when all its episodes have.
    result<Taken> resolve(const Episode& episode) {
        auto saved = save(episode);
        if (!saved) return saved.error();
        auto settled = connection_.execute(
            "UPDATE investigations SET resolved_at = (SELECT max(resolved_at) FROM episodes WHERE investigation = ?1) "
            "WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM episodes WHERE investigation = ?1 AND state = 'open')",
            {episode.investigation});
        if (!settled) return settled.error();
        return refreshed(episode, Effect::resolved);
    }

    result<Taken> refreshed(const Episode& episode, Effect effect, const std::string& why = "") {
        auto put = put_refresh_job(connection_, episode.investigation, now_);
        if (!put) return put.error();
        return Taken{effect, episode.investigation, "", why};
    }

    result<Taken> keep(const Episode& episode, const std::string& reason) {
        auto saved = save(episode);
        if (!saved) return saved.error();
        return Taken{Effect::none, episode.investigation, "", reason};
    }

    result<void> save(const Episode& episode) {
        if (episode.known && episode == found_) return {};
        return done(connection_.execute(
            "INSERT INTO episodes (source, fingerprint, episode, state, investigation, seen_at, triggered_at, recovered_at, resolved_at) "
            "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (source, fingerprint, episode) DO UPDATE SET "
            "state = excluded.state, investigation = excluded.investigation, seen_at = excluded.seen_at, "
            "triggered_at = excluded.triggered_at, recovered_at = excluded.recovered_at, resolved_at = excluded.resolved_at",
            {alert_.source, alert_.fingerprint, episode.name, std::string(episode.open ? "open" : "resolved"),
             reference(episode.investigation), to_millis(episode.seen_at), to_millis(episode.triggered_at), to_millis(episode.recovered_at),
             column(episode.resolved_at)}));
    }

    /// The latest investigation of this fingerprint inside the cooldown, "" for none.
    result<std::string> investigated_recently() {
        auto rows = connection_.query(
            "SELECT i.id FROM episodes e JOIN investigations i ON i.id = e.investigation "
            "WHERE e.source = ?1 AND e.fingerprint = ?2 AND e.seen_at > ?3 AND i.created_at > ?3 ORDER BY e.seen_at DESC LIMIT 1",
            {alert_.source, alert_.fingerprint, to_millis(now_ - policy_.cooldown)});
        if (!rows) return rows.error();
        return rows->empty() ? std::string() : rows->front().text(0);
    }

    bool has_time() const { return alert_.started_at != Timestamp{}; }

    Connection& connection_;
    const Alert& alert_;
    const IntakePolicy& policy_;
    Timestamp now_;
    Episode found_;
};

}  // namespace

std::string_view to_string(Effect effect) {
    switch (effect) {
        case Effect::started:
            return "started";
        case Effect::joined:
            return "joined";
        case Effect::repeated:
            return "repeated";
        case Effect::resolved:
            return "resolved";
        case Effect::none:
            break;
    }
    return "none";
}

result<Taken> take_alert(Connection& connection, const Alert& alert, const IntakePolicy& policy, Timestamp now) {
    return AlertTransaction(connection, alert, policy, now).take();
}

}  // namespace gumshoe
