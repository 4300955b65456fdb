// The body of POST /v1/chat/completions as the neutral request. What has no place there is refused by name, never dropped.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "gateway/api_error.hpp"
#include "llm/request.hpp"

namespace gumshoe::gateway {

struct CompletionRequest {
    llm::Request request;
    std::string model;  // a chain or a target
    bool stream = false;
    bool include_usage = false;  // of a stream
    bool one_call = false;       // parallel_tool_calls: false
    bool strict_answer = false;  // the answer is held to request.schema
};

std::variant<CompletionRequest, ApiError> read_completion(std::string_view body);

}  // namespace gumshoe::gateway
