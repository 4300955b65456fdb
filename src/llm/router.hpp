// Takes one request through a chain until somebody answers or the deadline is used up. Decision procedure: docs/architecture.md, "Models".
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/scheduler.hpp"
#include "io/http_client.hpp"
#include "llm/attempt_store.hpp"
#include "llm/dialect.hpp"
#include "llm/target.hpp"

namespace gumshoe::llm {

/// What one call came to, for the footer and the finding's route.
struct Hop {
    std::string target;
    Failure failure;  // none when it answered
    milliseconds duration{};
    double cost_usd = 0;
};

struct Answer {
    Reply reply;
    std::string target;  // its name
    std::vector<Hop> hops;
    double cost_usd = 0;  // failed attempts included
    /// In words, "" when the first choice answered: "2nd choice; main: the OpenAI account is deactivated".
    std::string note;
};

/// Nobody answered.
struct NoAnswer {
    std::vector<Hop> hops;
    std::string note;
    double cost_usd = 0;
    /// What a caller can do something about: context_overflow (ask again with at most `window` tokens, prompt and answer together),
    /// caller_fault (mend the request), budget_exceeded. Else the last attempt's class, or that of the quarantine.
    FailureClass failure = FailureClass::none;
    std::optional<std::int64_t> window;  // context_overflow: the largest of the chain's
};

struct RouteContext {
    std::string run;
    std::string step;
    double budget_usd = 0;  // what is left for this run; 0: no limit
};

struct RouterOptions {
    int max_attempts = limits::llm_attempts;
    int max_attempts_per_target = limits::llm_attempts_per_target;
    double per_day_usd = 0;  // 0: no limit
    bool stream = true;      // ask upstream for streams: first-content and stall clocks need them
};

/// A journal that cannot be written takes no answer away: the router goes on, logs it, and says so in the note.
/// What it has learned of dead accounts then lasts as long as the process.
class Router {
public:
    virtual ~Router() = default;
    /// Accepts the reply, or says what is wrong with it (then the next target is asked).
    using Check = std::function<result<void>(const Reply&)>;
    virtual awaitable<std::variant<Answer, NoAnswer>> complete(Request request, Chain chain, RouteContext context, Deadline deadline,
                                                               Check check) = 0;
    /// Reads what was learned before the restart.
    virtual task<void> recover() = 0;
    virtual std::vector<Quarantine> quarantines() const = 0;
    virtual task<void> release(std::string scope) = 0;
};

/// `on_dead`: told once per scope and six hours, in plain words, with what to do.
std::unique_ptr<Router> make_router(HttpClient& http, AttemptStore& store, Scheduler& scheduler, Clock& clock, RouterOptions options,
                                    std::function<void(std::string subject, std::string words)> on_dead);

}  // namespace gumshoe::llm
