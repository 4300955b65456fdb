// The one message of an investigation, exactly once as far as the channel lets us know. A row of the outbox goes
//   ready -> sending -> anchored | ready (later) | parked | unknown;   unknown -> look it up -> anchored | ready;   anchored -> edits.
// What is not certain is unknown, and unknown is looked up before anything is sent again.
#include "delivery/delivery.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "base/ids.hpp"
#include "base/log.hpp"
#include "delivery/transitions.hpp"

namespace gumshoe {
namespace {

constexpr milliseconds clock_skew = seconds(120);        // between the channel's clock and ours, for look-ups
constexpr milliseconds post_spacing = seconds(1);        // between two posts into one channel
constexpr milliseconds post_check_after = seconds(600);  // a last look for a repeat, after an unknown outcome
constexpr milliseconds first_poll = milliseconds(20);    // of settled(): doubled up to a second, as what takes long may take longer
constexpr milliseconds longest_poll = seconds(1);
constexpr std::string_view parent_prefix = "of:";

/// What one driver knows beyond its row.
struct Driver {
    bool again = false;  // a newer document came
    bool was_unknown = false;
    int looks = 0;
    int failures = 0;
    std::optional<Monotonic> last_edit;
};

/// Shared with the drivers, so that they can outlive the owner by a moment and do nothing.
class Core final : public std::enable_shared_from_this<Core> {
public:
    Core(Outbox& outbox, Channel& channel, Scheduler& scheduler, Clock& clock, DeliveryOptions options)
        : outbox_(outbox), channel_(channel), scheduler_(scheduler), clock_(clock), options_(std::move(options)) {}

    void stop() { stopped_ = true; }

    task<void> publish(OutboxMessage wanted) {
        auto row = co_await outbox_.want(std::move(wanted));
        if (!row) co_return row.error();
        if (row->state == MessageState::parked && !is_blind(*row)) {
            row->state = row->ts.empty() ? MessageState::ready : MessageState::anchored;
            row->retry_at = clock_.now();
            const auto saved = co_await outbox_.save(*row);
            if (!saved) co_return saved.error();
        }
        start(row->id);
        co_return result<void>();
    }

    task<OutboxMessage> settled(std::string investigation, std::string purpose, Deadline deadline) {
        for (milliseconds poll = first_poll;;) {
            const auto row = co_await outbox_.find(investigation, purpose);
            if (!row) co_return row.error();
            if (!row->has_value()) co_return Error{errc::not_found, "no message " + purpose + " of " + investigation};
            if (is_settled(**row) || deadline.passed(clock_)) co_return **row;
            do {
                const Monotonic next = std::min(deadline.at, clock_.monotonic() + poll);
                co_await clock_.sleep_until(next);
                poll = std::min(2 * poll, longest_poll);
            } while (drivers_.contains((*row)->id) && !deadline.passed(clock_));
        }
    }

    task<void> recover() {
        auto rows = co_await outbox_.open();
        if (!rows) co_return rows.error();
        for (auto& row : *rows) {
            if (row.state == MessageState::sending) {
                row.state = MessageState::unknown;
                row.retry_at = clock_.now() + options_.visibility;
                const auto saved = co_await outbox_.save(row);
                if (!saved) co_return saved.error();
            }
            start(row.id);
        }
        co_return result<void>();
    }

private:
    void start(const std::string& id) {
        const auto [driver, is_new] = drivers_.try_emplace(id);
        driver->second.again = true;
        if (is_new) scheduler_.spawn("delivery " + id, drive(shared_from_this(), id));
    }

    // `self` keeps this alive for as long as the frame does.
    awaitable<void> drive(std::shared_ptr<Core> self, std::string id) {
        Driver& driver = drivers_[id];
        while (!stopped_) {
            driver.again = false;
            auto row = co_await outbox_.get(id);
            if (stopped_) co_return;
            if (!row) {
                log::warn("delivery.outbox", {{"message", id}, {"error", row.error().message}});
                co_await rest(backoff(++driver.failures));
                continue;
            }
            if (!row->has_value() || is_settled(**row)) {
                if (driver.again) continue;
                break;
            }
            OutboxMessage message = std::move(**row);
            co_await step(std::move(message));
        }
        if (driver.was_unknown && !stopped_) scheduler_.spawn("delivery check " + id, check_later(self, id));
        drivers_.erase(id);
    }

    /// One step of the row's state; the caller reads the row anew after it.
    awaitable<void> step(OutboxMessage row) {
        const Timestamp now = clock_.now();
        if (row.state == MessageState::sending) {
            row.state = MessageState::unknown;
            row.retry_at = now + options_.visibility;
            co_await keep(std::move(row));
            co_return;
        }
        const milliseconds early = std::max<milliseconds>(row.retry_at - now, pause(row));
        if (early.count() > 0) {
            co_await rest(early);
            co_return;
        }
        switch (row.state) {
            case MessageState::ready:
                co_await send(std::move(row), false);
                break;
            case MessageState::unknown:
                co_await look(std::move(row));
                break;
            default:
                co_await edit(std::move(row));
                break;
        }
    }

    /// How long the channel must be left alone before this row's next call.
    milliseconds pause(const OutboxMessage& row) {
        const Monotonic now = clock_.monotonic();
        Monotonic from = quiet_until_;
        const Driver& driver = drivers_[row.id];
        if (row.state == MessageState::anchored && driver.last_edit) from = std::max(from, *driver.last_edit + options_.update_spacing);
        if (row.state == MessageState::ready)
            if (const auto post = last_post_.find(row.channel); post != last_post_.end())
                from = std::max(from, post->second + post_spacing);
        return from > now ? std::chrono::ceil<milliseconds>(from - now) : milliseconds(0);
    }

    awaitable<void> send(OutboxMessage row, bool repeat) {
        auto document = document_from_json(row.document);
        if (!document) {
            co_await park(std::move(row), document.error().message);
            co_return;
        }
        // Taken before the first suspension: no two posts of one channel share a slot.
        last_post_[row.channel] = clock_.monotonic();
        result<std::string> thread = co_await parent_of(row);
        if (!thread) {
            if (thread.error().code != errc::unavailable) {
                co_await park(std::move(row), thread.error().message);
                co_return;
            }
            co_await later(std::move(row), seconds(1), thread.error().message);
            co_return;
        }
        repeat = repeat || is_blind(row);
        row.state = MessageState::sending;
        ++row.attempt;
        if (row.first_try == Timestamp{}) row.first_try = clock_.now();
        row.error = repeat ? blind_error("") : std::string();
        const auto saved = co_await save(row);
        if (!saved) {
            co_await rest(backoff(row.attempt));
            co_return;
        }
        Document shown = repeat ? marked_as_repeat(std::move(*document)) : std::move(*document);
        const Deadline deadline = Deadline::after(clock_, options_.call_timeout);
        PostOutcome outcome = co_await channel_.post(row.channel, *thread, std::move(shown), row.id, row.plain_only, deadline);
        if (stopped_) co_return;
        co_await settle_post(std::move(row), std::move(outcome));
    }

    awaitable<void> settle_post(OutboxMessage row, PostOutcome outcome) {
        Driver& driver = drivers_[row.id];
        const OutboxMessage before = row;
        after_post(row, outcome, clock_.now(), options_, driver.was_unknown);
        quieten(outcome.retry_after);
        if (row.state == MessageState::anchored) {
            driver.failures = 0;
            driver.last_edit = clock_.monotonic();
        }
        if (row.state == MessageState::unknown) {
            driver.looks = 0;
            driver.was_unknown = true;
        }
        tell(before, row, in_words(outcome));
        co_await keep(std::move(row));
    }

    /// What an operator should hear of.
    static void tell(const OutboxMessage& before, const OutboxMessage& row, const std::string& reason) {
        const auto say = [&](std::string_view event) {
            log::warn(event, {{"message", row.id}, {"channel", before.channel}, {"reason", reason}});
        };
        if (row.state == MessageState::unknown) say("delivery.unknown");
        if (row.state == MessageState::parked) say("delivery.parked");
        if (row.state == MessageState::suppressed) say("delivery.deleted_by_a_person");
        if (row.plain_only && !before.plain_only) say("delivery.blocks_refused");
        if (row.state == MessageState::ready && row.channel != before.channel) say("delivery.fallback");
    }

    awaitable<void> look(OutboxMessage row) {
        Driver& driver = drivers_[row.id];
        driver.was_unknown = true;
        result<std::vector<FoundMessage>> found = co_await standing(row);
        if (stopped_) co_return;
        const Timestamp now = clock_.now();
        if (!found) {
            log::warn("delivery.lookup", {{"message", row.id}, {"error", found.error().message}});
            if (now < row.first_try + options_.blind_after) {
                row.retry_at = std::min(now + backoff(++driver.failures + 3), row.first_try + options_.blind_after);
                co_await keep(std::move(row));
            } else if (is_blind(row)) {
                co_await park(std::move(row), blind_error("its history cannot be read: " + found.error().message));
            } else {
                co_await send(std::move(row), true);
            }
            co_return;
        }
        if (found->empty()) {
            after_no_sight(row, now, options_, ++driver.looks);
        } else {
            after_sight(row, found->front());
            driver.failures = 0;
            co_await remove_repeats(std::move(*found), row.ts);
        }
        co_await keep(std::move(row));
    }

    /// Our posts of this message that stand in the channel, the first one first.
    task<std::vector<FoundMessage>> standing(OutboxMessage row) {
        const result<std::string> thread = co_await parent_of(row);
        if (!thread) co_return thread.error();
        const Deadline deadline = Deadline::after(clock_, options_.call_timeout);
        auto found = co_await channel_.find(row.channel, *thread, row.id, row.first_try - clock_skew, deadline);
        if (found) std::ranges::sort(*found, {}, &FoundMessage::ts);
        co_return found;
    }

    awaitable<void> remove_repeats(std::vector<FoundMessage> found, std::string kept) {
        for (const auto& message : found) {
            if (message.ts == kept || stopped_) continue;
            const Deadline deadline = Deadline::after(clock_, options_.call_timeout);
            const auto removed = co_await channel_.remove(message.channel, message.ts, deadline);
            log::warn("delivery.repeat_removed",
                      {{"channel", message.channel}, {"ts", message.ts}, {"error", removed ? "" : removed.error().message}});
        }
    }

    /// Slack may take a post after we stopped waiting for it: one more look, much later. Not durable: a restart forgoes it.
    awaitable<void> check_later(std::shared_ptr<Core> self, std::string id) {
        co_await rest(post_check_after);
        const auto row = co_await self->outbox_.get(id);
        if (stopped_ || !row || !row->has_value() || (*row)->ts.empty()) co_return;
        auto found = co_await standing(**row);
        if (stopped_ || !found) co_return;
        co_await remove_repeats(std::move(*found), (*row)->ts);
    }

    awaitable<void> edit(OutboxMessage row) {
        Driver& driver = drivers_[row.id];
        auto document = document_from_json(row.document);
        if (!document) {
            co_await park(std::move(row), document.error().message);
            co_return;
        }
        const Deadline deadline = Deadline::after(clock_, options_.call_timeout);
        const PostOutcome outcome = co_await channel_.update(row.channel, row.ts, std::move(*document), row.plain_only, deadline);
        if (stopped_) co_return;
        driver.last_edit = clock_.monotonic();
        driver.failures = outcome.kind == PostOutcome::Kind::posted ? 0 : driver.failures + 1;
        const OutboxMessage before = row;
        after_edit(row, outcome, clock_.now(), driver.failures);
        quieten(outcome.retry_after);
        tell(before, row, in_words(outcome));
        co_await keep(std::move(row));
    }

    /// The ts of the message whose thread this row goes to; "" for none. Error unavailable: it does not stand there yet.
    task<std::string> parent_of(OutboxMessage row) {
        if (!row.thread_ts.starts_with(parent_prefix)) co_return row.thread_ts;
        const std::string purpose = row.thread_ts.substr(parent_prefix.size());
        const auto parent = co_await outbox_.find(row.investigation, purpose);
        if (!parent) co_return Error{errc::unavailable, parent.error().message};
        const bool none = !parent->has_value() || (*parent)->state == MessageState::suppressed;
        if (none || ((*parent)->state == MessageState::parked && (*parent)->ts.empty()))
            co_return Error{errc::not_found, "the message it belongs under was not posted"};
        if ((*parent)->ts.empty()) co_return Error{errc::unavailable, "the message it belongs under does not stand there yet"};
        co_return (*parent)->ts;
    }

    void quieten(milliseconds span) {
        if (span.count() > 0) quiet_until_ = std::max(quiet_until_, clock_.monotonic() + span);
    }

    awaitable<void> park(OutboxMessage row, std::string why) {
        row.state = MessageState::parked;
        row.error = std::move(why);
        log::error("delivery.parked", {{"message", row.id}, {"channel", row.channel}, {"reason", row.error}});
        co_await keep(std::move(row));
    }

    awaitable<void> later(OutboxMessage row, milliseconds span, std::string why) {
        row.retry_at = clock_.now() + span;
        row.error = std::move(why);
        co_await keep(std::move(row));
    }

    /// Before a call: an outcome that could not be kept must not be risked.
    task<void> save(OutboxMessage row) {
        if (stopped_) co_return Error{errc::cancelled, "stopped"};
        const auto saved = co_await outbox_.save(row);
        if (stopped_) co_return Error{errc::cancelled, "stopped"};
        if (!saved) log::warn("delivery.outbox", {{"message", row.id}, {"error", saved.error().message}});
        co_return saved;
    }

    /// After a call: what happened is kept before anything else is done.
    awaitable<void> keep(OutboxMessage row) {
        for (int failures = 1; !stopped_; ++failures) {
            const auto saved = co_await save(row);
            if (saved || stopped_) co_return;
            co_await rest(backoff(failures));
        }
    }

    awaitable<void> rest(milliseconds span) {
        const Monotonic until = clock_.monotonic() + span;
        co_await clock_.sleep_until(until);
    }

    Outbox& outbox_;
    Channel& channel_;
    Scheduler& scheduler_;
    Clock& clock_;
    DeliveryOptions options_;
    bool stopped_ = false;
    std::map<std::string, Driver> drivers_;       // by message; a node is stable while its driver runs
    std::map<std::string, Monotonic> last_post_;  // by channel
    Monotonic quiet_until_{};                     // the channel asked for silence
};

class Delivery final : public MessageDelivery {
public:
    Delivery(std::shared_ptr<Core> core, Clock& clock) : core_(std::move(core)), clock_(clock) {}
    ~Delivery() override { core_->stop(); }

    task<void> publish(std::string investigation, std::string purpose, std::string channel, std::string thread_of,
                       Document document) override {
        OutboxMessage row;
        row.id = new_uuid();
        row.purpose = std::move(purpose);
        row.investigation = std::move(investigation);
        row.channel = std::move(channel);
        if (!thread_of.empty()) row.thread_ts = std::string(parent_prefix) + thread_of;
        row.retry_at = clock_.now();
        row.wanted = 1;
        row.document = document_to_json(document);
        return core_->publish(std::move(row));
    }

    task<OutboxMessage> settled(std::string investigation, std::string purpose, Deadline deadline) override {
        return core_->settled(std::move(investigation), std::move(purpose), deadline);
    }

    task<void> recover() override { return core_->recover(); }

private:
    std::shared_ptr<Core> core_;
    Clock& clock_;
};

}  // namespace

std::unique_ptr<MessageDelivery> make_delivery(Outbox& outbox, Channel& channel, Scheduler& scheduler, Clock& clock,
                                               DeliveryOptions options) {
    auto core = std::make_shared<Core>(outbox, channel, scheduler, clock, std::move(options));
    return std::make_unique<Delivery>(std::move(core), clock);
}

}  // namespace gumshoe
