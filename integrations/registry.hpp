// The one list of vendors. To add one: its folder, one line in registry.cpp.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/section.hpp"
#include "integrations/vendor.hpp"

namespace gumshoe {

std::span<const Vendor> vendors();
const Vendor* find_vendor(std::string_view name);

}  // namespace gumshoe
