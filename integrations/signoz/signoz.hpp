#pragma once

#include "integrations/vendor.hpp"

namespace gumshoe {
Vendor signoz_vendor();
}
