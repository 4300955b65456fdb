// An outbox in memory that lives longer than the delivery that writes to it, and can fail.
#pragma once

#include <functional>
#include <map>

#include "delivery/outbox.hpp"

namespace gumshoe::test {

class MemoryOutbox final : public Outbox {
public:
    std::map<std::string, OutboxMessage> rows;
    std::function<bool(const OutboxMessage&)> fail_save;   // true: the write is refused
    std::function<void(const OutboxMessage&)> after_save;  // to stop the process at that point

    task<OutboxMessage> want(OutboxMessage message) override {
        for (auto& [id, row] : rows)
            if (row.investigation == message.investigation && row.purpose == message.purpose) {
                ++row.wanted;
                row.document = message.document;
                co_return row;
            }
        co_return rows[message.id] = message;
    }

    task<std::optional<OutboxMessage>> get(std::string id) override {
        const auto found = rows.find(id);
        if (found == rows.end()) co_return std::optional<OutboxMessage>();
        co_return std::optional(found->second);
    }

    task<std::optional<OutboxMessage>> find(std::string investigation, std::string purpose) override {
        for (const auto& [id, row] : rows)
            if (row.investigation == investigation && row.purpose == purpose) co_return std::optional(row);
        co_return std::optional<OutboxMessage>();
    }

    task<void> save(OutboxMessage message) override {
        if (fail_save && fail_save(message)) co_return Error{errc::storage, "disk full"};
        OutboxMessage& row = rows.at(message.id);
        message.document = row.document;
        message.wanted = row.wanted;
        row = message;
        if (after_save) after_save(row);
        co_return result<void>();
    }

    task<std::vector<OutboxMessage>> open() override {
        std::vector<OutboxMessage> out;
        for (const auto& [id, row] : rows) {
            const bool closed = row.state == MessageState::parked || row.state == MessageState::suppressed;
            if (!closed && !(row.state == MessageState::anchored && row.sent >= row.wanted)) out.push_back(row);
        }
        co_return out;
    }
};

}  // namespace gumshoe::test
