#pragma once

#include "integrations/vendor.hpp"

namespace gumshoe {
Vendor slack_vendor();
}
