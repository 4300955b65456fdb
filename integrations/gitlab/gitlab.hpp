#pragma once

#include "integrations/vendor.hpp"

namespace gumshoe {
Vendor gitlab_vendor();
}
