// What of a scenario is played, and when: its "play".
#pragma once

#include <array>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/result.hpp"

namespace gumshoe::sandbox {

/// The moments at which monitoring tools send webhooks. "annotated": after a note of ours, which comes back to us;
/// who keeps no notes sends nothing then.
inline constexpr std::array<std::string_view, 4> moments{"trigger", "renotify", "recovery", "annotated"};

struct PlayedMoment {
    enum class After {
        pause,   // `pause` after the moment before it
        card,    // every investigation so far has its message
        finding  // every investigation so far has ended, and its finding stands
    };
    std::string moment;
    After after = After::pause;
    milliseconds pause{};
    milliseconds stagger{};  // between the deliveries of this moment
};

/// The scenario's "play"; without it: the trigger, at once. Errors (parse) name the entry and the field; unknown fields are errors.
result<std::vector<PlayedMoment>> read_play(const json& scenario);

}  // namespace gumshoe::sandbox
