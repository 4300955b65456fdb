#pragma once

#include "integrations/vendor.hpp"

namespace gumshoe {
Vendor git_vendor();
}
