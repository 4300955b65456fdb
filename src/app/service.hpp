// The running service: everything wired once, in the order of its members; started, drained, stopped.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/config.hpp"
#include "base/scheduler.hpp"
#include "evidence/source.hpp"
#include "investigation/store.hpp"
#include "io/event_loop.hpp"
#include "io/http_client.hpp"
#include "store/store.hpp"

namespace gumshoe {

struct ServiceOptions {
    bool listen = true;                            // false: no HTTP, for one investigation from the command line
    bool models = true;                            // false: the built-in analyst only
    bool vendor_sources = true;                    // false: only `sources`
    std::vector<std::unique_ptr<Source>> sources;  // beside the vendors'
    std::unique_ptr<Channel> channel;              // instead of the vendor's
    std::optional<Subject> subject;                // of a case file: its windows instead of those around the alert
    std::function<void(std::string)> print;        // where messages go without a channel
    bool colour = false;
};

class Service {
public:
    virtual ~Service() = default;

    /// Recovers what a crash left, opens the listeners, takes up work. Errors: the address, the store.
    virtual task<void> start() = 0;
    /// Stops accepting, waits for what is under way until the deadline, gives the rest back. Nothing is lost either way.
    virtual awaitable<void> stop(Deadline deadline) = 0;

    virtual std::uint16_t port() const = 0;  // of the public listener
    virtual std::uint16_t admin_port() const = 0;
    virtual std::uint16_t gateway_port() const = 0;  // 0 without a gateway
    virtual Store& store() = 0;

    /// One investigation without a webhook; resumes when its run ended or the deadline passed. The run as it is then.
    virtual task<RunRow> investigate(Alert alert, Deadline deadline) = 0;
    /// Resumes when what was published of it stands in the channel, or the deadline passed.
    virtual task<void> delivered(std::string investigation, Deadline deadline) = 0;
};

/// Errors: the store cannot be opened, the prompts are broken.
result<std::unique_ptr<Service>> make_service(EventLoop& loop, HttpClient& http, Config config, ServiceOptions options);

}  // namespace gumshoe
