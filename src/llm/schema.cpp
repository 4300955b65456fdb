#include "llm/schema.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <unordered_map>
#include <utility>

namespace gumshoe::llm {

namespace {

constexpr std::size_t most_kept = 64;
constexpr std::size_t longest_kept = 64 * 1024;

Schema schema_of(const std::string& text) {
    auto read = parse_json(text);
    json document = read && read->is_object() ? std::move(*read) : json{{"type", "object"}, {"properties", json::object()}};
    Schema schema{.text = dump_json(document), .strict = is_strict(document)};
    schema.document = std::make_shared<const json>(std::move(document));
    return schema;
}

}  // namespace

std::shared_ptr<const Schema> read_schema(const std::string& text) {
    static thread_local std::unordered_map<std::string, std::shared_ptr<const Schema>> kept;
    if (const auto found = kept.find(text); found != kept.end()) return found->second;
    auto schema = std::make_shared<const Schema>(schema_of(text));
    if (text.size() > longest_kept) return schema;
    if (kept.size() >= most_kept) kept.clear();  // callers of the endpoint bring their own
    return kept.emplace(text, std::move(schema)).first->second;
}

json schema_document(const std::string& text) {
    return *read_schema(text)->document;
}

bool is_strict(const json& schema) {
    if (schema.is_array()) return std::ranges::all_of(schema, is_strict);
    if (!schema.is_object()) return true;
    if (const json* properties = find(schema, "properties"); properties != nullptr && properties->is_object()) {
        if (get_bool(schema, "additionalProperties") != false) return false;
        const json* required = find(schema, "required");
        for (const auto& [name, property] : properties->items()) {
            if (required == nullptr || std::ranges::find(*required, json(name)) == required->end()) return false;
            if (!is_strict(property)) return false;
        }
    } else if (string_or_empty(schema, "type") == "object") {
        return false;  // an object of anything
    }
    for (const std::string_view inner : {"items", "anyOf"}) {
        const json* part = find(schema, inner);
        if (part != nullptr && !is_strict(*part)) return false;
    }
    return true;
}

json without_bounds(json schema) {
    constexpr std::array bounds{"minimum",   "maximum",   "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
                                "minLength", "maxLength", "minItems",         "maxItems",         "uniqueItems"};
    if (schema.is_array()) {
        for (json& part : schema) part = without_bounds(std::move(part));
    }
    if (!schema.is_object()) return schema;
    for (const char* bound : bounds) schema.erase(bound);
    for (auto& [key, part] : schema.items()) {
        if (key == "properties") {  // its keys are names, not keywords
            for (json& property : part) property = without_bounds(std::move(property));
        } else if (key == "items" || key == "anyOf") {
            part = without_bounds(std::move(part));
        }
    }
    return schema;
}

}  // namespace gumshoe::llm
