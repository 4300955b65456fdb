// Quarantines: who goes in and is told of, free looks at who is due, who comes out, be it with another key.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/scheduler.hpp"
#include "io/http_client.hpp"
#include "llm/call.hpp"
#include "llm/credentials.hpp"
#include "llm/plan.hpp"

namespace gumshoe::llm {

class Warden {
public:
    using Tell = std::function<void(std::string subject, std::string words)>;
    Warden(Memory& memory, Credentials& credentials, HttpClient& http, AttemptStore& store, Scheduler& scheduler, Clock& clock,
           Tell on_dead)
        : memory_(memory),
          credentials_(credentials),
          http_(http),
          store_(store),
          scheduler_(scheduler),
          clock_(clock),
          on_dead_(std::move(on_dead)) {}

    /// Stores the quarantines that a call ended and the one that it began, and tells people. An error: the store did not take it.
    task<void> settle(const Journey& journey, std::shared_ptr<Call> call);
    /// Those who are left alone and whose files hold another key by now are free: nobody has to restart us, nor wait for their time.
    task<void> renew(Journey& journey);
    /// A free look beside the request, so that nobody waits for it; none where one is under way. `jitter` in [0.8, 1.2].
    void look_at(std::shared_ptr<const Target> target, double jitter);

private:
    task<void> release(std::vector<std::string> scopes);
    task<void> record(std::shared_ptr<const Target> target, Failure failure, Quarantine entry, std::vector<std::string> hit);
    awaitable<void> probe(std::shared_ptr<const Target> target, std::string scope, double jitter);

    Memory& memory_;
    Credentials& credentials_;
    HttpClient& http_;
    AttemptStore& store_;
    Scheduler& scheduler_;
    Clock& clock_;
    Tell on_dead_;
};

}  // namespace gumshoe::llm
