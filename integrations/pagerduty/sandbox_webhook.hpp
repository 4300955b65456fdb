// What the simulated PagerDuty sends.
#pragma once

#include <string_view>
#include <vector>

#include "integrations/pagerduty/sandbox_objects.hpp"

namespace gumshoe::pagerduty {

/// The secret that the settings hold; deliveries are signed with the one before it as well.
inline constexpr char webhook_secret[] = "sandbox-pagerduty-secret-new";

/// `moment`: "trigger", "renotify", "recovery", or "annotated" for each of `notes`.
std::vector<HttpRequest> render_webhooks(const sandbox::World& world, std::string_view moment, const std::vector<PostedNote>& notes);

}  // namespace gumshoe::pagerduty
