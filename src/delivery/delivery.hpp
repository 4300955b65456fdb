// One message an investigation: posted small and at once, then only edited. Protocol: docs/architecture.md, "Delivery".
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/scheduler.hpp"
#include "delivery/channel.hpp"
#include "delivery/outbox.hpp"

namespace gumshoe {

struct DeliveryOptions {
    milliseconds call_timeout{};               // one call to the channel
    milliseconds visibility{};                 // how long a posted message may be missing from the history
    milliseconds blind_after{15 * 60 * 1000};  // look-up impossible: post once more, marked, after this
    milliseconds update_spacing{1000};         // between two edits of one message
    std::string fallback_channel;
};

class MessageDelivery {
public:
    virtual ~MessageDelivery() = default;
    /// Keeps the document as what should stand there (durable), and sets about sending it. Resumes once it is kept; sending goes on
    /// by itself. `purpose` "anchor" for the one message. `thread_of`: the purpose of the investigation's message whose thread this goes
    /// to, "" for none. A newer document of a parked message is tried once more.
    virtual task<void> publish(std::string investigation, std::string purpose, std::string channel, std::string thread_of,
                               Document document) = 0;
    /// Resumes when the message's newest revision stands there, it is parked or suppressed, or the deadline passed. The row as it is.
    virtual task<OutboxMessage> settled(std::string investigation, std::string purpose, Deadline deadline) = 0;
    /// At start-up: whatever was being sent is unknown now; takes up all open rows.
    virtual task<void> recover() = 0;
};

std::unique_ptr<MessageDelivery> make_delivery(Outbox& outbox, Channel& channel, Scheduler& scheduler, Clock& clock,
                                               DeliveryOptions options);

/// JSON of a document, as kept in the outbox.
std::string document_to_json(const Document& document);
result<Document> document_from_json(std::string_view text);

}  // namespace gumshoe
