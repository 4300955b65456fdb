// The simulated company's channels and what stands in them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "sandbox/simulation.hpp"

namespace gumshoe::slack {

constexpr std::string_view team_id = "T0ACME";

struct ChannelView {
    std::string id;
    std::string name;
    bool member = true;
    bool is_private = false;
    bool archived = false;
};
std::vector<ChannelView> channels_of(const sandbox::World& world);

/// A message's name: digits, a dot, digits.
bool is_ts(std::string_view text);
/// Slack orders by the number; the strings have one length but for what people write by hand.
bool before(std::string_view a, std::string_view b);

/// The scenario's messages of a channel and those posted since, as of the world's now, oldest first; threads know their replies.
std::vector<json> standing_messages(const sandbox::World& world, std::string_view channel, const std::vector<json>& posted);

}  // namespace gumshoe::slack
