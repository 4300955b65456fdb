// The version, as CMake's project() has it.
#include "base/version.hpp"

namespace gumshoe {

std::string_view version() {
    return GUMSHOE_VERSION;
}

}  // namespace gumshoe
