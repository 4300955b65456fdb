// One call to one model: what is sent, how long it may be silent, and what came back.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <variant>

#include "llm/plan.hpp"
#include "llm/router.hpp"

namespace gumshoe::llm {

/// What this slot is asked: always made from the original request, so that nothing of an earlier hop is in it.
Request request_for(const Journey& journey, const Slot& slot);

/// As the vendor wants it, with what this model was seen to refuse mended.
HttpRequest wire_request(const Request& request, const Target& target, bool stream, const std::set<std::string>& repairs, Timestamp now);

/// How long a stream may be silent within `span`, by what the model usually takes.
StreamClocks stream_clocks(const Request& request, const Target& target, const Latency& latency, milliseconds span);

/// Whether the model is to think before it answers: then it is silent for longer.
bool reasons(const Request& request);

struct CallLimits {
    Deadline deadline;
    StreamClocks clocks;
    bool stream = true;
};
/// What has come so far.
struct Progress {
    std::optional<Monotonic> first_content;  // streams only
    std::size_t bytes = 0;
};
/// `progress` outlives the call.
awaitable<std::variant<Reply, Failure>> exchange(HttpClient& http, const Clock& clock, std::shared_ptr<const Target> target,
                                                 HttpRequest request, CallLimits within, Progress& progress);

/// What is wrong with the outcome, in the caller's eyes too; class none when it answers the request.
Failure assess(const std::variant<Reply, Failure>& outcome, const Request& request, const Router::Check& check);

}  // namespace gumshoe::llm
