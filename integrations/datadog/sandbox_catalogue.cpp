// Entries of the scenario's datadog.catalogue, each in the schema it was written in: v3 entities, v2.2 and v2 definitions.
#include "integrations/datadog/sandbox_catalogue.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "sandbox/world/telemetry.hpp"

namespace gumshoe::datadog {

using sandbox::scenario_part;
using sandbox::World;

namespace {

HttpReply refused(int status, const std::string& title, const std::string& detail) {
    return json_reply(status, dump_json(json{{"errors", {{{"status", std::to_string(status)}, {"title", title}, {"detail", detail}}}}}));
}

std::string schema_of(const json& entry) {
    return get_string(entry, "schema").value_or("v3");
}

const json* entry_of(const World& world, const std::string& service) {
    const json& catalogue = scenario_part(*world.scenario, "datadog.catalogue");
    const auto found = catalogue.is_object() ? catalogue.find(service) : catalogue.end();
    return catalogue.is_object() && found != catalogue.end() ? &*found : nullptr;
}

json entity_schema(const std::string& service, const json& entry) {
    json schema = {
        {"apiVersion", "v3"},
        {"kind", "service"},
        {"metadata", {{"name", service}, {"owner", string_or_empty(entry, "owner")}, {"links", entry.value("links", json::array())}}},
        {"spec", {{"lifecycle", "production"}, {"dependsOn", entry.value("depends_on", json::array())}}}};
    const std::string url = string_or_empty(entry, "repository");
    if (!url.empty()) {
        schema["datadog"]["codeLocations"] = json::array({{{"repositoryURL", url}, {"paths", entry.value("paths", json::array())}}});
    }
    return schema;
}

json definition_schema(const std::string& service, const json& entry) {
    const std::string version = schema_of(entry);
    json schema = {{"schema-version", version}, {"dd-service", service}, {"team", string_or_empty(entry, "owner")}};
    const json link = {{"name", "Source"}, {"provider", "github"}, {"url", string_or_empty(entry, "repository")}};
    if (version == "v2") {
        schema["repos"] = json::array({link});
    } else {
        schema["links"] = json::array({link});
        schema["links"][0]["type"] = "repo";
    }
    return schema;
}

}  // namespace

HttpReply catalogue_entities(const RawRequest& request, const World& world) {
    constexpr std::array known{"filter[ref]", "filter[kind]", "filter[name]", "filter[owner]", "include", "page[offset]", "page[limit]"};
    std::map<std::string, std::string> arguments;
    for (const auto& [key, value] : parse_form(request.query)) {
        if (std::find(known.begin(), known.end(), key) == known.end()) return refused(400, "Bad Request", "unknown parameter " + key);
        arguments[key] = value;
    }
    const std::string reference = arguments["filter[ref]"];
    const std::string service = reference.starts_with("service:") ? reference.substr(8) : std::string();
    if (!reference.empty() && service.empty()) return refused(400, "Bad Request", "filter[ref] must be kind:name");
    json data = json::array();
    json included = json::array();
    const json* entry = entry_of(world, service);
    if (entry != nullptr && schema_of(*entry) == "v3") {
        const std::string id = "ent-" + service;
        data.push_back({{"id", id},
                        {"type", "entity"},
                        {"attributes", {{"apiVersion", "v3"}, {"kind", "service"}, {"name", service}}},
                        {"relationships", {{"schema", {{"data", {{"id", id}, {"type", "schema"}}}}}}}});
        if (arguments["include"] == "schema") {
            included.push_back({{"id", id}, {"type", "schema"}, {"attributes", {{"schema", entity_schema(service, *entry)}}}});
        }
    }
    const std::size_t count = data.size();
    json body = {{"data", std::move(data)}, {"meta", {{"count", count}, {"includeCount", included.size()}}}};
    if (!included.empty()) body["included"] = std::move(included);
    return json_reply(200, dump_json(body));
}

HttpReply service_definition(const RawRequest& request, const std::string& service, const World& world) {
    for (const auto& [key, value] : parse_form(request.query)) {
        constexpr std::array versions{"v1", "v2", "v2.1", "v2.2"};
        const bool valid = key == "schema_version" && std::find(versions.begin(), versions.end(), value) != versions.end();
        if (!valid) return refused(400, "Bad Request", "unknown parameter or schema version: " + key);
    }
    const json* entry = entry_of(world, service);
    if (entry == nullptr) return refused(404, "Not Found", "service definition not found");
    const json attributes = {{"meta", {{"origin", "api"}}}, {"schema", definition_schema(service, *entry)}};
    return json_reply(200,
                      dump_json(json{{"data", {{"type", "service-definition"}, {"id", "def-" + service}, {"attributes", attributes}}}}));
}

}  // namespace gumshoe::datadog
