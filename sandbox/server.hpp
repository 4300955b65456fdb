// The simulated company on the network: every vendor's simulation below "/<vendor>" of one loopback address, with a log of what was
// asked and faults on order. Control: GET /_sandbox/requests, GET /_sandbox/state/<vendor>, GET /_sandbox/webhooks/<moment>,
// GET PUT DELETE /_sandbox/faults, POST /_sandbox/reset.
#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "io/http_message.hpp"
#include "sandbox/simulation.hpp"

namespace gumshoe {
class EventLoop;
}

namespace gumshoe::sandbox {

using MakeSimulation = std::function<std::unique_ptr<Simulation>()>;

/// Those of every vendor in the registry that has one.
std::vector<MakeSimulation> registered_simulations();

struct SandboxOptions {
    std::string listen = "127.0.0.1:0";
    std::shared_ptr<const json> scenario;
    Timestamp zero{};  // the incident's onset
    std::vector<MakeSimulation> simulations;
};

struct LoggedRequest {
    Timestamp at{};
    std::string vendor;  // "" where the path named none
    std::string method;
    std::string path;  // relative to the vendor's root
    std::string query;
    int status = 0;     // 0: none was sent
    std::string fault;  // what went wrong on order, "" for nothing
};

/// All calls on the event loop's thread.
class SandboxServer {
public:
    virtual ~SandboxServer() = default;
    virtual std::uint16_t port() const = 0;
    /// "http://127.0.0.1:4711/datadog"
    virtual std::string url(std::string_view vendor) const = 0;
    /// Null when there is none of that name. Valid until reset().
    virtual Simulation* simulation(std::string_view vendor) = 0;
    virtual World world(std::string_view vendor) const = 0;
    /// What the vendors would send now, one after the other; the URLs are paths of a service: "/webhooks/<vendor>".
    virtual std::vector<HttpRequest> webhooks(std::string_view moment) = 0;
    /// Newest last; the last 10,000.
    virtual std::vector<LoggedRequest> requests() const = 0;
    /// Requests of a vendor, by prefix of their path and, unless "", method.
    virtual std::size_t calls(std::string_view vendor, std::string_view method = {}, std::string_view path_prefix = {}) const = 0;
    /// Replaces all faults. Errors: parse.
    virtual result<void> set_faults(const json& list) = 0;
    /// New simulations, an empty log, the scenario's own faults.
    virtual void reset() = 0;
    /// Also ends the requests that hang.
    virtual awaitable<void> stop(Deadline deadline) = 0;
};

/// Errors: the scenario's faults (parse), the address (invalid_argument, conflict).
result<std::unique_ptr<SandboxServer>> make_sandbox_server(EventLoop& loop, SandboxOptions options);

}  // namespace gumshoe::sandbox
