// What has been learned about targets, across requests: who is quarantined, what models need (both kept over restarts), rate gates,
// breakers, throttles, latencies. No clock and no I/O: times are given, the router stores.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "llm/attempt_store.hpp"
#include "llm/breaker.hpp"
#include "llm/latency.hpp"
#include "llm/target.hpp"
#include "llm/throttle.hpp"

namespace gumshoe::llm {

/// Scopes of quarantine. Targets with one account die together; a provider is part of it, so equal names of two vendors do not.
std::string account_scope(const Target& target);  // "account:openai/1f2e3d4c"
std::string key_scope(const Target& target);      // "key:1f2e3d4c"
std::string model_scope(const Target& target);    // "model:openai/1f2e3d4c/gpt-5.1"

/// The scope that a failure says is broken; "" for the failures of a moment or of a request.
std::string broken_scope(const Target& target, FailureClass failure);

/// What is known of a model at an endpoint under an account.
struct Place {
    Breaker breaker;
    Throttle throttle;
    Latency latency;
    Monotonic gate{};                          // its rate limit opens then
    std::map<std::string, LearnedFact> facts;  // by name
};

class Memory {
public:
    /// A quarantine over the target, as a request sees it.
    struct Block {
        Quarantine entry;
        enum class Turn { closed, probe, trial } turn = Turn::closed;  // closed: leave it alone; else it is due for one of them
    };
    std::optional<Block> blocked(const Target& target, Timestamp now) const;
    /// A new quarantine or a longer one, to be stored. Strikes count only when a probe or trial failed, not for calls under way.
    Quarantine strike(const Target& target, const Failure& failure, Timestamp now, double jitter);
    /// One probe or trial at a time: nobody else gets it until `lease`.
    void take_turn(const std::string& scope, Timestamp lease);
    /// The free probe was well: the next request makes the one real trial.
    void probe_passed(const std::string& scope, Timestamp now);
    void turn_over(const std::string& scope);  // it came to nothing (cancelled)
    /// A probe that said nothing about the quarantine: the next one after `until`.
    void postpone(const std::string& scope, Timestamp until);
    /// The target answered: its quarantines end. Returns their scopes, to be released in the store.
    std::vector<std::string> absolve(const Target& target);
    void restore(Quarantine entry);
    bool release(const std::string& scope);
    std::vector<Quarantine> quarantines() const;
    /// True once per scope and six hours.
    bool tell(const std::string& scope, Timestamp now);

    Place& at(const Target& target);  // stays where it is
    const Place& look_at(const Target& target) const;
    /// Not before `until`; a gate never opens earlier than it was said before.
    void gate(const Target& target, Monotonic until);
    /// Breaker, gate, throttle and facts as on the first day. Returns the place, whose facts are to go from the store.
    std::string reset(const Target& target);

    /// The target's window or what its vendor said it is, whichever is smaller.
    std::int64_t window(const Target& target, Timestamp now) const;
    /// Repairs that this model needs.
    std::set<std::string> repairs(const Target& target, Timestamp now) const;
    /// What is new is to be stored; nullopt where nothing is.
    std::optional<LearnedFact> learn_window(const Target& target, std::int64_t tokens, Timestamp now);
    std::optional<LearnedFact> learn_repair(const Target& target, const std::string& repair, Timestamp now);
    void restore(LearnedFact fact);

    /// A breaker that is open is called all the same when nobody else may be: once a second.
    Monotonic next_forced_call() const { return next_forced_call_; }
    void forced_call(Monotonic now);

private:
    struct Entry {
        Quarantine quarantine;
        std::optional<Timestamp> lease;
        bool probed = false;
    };
    std::map<std::string, Entry> quarantines_;
    std::map<std::string, Timestamp> told_;
    std::map<std::string, Place> places_;
    Monotonic next_forced_call_{};
};

}  // namespace gumshoe::llm
