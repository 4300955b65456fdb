// What the simulated Bedrock refuses in a Converse request, in the words of the real one.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "base/json.hpp"
#include "io/http_message.hpp"

namespace gumshoe::bedrock {

/// The refusal, or nullopt when the request is as documented.
std::optional<HttpReply> check_request(const json& body);

/// What the simulation signs its reasoning with; other signatures are refused when they come back.
inline constexpr std::string_view simulated_signature = "c2ltdWxhdGVkIHNpZ25hdHVyZQ==";

}  // namespace gumshoe::bedrock
