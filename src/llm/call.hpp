// One call to one model, from its intent to its outcome, and what it holds meanwhile.
#pragma once

#include <string>

#include "llm/attempt_store.hpp"
#include "llm/budget.hpp"
#include "llm/exchange.hpp"

namespace gumshoe::llm {

/// A permit of the breaker, a place in the throttle, a turn of a quarantine, money set aside. Given back however the call ends.
class Hold {
public:
    struct Of {
        std::shared_ptr<const Target> target;
        std::string scope;  // of the quarantine whose turn it is; "" for none
        std::string team;
        double usd = 0;
        Monotonic now{};
        Timestamp wall{};
        milliseconds span{};
    };
    Hold(Memory& memory, Purses& purses, Of of);
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;
    ~Hold();

    Place& place() { return place_; }
    const Breaker::Pass& pass() const { return pass_; }
    /// Breaker and quarantine have been told how it ended.
    void settle() { settled_ = true; }

private:
    Memory& memory_;
    Purses& purses_;
    Of of_;
    Place& place_;
    Breaker::Pass pass_;
    bool settled_ = false;
};

struct Call {
    std::size_t slot = 0;
    std::shared_ptr<const Target> target;
    Request request;   // as the target is asked
    HttpRequest http;  // as it is sent
    CallLimits within;
    milliseconds span{};
    Monotonic began{};
    bool trial = false;
    std::string scope;  // of that quarantine
    std::optional<FailureClass> drill = {};
    LlmAttempt row = {};
    std::unique_ptr<Hold> hold = {};

    Progress progress = {};
    bool ended = false;                          // else it was stopped in the middle
    std::shared_ptr<const Target> renewed = {};  // the target with another key, where a file held one after this was refused
    std::variant<Reply, Failure> outcome = {};
    Failure verdict = {};
    double cost_usd = 0;
    std::vector<std::string> absolved = {};  // scopes whose quarantine it ended; to be released in the store
    std::optional<Quarantine> struck = {};   // that it began or made longer; to be stored

    Reply* reply() { return std::get_if<Reply>(&outcome); }
};

/// A call, and the one beside it where the first is silent for too long.
struct Pair {
    std::shared_ptr<Call> first;
    std::shared_ptr<Call> second = {};
};

/// Tells breaker, throttle, latency and quarantines how it ended, in the same step: the next request is to know. The hold is given back.
void learn_health(Call& call, Memory& memory, Monotonic now, Timestamp wall, double jitter);

/// When a call or a look said nothing about a quarantine: the next one.
inline constexpr milliseconds probe_again{60'000};

/// A vendor may send back what it was sent: the target's keys are taken out.
Failure without_keys(Failure failure, const Target& target);

/// Whether a failure says that the endpoint is in trouble.
bool counts_for_breaker(FailureClass failure);

}  // namespace gumshoe::llm
