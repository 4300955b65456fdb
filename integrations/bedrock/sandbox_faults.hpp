// How the simulated Bedrock fails, by name: `llm.bedrock.account` of a scenario, or a model called "fb-NAME".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/http_message.hpp"

namespace gumshoe::bedrock {

/// {"message"}, with the type in x-amzn-errortype.
HttpReply error_reply(int status, const std::string& type, const std::string& message);

/// The reply of a fault that replaces the answer; nullopt for "ok" and for faults inside an answer.
std::optional<HttpReply> fault_reply(std::string_view fault);
std::vector<std::string_view> fault_names();

}  // namespace gumshoe::bedrock
