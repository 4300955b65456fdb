// What the LLM layer counts: attempts as they are journaled, requests as they end. Stands between the router and its journal.
// Label values are names of the configuration and words of ours, never a vendor's text.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "admin/metrics.hpp"
#include "llm/attempt_store.hpp"
#include "llm/router.hpp"

namespace gumshoe {

class LlmMeter final : public AttemptStore {
public:
    /// A model that answers and is none of the configured `targets`' is "other". `store` outlives it.
    LlmMeter(AttemptStore& store, const llm::Targets& targets);

    /// A request ended, `left` before its deadline.
    void ended(const llm::Chain& chain, const std::variant<llm::Answer, llm::NoAnswer>& outcome, milliseconds left);
    std::vector<Sample> samples() const;

    void record(LlmAttempt attempt, Lost lost) override;
    task<std::vector<LlmAttempt>> attempts(std::string run) override { return store_.attempts(std::move(run)); }
    task<double> spent_usd(Timestamp since, std::string team) override { return store_.spent_usd(since, std::move(team)); }
    task<std::vector<Quarantine>> quarantines() override { return store_.quarantines(); }
    task<void> quarantine(Quarantine entry) override { return store_.quarantine(std::move(entry)); }
    task<void> release(std::string scope) override { return store_.release(std::move(scope)); }
    task<std::vector<LearnedFact>> learned(Timestamp now) override { return store_.learned(now); }
    task<void> learn(LearnedFact fact, Timestamp now) override { return store_.learn(std::move(fact), now); }
    task<void> forget(std::string place) override { return store_.forget(std::move(place)); }

private:
    void count(const LlmAttempt& attempt);
    void measure(const LlmAttempt& attempt);
    void add(const std::string& name, std::initializer_list<MetricLabel> labels, double value = 1);
    std::string answered_model(const LlmAttempt& attempt) const;

    AttemptStore& store_;
    std::set<std::string> models_;
    std::map<std::pair<std::string, std::string>, double> counters_;  // (name, labels)
    Histograms tokens_;
    Histograms duration_;
    Histograms first_token_;
};

/// `router`, with its requests counted as they end. `meter` and `clock` outlive it.
std::unique_ptr<llm::Router> make_metered_router(std::unique_ptr<llm::Router> router, LlmMeter& meter, Clock& clock);

}  // namespace gumshoe
