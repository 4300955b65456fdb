#include "admin/tokens.hpp"

#include "base/digest.hpp"
#include "base/text.hpp"

namespace gumshoe {

AdminToken make_admin_token(std::string name, const Secret& token, std::set<std::string> scopes) {
    return {std::move(name), sha256_hex(token.reveal()), std::move(scopes)};
}

std::optional<AdminToken> authenticate(const std::vector<AdminToken>& tokens, std::optional<std::string_view> authorization) {
    constexpr std::string_view scheme = "bearer ";
    if (!authorization || authorization->size() <= scheme.size()) return std::nullopt;
    if (!iequals(authorization->substr(0, scheme.size()), scheme)) return std::nullopt;
    const std::string digest = sha256_hex(trim(authorization->substr(scheme.size())));
    std::optional<AdminToken> found;
    for (const AdminToken& token : tokens) {
        // All are compared, so that the time says nothing about which one it was.
        if (matches(Secret(token.sha256), digest)) found = token;
    }
    return found;
}

bool allows(const AdminToken& token, std::string_view scope) {
    return token.scopes.contains("admin") || token.scopes.contains(std::string(scope));
}

}  // namespace gumshoe
