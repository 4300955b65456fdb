// What dialects need to know of a JSON Schema: whether it is of the strict kind, and the same without bounds.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "base/json.hpp"

namespace gumshoe::llm {

struct Schema {
    std::shared_ptr<const json> document;  // an object of anything when the text was none
    std::string text;                      // of the document, without spaces
    bool strict = false;
};
/// The same few stand in all requests, so each is read once.
std::shared_ptr<const Schema> read_schema(const std::string& text);
json schema_document(const std::string& text);

/// True when every object is closed and requires all its properties: what vendors' strict modes ask for.
bool is_strict(const json& schema);

/// Without numeric and length bounds, for vendors that refuse them. Callers check answers anyway.
json without_bounds(json schema);

}  // namespace gumshoe::llm
