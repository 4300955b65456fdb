// The gateway, its models out of the configuration, its server.
#include "app/gateway_endpoint.hpp"

#include "gateway/gateway.hpp"
#include "io/http_server.hpp"

namespace gumshoe {

namespace {

std::map<std::string, gateway::Model> models_of(const LlmConfig& llm) {
    std::map<std::string, gateway::Model> models;
    for (const auto& target : llm.targets) {
        gateway::Model& model = models[target->name];  // several of one name are its keys
        model.owner = target->provider;
        model.chain.push_back({.target = target});
    }
    for (const auto& [name, chain] : llm.chains) {
        if (!chain.empty()) models[name] = {.chain = chain, .owner = "gumshoe"};
    }
    return models;
}

class ListeningGateway final : public GatewayEndpoint {
public:
    explicit ListeningGateway(gateway::GatewayServices services) : gateway_(std::move(services)) {}

    result<void> open(EventLoop& loop, const std::string& address) {
        HttpServerOptions options;
        options.listen = address;
        options.name = "gateway";
        options.max_connections_per_peer = options.max_connections;  // its callers have tokens, and are often one machine
        options.cancel_abandoned = true;
        auto opened =
            make_http_server(loop, std::move(options), [this](RawRequest request) { return gateway_.handle(std::move(request)); });
        if (!opened) return opened.error();
        server_ = std::move(*opened);
        return {};
    }

    std::uint16_t port() const override { return server_->port(); }
    awaitable<void> stop(Deadline deadline) override { return server_->stop(deadline); }

private:
    gateway::Gateway gateway_;
    std::unique_ptr<HttpServer> server_;
};

}  // namespace

result<std::unique_ptr<GatewayEndpoint>> open_gateway(EventLoop& loop, const GatewayConfig& config, const LlmConfig& llm,
                                                      llm::Router& router) {
    gateway::GatewayServices services{.router = router,
                                      .scheduler = loop,
                                      .clock = loop.clock(),
                                      .tokens = config.tokens,
                                      .models = models_of(llm),
                                      .deadline = config.deadline};
    auto endpoint = std::make_unique<ListeningGateway>(std::move(services));
    auto opened = endpoint->open(loop, config.listen);
    if (!opened) return opened.error();
    return std::unique_ptr<GatewayEndpoint>(std::move(endpoint));
}

}  // namespace gumshoe
