// What the endpoint refuses or cannot do, in OpenAI's shape, so that its clients raise the error they know.
#pragma once

#include <string>

#include "io/http_message.hpp"
#include "llm/router.hpp"

namespace gumshoe::gateway {

struct ApiError {
    int status = 400;
    std::string message = {};
    std::string param = {};  // the field of the request; "" for none
    std::string code = {};   // "" for none
    std::string type = "invalid_request_error";
    bool again = false;  // the same call may be worth another try; official clients then repeat it by themselves
};

/// {"error": {"message", "type", "param", "code"}}
std::string error_body(const ApiError& error);
HttpReply error_reply(const ApiError& error);

/// What a caller is told when nobody answered.
ApiError error_of(const llm::NoAnswer& end);

}  // namespace gumshoe::gateway
