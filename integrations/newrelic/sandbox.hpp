// New Relic of the simulated company: NerdGraph as strict as the real one, answered from a scenario's telemetry.
#pragma once

#include <memory>

#include "sandbox/simulation.hpp"

namespace gumshoe::newrelic {

std::unique_ptr<sandbox::Simulation> make_simulation();

}  // namespace gumshoe::newrelic
