// The journal's rows of attempts at a model.
#include "llm/attempt_row.hpp"

#include "base/digest.hpp"
#include "base/ids.hpp"

namespace gumshoe::llm {

LlmAttempt row_of(const Journey& journey, const Target& target, Timestamp now) {
    LlmAttempt row;
    row.id = new_id("att", now);
    row.run = journey.context.run;
    row.step = journey.context.step;
    row.target = target.name;
    row.provider = target.provider;
    row.model = target.model_on_wire();
    row.key_fingerprint = key_fingerprint(target);
    row.started_at = now;
    return row;
}

LlmAttempt row_of_call(const Journey& journey, const Choice& choice, std::string_view body, Timestamp now) {
    const Slot& slot = journey.slots[choice.slot];
    LlmAttempt row = row_of(journey, *slot.target, now);
    row.number = journey.attempts + 1;
    row.request_sha256 = sha256_hex(body);
    if (choice.trial) {
        row.purpose = "probe";
    } else if (slot.mending) {
        row.purpose = "repair";
    } else if (slot.tries > 0) {
        row.purpose = "retry";
    } else {
        row.purpose = choice.slot == 0 ? "primary" : "hop";
    }
    return row;
}

void close_row(LlmAttempt& row, const Failure& failure, const Reply* reply, double cost, Timestamp now) {
    row.finished_at = now;
    row.outcome = failure.failure == FailureClass::none ? "ok" : std::string(to_string(failure.failure));
    row.reason = failure.reason;
    row.http_status = reply == nullptr ? failure.status : 200;
    row.vendor_code = failure.code;
    row.request_id = reply == nullptr ? failure.request_id : reply->request_id;
    if (reply != nullptr) row.usage = reply->usage;
    row.cost_usd = cost;
}

}  // namespace gumshoe::llm
