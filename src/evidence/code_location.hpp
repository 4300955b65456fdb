// From what telemetry says of a service's code to a repository that a source can read.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace gumshoe {

/// "git@github.com:acme/shop.git", "https://user:token@gitlab.example.com/team/sub/shop/tree/main/services/checkout",
/// "github.com/acme/shop".
struct RepositoryAddress {
    std::string host;  // lower case, with the port of a web address when it is not the usual one; user and password are dropped
    std::string name;  // "acme/shop", "team/sub/shop": without .git, as written
    std::string path;  // below /tree/<ref>/ or /-/tree/<ref>/ or /blob/...; "" for the whole repository
};

/// Errors: parse, for anything else than such an address. Hosts have names: an IP address is refused.
result<RepositoryAddress> parse_repository_address(std::string_view text);

}  // namespace gumshoe
