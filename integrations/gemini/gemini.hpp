#pragma once

#include "integrations/vendor.hpp"

namespace gumshoe {

Vendor gemini_vendor();

}  // namespace gumshoe
