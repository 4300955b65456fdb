// Requests to NerdGraph, pure: fixed documents, everything else in their variables.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/secret.hpp"
#include "integrations/newrelic/links.hpp"
#include "io/http_message.hpp"

namespace gumshoe::newrelic {

struct Account {
    Region region;
    std::string api_url;
    std::int64_t id = 0;
    Secret user_key;
};

inline constexpr std::size_t entities_per_request = 25;  // New Relic's own limit

/// `actor.account.nrql.results`.
HttpRequest nrql_request(const Account& account, const std::string& nrql);
/// Three queries in one call: `actor.account.{transactions,spans,resources}.results`.
HttpRequest golden_request(const Account& account, const std::string& service, Window window);
HttpRequest issue_request(const Account& account, const std::string& issue, Window window);
HttpRequest condition_request(const Account& account, const std::string& condition);
/// Entities of these names, of any case; what the search takes for alike comes along.
HttpRequest search_request(const Account& account, const std::vector<std::string>& names);
HttpRequest entities_request(const Account& account, const std::vector<std::string>& guids);
/// Who the key belongs to, and whether it sees the account.
HttpRequest whoami_request(const Account& account);

/// Letters, digits and dashes.
bool is_issue_id(std::string_view text);
/// Base64 as New Relic writes it.
bool is_guid(std::string_view text);

}  // namespace gumshoe::newrelic
