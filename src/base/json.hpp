// JSON without exceptions: parsing with a depth cap, and getters that say "absent" for anything of another type.
// Headers see json_fwd; a .cpp that builds or walks documents includes <nlohmann/json.hpp> itself.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace gumshoe {

using json = nlohmann::json;

/// Errors name the byte offset and never echo the text. Depth cap: limits::json_depth.
result<json> parse_json(std::string_view text);

/// Serialises with invalid UTF-8 replaced by U+FFFD; never throws.
std::string dump_json(const json& value, int indent = -1);

/// Member lookups. `path` is a chain of object keys with dots: "alert.org.id". Absent or another type: nullopt / null pointer.
const json* find(const json& value, std::string_view path);
std::optional<std::string> get_string(const json& value, std::string_view path);
std::optional<std::int64_t> get_int(const json& value, std::string_view path);  // integers, and strings of digits
std::optional<double> get_number(const json& value, std::string_view path);
std::optional<bool> get_bool(const json& value, std::string_view path);
/// The string, or "" when absent.
std::string string_or_empty(const json& value, std::string_view path);

}  // namespace gumshoe
