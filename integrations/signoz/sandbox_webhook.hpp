// The webhook as SigNoz would post it for a scenario's rule.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "io/http_message.hpp"
#include "sandbox/simulation.hpp"

namespace gumshoe::signoz {

/// What the simulated channel is given as user and password.
inline constexpr const char* webhook_user = "signoz";
inline constexpr const char* webhook_password = "sandbox-signoz-webhook-password";

/// `moment`: "trigger", "renotify", "recovery". Nothing without `signoz.webhook` in the scenario. The URL is the caller's to fill.
std::vector<HttpRequest> render_webhooks(const sandbox::World& world, std::string_view moment);

}  // namespace gumshoe::signoz
