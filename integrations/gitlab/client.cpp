// The client: one call with its token, one redirect and one wait.
#include "integrations/gitlab/client.hpp"

#include <nlohmann/json.hpp>

#include "integrations/gitlab/codec.hpp"

namespace gumshoe::gitlab {
namespace {

// A wait is worth it only when it leaves the call itself some time.
constexpr milliseconds least_for_a_call{500};

result<Answer> read(HttpResponse response, const std::string& what) {
    Answer answer;
    answer.next = next_page(response);
    answer.remaining = std::string(response.headers.find("ratelimit-remaining").value_or(""));
    auto body = parse_json(response.body);
    if (!body) return Error{errc::bad_reply, "GitLab answered " + what + " with something that is not JSON"};
    answer.body = std::make_shared<const json>(std::move(*body));
    answer.bytes = std::move(response.body);
    return answer;
}

}  // namespace

Client::Client(HttpClient& http, Clock& clock, Secret token, std::string api_url)
    : http_(http), clock_(clock), token_(std::move(token)), api_url_(std::move(api_url)) {}

task<HttpResponse> Client::send(HttpRequest request, Deadline deadline) {
    auto authorised = std::move(request);
    authorised.headers.add("PRIVATE-TOKEN", std::string(token_.reveal()));
    auto response = co_await http_.send(authorised, deadline);
    if (!response) co_return in_context("GitLab", response.error());
    // A project that was renamed or moved answers with its new address.
    const auto moved = redirect_target(*response, api_url_);
    if (!moved) co_return response;
    authorised.url = *moved;
    co_return co_await http_.send(std::move(authorised), deadline);
}

task<Answer> Client::call(HttpRequest request, std::string what, Deadline deadline) {
    auto response = co_await send(request, deadline);
    if (!response) co_return response.error();
    auto refused = refusal(*response, what, clock_.now());
    if (refused && refused->wait && *refused->wait + least_for_a_call < deadline.remaining(clock_)) {
        const auto until = clock_.monotonic() + *refused->wait;
        co_await clock_.sleep_until(until);
        response = co_await send(std::move(request), deadline);
        if (!response) co_return response.error();
        refused = refusal(*response, what, clock_.now());
    }
    if (refused) co_return refused->error;
    co_return read(std::move(*response), what);
}

}  // namespace gumshoe::gitlab
