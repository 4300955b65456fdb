// Transitions of an outbox row after a post, a look or an edit.
#include "delivery/transitions.hpp"

#include <algorithm>
#include <utility>

namespace gumshoe {
namespace {

constexpr int looks_before_resend = 2;
constexpr std::string_view blind_note = "posted without knowing whether an earlier post stands there";

/// The message definitely does not stand there.
void refused(OutboxMessage& row, const PostOutcome& outcome, Timestamp now, const DeliveryOptions& options) {
    row.state = MessageState::ready;
    row.error = is_blind(row) ? blind_error(in_words(outcome)) : in_words(outcome);
    row.retry_at = now;
    if (outcome.bad_blocks && !row.plain_only)
        row.plain_only = true;
    else if (outcome.kind == PostOutcome::Kind::not_sent || (outcome.retryable && !outcome.bad_blocks))
        row.retry_at = now + std::max(outcome.retry_after, backoff(row.attempt));
    else if (!options.fallback_channel.empty() && row.channel != options.fallback_channel && row.thread_ts.empty())
        row.channel = options.fallback_channel;
    else
        row.state = MessageState::parked;
}

}  // namespace

milliseconds backoff(int failures) {
    return std::min<milliseconds>(seconds(60), seconds(1) * (1 << std::clamp(failures - 1, 0, 6)));
}

bool is_settled(const OutboxMessage& row) {
    if (row.state == MessageState::parked || row.state == MessageState::suppressed) return true;
    return row.state == MessageState::anchored && row.sent >= row.wanted;
}

bool is_blind(const OutboxMessage& row) {
    return row.error.starts_with(blind_note);
}

std::string blind_error(std::string_view detail) {
    return std::string(blind_note) + (detail.empty() ? "" : ": ") + std::string(detail);
}

Document marked_as_repeat(Document document) {
    Block note{Block::Kind::section, {{italic("(may repeat an earlier post)")}}};
    document.blocks.insert(document.blocks.begin(), std::move(note));
    document.fallback += " (may repeat an earlier post)";
    return document;
}

std::string in_words(const PostOutcome& outcome) {
    if (!outcome.detail.empty()) return outcome.detail;
    return outcome.code.empty() ? "no answer" : outcome.code;
}

void after_post(OutboxMessage& row, const PostOutcome& outcome, Timestamp now, const DeliveryOptions& options, bool looked_for) {
    switch (outcome.kind) {
        case PostOutcome::Kind::posted:
            row.state = MessageState::anchored;
            row.channel = outcome.channel;
            row.ts = outcome.ts;
            row.sent = row.wanted;
            row.error.clear();
            break;
        case PostOutcome::Kind::unknown:
            row.state = MessageState::unknown;
            row.retry_at = now + options.visibility;
            if (!is_blind(row)) row.error = in_words(outcome);
            break;
        case PostOutcome::Kind::not_sent:
        case PostOutcome::Kind::refused:
            refused(row, outcome, now, options);
            if (!looked_for) row.first_try = {};
            break;
    }
}

void after_no_sight(OutboxMessage& row, Timestamp now, const DeliveryOptions& options, int looks) {
    const bool again = looks < looks_before_resend;
    row.state = again ? MessageState::unknown : MessageState::ready;
    row.retry_at = again ? now + options.visibility : now;
}

void after_sight(OutboxMessage& row, const FoundMessage& first) {
    row.state = MessageState::anchored;
    row.channel = first.channel;
    row.ts = first.ts;
    row.sent = 0;  // which revision stands there is not known: the next edit makes it the wanted one
    row.error.clear();
}

void after_edit(OutboxMessage& row, const PostOutcome& outcome, Timestamp now, int failures) {
    row.error.clear();
    if (outcome.kind == PostOutcome::Kind::posted) {
        row.sent = row.wanted;
        return;
    }
    row.error = in_words(outcome);
    if (outcome.gone)
        row.state = MessageState::suppressed;
    else if (outcome.bad_blocks && !row.plain_only)
        row.plain_only = true;
    else if (outcome.kind == PostOutcome::Kind::refused && (!outcome.retryable || outcome.bad_blocks))
        row.state = MessageState::parked;
    else  // an edit is idempotent: whatever happened to it, it may be sent again
        row.retry_at = now + std::max(outcome.retry_after, backoff(failures));
}

}  // namespace gumshoe
