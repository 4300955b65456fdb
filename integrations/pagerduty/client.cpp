// The client: one call, one wait.
#include "integrations/pagerduty/client.hpp"

#include <nlohmann/json.hpp>

namespace gumshoe::pagerduty {
namespace {

// A wait is worth it only when it leaves the call itself some time.
constexpr milliseconds least_for_a_call{1000};

}  // namespace

task<Answer> Client::call(HttpRequest request, std::string what, bool optional_feature, Deadline deadline) {
    auto response = co_await http_.send(request, deadline);
    if (!response) co_return in_context("PagerDuty", response.error());
    auto refused = refusal(*response, what, optional_feature);
    // A write that failed there may have been done: who wrote looks first. One that was refused for its rate was not.
    const bool repeatable = refused && (request.method == "GET" || refused->error.code == errc::rate_limited);
    if (repeatable && refused->wait && *refused->wait + least_for_a_call < deadline.remaining(clock_)) {
        const auto until = clock_.monotonic() + *refused->wait;
        co_await clock_.sleep_until(until);
        response = co_await http_.send(request, deadline);
        if (!response) co_return in_context("PagerDuty", response.error());
        refused = refusal(*response, what, optional_feature);
    }
    if (refused) co_return refused->error;
    auto body = parse_json(response->body);
    if (!body) co_return Error{errc::bad_reply, "PagerDuty answered " + what + " with something that is not JSON"};
    Answer answer;
    answer.body = std::make_shared<const json>(std::move(*body));
    answer.bytes = std::move(response->body);
    co_return answer;
}

}  // namespace gumshoe::pagerduty
