// The names under which several tools speak of one outage: the monitor's page, its dedup key. What PagerDuty passes on of a monitor's alert
// is compared with what the monitor's own webhook said.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "alert/alert.hpp"

namespace gumshoe {

/// The part of a link that names one thing wherever it is passed on: host and path, with the one query parameter that holds an id
/// ("app.example.com/monitors/8123", "signoz.example.com/alerts/overview?ruleId=019f.."). "" when there is no id in it: a home page
/// names nothing. "" as well for what many alerts share: dashboards, runbooks, the page of an account.
std::string link_reference(std::string_view url);
/// Of a dedup or alert key that a tool hands to the next; "" for one that is too short to be anybody's own (under 6 bytes).
std::string key_reference(std::string_view key);

/// The alert's own references and those of its links: sorted, each once, at most 32.
std::vector<std::string> references_of(const Alert& alert);

}  // namespace gumshoe
