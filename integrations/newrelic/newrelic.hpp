#pragma once

#include "integrations/vendor.hpp"

namespace gumshoe {
Vendor newrelic_vendor();
}
