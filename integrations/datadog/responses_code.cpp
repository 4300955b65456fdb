// What Datadog tells of a service's code: tags on telemetry, the software catalogue's entities, service definitions.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "integrations/datadog/response_fields.hpp"

namespace gumshoe::datadog {

namespace {

constexpr std::size_t most_combinations = 200;
constexpr std::size_t most_listed = 50;  // links, code locations, dependencies of one entry

/// "git.commit.sha" as one key, or as keys within keys.
std::string attribute(const json& nested, std::string_view name) {
    if (!nested.is_object()) return {};
    const auto flat = nested.find(name);
    if (flat != nested.end() && flat->is_string()) return flat->get<std::string>();
    return string_or_empty(nested, name);
}

/// The elements of a list that are objects; a vendor's list may be absent or null.
std::vector<json> objects_in(const json& value, std::string_view path) {
    std::vector<json> found;
    const json* list = find(value, path);
    if (list == nullptr || !list->is_array()) return found;
    for (const json& item : *list) {
        if (item.is_object() && found.size() < most_listed) found.push_back(item);
    }
    return found;
}

/// A glob's folder: "services/checkout/**" -> "services/checkout".
std::vector<std::string> folder_of(const std::string& glob) {
    std::vector<std::string> parts;
    for (const std::string& part : split(glob, '/')) {
        if (part.find_first_of("*?[{") != std::string::npos) break;
        if (!part.empty() && part != ".") parts.push_back(part);
    }
    return parts;
}

/// What all the paths have in common, as a location has one.
std::string common_folder(const json& location) {
    std::optional<std::vector<std::string>> common;
    const json* paths = find(location, "paths");
    if (paths == nullptr || !paths->is_array()) return {};
    for (const json& path : *paths) {
        if (!path.is_string()) continue;
        auto folder = folder_of(path.get<std::string>());
        if (!common) {
            common = std::move(folder);
            continue;
        }
        const auto same = std::ranges::mismatch(*common, folder);
        common->erase(same.in1, common->end());
    }
    return common ? join(*common, "/") : std::string();
}

void add_stated(const std::string& service, const std::string& url, const std::string& path, Records& records) {
    if (url.empty()) return;
    CodeLocation code;
    code.service = service;
    code.url = url;
    code.path = path;
    code.origin = "service catalogue";
    records.code.push_back(std::move(code));
}

/// Links of type repo; the schema v2 called them repos.
void add_links(const std::string& service, const std::vector<json>& links, Records& records) {
    for (const json& link : links) {
        if (iequals(string_or_empty(link, "type"), "repo")) add_stated(service, string_or_empty(link, "url"), "", records);
    }
}

/// "service:payments" -> payments.
void add_dependencies(const std::string& service, const json& schema, Records& records) {
    const json* dependencies = find(schema, "spec.dependsOn");
    if (dependencies == nullptr || !dependencies->is_array()) return;
    for (const json& one : *dependencies) {
        const std::string reference = one.is_string() ? one.get<std::string>() : std::string();
        const std::string name = reference.substr(reference.rfind(':') == std::string::npos ? 0 : reference.rfind(':') + 1);
        if (!name.empty() && name != service && records.edges.size() < most_listed) records.edges.push_back({service, name});
    }
}

/// Schemas v3 and v2 side by side: an organisation may have entries of both, and the catalogue shows each as it was written.
void read_schema(const json& schema, const std::string& service, Records& records) {
    for (const json& location : objects_in(schema, "datadog.codeLocations")) {
        add_stated(service, string_or_empty(location, "repositoryURL"), common_folder(location), records);
    }
    add_links(service, objects_in(schema, "metadata.links"), records);
    add_links(service, objects_in(schema, "links"), records);
    for (const json& repository : objects_in(schema, "repos")) {
        add_stated(service, string_or_empty(repository, "url"), "", records);
    }
    add_dependencies(service, schema, records);
}

}  // namespace

void Sightings::add(const std::string& service, const std::map<std::string, std::string>& tags, const json& nested, std::int64_t at_nanos) {
    if (service.empty()) return;
    std::map<std::string, std::string> told;
    const auto take = [&](const auto& names) {
        for (const auto name : names) {
            const auto tag = tags.find(std::string(name));
            auto value = tag != tags.end() ? tag->second : name == "version" ? std::string() : attribute(nested, name);
            if (!value.empty()) told.emplace(name, std::move(value));
        }
    };
    take(repository_tags);
    take(revision_tags);
    take(version_tags);
    auto code = told.empty() ? std::nullopt : code_in(told, service, where_);
    if (!code) return;
    code->seen_at = from_millis(at_nanos / 1'000'000);
    const auto key = service + '\n' + code->url + '\n' + code->revision + '\n' + code->version;
    const auto known = seen_.find(key);
    if (known != seen_.end()) {
        known->second.seen_at = std::min(known->second.seen_at, code->seen_at);
    } else if (seen_.size() < most_combinations) {
        seen_.emplace(key, std::move(*code));
    }
}

void Sightings::move_to(Records& records) {
    for (auto& [key, code] : seen_) records.code.push_back(std::move(code));
    seen_.clear();
}

result<void> read_entity(const HttpResponse& response, const std::string& service, Records& records) {
    auto document = parse_json(response.body);
    if (!document || !document->is_object()) return Error{errc::bad_reply, "Datadog's catalogue answer is no JSON object"};
    for (const json& item : objects_in(*document, "included")) {
        const json* schema = find(item, "attributes.schema");
        const bool of_service = schema != nullptr && iequals(get_string(*schema, "metadata.name").value_or(service), service);
        if (of_service) read_schema(*schema, service, records);
    }
    return {};
}

result<void> read_definition(const HttpResponse& response, const std::string& service, Records& records) {
    auto document = parse_json(response.body);
    const json* schema = document ? find(*document, "data.attributes.schema") : nullptr;
    if (schema == nullptr || !schema->is_object()) return Error{errc::bad_reply, "Datadog's service definition has no schema"};
    read_schema(*schema, service, records);
    return {};
}

}  // namespace gumshoe::datadog
