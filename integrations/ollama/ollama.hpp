#pragma once

#include "integrations/vendor.hpp"

namespace gumshoe {

Vendor ollama_vendor();

}  // namespace gumshoe
