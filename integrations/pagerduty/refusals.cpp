// Why PagerDuty refused, in words that say what to do. Its own codes tell more than the status where there is one.
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "integrations/pagerduty/codec.hpp"

namespace gumshoe::pagerduty {
namespace {

/// {"error":{"message","code","errors"}}; `errors` is a list or a text, and each part may be missing.
struct Said {
    std::int64_t code = 0;
    std::string words;
};

Said said_by(const HttpResponse& response) {
    Said said;
    const auto body = parse_json(response.body);
    const json* error = body ? find(*body, "error") : nullptr;
    if (error == nullptr) return said;
    said.code = get_int(*error, "code").value_or(0);
    said.words = error->is_string() ? one_line(error->get<std::string>(), 200) : one_line(string_or_empty(*error, "message"), 200);
    const json* errors = find(*error, "errors");
    std::string detail = one_line(string_or_empty(*error, "errors"), 200);
    if (errors != nullptr && errors->is_array() && !errors->empty() && errors->front().is_string()) {
        detail = one_line(errors->front().get<std::string>(), 200);
    }
    if (!detail.empty()) said.words += (said.words.empty() ? "" : ": ") + detail;
    return said;
}

std::optional<seconds> reset_of(const HttpResponse& response) {
    const json value = std::string(response.headers.find("ratelimit-reset").value_or(""));
    const auto reset = get_int(value, "");
    if (!reset || *reset < 0 || *reset > 3600) return std::nullopt;
    return seconds(*reset);
}

Refusal too_many(const HttpResponse& response, const std::string& name) {
    const auto reset = reset_of(response);
    std::string message = "PagerDuty asks to slow down (" + name + ")";
    if (reset) message += "; lifted in " + std::to_string(reset->count()) + " s";
    return {{errc::rate_limited, std::move(message)}, reset ? std::optional<milliseconds>(*reset + milliseconds(500)) : std::nullopt};
}

/// What its codes mean, in words that say what to do; the rest goes by the status.
std::optional<Error> by_code(const Said& said, const std::string& name) {
    switch (said.code) {
        case 1008:
            return Error{errc::invalid_argument, "PagerDuty knows no user with the address of pagerduty.from (" + name + ")"};
        case 2006:
            return Error{errc::unauthorized, "PagerDuty refuses the API token: it is wrong, revoked or of another region (" + name + ")"};
        case 2010:
            return Error{errc::forbidden, "the PagerDuty token may not access " + name + ": its user lacks the role, or it is read-only"};
        case 2014:
            return Error{errc::unsupported, name + ": not in this PagerDuty plan"};
        case 5001:
            return Error{errc::not_found, "PagerDuty has no such incident (" + name + ")"};
        default:
            return std::nullopt;
    }
}

Error by_status(int status, const Said& said, const std::string& name) {
    const std::string because = said.words.empty() ? "" : ": " + said.words;
    switch (status) {
        case 401:
            return {errc::unauthorized, "PagerDuty refuses the API token (" + name + ")" + because};
        case 402:
            return {errc::unsupported, name + ": not in this PagerDuty plan" + because};
        case 403:
            return {errc::forbidden, "the PagerDuty token may not access " + name + because};
        case 404:
            return {errc::not_found, "PagerDuty does not have " + name + because};
        case 400:
        case 413:
        case 422:
            return {errc::invalid_argument,
                    "PagerDuty refuses the question for " + name + " (HTTP " + std::to_string(status) + ")" + because};
        default:
            break;
    }
    const std::string answered = "PagerDuty answered " + name + " with HTTP " + std::to_string(status) + because;
    return {status == 408 || status >= 500 ? errc::unavailable : errc::bad_reply, answered};
}

}  // namespace

std::optional<Refusal> refusal(const HttpResponse& response, std::string_view what, bool optional_feature) {
    if (response.status / 100 == 2) return std::nullopt;
    const std::string name(what);
    const Said said = said_by(response);
    if (response.status == 429 || said.code == 2020) return too_many(response, name);
    const bool absent = response.status == 402 || response.status == 403 || response.status == 404;
    if (optional_feature && absent) {
        const std::string because = said.words.empty() ? "" : " (" + said.words + ")";
        return Refusal{{errc::unsupported, name + ": not in this PagerDuty plan, or the token may not see it" + because}, {}};
    }
    if (auto known = by_code(said, name)) return Refusal{std::move(*known), {}};
    Error error = by_status(response.status, said, name);
    const bool again = error.code == errc::unavailable;
    return Refusal{std::move(error), again ? std::optional<milliseconds>(500) : std::nullopt};
}

bool has_more(const json& body) {
    return get_bool(body, "more").value_or(false);
}

}  // namespace gumshoe::pagerduty
