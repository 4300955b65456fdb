// The journal's rows of attempts at a model.
#include "llm/attempt_row.hpp"

#include "base/digest.hpp"
#include "base/ids.hpp"

namespace gumshoe::llm {
namespace {

LlmAttempt row_of(const Journey& journey, const Target& target, Timestamp now) {
    LlmAttempt row;
    row.id = new_id("att", now);
    row.run = journey.context.run;
    row.step = journey.context.step;
    row.team = journey.context.team;
    row.number = journey.attempts + 1;
    row.hop = journey.hops_made + (journey.last_target.empty() || journey.last_target == target.name ? 0 : 1);
    row.target = target.name;
    row.provider = target.provider;
    row.model = target.model_on_wire();
    row.key_fingerprint = key_fingerprint(target);
    row.started_at = now;
    return row;
}

const char* purpose_of(const Slot& slot, const Choice& choice, const Call& call) {
    if (call.drill) return "drill";
    if (choice.hedge) return "hedge";
    if (choice.trial) return "probe";
    if (slot.mending) return "repair";
    if (slot.tries > 0) return "retry";
    return choice.slot == 0 ? "primary" : "hop";
}

}  // namespace

LlmAttempt row_of_call(const Journey& journey, const Choice& choice, const Call& call, Timestamp now) {
    LlmAttempt row = row_of(journey, *call.target, now);
    row.deadline_left = std::chrono::duration_cast<milliseconds>(journey.last_call - call.began);
    row.purpose = purpose_of(journey.slots[choice.slot], choice, call);
    return row;
}

void note_sent(LlmAttempt& row, const HttpRequest& request) {
    row.request_sha256 = sha256_hex(request.body);
    row.bytes_out = static_cast<std::int64_t>(request.body.size());
}

LlmAttempt row_of_skip(const Journey& journey, const Slot& slot, const Standing& standing, Timestamp now) {
    LlmAttempt row = row_of(journey, *slot.target, now);
    row.purpose = "skip";
    row.outcome = "skipped";
    row.reason = standing.words;
    row.finished_at = row.started_at;
    return row;
}

void close_row(Call& call, Timestamp now, milliseconds took) {
    LlmAttempt& row = call.row;
    const Failure& failure = call.verdict;
    const Reply* reply = call.reply();
    row.finished_at = now;
    row.took = took;
    row.outcome = failure.failure == FailureClass::none ? "ok" : std::string(to_string(failure.failure));
    row.reason = failure.reason;
    row.http_status = reply == nullptr ? failure.status : 200;
    row.vendor_code = failure.code;
    row.request_id = reply == nullptr ? failure.request_id : reply->request_id;
    if (reply != nullptr) row.answered_model = reply->model;
    if (reply != nullptr) row.usage = reply->usage;
    if (call.progress.first_content)
        row.first_content = std::chrono::duration_cast<milliseconds>(*call.progress.first_content - call.began);
    row.bytes_in = static_cast<std::int64_t>(call.progress.bytes);
    row.cost_usd = call.cost_usd;
}

}  // namespace gumshoe::llm
