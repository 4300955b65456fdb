#pragma once

#include "integrations/vendor.hpp"

namespace gumshoe {

Vendor bedrock_vendor();

}  // namespace gumshoe
