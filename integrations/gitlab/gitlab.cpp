// GitLab as a vendor: its configuration section and the role it plays (evidence only).
#include "integrations/gitlab/gitlab.hpp"

#include "integrations/gitlab/codec.hpp"
#include "integrations/gitlab/evidence.hpp"
#include "integrations/gitlab/sandbox.hpp"

namespace gumshoe {
namespace {

VendorRoles connect(Section& section, VendorServices services) {
    auto token = section.secret("token");
    const auto api_url = gitlab::api_root(section.url("api_url", "https://gitlab.com"));
    if (token.empty()) section.error("token", "is needed: a personal, project or group access token with the scope read_api");
    VendorRoles roles;
    if (token.empty()) return roles;
    roles.secrets.push_back(token);
    if (services.http == nullptr || services.clock == nullptr) return roles;
    roles.source = gitlab::make_source(std::move(token), *services.http, *services.clock, api_url);
    return roles;
}

}  // namespace

Vendor gitlab_vendor() {
    Vendor vendor;
    vendor.name = "gitlab";
    vendor.title = "GitLab";
    vendor.connect = connect;
    vendor.simulation = gitlab::make_simulation;
    vendor.environment = {{"GITLAB_TOKEN", "token", true}, {"GITLAB_API_URL", "api_url", false}};
    return vendor;
}

}  // namespace gumshoe
