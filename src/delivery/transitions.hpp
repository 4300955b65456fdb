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
/// Of an unknown post: the history does not show it. `looks`: how often we looked, this time included.
void after_no_sight(OutboxMessage& row, Timestamp now, const DeliveryOptions& options, int looks);
/// Of an unknown post: it stands there, `first` of all its copies.
void after_sight(OutboxMessage& row, const FoundMessage& first);
/// `failures`: of this message's edits in a row, this one included.
void after_edit(OutboxMessage& row, const PostOutcome& outcome, Timestamp now, int failures);

/// As posted without knowing whether an earlier post stands there.
Document marked_as_repeat(Document document);

std::string in_words(const PostOutcome& outcome);

}  // namespace gumshoe
