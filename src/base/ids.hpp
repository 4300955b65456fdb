// Identifiers of our own: a prefix and 26 characters of Crockford base32, the first ten from the clock (sortable).
#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace gumshoe {

/// new_id("inv", now) -> "inv_01J9ZQ4W8M6T3N5R7V9X1Z3B5D"
std::string new_id(std::string_view prefix, Timestamp now);

/// A version 4 UUID, for vendors that ask for one.
std::string new_uuid();

}  // namespace gumshoe
