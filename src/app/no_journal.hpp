// A journal of attempts that keeps nothing: for calls that are nobody's investigation.
#pragma once

#include "llm/attempt_store.hpp"

namespace gumshoe {

class NoJournal final : public AttemptStore {
public:
    void record(LlmAttempt, Lost) override {}
    task<std::vector<LlmAttempt>> attempts(std::string) override { co_return std::vector<LlmAttempt>(); }
    task<double> spent_usd(Timestamp, std::string) override { co_return 0.0; }
    task<std::vector<Quarantine>> quarantines() override { co_return std::vector<Quarantine>(); }
    task<void> quarantine(Quarantine) override { co_return result<void>(); }
    task<void> release(std::string) override { co_return result<void>(); }
    task<std::vector<LearnedFact>> learned(Timestamp) override { co_return std::vector<LearnedFact>(); }
    task<void> learn(LearnedFact, Timestamp) override { co_return result<void>(); }
    task<void> forget(std::string) override { co_return result<void>(); }
};

}  // namespace gumshoe
