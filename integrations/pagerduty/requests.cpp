// What we ask of PagerDuty: every request this vendor makes, with the headers that PagerDuty insists on.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "base/version.hpp"
#include "integrations/pagerduty/codec.hpp"

namespace gumshoe::pagerduty {
namespace {

HttpRequest get(const Account& account, std::string path) {
    HttpRequest request;
    request.url = account.api_url + std::move(path);
    request.headers.add("Authorization", "Token token=" + std::string(account.token.reveal()));
    request.headers.add("Accept", "application/vnd.pagerduty+json;version=2");
    request.headers.add("User-Agent", "gumshoe/" + std::string(version()));
    return request;
}

std::string incident_path(std::string_view incident) {
    return "/incidents/" + url_encode(incident);
}

std::string page(std::size_t offset) {
    return "limit=" + std::to_string(page_size) + "&offset=" + std::to_string(offset);
}

/// UTC without fractions of a second: anything else may be answered with 400.
std::string between(Window window) {
    const auto whole = [](Timestamp t) { return url_encode(format_rfc3339(from_seconds(to_seconds(t)))); };
    return "since=" + whole(window.from) + "&until=" + whole(window.to);
}

/// Arrays are spelt name[]=value, here as name%5B%5D.
std::string item(std::string_view name, std::string_view value) {
    return std::string(name) + "%5B%5D=" + url_encode(value);
}

}  // namespace

bool is_id(std::string_view text) {
    const auto allowed = [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); };
    return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, allowed);
}

HttpRequest incident_request(const Account& account, std::string_view incident) {
    return get(account, incident_path(incident) + "?" + item("include", "first_trigger_log_entries"));
}

HttpRequest alerts_request(const Account& account, std::string_view incident, std::size_t offset) {
    return get(account, incident_path(incident) + "/alerts?" + page(offset));
}

HttpRequest log_request(const Account& account, std::string_view incident, std::size_t offset) {
    return get(account, incident_path(incident) + "/log_entries?is_overview=true&" + page(offset));
}

HttpRequest notes_request(const Account& account, std::string_view incident) {
    return get(account, incident_path(incident) + "/notes");
}

HttpRequest note_request(const Account& account, std::string_view incident, std::string_view content) {
    auto request = get(account, incident_path(incident) + "/notes");
    request.method = "POST";
    request.headers.add("From", account.from);
    request.headers.add("Content-Type", "application/json");
    request.body = dump_json(json{{"note", {{"content", content}}}});
    return request;
}

HttpRequest past_incidents_request(const Account& account, std::string_view incident) {
    return get(account, incident_path(incident) + "/past_incidents?limit=5");
}

HttpRequest related_incidents_request(const Account& account, std::string_view incident) {
    return get(account, incident_path(incident) + "/related_incidents");
}

HttpRequest related_changes_request(const Account& account, std::string_view incident) {
    return get(account, incident_path(incident) + "/related_change_events?limit=" + std::to_string(page_size));
}

HttpRequest service_changes_request(const Account& account, std::string_view service, Window window, std::size_t offset) {
    return get(account, "/services/" + url_encode(service) + "/change_events?" + between(window) + "&" + page(offset));
}

HttpRequest resolved_incidents_request(const Account& account, std::string_view service, Window window, std::size_t offset) {
    return get(account, "/incidents?" + item("service_ids", service) + "&" + item("statuses", "resolved") + "&" + between(window) +
                            "&sort_by=created_at%3Adesc&" + page(offset));
}

HttpRequest services_request(const Account& account, std::string_view name) {
    return get(account, "/services?query=" + url_encode(name) + "&" + page(0));
}

HttpRequest service_request(const Account& account, std::string_view service) {
    return get(account, "/services/" + url_encode(service));
}

HttpRequest dependencies_request(const Account& account, std::string_view service) {
    return get(account, "/service_dependencies/technical_services/" + url_encode(service));
}

HttpRequest oncalls_request(const Account& account, std::string_view escalation_policy, std::size_t offset) {
    return get(account, "/oncalls?" + item("escalation_policy_ids", escalation_policy) + "&" + item("include", "users") +
                            "&earliest=true&" + page(offset));
}

HttpRequest any_service_request(const Account& account) {
    return get(account, "/services?limit=1");
}

}  // namespace gumshoe::pagerduty
