// The webhook as Datadog would render it for a scenario: all values text, non-ASCII characters escaped.
#pragma once

#include <string>
#include <string_view>

#include "io/http_message.hpp"
#include "sandbox/simulation.hpp"

namespace gumshoe::datadog {

/// The bearer token that the simulated Datadog sends along.
inline constexpr const char* webhook_token = "sandbox-datadog-webhook-token";

/// `moment`: "trigger", "renotify", "recovery". The URL and the credentials are the caller's to fill.
HttpRequest render_webhook(const sandbox::World& world, std::string_view moment);

}  // namespace gumshoe::datadog
