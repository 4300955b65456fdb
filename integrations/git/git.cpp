// Local clones as a vendor: the configuration section and the role it plays (evidence only).
#include "integrations/git/git.hpp"

#include <filesystem>
#include <system_error>

#include "integrations/git/evidence.hpp"

namespace gumshoe {
namespace {

VendorRoles connect(Section& section, VendorServices services) {
    VendorRoles roles;
    const std::filesystem::path mirrors = section.required_text("mirrors");
    std::error_code ignored;
    const bool folder = std::filesystem::is_directory(mirrors, ignored);
    if (!mirrors.empty() && !folder) section.error("mirrors", "is not a directory");
    if (folder && services.loop != nullptr) roles.source = git::make_source(mirrors, *services.loop);
    return roles;
}

}  // namespace

Vendor git_vendor() {
    Vendor vendor;
    vendor.name = "git";
    vendor.title = "Git";
    vendor.connect = connect;
    vendor.environment = {{"GIT_MIRRORS", "mirrors", false}};
    return vendor;
}

}  // namespace gumshoe
