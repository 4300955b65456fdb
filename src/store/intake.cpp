// Deliveries: the raw request, its verdict, and what its alerts did, in one transaction.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "alert/intake_store.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "store/columns.hpp"
#include "store/episodes.hpp"
#include "store/investigation_rows.hpp"
#include "store/repositories.hpp"

namespace gumshoe {

namespace {

constexpr std::size_t reason_bytes = 500;
constexpr int answer_nothing_new = 200;  // duplicate or filtered

struct Incoming {
    Delivery delivery;
    std::vector<Alert> alerts;
    std::vector<std::string> texts;  // the alerts as JSON
    IntakePolicy policy;
};

/// False when an accepted or filtered delivery of this source has this key already.
result<bool> insert_delivery(Connection& connection, const Delivery& delivery, Verdict verdict, bool with_body) {
    Argument body = nullptr;
    if (with_body) body = BlobView{delivery.body};
    auto inserted = connection.execute(
        "INSERT INTO deliveries (id, source, key, received_at, verdict, reason, answer, peer, content_type, headers, body_bytes, body) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) "
        "ON CONFLICT (source, key) WHERE verdict IN ('accepted', 'filtered') DO NOTHING",
        {delivery.id, delivery.source, delivery.key, to_millis(delivery.received_at), to_string(verdict), delivery.reason,
         std::int64_t{delivery.answer}, delivery.peer, delivery.content_type, delivery.headers,
         static_cast<std::int64_t>(delivery.body.size()), body});
    if (!inserted) return inserted.error();
    return *inserted == 1;
}

result<std::string> insert_duplicate(Connection& connection, Delivery delivery) {
    auto first = connection.query("SELECT id FROM deliveries WHERE source = ?1 AND key = ?2 AND verdict IN ('accepted', 'filtered')",
                                  {delivery.source, delivery.key});
    if (!first) return first.error();
    delivery.reason = "the same as " + (first->empty() ? "an earlier one" : first->front().text(0));
    delivery.answer = answer_nothing_new;
    auto inserted = insert_delivery(connection, delivery, Verdict::duplicate, false);
    if (!inserted) return inserted.error();
    return delivery.reason;
}

void add_once(std::vector<std::string>& list, const std::string& text) {
    if (!text.empty() && std::find(list.begin(), list.end(), text) == list.end()) list.push_back(text);
}

result<void> take_one(Connection& connection, const Incoming& in, std::size_t i, Recorded& recorded, std::vector<std::string>& reasons) {
    const Alert& alert = in.alerts[i];
    AlertRow row;
    auto taken = take_alert(connection, alert, in.policy, in.delivery.received_at);
    if (!taken) return taken.error();
    if (taken->effect == Effect::started)
        add_once(recorded.started, taken->investigation);
    else if (taken->effect != Effect::none)
        add_once(recorded.updated, taken->investigation);
    add_once(reasons, taken->reason);
    row.delivery = in.delivery.id;
    row.investigation = taken->investigation;
    row.episode = taken->episode;
    row.effect = taken->effect;
    row.reason = taken->reason;
    row.received_at = in.delivery.received_at;
    row.text = in.texts[i];
    return insert_alert(connection, alert, row);
}

result<Recorded> take_in(Connection& connection, const Incoming& in) {
    Recorded recorded;
    auto fresh = insert_delivery(connection, in.delivery, Verdict::accepted, true);
    if (!fresh) return fresh.error();
    if (!*fresh) {
        auto reason = insert_duplicate(connection, in.delivery);
        if (!reason) return reason.error();
        recorded.verdict = Verdict::duplicate;
        recorded.reason = *reason;
        return recorded;
    }
    std::vector<std::string> reasons;
    for (std::size_t i = 0; i < in.alerts.size(); ++i) {
        auto taken = take_one(connection, in, i, recorded, reasons);
        if (!taken) return taken.error();
    }
    if (!recorded.started.empty() || !recorded.updated.empty()) return recorded;
    recorded.verdict = Verdict::filtered;
    recorded.reason = in.alerts.empty() ? "no alert in it" : truncate(join(reasons, "; "), reason_bytes);
    auto filtered = connection.execute("UPDATE deliveries SET verdict = 'filtered', reason = ?2, answer = ?3 WHERE id = ?1",
                                       {in.delivery.id, recorded.reason, std::int64_t{answer_nothing_new}});
    if (!filtered) return filtered.error();
    return recorded;
}

class StoredIntake final : public IntakeStore {
public:
    explicit StoredIntake(Database& database) : database_(database) {}

    task<Recorded> record(Delivery delivery, std::vector<Alert> alerts, IntakePolicy policy) override {
        auto in = std::make_shared<Incoming>();
        for (const Alert& alert : alerts) in->texts.push_back(dump_json(to_json_value(alert)));
        in->delivery = std::move(delivery);
        in->alerts = std::move(alerts);
        in->policy = std::move(policy);
        std::function<result<Recorded>(Connection&)> work = [in](Connection& connection) { return take_in(connection, *in); };
        co_return co_await write_value(database_, std::move(work));
    }

    task<void> keep(Delivery delivery) override {
        auto kept = std::make_shared<const Delivery>(std::move(delivery));
        std::function<result<void>(Connection&)> work = [kept](Connection& connection) -> result<void> {
            auto fresh = insert_delivery(connection, *kept, kept->verdict, !kept->body.empty());
            if (!fresh) return fresh.error();
            if (*fresh) return {};
            auto duplicate = insert_duplicate(connection, *kept);
            if (!duplicate) return duplicate.error();
            return {};
        };
        co_return co_await database_.write(std::move(work));
    }

private:
    Database& database_;
};

}  // namespace

std::unique_ptr<IntakeStore> make_intake_store(Database& database) {
    return std::make_unique<StoredIntake>(database);
}

}  // namespace gumshoe
