// Block Kit as a person reads it, for a terminal: what the demo shows of the simulated Slack.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/json.hpp"

namespace gumshoe::slack {

/// One message with `text` and `blocks`, as lines of plain text.
std::string screen_text(const json& message);

}  // namespace gumshoe::slack
