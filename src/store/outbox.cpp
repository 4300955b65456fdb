// What should stand in the channel: one row a message, its newest document and how far it got.
#include "delivery/outbox.hpp"

#include "store/columns.hpp"
#include "store/repositories.hpp"

namespace gumshoe {

namespace {

constexpr auto columns =
    "id, purpose, investigation, channel, thread_ts, state, attempt, first_try, retry_at, ts, wanted, sent, plain_only, error, document";

OutboxMessage message_of(const Row& row) {
    OutboxMessage message;
    message.id = row.text(0);
    message.purpose = row.text(1);
    message.investigation = row.text(2);
    message.channel = row.text(3);
    message.thread_ts = row.text(4);
    message.state = word_at(row, 5,
                            {MessageState::parked, MessageState::ready, MessageState::sending, MessageState::unknown,
                             MessageState::anchored, MessageState::suppressed});
    message.attempt = static_cast<int>(row.integer(6));
    message.first_try = time_at(row, 7);
    message.retry_at = time_at(row, 8);
    message.ts = row.text(9);
    message.wanted = row.integer(10);
    message.sent = row.integer(11);
    message.plain_only = row.integer(12) != 0;
    message.error = row.text(13);
    message.document = row.text(14);
    return message;
}

result<OutboxMessage> want_message(Connection& connection, const OutboxMessage& message) {
    auto rows =
        connection.query(std::string("INSERT INTO outbox (") + columns +
                             ") VALUES (?1, ?2, ?3, ?4, ?5, 'ready', 0, ?6, ?7, '', 1, 0, 0, '', ?8) "
                             "ON CONFLICT (investigation, purpose) DO UPDATE SET document = excluded.document, wanted = outbox.wanted + 1 "
                             "RETURNING " +
                             columns,
                         {message.id, message.purpose, message.investigation, message.channel, message.thread_ts,
                          to_millis(message.first_try), to_millis(message.retry_at), message.document});
    if (!rows) return rows.error();
    return message_of(rows->front());
}

result<void> save_message(Connection& connection, const OutboxMessage& message) {
    auto saved = connection.execute(
        "UPDATE outbox SET state = ?2, attempt = ?3, first_try = ?4, retry_at = ?5, ts = ?6, sent = ?7, plain_only = ?8, channel = ?9, "
        "error = ?10 WHERE id = ?1",
        {message.id, to_string(message.state), std::int64_t{message.attempt}, to_millis(message.first_try), to_millis(message.retry_at),
         message.ts, message.sent, std::int64_t{message.plain_only}, message.channel, message.error});
    if (!saved) return saved.error();
    if (*saved == 0) return Error{errc::not_found, "no message " + message.id};
    return {};
}

result<std::vector<OutboxMessage>> select_messages(Connection& connection, const std::string& condition, const Arguments& arguments) {
    auto rows = connection.query(std::string("SELECT ") + columns + " FROM outbox " + condition, arguments);
    if (!rows) return rows.error();
    std::vector<OutboxMessage> messages;
    for (const Row& row : *rows) messages.push_back(message_of(row));
    return messages;
}

result<std::optional<OutboxMessage>> one_message(Connection& connection, const std::string& condition, const Arguments& arguments) {
    auto messages = select_messages(connection, condition, arguments);
    if (!messages) return messages.error();
    if (messages->empty()) return std::optional<OutboxMessage>();
    return std::optional<OutboxMessage>(std::move(messages->front()));
}

class StoredOutbox final : public Outbox {
public:
    explicit StoredOutbox(Database& database) : database_(database) {}

    task<OutboxMessage> want(OutboxMessage message) override {
        std::function<result<OutboxMessage>(Connection&)> work = [message = std::move(message)](Connection& connection) {
            return want_message(connection, message);
        };
        co_return co_await write_value(database_, std::move(work));
    }

    task<std::optional<OutboxMessage>> get(std::string id) override {
        std::function<result<std::optional<OutboxMessage>>(Connection&)> work = [=](Connection& connection) {
            return one_message(connection, "WHERE id = ?1", {id});
        };
        co_return co_await read_value(database_, std::move(work));
    }

    task<std::optional<OutboxMessage>> find(std::string investigation, std::string purpose) override {
        std::function<result<std::optional<OutboxMessage>>(Connection&)> work = [=](Connection& connection) {
            return one_message(connection, "WHERE investigation = ?1 AND purpose = ?2", {investigation, purpose});
        };
        co_return co_await read_value(database_, std::move(work));
    }

    task<void> save(OutboxMessage message) override {
        std::function<result<void>(Connection&)> work = [message = std::move(message)](Connection& connection) {
            return save_message(connection, message);
        };
        co_return co_await database_.write(std::move(work));
    }

    task<std::vector<OutboxMessage>> open() override {
        std::function<result<std::vector<OutboxMessage>>(Connection&)> work = [](Connection& connection) {
            return select_messages(
                connection, "WHERE state IN ('ready', 'sending', 'unknown') OR (state = 'anchored' AND sent <> wanted) ORDER BY id", {});
        };
        co_return co_await read_value(database_, std::move(work));
    }

private:
    Database& database_;
};

}  // namespace

std::unique_ptr<Outbox> make_outbox(Database& database) {
    return std::make_unique<StoredOutbox>(database);
}

}  // namespace gumshoe
