// How the simulated Anthropic fails, by name: `llm.anthropic.account` of a scenario, or a model called "fb-NAME".
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "io/http_message.hpp"

namespace gumshoe::anthropic {

/// The reply of a fault that replaces the answer; nullopt for "ok" and for faults inside an answer.
std::optional<HttpReply> fault_reply(std::string_view fault);
/// True for faults of the account: they hit GET /models too.
bool fault_of_account(std::string_view fault);
std::vector<std::string_view> fault_names();

}  // namespace gumshoe::anthropic
