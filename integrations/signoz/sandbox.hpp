// SigNoz of the simulated company: the endpoints we read, as strict as the real ones, answered from a scenario's telemetry.
#pragma once

#include <memory>

#include "sandbox/simulation.hpp"

namespace gumshoe::signoz {

std::unique_ptr<sandbox::Simulation> make_simulation();

}  // namespace gumshoe::signoz
