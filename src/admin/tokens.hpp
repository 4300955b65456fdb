// Who may do what: bearer tokens known by their hash, each with a name for the audit log and its scopes.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.hpp"

namespace gumshoe {

struct AdminToken {
    std::string name;
    std::string sha256;            // of the token
    std::set<std::string> scopes;  // read, replay, admin; admin holds the others
};

AdminToken make_admin_token(std::string name, const Secret& token, std::set<std::string> scopes);

/// The token of an Authorization header "Bearer ...", compared in constant time with every known one.
std::optional<AdminToken> authenticate(const std::vector<AdminToken>& tokens, std::optional<std::string_view> authorization);
bool allows(const AdminToken& token, std::string_view scope);

}  // namespace gumshoe
