// PagerDuty as a vendor.
#pragma once

#include "integrations/vendor.hpp"

namespace gumshoe {

Vendor pagerduty_vendor();

}  // namespace gumshoe
