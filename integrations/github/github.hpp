#pragma once

#include "integrations/vendor.hpp"

namespace gumshoe {
Vendor github_vendor();
}
