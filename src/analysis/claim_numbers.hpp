// The numbers of a statement against those of the items it cites.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "evidence/evidence.hpp"

namespace gumshoe {

/// Every number, time of day and multiple in `text` must stand in a cited item within its rounding (5 % or the last digit), or follow from
/// two numbers of one item (difference, ratio, change in percent) or from the time between two items. Else which one does not, in a line.
std::optional<std::string> check_numbers(const std::string& text, const std::vector<const Evidence*>& cited);

}  // namespace gumshoe
