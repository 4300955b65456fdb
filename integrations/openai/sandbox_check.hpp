// What the simulated API refuses in a chat completion request, in the words of the real one.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "base/json.hpp"
#include "io/http_message.hpp"

namespace gumshoe::openai {

/// {"error":{"message","type","param","code"}}; empty param and code are null.
HttpReply error_reply(int status, const std::string& message, const std::string& type, const std::string& param, const std::string& code);

/// The refusal, or nullopt when the request is as documented.
std::optional<HttpReply> check_request(const json& body);

}  // namespace gumshoe::openai
