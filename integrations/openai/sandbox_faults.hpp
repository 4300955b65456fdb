// How the simulated OpenAI and Azure OpenAI fail, by name: `llm.openai.account` of a scenario, or a model called "fb-NAME".
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "io/http_message.hpp"

namespace gumshoe::openai {

enum class Words { of_openai, of_azure };

/// The reply of a fault that replaces the answer; nullopt for "ok" and for faults inside an answer.
std::optional<HttpReply> fault_reply(std::string_view fault, Words words = Words::of_openai);
/// As fault_reply, but a parameter that is refused must be in the request: without it all is well.
std::optional<HttpReply> fault_of_request(std::string_view fault, const json& body, Words words = Words::of_openai);
/// True for faults of the account: they hit GET /models too.
bool fault_of_account(std::string_view fault);
/// Every name; a fault in a stream has one too.
std::vector<std::string_view> fault_names();

}  // namespace gumshoe::openai
