// What an outcome makes of a row of the outbox: the state machine without its calls. Pure.
#pragma once

#include <string>

#include "delivery/channel.hpp"
#include "delivery/delivery.hpp"
#include "delivery/outbox.hpp"

namespace gumshoe {

/// 1 s, 2 s, 4 s ... 60 s.
milliseconds backoff(int failures);

/// Nothing is left to do for it.
bool is_settled(const OutboxMessage& row);

/// A repeat of an unknown post was begun without a look at the history (kept in the row's error): it must not be begun again.
bool is_blind(const OutboxMessage& row);
std::string blind_error(std::string_view detail);

/// `looked_for`: an earlier post of this row was once unknown, so the time of the first one is still needed.
void after_post(OutboxMessage& row, const PostOutcome& outcome, Timestamp now, const DeliveryOptions& options, bool looked_for);
/// `failures`: of this message's edits in a row, this one included.
void after_edit(OutboxMessage& row, const PostOutcome& outcome, Timestamp now, int failures);

std::string in_words(const PostOutcome& outcome);

}  // namespace gumshoe
