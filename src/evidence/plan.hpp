// What the plans of sources of telemetry have in common: over what span they ask, and after which services.
#pragma once

#include <string>
#include <vector>

#include "evidence/source.hpp"

namespace gumshoe {

inline constexpr std::size_t most_neighbours = 5;  // asked after beside the alert's service

/// From the first quiet moment to now.
Window whole_window(const Subject& subject);

/// The alert's service first, then its neighbours, each once.
std::vector<std::string> services_asked(const Subject& subject);

}  // namespace gumshoe
