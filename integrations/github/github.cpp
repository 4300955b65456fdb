// GitHub as a vendor: its configuration section and the roles it plays (evidence only).
#include "integrations/github/github.hpp"

#include "integrations/github/app_token.hpp"
#include "integrations/github/evidence.hpp"
#include "integrations/github/sandbox.hpp"

namespace gumshoe {
namespace {

std::optional<github::App> read_app(Section& section) {
    const auto child = section.child("app");
    if (!child) return std::nullopt;
    github::App app{child->required_text("id"), child->integer("installation", 0, 0, INT64_MAX), child->secret("private_key")};
    if (app.installation == 0) child->error("installation", "is needed: the number at the end of the installation's page address");
    if (app.private_key.empty()) {
        child->error("private_key", "is needed: {file: app.pem}");
    } else if (const auto jwt = github::app_jwt(app, Timestamp{}); !jwt) {
        child->error("private_key", jwt.error().message);
    }
    return app;
}

VendorRoles connect(Section& section, VendorServices services) {
    auto app = read_app(section);
    auto token = section.secret("token");
    const auto api_url = section.url("api_url", "https://api.github.com");
    const auto web_url = section.url("web_url");
    VendorRoles roles;
    if (!token.empty()) roles.secrets.push_back(token);
    if (app) roles.secrets.push_back(app->private_key);
    if (app && !token.empty()) section.error("token", "excludes app: say who Gumshoe is in one way");
    if (!app && token.empty()) section.error("", "needs a token, or an app with id, installation and private_key");
    if (services.http == nullptr || services.clock == nullptr) return roles;
    auto credentials = app ? github::app_credentials(std::move(*app), api_url, *services.http, *services.clock)
                           : github::token_credentials(std::move(token));
    roles.source = github::make_source(std::move(credentials), *services.http, *services.clock, api_url, web_url);
    return roles;
}

}  // namespace

Vendor github_vendor() {
    Vendor vendor;
    vendor.name = "github";
    vendor.title = "GitHub";
    vendor.connect = connect;
    vendor.simulation = github::make_simulation;
    vendor.environment = {{"GITHUB_TOKEN", "token", true}};
    return vendor;
}

}  // namespace gumshoe
