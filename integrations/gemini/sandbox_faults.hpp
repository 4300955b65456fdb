// How the simulated Gemini fails, by name: `llm.gemini.account` of a scenario, or a model called "fb-NAME".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "io/http_message.hpp"

namespace gumshoe::gemini {

/// The reply of a fault that replaces the answer; nullopt for "ok" and for faults inside an answer. Some words tell the caller's key.
std::optional<HttpReply> fault_reply(std::string_view fault, const std::string& key);
/// The reply when the model does not take what the request asks for; nullopt when it asks for nothing of the kind.
std::optional<HttpReply> refuse_parameter(const json& body, std::string_view model);
/// True for faults of the account: they hit GET /models too.
bool fault_of_account(std::string_view fault);
/// Every name; a fault in a stream has one too.
std::vector<std::string_view> fault_names();

}  // namespace gumshoe::gemini
