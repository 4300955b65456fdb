// What dialects need to know of a JSON Schema: whether it is of the strict kind, and the same without bounds.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "base/json.hpp"

namespace gumshoe::llm {

/// The schema as a document; an object of anything when the text is none.
json schema_document(std::string_view text);

/// True when every object is closed and requires all its properties: what vendors' strict modes ask for.
bool is_strict(const json& schema);

/// Without numeric and length bounds, for vendors that refuse them. Callers check answers anyway.
json without_bounds(json schema);

}  // namespace gumshoe::llm
