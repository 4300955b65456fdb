// The client: one call with its credentials, one redirect and one wait.
#include "integrations/github/client.hpp"

#include <nlohmann/json.hpp>

#include "integrations/github/codec.hpp"

namespace gumshoe::github {
namespace {

// A wait is worth it only when it leaves the call itself some time.
constexpr milliseconds least_for_a_call{500};

result<Answer> read(HttpResponse response, const std::string& what, std::string_view api_url) {
    Answer answer;
    answer.next = next_page(response, api_url).value_or("");
    answer.remaining = std::string(response.headers.find("x-ratelimit-remaining").value_or(""));
    auto body = empty_repository(response) ? result<json>(json::array()) : parse_json(response.body);
    if (!body) return Error{errc::bad_reply, "GitHub answered " + what + " with something that is not JSON"};
    answer.body = std::make_shared<const json>(std::move(*body));
    answer.bytes = std::move(response.body);
    return answer;
}

}  // namespace

Client::Client(HttpClient& http, Clock& clock, Credentials& credentials, std::string api_url)
    : http_(http), clock_(clock), credentials_(credentials), api_url_(std::move(api_url)) {}

task<HttpResponse> Client::send(HttpRequest request, Deadline deadline) {
    auto token = co_await credentials_.token(deadline);
    if (!token) co_return token.error();
    auto authorised = request;
    authorised.headers.add("Authorization", "Bearer " + std::string(token->reveal()));
    auto response = co_await http_.send(authorised, deadline);
    if (!response) co_return in_context("GitHub", response.error());
    // A renamed repository answers 301 with its new address.
    const auto moved = redirect_target(*response, api_url_);
    if (!moved) co_return response;
    auto again = at_url(std::move(authorised), *moved);
    co_return co_await http_.send(std::move(again), deadline);
}

task<Answer> Client::call(HttpRequest request, std::string what, Deadline deadline) {
    auto response = co_await send(request, deadline);
    if (!response) co_return response.error();
    auto refused = empty_repository(*response) ? std::nullopt : refusal(*response, what, clock_.now());
    if (refused && refused->wait && *refused->wait + least_for_a_call < deadline.remaining(clock_)) {
        const auto until = clock_.monotonic() + *refused->wait;
        co_await clock_.sleep_until(until);
        response = co_await send(request, deadline);
        if (!response) co_return response.error();
        refused = empty_repository(*response) ? std::nullopt : refusal(*response, what, clock_.now());
    }
    if (refused) co_return refused->error;
    co_return read(std::move(*response), what, api_url_);
}

}  // namespace gumshoe::github
