// Names of the failure classes.
#include "llm/failure.hpp"

#include <array>
#include <utility>

namespace gumshoe {
namespace {

using enum FailureClass;

constexpr std::array<std::pair<FailureClass, std::string_view>, 24> names{{
    {none, "none"},
    {rate_limit, "rate_limit"},
    {overloaded, "overloaded"},
    {server_error, "server_error"},
    {network, "network"},
    {timeout, "timeout"},
    {truncated_stream, "truncated_stream"},
    {bad_body, "bad_body"},
    {account_dead, "account_dead"},
    {auth_bad, "auth_bad"},
    {forbidden, "forbidden"},
    {model_gone, "model_gone"},
    {context_overflow, "context_overflow"},
    {output_truncated, "output_truncated"},
    {content_filter, "content_filter"},
    {refusal, "refusal"},
    {unsupported_param, "unsupported_param"},
    {schema_invalid, "schema_invalid"},
    {empty, "empty"},
    {too_large, "too_large"},
    {bad_request_unknown, "bad_request_unknown"},
    {caller_fault, "caller_fault"},
    {budget_exceeded, "budget_exceeded"},
    {cancelled, "cancelled"},
}};

}  // namespace

std::string_view to_string(FailureClass failure) {
    for (const auto& [value, name] : names) {
        if (value == failure) return name;
    }
    return "unknown";
}

std::optional<FailureClass> failure_class(std::string_view name) {
    for (const auto& [value, known] : names) {
        if (known == name) return value;
    }
    return std::nullopt;
}

}  // namespace gumshoe
