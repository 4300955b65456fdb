// Datadog's hosts and the deep links of its interface, each with the exact window.
#include "integrations/datadog/links.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace gumshoe::datadog {

namespace {

constexpr std::array<std::string_view, 3> domains{"datadoghq.com", "datadoghq.eu", "ddog-gov.com"};

bool host_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
}

bool on_vendor_domain(std::string_view host) {
    if (host.empty() || host.size() > 200 || !std::all_of(host.begin(), host.end(), host_character)) return false;
    return std::any_of(domains.begin(), domains.end(), [host](std::string_view domain) {
        if (host == domain) return true;
        return host.size() > domain.size() + 1 && host.ends_with(domain) && host[host.size() - domain.size() - 1] == '.';
    });
}

bool link_character(char c) {
    return c > ' ' && c < 0x7f && std::string_view("\"<>\\^`{|}").find(c) == std::string_view::npos;
}

std::string window_parameters(Window window) {
    return "from_ts=" + std::to_string(to_millis(window.from)) + "&to_ts=" + std::to_string(to_millis(window.to)) + "&live=false";
}

}  // namespace

std::optional<Site> find_site(std::string_view name) {
    const std::string site = to_lower(name);
    if (!on_vendor_domain(site) || site.starts_with("app.") || site.starts_with("api.")) return std::nullopt;
    const bool top = std::find(domains.begin(), domains.end(), std::string_view(site)) != domains.end();
    return Site{"https://api." + site, top ? "https://app." + site : "https://" + site};
}

std::optional<std::string> vendor_origin(std::string_view url) {
    constexpr std::string_view scheme = "https://";
    if (url.size() > 2000 || !url.starts_with(scheme) || !std::all_of(url.begin(), url.end(), link_character)) return std::nullopt;
    const std::string_view rest = url.substr(scheme.size());
    const std::string host = to_lower(rest.substr(0, rest.find_first_of("/?#")));
    if (!on_vendor_domain(host)) return std::nullopt;  // a port or user information makes it no host of theirs
    return std::string(scheme) + host;
}

std::string link_parameter(std::string_view url, std::string_view name) {
    const std::size_t mark = url.find('?');
    if (mark == std::string_view::npos) return {};
    const std::string_view query = url.substr(mark + 1);
    for (const auto& [key, value] : parse_form(query.substr(0, query.find('#')))) {
        if (key == name) return value;
    }
    return {};
}

std::string monitor_link(const std::string& app_url, std::string_view monitor_id, std::string_view group) {
    std::string link = app_url + "/monitors/" + url_encode(monitor_id);
    if (!group.empty()) link += "?group=" + url_encode(group);
    return link;
}

std::string logs_link(const std::string& app_url, std::string_view query, Window window) {
    return app_url + "/logs?query=" + url_encode(query) + "&" + window_parameters(window);
}

std::string spans_link(const std::string& app_url, std::string_view query, Window window) {
    return app_url + "/apm/traces?query=" + url_encode(query) + "&start=" + std::to_string(to_millis(window.from)) +
           "&end=" + std::to_string(to_millis(window.to)) + "&paused=true";
}

std::string trace_link(const std::string& app_url, std::string_view trace_id) {
    return app_url + "/apm/trace/" + url_encode(trace_id);
}

std::string events_link(const std::string& app_url, std::string_view query, Window window) {
    return app_url + "/event/explorer?query=" + url_encode(query) + "&" + window_parameters(window);
}

std::string event_link(const std::string& app_url, std::string_view event_id) {
    return app_url + "/event/event?id=" + url_encode(event_id);
}

std::string metric_link(const std::string& app_url, std::string_view metric, std::string_view scope, Window window) {
    return app_url + "/metric/explorer?exp_metric=" + url_encode(metric) + "&exp_scope=" + url_encode(scope) + "&" +
           window_parameters(window);
}

std::string service_map_link(const std::string& app_url, std::string_view environment) {
    return app_url + "/apm/map?env=" + url_encode(environment);
}

}  // namespace gumshoe::datadog
