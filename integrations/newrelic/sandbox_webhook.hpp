// The notification of a workflow as New Relic would render it: our recommended template, or the default one.
#pragma once

#include <string_view>

#include "io/http_message.hpp"
#include "sandbox/simulation.hpp"

namespace gumshoe::newrelic {

/// The bearer token that the simulated New Relic sends along.
inline constexpr const char* webhook_token = "sandbox-newrelic-webhook-token";

/// `moment`: "trigger", "renotify", "recovery". The URL is the caller's to fill.
HttpRequest render_webhook(const sandbox::World& world, std::string_view moment);

}  // namespace gumshoe::newrelic
