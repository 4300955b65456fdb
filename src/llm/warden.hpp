// Quarantines: who goes in and is told of, free looks at who is due, who comes out.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/scheduler.hpp"
#include "io/http_client.hpp"
#include "llm/plan.hpp"

namespace gumshoe::llm {

class Warden {
public:
    using Tell = std::function<void(std::string subject, std::string words)>;
    Warden(Memory& memory, HttpClient& http, AttemptStore& store, Scheduler& scheduler, Clock& clock, Tell on_dead)
        : memory_(memory), http_(http), store_(store), scheduler_(scheduler), clock_(clock), on_dead_(std::move(on_dead)) {}

    /// Quarantines that an answer ended. An error: the store did not take it.
    task<void> release(std::vector<std::string> scopes);
    /// Stores a quarantine and tells people. `hit`: names of the request's targets that share what broke.
    task<void> record(std::shared_ptr<const Target> target, Failure failure, Quarantine entry, std::vector<std::string> hit);
    /// A free look beside the request, so that nobody waits for it; none where one is under way. `jitter` in [0.8, 1.2].
    void look_at(std::shared_ptr<const Target> target, double jitter);

private:
    awaitable<void> probe(std::shared_ptr<const Target> target, std::string scope, double jitter);

    Memory& memory_;
    HttpClient& http_;
    AttemptStore& store_;
    Scheduler& scheduler_;
    Clock& clock_;
    Tell on_dead_;
};

}  // namespace gumshoe::llm
