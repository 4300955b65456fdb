// Whether a document is of a JSON Schema.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "base/json.hpp"

namespace gumshoe::llm {

/// Where `document` is not of the schema and why, in the schema's own words and never the document's: "items[2].name is missing".
/// Known: type, enum, const, properties, required, additionalProperties, items, anyOf, allOf, bounds of numbers, texts and lists, and
/// $ref within the schema. Other keywords allow anything, as does a schema that refers to itself endlessly.
std::optional<std::string> breach(const json& document, const json& schema);

}  // namespace gumshoe::llm
