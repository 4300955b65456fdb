// Role: where the anchor message stands. The channel says what happened to a call; delivery decides what to do.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/task.hpp"
#include "finding/document.hpp"

namespace gumshoe {

struct PostOutcome {
    enum class Kind {
        posted,    // ts and channel are set
        refused,   // definitively not posted; retry_after says when to try again, none: a person must act
        not_sent,  // no byte of the request left us: safe to send again
        unknown    // it may stand there: look before sending again
    };
    Kind kind = Kind::unknown;
    std::string channel;  // id from the answer
    std::string ts;
    std::string code;  // the vendor's error code
    std::string detail;
    bool retryable = false;
    milliseconds retry_after{};
    bool bad_blocks = false;  // the message itself was refused: send plain text
    bool gone = false;        // update: the message is not there any more
};

/// A message found by its key.
struct FoundMessage {
    std::string channel;
    std::string ts;
};

class Channel {
public:
    virtual ~Channel() = default;
    virtual std::string_view name() const = 0;
    /// `key` is a random id put where find() can see it. `plain_only` leaves blocks out.
    virtual awaitable<PostOutcome> post(std::string channel, std::string thread_ts, Document document, std::string key, bool plain_only,
                                        Deadline deadline) = 0;
    virtual awaitable<PostOutcome> update(std::string channel, std::string ts, Document document, bool plain_only, Deadline deadline) = 0;
    /// Our messages with this key since `since`, in the channel or in the thread `thread_ts`. Errors: the history cannot be read
    /// (missing scope, not in channel).
    virtual task<std::vector<FoundMessage>> find(std::string channel, std::string thread_ts, std::string key, Timestamp since,
                                                 Deadline deadline) = 0;
    virtual task<void> remove(std::string channel, std::string ts, Deadline deadline) = 0;
    virtual task<std::string> probe(Deadline deadline) = 0;
};

}  // namespace gumshoe
