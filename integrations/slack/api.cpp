// The Slack Web API's calls: almost every failure is HTTP 200 with "ok": false.
#include "integrations/slack/api.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>

#include "base/text.hpp"

namespace gumshoe::slack {
namespace {

constexpr auto default_retry_after = seconds(30);
constexpr auto longest_retry_after = seconds(3600);

struct Words {
    std::string_view code;
    errc kind;
    std::string_view text;
};

constexpr std::array words{
    Words{"invalid_auth", errc::unauthorized, "Slack does not know the bot token: put the app's current one into slack.bot_token"},
    Words{"not_authed", errc::unauthorized, "no bot token was sent: set slack.bot_token"},
    Words{"account_inactive", errc::unauthorized, "the bot's account is deactivated: reinstall the app and set the new slack.bot_token"},
    Words{"token_revoked", errc::unauthorized, "the bot token was revoked: reinstall the app and set the new slack.bot_token"},
    Words{"token_expired", errc::unauthorized, "the bot token expired: turn token rotation off in the app and set the new slack.bot_token"},
    Words{"not_allowed_token_type", errc::forbidden, "the token is of the wrong kind: slack.bot_token must be a bot token (xoxb-...)"},
    Words{"missing_scope", errc::forbidden, "the app lacks a scope"},
    Words{"no_permission", errc::forbidden, "the workspace does not allow the app to do this: ask a workspace admin"},
    Words{"access_denied", errc::forbidden, "the workspace does not allow the app to do this: ask a workspace admin"},
    Words{"org_login_required", errc::forbidden, "the workspace is being moved into an organisation: reinstall the app there"},
    Words{"team_access_not_granted", errc::forbidden, "the app is not installed in this workspace: install it"},
    Words{"channel_not_found", errc::not_found,
          "the channel does not exist or is private and the app is not in it: check its id and /invite the app"},
    Words{"not_in_channel", errc::forbidden, "the app is not in the channel: /invite it there"},
    Words{"is_archived", errc::conflict, "the channel is archived: configure another one"},
    Words{"restricted_action", errc::forbidden, "the workspace does not let the app post there: ask a workspace admin"},
    Words{"restricted_action_read_only_channel", errc::forbidden,
          "the channel is read-only: let the app post there or configure another one"},
    Words{"restricted_action_thread_only_channel", errc::forbidden, "the channel takes threads only: configure another one"},
    Words{"restricted_action_non_threadable_channel", errc::forbidden, "the channel takes no threads: configure another one"},
    Words{"message_limit_exceeded", errc::forbidden, "the workspace has reached its message limit: ask a workspace admin"},
    Words{"ratelimited", errc::rate_limited, "Slack asks us to wait"},
    Words{"rate_limited", errc::rate_limited, "Slack asks us to wait"},
    Words{"fatal_error", errc::unavailable, "Slack had an internal error"},
    Words{"internal_error", errc::unavailable, "Slack had an internal error"},
    Words{"service_unavailable", errc::unavailable, "Slack is not available"},
    Words{"request_timeout", errc::unavailable, "Slack did not get the whole request"},
    Words{"team_added_to_org", errc::unavailable, "the workspace is being moved into an organisation"},
    Words{"message_not_found", errc::not_found, "the message is not there any more"},
    Words{"thread_not_found", errc::not_found, "the thread is not there any more"},
};

const Words* words_of(std::string_view code) {
    const auto found = std::ranges::find(words, code, &Words::code);
    return found == words.end() ? nullptr : &*found;
}

/// A code is Slack's, and shown to people: only what can be one.
std::string clean_code(std::string_view code) {
    std::string out;
    for (const char c : code)
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_') out += c;
    return out.substr(0, 60);
}

}  // namespace

HttpRequest Api::json_request(std::string_view method, const json& body) const {
    HttpRequest request;
    request.method = "POST";
    request.url = url_ + "/" + std::string(method);
    request.headers.add("Authorization", "Bearer " + std::string(token_.reveal()));
    request.headers.add("Content-Type", "application/json; charset=utf-8");
    request.body = dump_json(body);
    return request;
}

HttpRequest Api::form_request(std::string_view method, const Form& form) const {
    HttpRequest request;
    request.method = "POST";
    request.url = url_ + "/" + std::string(method);
    request.headers.add("Authorization", "Bearer " + std::string(token_.reveal()));
    request.headers.add("Content-Type", "application/x-www-form-urlencoded");
    for (const auto& [key, value] : form) request.body += (request.body.empty() ? "" : "&") + url_encode(key) + "=" + url_encode(value);
    return request;
}

task<json> Api::call(std::string method, Form form, Deadline deadline) {
    HttpRequest request = form_request(method, form);
    auto response = co_await http_.send(std::move(request), deadline);
    if (!response) co_return in_context("slack " + method, response.error());
    auto answer = read_answer(*response);
    if (!answer) co_return in_context("slack " + method, answer.error());
    co_return std::move(*answer);
}

task<Identity> Api::identity(Deadline deadline) {
    if (identity_) co_return *identity_;
    Form none;
    HttpRequest request = form_request("auth.test", none);
    auto response = co_await http_.send(std::move(request), deadline);
    if (!response) co_return in_context("slack auth.test", response.error());
    const auto answer = read_answer(*response);
    if (!answer) co_return in_context("slack auth.test", answer.error());
    Identity who{string_or_empty(*answer, "url"),     string_or_empty(*answer, "team"),   string_or_empty(*answer, "user"),
                 string_or_empty(*answer, "user_id"), string_or_empty(*answer, "bot_id"), {}};
    if (const auto scopes = response->headers.find("X-OAuth-Scopes"))
        for (const auto& scope : split(*scopes, ',')) who.scopes.emplace_back(trim(scope));
    if (who.user_id.empty()) co_return Error{errc::bad_reply, "slack auth.test: the answer names no user"};
    identity_ = who;
    co_return who;
}

result<json> read_answer(const HttpResponse& response) {
    if (response.status == 429) return Error{errc::rate_limited, "Slack asks us to wait " + format_duration(retry_after(response))};
    auto body = parse_json(response.body);
    if (response.status >= 500) return Error{errc::unavailable, "HTTP " + std::to_string(response.status)};
    if (!body || !body->is_object() || !get_bool(*body, "ok")) {
        if (response.status / 100 == 2) return Error{errc::bad_reply, "the answer is not Slack's JSON"};
        return Error{errc::bad_reply, "HTTP " + std::to_string(response.status) + ", is api_url right?"};
    }
    if (*get_bool(*body, "ok")) return std::move(*body);
    const Words* known = words_of(string_or_empty(*body, "error"));
    return Error{known ? known->kind : errc::bad_reply, error_words(*body)};
}

milliseconds retry_after(const HttpResponse& response) {
    const auto field = response.headers.find("Retry-After");
    if (!field) return default_retry_after;
    long long n = 0;
    const auto text = trim(*field);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
    if (error != std::errc() || end != text.data() + text.size() || n < 0) return default_retry_after;
    return std::clamp<milliseconds>(seconds(std::min<long long>(n, 86400)), seconds(1), longest_retry_after);
}

std::string error_words(const json& answer) {
    const std::string code = clean_code(string_or_empty(answer, "error"));
    std::string out = code.empty() ? "Slack gave no reason" : code;
    if (const Words* known = words_of(code)) out = std::string(known->text) + " (" + code + ")";
    if (const std::string needed = string_or_empty(answer, "needed"); code == "missing_scope" && !needed.empty())
        out += ": add " + truncate(strip_invisible(needed), 100) + " under OAuth & Permissions and reinstall the app";
    if (const json* messages = find(answer, "response_metadata.messages"); messages && messages->is_array())
        for (std::size_t i = 0; i < messages->size() && i < 3; ++i)
            if ((*messages)[i].is_string()) out += "; " + truncate(strip_invisible((*messages)[i].get<std::string>()), 200);
    return out;
}

std::string to_ts(Timestamp t) {
    const std::int64_t ms = to_millis(t);
    std::string fraction = std::to_string(ms % 1000);
    fraction.insert(0, 3 - std::min<std::size_t>(3, fraction.size()), '0');
    return std::to_string(ms / 1000) + "." + fraction + "000";
}

Timestamp from_ts(std::string_view ts) {
    constexpr std::int64_t latest = 253'402'300'799;  // the end of the year 9999
    std::int64_t whole = 0;
    const auto [end, error] = std::from_chars(ts.data(), ts.data() + ts.size(), whole);
    if (error != std::errc() || whole < 0 || whole > latest) return {};
    std::int64_t ms = 0;
    std::string fraction(ts.substr(static_cast<std::size_t>(end - ts.data())));
    if (fraction.size() >= 4 && fraction[0] == '.') std::from_chars(fraction.data() + 1, fraction.data() + 4, ms);
    return from_millis(whole * 1000 + ms);
}

}  // namespace gumshoe::slack
