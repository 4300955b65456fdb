// Who calls the simulated Bedrock: signatures are checked on the request as it came, keys as a bearer.
#pragma once

#include <optional>

#include "io/http_message.hpp"
#include "sandbox/simulation.hpp"

namespace gumshoe::bedrock {

/// The keys that the simulation gives out; a scenario may have others.
inline constexpr std::string_view sandbox_access_key = "AKIASANDBOX000000000";
inline constexpr std::string_view sandbox_secret_key = "sandbox-bedrock-secret-access-key";

/// The refusal, or nullopt when it is one of ours. `clock`: the vendor's, of which a signature may be five minutes off.
std::optional<HttpReply> check_caller(const RawRequest& request, const sandbox::World& world, Timestamp clock);

}  // namespace gumshoe::bedrock
