// Every attempt at a model, written before the call (intent) and after it (outcome); skips too.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/task.hpp"
#include "llm/failure.hpp"
#include "llm/request.hpp"

namespace gumshoe {

struct LlmAttempt {
    std::string id;   // "att_..."
    std::string run;  // "" outside investigations
    std::string step;
    int number = 0;  // 1.. within the request
    std::string target;
    std::string provider;
    std::string model;
    std::string team;             // whose budget
    int hop = 0;                  // changes of target before it
    std::string purpose;          // primary, retry, hop, repair, probe, hedge, drill; "skip" for a target passed over
    std::string key_fingerprint;  // 8 hex of HMAC, never the key
    std::string request_sha256;   // of the body sent
    Timestamp started_at{};
    std::optional<Timestamp> finished_at;
    std::string outcome;  // "" open, "ok", a failure class, "skipped"
    std::string reason;
    int http_status = 0;
    std::string vendor_code;
    std::string request_id;
    std::string answered_model;                 // as the vendor names what answered; "" without a reply
    std::optional<milliseconds> first_content;  // from the call to the first of its answer; streams only
    llm::Usage usage;
    double cost_usd = 0;
    milliseconds took{};
    std::int64_t bytes_out = 0;  // of the body sent
    std::int64_t bytes_in = 0;   // of the body that came
    std::string breaker_before;  // closed, open, half-open, ramp
    std::string breaker_after;
    milliseconds deadline_left{};  // of the request, as the attempt began
};

/// What a model at an endpoint was seen to need. Outlives the process, until it expires.
struct LearnedFact {
    std::string place;       // endpoint, account and model
    std::string fact;        // "window", or "repair:" and the parameter it refuses
    std::int64_t value = 0;  // window: tokens
    Timestamp until{};
};

/// Something learned that must outlive the process: a dead account, a bad key.
struct Quarantine {
    std::string scope;  // "account:<fingerprint>", "key:<fingerprint>", "model:<account>/<model>"
    std::string failure;
    std::string reason;
    Timestamp since{};
    Timestamp until{};  // next probe
    int strikes = 1;
};

class AttemptStore {
public:
    virtual ~AttemptStore() = default;
    using Lost = std::function<void(const Error&)>;
    /// A row by its id: as it is opened, and again as it is closed. It stands in line for the disk before whatever this store is given
    /// later, and nobody waits for it: a commit may take longer than a call. `lost` is told, on the loop, when it could not be kept.
    virtual void record(LlmAttempt attempt, Lost lost) = 0;
    /// With all that was recorded before.
    virtual task<std::vector<LlmAttempt>> attempts(std::string run) = 0;
    /// Spent since `since`, over all runs.
    virtual task<double> spent_usd(Timestamp since, std::string team) = 0;  // "": of all teams
    virtual task<std::vector<Quarantine>> quarantines() = 0;
    virtual task<void> quarantine(Quarantine entry) = 0;  // upsert by scope
    virtual task<void> release(std::string scope) = 0;
    virtual task<std::vector<LearnedFact>> learned(Timestamp now) = 0;  // those that have not expired
    virtual task<void> learn(LearnedFact fact, Timestamp now) = 0;      // upsert by place and fact; expired ones go
    virtual task<void> forget(std::string place) = 0;
};

}  // namespace gumshoe
