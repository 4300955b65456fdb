#pragma once

#include "integrations/vendor.hpp"

namespace gumshoe {
Vendor alertmanager_vendor();
}
