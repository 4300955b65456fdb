#include "llm/schema.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

namespace gumshoe::llm {

json schema_document(std::string_view text) {
    auto document = parse_json(text);
    if (document && document->is_object()) return std::move(*document);
    return {{"type", "object"}, {"properties", json::object()}};
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
