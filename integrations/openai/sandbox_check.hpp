// What the simulated API refuses in a request, in the words of the real one.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "base/json.hpp"
#include "io/http_message.hpp"

namespace gumshoe::openai {

/// {"error":{"message","type","param","code"}}; empty type, param and code are null.
HttpReply error_reply(int status, const std::string& message, const std::string& type, const std::string& param, const std::string& code);

/// The refusal, or nullopt when the chat completion request is as documented.
std::optional<HttpReply> check_request(const json& body);
/// As check_request, of a request to /responses.
std::optional<HttpReply> check_response_request(const json& body);

/// Letters, digits, _ and -, at most 64 of them.
bool is_name(const std::string& name);

}  // namespace gumshoe::openai
