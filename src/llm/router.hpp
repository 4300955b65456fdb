// Takes one request through a chain until somebody answers or the deadline is used up. Decision procedure: docs/architecture.md, "Models".
#pragma once

#include <cstdint>
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
    /// The best of the replies that came through whole and failed only the schema or the caller's check; to be shown with a label.
    struct Rejected {
        Reply reply;
        std::string target;
        Failure failure;
    };
    std::optional<Rejected> best_rejected;
};

struct RouteContext {
    std::string run;
    std::string step;
    double budget_usd = 0;        // what is left for this run; 0: no limit
    std::string team = {};        // whose money it is; "": nobody's in particular
    double team_per_day_usd = 0;  // 0: no limit
};

struct RouterOptions {
    int max_attempts = limits::llm_attempts;
    int max_attempts_per_target = limits::llm_attempts_per_target;
    double per_day_usd = 0;                              // 0: no limit
    bool stream = true;                                  // ask upstream for streams: first-content and stall clocks need them
    bool hedge = false;                                  // ask a second vendor beside a first that is silent for longer than it usually is
    std::optional<std::uint32_t> seed = {};              // of every draw; absent: by chance
    std::function<void(const Secret&)> on_new_key = {};  // a key's file held another one: keep it out of what is written
};

/// Where a request would go, one an entry of its chain, in the order of asking.
struct Prospect {
    std::string target;
    std::string model;
    std::string key_fingerprint;
    bool viable = false;  // it would be asked
    std::string skip;     // why not: "quarantine", "breaker", ...; "" when viable
    std::string reason;   // the same in words
    double most_usd = 0;  // upper bound of what the call can cost
};

/// What is known of a target now.
struct TargetState {
    struct Spans {
        milliseconds p50{};
        milliseconds p95{};
    };
    std::string target;
    std::string provider;
    std::string model;
    std::string account;
    std::string key_fingerprint;
    std::string breaker;              // closed, open, half-open, ramp
    milliseconds breaker_opens_in{};  // until a call is let through; zero when one is now
    int trips = 0;                    // in a row within an hour
    int calls = 0;                    // of the last minute
    int failures = 0;
    int slow = 0;
    std::optional<Quarantine> quarantine;
    milliseconds gate{};            // its rate limit opens in; zero: open
    std::optional<int> most_calls;  // at a time, after it asked for fewer
    int in_flight = 0;
    std::int64_t window = 0;  // tokens, as configured or as learned
    std::vector<std::string> repairs;
    int samples = 0;                     // answers that the spans are of
    std::optional<Spans> first_content;  // streamed answers
    std::optional<Spans> total;
    int drills = 0;  // calls that are still to fail as told
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

    /// Where the request would go now. Calls nobody and changes nothing.
    virtual awaitable<std::vector<Prospect>> dry_run(Request request, Chain chain, RouteContext context) = 0;
    /// A fire drill: the next `times` calls to the target of that name fail with the class without being sent; 0 ends it. The request
    /// takes them as real, health and quarantines do not.
    virtual void drill(std::string target, FailureClass failure, int times) = 0;
    virtual std::vector<TargetState> snapshot(const Targets& targets) const = 0;
    /// How many second tries of one target may be made at once now, over all requests.
    virtual double retry_tokens() const = 0;
    /// Closes the target's breaker, opens its gate and forgets what was learned of it; a quarantine stays (see release).
    virtual task<void> reset(std::shared_ptr<const Target> target) = 0;
};

/// `on_dead`: told once per scope and six hours, in plain words, with what to do.
std::unique_ptr<Router> make_router(HttpClient& http, AttemptStore& store, Scheduler& scheduler, Clock& clock, RouterOptions options,
                                    std::function<void(std::string subject, std::string words)> on_dead);

}  // namespace gumshoe::llm
