// References and times, as PagerDuty writes them.
#include "integrations/pagerduty/sandbox_objects.hpp"

#include <nlohmann/json.hpp>

#include "sandbox/world/telemetry.hpp"

namespace gumshoe::pagerduty {

Objects::Objects(const sandbox::World& world) : world_(world), block_(sandbox::scenario_part(*world.scenario, "pagerduty")) {
    web_ = "https://" + get_string(block_, "subdomain").value_or("acme") + ".pagerduty.com/";
}

const json& Objects::list(std::string_view name) const {
    static const json none = json::array();
    const json* found = find(block_, name);
    return found != nullptr && found->is_array() ? *found : none;
}

Timestamp Objects::at(const json& entry) const {
    return world_.zero + milliseconds(static_cast<std::int64_t>(get_number(entry, "t").value_or(0) * 1000));
}

std::string Objects::time(const json& entry) const {
    return format_rfc3339(from_seconds(to_seconds(at(entry))));
}

std::vector<json> Objects::happened(std::string_view name) const {
    std::vector<json> entries;
    for (const json& entry : list(name)) {
        if (at(entry) <= world_.now) entries.push_back(entry);
    }
    return entries;
}

const json* Objects::entry(std::string_view list_name, std::string_view id) const {
    for (const json& one : list(list_name)) {
        if (string_or_empty(one, "id") == id) return &one;
    }
    return nullptr;
}

std::string Objects::page(std::string_view folder, const std::string& id) const {
    return web_ + std::string(folder) + "/" + id;
}

std::string Objects::self(std::string_view folder, const std::string& id) const {
    return "https://api.pagerduty.com/" + std::string(folder) + "/" + id;
}

json Objects::reference(std::string_view type, std::string_view folder, const std::string& id, const json& summary) const {
    return {{"id", id}, {"type", type}, {"summary", summary}, {"self", self(folder, id)}, {"html_url", page(folder, id)}};
}

json Objects::service_reference(const std::string& id) const {
    const json* service = entry("services", id);
    return reference("service_reference", "services", id, service == nullptr ? json() : json(string_or_empty(*service, "name")));
}

json Objects::user_reference(const std::string& id) const {
    const json* user = entry("users", id);
    return reference("user_reference", "users", id, user == nullptr ? json() : json(string_or_empty(*user, "name")));
}

json Objects::priority() const {
    const auto name = get_string(block_, "incident.priority");
    return name ? reference("priority_reference", "priorities", "PPRIORITY" + *name, *name) : json();
}

json Objects::incident_reference() const {
    return reference("incident_reference", "incidents", string_or_empty(block_, "incident.id"), string_or_empty(block_, "incident.title"));
}

}  // namespace gumshoe::pagerduty
