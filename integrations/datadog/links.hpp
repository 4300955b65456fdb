// Datadog's hosts, and links into its interface. Every link is built here or checked here.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace gumshoe::datadog {

struct Site {
    std::string api_url;  // "https://api.datadoghq.com"
    std::string app_url;  // "https://app.datadoghq.com"
};

/// "datadoghq.com", "us5.datadoghq.com", "datadoghq.eu", ...: nothing for a name outside Datadog's domains.
std::optional<Site> find_site(std::string_view name);

/// The scheme and host of an https link on one of Datadog's domains ("https://us5.datadoghq.com"); nothing for any other text.
std::optional<std::string> vendor_origin(std::string_view url);

/// The value of a query parameter of a link, decoded; "" when absent.
std::string link_parameter(std::string_view url, std::string_view name);

std::string monitor_link(const std::string& app_url, std::string_view monitor_id, std::string_view group);
std::string logs_link(const std::string& app_url, std::string_view query, Window window);
std::string spans_link(const std::string& app_url, std::string_view query, Window window);
std::string trace_link(const std::string& app_url, std::string_view trace_id);
std::string events_link(const std::string& app_url, std::string_view query, Window window);
std::string event_link(const std::string& app_url, std::string_view event_id);
/// `scope` as within a metric query's braces: "service:checkout,env:prod".
std::string metric_link(const std::string& app_url, std::string_view metric, std::string_view scope, Window window);
std::string service_map_link(const std::string& app_url, std::string_view environment);

}  // namespace gumshoe::datadog
