// The JSON body of a call: an object, no larger than it needs to be, of known fields only. A typo must not run with defaults.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <string_view>

#include "admin/api.hpp"
#include "base/json.hpp"

namespace gumshoe {

/// Errors: invalid_argument, parse; in words that say what to send. An empty body is {}.
result<json> body_of(const AdminCall& call, std::size_t most_bytes, std::initializer_list<std::string_view> known);

/// The field as a text or an integer in its range; `fallback` when absent. Errors: invalid_argument.
result<std::string> text_field(const json& body, std::string_view name, std::string fallback);
result<std::int64_t> integer_field(const json& body, std::string_view name, std::int64_t fallback, std::int64_t least, std::int64_t most);

}  // namespace gumshoe
