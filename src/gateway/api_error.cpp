// Errors of the endpoint, and which of them a chain without an answer is.
#include "gateway/api_error.hpp"

#include <nlohmann/json.hpp>

#include "base/json.hpp"

namespace gumshoe::gateway {
namespace {

json text_or_null(const std::string& text) {
    return text.empty() ? json() : json(text);
}

}  // namespace

std::string error_body(const ApiError& error) {
    return dump_json(
        {{"error",
          {{"message", error.message}, {"type", error.type}, {"param", text_or_null(error.param)}, {"code", text_or_null(error.code)}}}});
}

HttpReply error_reply(const ApiError& error) {
    HttpReply reply = json_reply(error.status, error_body(error));
    // The chain tried what there was to try: a client that repeats the call by itself would only pile up.
    reply.headers.add("x-should-retry", error.again ? "true" : "false");
    return reply;
}

ApiError error_of(const llm::NoAnswer& end) {
    using enum FailureClass;
    switch (end.failure) {
        case budget_exceeded:
            return {.status = 429, .message = end.note, .code = "insufficient_quota", .type = "insufficient_quota"};
        case context_overflow:
            return {.message = end.note, .param = "messages", .code = "context_length_exceeded"};
        case output_truncated:
            return {.message = end.note, .param = "max_completion_tokens", .code = "output_truncated"};
        case content_filter:
            return {.message = end.note, .code = "content_filter"};
        case refusal:
            return {.message = end.note, .code = "refusal"};
        case caller_fault:
            return {.message = end.note, .code = "refused_by_providers"};
        case too_large:
            return {.status = 413, .message = end.note, .code = "request_too_large"};
        case cancelled:
            return {.status = 503, .message = end.note, .code = "stopping", .type = "server_error", .again = true};
        default:
            return {.status = 503, .message = end.note, .code = "no_model_answered", .type = "server_error"};
    }
}

}  // namespace gumshoe::gateway
