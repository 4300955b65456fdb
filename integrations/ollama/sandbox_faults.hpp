// How the simulated Ollama fails, by name: `llm.ollama.account` of a scenario, or a model called "fb-NAME". A server of one's own has no
// accounts, bills or filters; what asks for a key or money is Ollama's cloud, or a proxy in front of the server.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "io/http_message.hpp"

namespace gumshoe::ollama {

/// The reply of a fault that replaces the answer; nullopt for "ok" and for faults inside an answer.
std::optional<HttpReply> fault_reply(std::string_view fault, const std::string& model);
/// The reply when the model does not take what the request asks for; nullopt when it asks for nothing of the kind.
std::optional<HttpReply> refuse_parameter(const json& body);
/// True for faults that hit GET /api/tags too.
bool fault_of_account(std::string_view fault);
/// Every name; a fault in a stream has one too.
std::vector<std::string_view> fault_names();

}  // namespace gumshoe::ollama
