#pragma once

#include "integrations/vendor.hpp"

namespace gumshoe {
Vendor datadog_vendor();
}
