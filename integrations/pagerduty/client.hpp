// One call to PagerDuty with its second chance: a limit that is lifted in time, a server error of a read.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/json.hpp"
#include "integrations/pagerduty/codec.hpp"
#include "io/http_client.hpp"

namespace gumshoe::pagerduty {

struct Answer {
    std::shared_ptr<const json> body;
    std::string bytes;  // as received
};

class Client {
public:
    Client(HttpClient& http, Clock& clock) : http_(http), clock_(clock) {}

    /// `what` names it in errors. Any refusal is an error in words; `optional_feature` as of refusal().
    task<Answer> call(HttpRequest request, std::string what, bool optional_feature, Deadline deadline);

private:
    HttpClient& http_;
    Clock& clock_;
};

}  // namespace gumshoe::pagerduty
