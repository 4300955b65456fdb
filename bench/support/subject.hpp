// What is measured, ready to be called: one target, one request of usual size, a journal that costs nothing.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "llm/attempt_store.hpp"
#include "llm/target.hpp"

namespace gumshoe::bench {

/// Takes every attempt and forgets it.
class NoJournal final : public AttemptStore {
public:
    task<void> intend(LlmAttempt attempt) override;
    task<void> outcome(LlmAttempt attempt) override;
    task<std::vector<LlmAttempt>> attempts(std::string run) override;
    task<double> spent_usd(Timestamp since, std::string team) override;
    task<std::vector<Quarantine>> quarantines() override;
    task<void> quarantine(Quarantine entry) override;
    task<void> release(std::string scope) override;
    task<std::vector<LearnedFact>> learned(Timestamp now) override;
    task<void> learn(LearnedFact fact, Timestamp now) override;
    task<void> forget(std::string place) override;
};

/// A target of the OpenAI dialect at that address.
std::shared_ptr<const llm::Target> target_at(std::string api_url, const llm::Dialect& dialect);

/// 3 KB of prompt, a schema for the answer.
llm::Request question();

}  // namespace gumshoe::bench
