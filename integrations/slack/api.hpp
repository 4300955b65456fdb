// Calls of the Slack Web API, and its errors in words that say what to do.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/secret.hpp"
#include "base/task.hpp"
#include "io/http_client.hpp"

namespace gumshoe::slack {

using Form = std::vector<std::pair<std::string, std::string>>;

/// Who the token is: read once, when first needed.
struct Identity {
    std::string url;  // "https://acme.slack.com/"
    std::string team;
    std::string user;
    std::string user_id;
    std::string bot_id;
    std::vector<std::string> scopes;  // empty when Slack did not say
};

class Api {
public:
    Api(HttpClient& http, Secret token, std::string url) : http_(http), token_(std::move(token)), url_(std::move(url)) {}

    HttpRequest json_request(std::string_view method, const json& body) const;
    HttpRequest form_request(std::string_view method, const Form& form) const;
    task<HttpResponse> send(HttpRequest request, Deadline deadline) { return http_.send(std::move(request), deadline); }

    /// A form-encoded call's body where `ok` is true. Errors carry what a person should do.
    task<json> call(std::string method, Form form, Deadline deadline);
    task<Identity> identity(Deadline deadline);

private:
    HttpClient& http_;
    Secret token_;
    std::string url_;
    std::optional<Identity> identity_;
};

/// The body of an answer whose `ok` is true, or what is wrong with it.
result<json> read_answer(const HttpResponse& response);
/// Retry-After of a 429; a default where it is missing.
milliseconds retry_after(const HttpResponse& response);
/// "the app is not in the channel: invite it with /invite"; the code itself when it has no better words.
std::string error_words(const json& answer);

/// "1733020800.123000". `ts` is an identifier, never a number: only Slack's own are sent back.
std::string to_ts(Timestamp t);
Timestamp from_ts(std::string_view ts);

}  // namespace gumshoe::slack
