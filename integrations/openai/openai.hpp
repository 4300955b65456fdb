#pragma once

#include "integrations/vendor.hpp"

namespace gumshoe {
Vendor openai_vendor();
}
