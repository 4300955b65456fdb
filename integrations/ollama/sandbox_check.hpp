// What the simulated server refuses in a chat request. The real one passes over fields it does not know; this one refuses them, in the
// words of its reader of JSON: a field that nobody reads is a mistake of ours.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "base/json.hpp"
#include "io/http_message.hpp"

namespace gumshoe::ollama {

/// {"error": "..."}.
HttpReply error_reply(int status, const std::string& message);

/// The refusal, or nullopt when the request is in order.
std::optional<HttpReply> check_request(const json& body);

}  // namespace gumshoe::ollama
