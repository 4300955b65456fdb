#pragma once

#include <string_view>

namespace gumshoe {
std::string_view version();  // "0.1.0"
}
