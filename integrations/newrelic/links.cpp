// The addresses of New Relic's interface.
#include "integrations/newrelic/links.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/digest.hpp"
#include "base/json.hpp"
#include "base/text.hpp"

namespace gumshoe::newrelic {

namespace {

bool link_character(char c) {
    return c > ' ' && c < 0x7f && std::string_view("\"<>\\^`{|}").find(c) == std::string_view::npos;
}

}  // namespace

Region region_of(std::string_view name) {
    const std::string at = name == "eu" ? "eu." : "";
    return {"https://api." + at + "newrelic.com", "https://one." + at + "newrelic.com", "https://radar-api.service." + at + "newrelic.com"};
}

std::string web_link(std::string_view text) {
    const std::string_view link = trim(text);
    const std::string scheme = to_lower(link.substr(0, 8));
    const std::size_t host = scheme == "https://" ? 8 : scheme.starts_with("http://") ? 7 : std::string_view::npos;
    if (host >= link.size() || link.size() > 2000 || link[host] == '/') return {};
    return std::all_of(link.begin(), link.end(), link_character) ? std::string(link) : std::string();
}

std::string issue_link(const Region& region, std::int64_t account, std::string_view issue) {
    return region.issues_url + "/accounts/" + std::to_string(account) + "/issues/" + url_encode(issue);
}

std::string entity_link(const Region& region, std::string_view guid) {
    return region.app_url + "/redirect/entity/" + url_encode(guid);
}

std::string query_link(const Region& region, std::int64_t account, const std::string& nrql) {
    const json pane = {{"nerdletId", "data-exploration.query-builder"},
                       {"initialActiveInterface", "nrqlEditor"},
                       {"initialAccountId", account},
                       {"initialNrqlValue", nrql},
                       {"isViewingQuery", true}};
    return region.app_url + "/launcher/data-exploration.query-builder?pane=" + url_encode(base64_encode(dump_json(pane)));
}

}  // namespace gumshoe::newrelic
