// The journal's row of an attempt: as it is opened before the call, and closed after it; and that of a target passed over.
#pragma once

#include "llm/call.hpp"

namespace gumshoe::llm {

/// Before the call, so before the attempt is counted.
LlmAttempt row_of_call(const Journey& journey, const Choice& choice, const Call& call, Timestamp now);
/// What of it is known once it is sent: a digest takes longer than the sending.
void note_sent(LlmAttempt& row, const HttpRequest& request);
LlmAttempt row_of_skip(const Journey& journey, const Slot& slot, const Standing& standing, Timestamp now);
void close_row(Call& call, Timestamp now, milliseconds took);

}  // namespace gumshoe::llm
