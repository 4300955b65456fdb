// New Relic's two data centres and the links into its interface. Every link is built here or checked here.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gumshoe::newrelic {

struct Region {
    std::string api_url;     // "https://api.newrelic.com"
    std::string app_url;     // "https://one.newrelic.com"
    std::string issues_url;  // "https://radar-api.service.newrelic.com": leads on to the issue's page
};

/// "us" or "eu".
Region region_of(std::string_view name);

/// The text when it is an http(s) address of a host, of plain characters; "" for anything else.
std::string web_link(std::string_view text);

std::string issue_link(const Region& region, std::int64_t account, std::string_view issue);
std::string entity_link(const Region& region, std::string_view guid);
/// The query in New Relic's query builder; it holds its own window.
std::string query_link(const Region& region, std::int64_t account, const std::string& nrql);

}  // namespace gumshoe::newrelic
