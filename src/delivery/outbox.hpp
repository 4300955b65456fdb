// What should stand in the channel, kept before it is sent.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/task.hpp"

namespace gumshoe {

enum class MessageState { ready, sending, unknown, anchored, suppressed, parked };
std::string_view to_string(MessageState state);

struct OutboxMessage {
    std::string id;             // random uuid: the key the channel carries
    std::string purpose;        // "anchor", "thread:<run>", "ops:<subject>"
    std::string investigation;  // "" for ops notices; (investigation, purpose) is unique
    std::string channel;        // wanted; then the id from the answer
    std::string thread_ts;      // "": top level; "of:<purpose>": in the thread of that message of the same investigation
    MessageState state = MessageState::ready;
    int attempt = 0;
    Timestamp first_try{};
    Timestamp retry_at{};
    std::string ts;
    std::int64_t wanted = 0;  // revision of `document`
    std::int64_t sent = 0;    // revision that stands there
    bool plain_only = false;
    std::string document;  // JSON
    std::string error;     // last, in words
};

class Outbox {
public:
    virtual ~Outbox() = default;
    /// Creates the row (ready) or sets a newer document (wanted + 1) on it. Returns it as stored.
    virtual task<OutboxMessage> want(OutboxMessage message) = 0;
    virtual task<std::optional<OutboxMessage>> get(std::string id) = 0;
    virtual task<std::optional<OutboxMessage>> find(std::string investigation, std::string purpose) = 0;
    /// Writes state, attempt, times, ts, sent, plain_only, channel and error; never the document or `wanted`.
    virtual task<void> save(OutboxMessage message) = 0;
    /// Rows with something to do: not parked or suppressed, and not (anchored with sent == wanted).
    virtual task<std::vector<OutboxMessage>> open() = 0;
};

}  // namespace gumshoe
