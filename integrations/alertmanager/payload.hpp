// The body that Alertmanager posts (version "4"), as plain values. Grafana and SigNoz embed an Alertmanager and post nearly the same.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace gumshoe::alertmanager {

using Words = std::map<std::string, std::string>;

struct PostedAlert {
    bool firing = true;  // its own status: one group may hold both
    Words labels;
    Words annotations;
    std::optional<Timestamp> starts_at;  // nothing for the zero time
    std::optional<Timestamp> ends_at;    // the same; in the future while it fires
    std::string fingerprint;
    std::string generator_url;
    std::string value_string;   // Grafana only
    std::string dashboard_url;  // Grafana only
    std::string panel_url;      // Grafana only
};

struct Payload {
    std::string group_key;
    std::vector<PostedAlert> alerts;
    std::int64_t left_out = 0;  // alerts of the group that are not in the list
};

/// Unknown keys are passed over. `sender` names the vendor in errors. Errors: parse.
result<Payload> read_payload(std::string_view body, std::string_view sender, Timestamp now);

}  // namespace gumshoe::alertmanager
