// The OpenAI-compatible endpoint on its listener.
#pragma once

#include <memory>

#include "app/config.hpp"
#include "io/event_loop.hpp"
#include "llm/router.hpp"

namespace gumshoe {

class GatewayEndpoint {
public:
    virtual ~GatewayEndpoint() = default;
    virtual std::uint16_t port() const = 0;
    /// Streams that hold no answer yet are cut off, other calls have until the deadline.
    virtual awaitable<void> stop(Deadline deadline) = 0;
};

/// Listens at once. Its models are the chains and the targets by name; a chain hides a target of its name. Errors: the address.
result<std::unique_ptr<GatewayEndpoint>> open_gateway(EventLoop& loop, const GatewayConfig& config, const LlmConfig& llm,
                                                      llm::Router& router);

}  // namespace gumshoe
