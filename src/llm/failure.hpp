// Why an attempt at a model failed, and what that says is broken (research: table B).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace gumshoe {

enum class FailureClass {
    none,
    rate_limit,
    overloaded,
    server_error,
    network,           // DNS, connect, reset, TLS
    timeout,           // connect, first content, stall, total
    truncated_stream,  // ended without the terminal event
    bad_body,          // HTML, broken JSON, an error inside a 200
    account_dead,      // deactivated, quota, billing, spend cap
    auth_bad,          // key is wrong, expired, revoked
    forbidden,         // permission, region, organisation
    model_gone,        // no such model or deployment
    context_overflow,
    output_truncated,
    content_filter,
    refusal,
    unsupported_param,
    schema_invalid,  // the answer is not of the schema asked for
    empty,
    too_large,
    bad_request_unknown,
    caller_fault,  // two vendors refused the same request: ours to mend
    budget_exceeded,
    cancelled
};
std::string_view to_string(FailureClass failure);
/// The class of that name; nullopt for any other word.
std::optional<FailureClass> failure_class(std::string_view name);

struct Failure {
    FailureClass failure = FailureClass::none;
    std::string reason = {};  // in words for people: "the OpenAI account is deactivated"
    int status = 0;           // HTTP, 0 when there was none
    std::string code = {};    // the vendor's own
    std::string param = {};   // unsupported_param: the field the vendor named
    std::string request_id = {};
    std::optional<milliseconds> retry_after = {};
    std::optional<Timestamp> until = {};             // the vendor said when it ends
    std::optional<std::int64_t> window = {};         // learned context window in tokens
    std::optional<std::int64_t> prompt_tokens = {};  // context_overflow: how long the vendor found the prompt
};

}  // namespace gumshoe
