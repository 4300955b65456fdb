// PagerDuty of the simulated company.
#pragma once

#include <memory>

#include "sandbox/simulation.hpp"

namespace gumshoe::pagerduty {

std::unique_ptr<sandbox::Simulation> make_simulation();

}  // namespace gumshoe::pagerduty
