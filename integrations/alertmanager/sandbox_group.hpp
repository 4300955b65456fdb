// A group of alerts as Alertmanager's webhook notifier writes it.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "integrations/alertmanager/payload.hpp"
#include "io/http_message.hpp"

namespace gumshoe::alertmanager {

struct SentAlert {
    Words labels;
    Words annotations;
    Timestamp starts_at{};
    std::optional<Timestamp> ends_at;  // set when it is resolved
    std::string generator_url;
};

struct SentGroup {
    std::string receiver;
    std::string route = "{}";  // the matchers of the route: the group key's first half
    Words labels;
    std::string external_url;
    std::vector<SentAlert> alerts;
};

json group_body(const SentGroup& group);
/// POST with Alertmanager's own headers; URL and credentials are for others to add.
HttpRequest group_request(const SentGroup& group);

}  // namespace gumshoe::alertmanager
