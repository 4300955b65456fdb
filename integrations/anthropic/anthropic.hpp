#pragma once

#include "integrations/vendor.hpp"

namespace gumshoe {
Vendor anthropic_vendor();
}
