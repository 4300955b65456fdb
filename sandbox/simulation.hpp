// Role: a vendor of the simulated company. As strict as the vendor: an unknown field or a wrong type in our request is answered as there.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "io/http_message.hpp"

namespace gumshoe::sandbox {

/// The story being played: telemetry, commits, Slack history, model scripts, the truth. Times in its file are relative to `zero`.
struct World {
    std::shared_ptr<const json> scenario;  // the scenario file as read
    Timestamp zero{};                      // the incident's onset on the wall clock of this play
    Timestamp now{};                       // moves; set before each request
    std::string base_url;                  // of this vendor's simulation: "http://127.0.0.1:4711/datadog"
};

class Simulation {
public:
    virtual ~Simulation() = default;
    virtual std::string_view name() const = 0;
    /// Path and query are relative to the vendor's API root.
    virtual HttpReply handle(const RawRequest& request, const World& world) = 0;
    /// Which model the request asks for; "" when none. The server makes the transport faults of models called "fb-sNN".
    virtual std::string model(const RawRequest& request) const {
        (void)request;
        return {};
    }
    /// The webhook that the vendor would send for this scenario, as it would send it (monitoring tools only); the URL's path and
    /// credentials are filled by the caller. `moment`: one of sandbox/play.hpp.
    virtual std::vector<HttpRequest> webhooks(const World& world, std::string_view moment) {
        (void)world;
        (void)moment;
        return {};
    }
    /// JSON of what connects a service to this simulation: the vendor's configuration section, or for a provider of models one entry of
    /// llm.targets (without a name). "" for neither.
    virtual std::string settings(const World& world) const {
        (void)world;
        return {};
    }
    /// A chat as a person would see it now: one text a message of ours, newest last.
    virtual std::vector<std::string> screen() const { return {}; }
    /// What a person would see there now (a chat's messages), as JSON; for the demo and for tests. Null where there is nothing to see.
    virtual json state() const = 0;
};

}  // namespace gumshoe::sandbox
