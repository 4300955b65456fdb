// The simulated company of a scenario, and the configuration that connects a service to it. Knows no vendor by name.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "io/http_message.hpp"
#include "sandbox/play.hpp"
#include "sandbox/server.hpp"

namespace gumshoe {

class EventLoop;

struct CompanyService {
    std::string listen = "127.0.0.1:8080";
    std::string admin_listen = "127.0.0.1:8081";
    std::string admin_token;
    std::string database;
};

class Company {
public:
    /// Opens the sandbox; the incident's alert fires now. Errors: the scenario and its play, the address.
    static result<std::unique_ptr<Company>> open(EventLoop& loop, const std::string& scenario, const std::string& listen);

    sandbox::SandboxServer& server() { return *server_; }
    std::string title() const;
    std::string description() const;
    const std::vector<sandbox::PlayedMoment>& play() const { return play_; }

    /// A configuration file (JSON, which is YAML) for a service of this company.
    std::string configuration(const CompanyService& service) const;

    /// The webhooks that its monitoring tools send at this moment, to a service at `url`.
    std::vector<HttpRequest> webhooks(const std::string& moment, const std::string& url) const;

    /// Its chats as people see them now.
    std::vector<std::string> screen() const;

private:
    Company() = default;

    std::shared_ptr<const json> scenario_;
    std::vector<sandbox::PlayedMoment> play_;
    std::unique_ptr<sandbox::SandboxServer> server_;
};

}  // namespace gumshoe
