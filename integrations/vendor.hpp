// What a vendor's folder offers. A folder has one function `Vendor <name>_vendor()`, declared in its own header, listed in registry.cpp.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "alert/receiver.hpp"
#include "base/clock.hpp"
#include "base/section.hpp"
#include "delivery/annotator.hpp"
#include "delivery/channel.hpp"
#include "evidence/source.hpp"
#include "io/http_client.hpp"
#include "llm/dialect.hpp"
#include "sandbox/simulation.hpp"

namespace gumshoe {

class EventLoop;

/// What the roles may use. All outlive them. Null when only the configuration is checked.
struct VendorServices {
    HttpClient* http = nullptr;
    Clock* clock = nullptr;
    EventLoop* loop = nullptr;  // for what blocks: run_on_pool
};

/// The roles a vendor plays under one configuration section; absent ones are null.
struct VendorRoles {
    std::unique_ptr<Receiver> receiver;
    std::unique_ptr<Source> source;
    std::unique_ptr<Channel> channel;
    std::unique_ptr<Annotator> annotator;
    std::string default_channel;  // of a vendor with a channel: where findings go that no route claims
    std::string ops_channel;      // our own troubles; "": the default channel
    std::vector<Secret> secrets;  // all of the section's, for redaction
};

/// The key of the vendor's section that an environment variable sets when there is no file.
struct EnvironmentKey {
    std::string_view variable;  // "DD_API_KEY"
    std::string_view key;       // "api_key", "webhook.token"
    bool secret = true;
};

struct Vendor {
    std::string_view name;        // the section's name, the webhook's path, the provider's name
    std::string_view title = {};  // as people write it: "New Relic"
    /// Reads the whole section (problems are recorded in it) and makes the roles. Null for pure LLM providers.
    VendorRoles (*connect)(Section& section, VendorServices services) = nullptr;
    std::unique_ptr<llm::Dialect> (*dialect)() = nullptr;
    std::unique_ptr<sandbox::Simulation> (*simulation)() = nullptr;
    /// Of the vendor's section; of its target in llm.targets where the vendor is a provider.
    std::vector<EnvironmentKey> environment;
    std::string_view default_model = {};  // of a provider: its target's model when the environment names none
};

}  // namespace gumshoe
