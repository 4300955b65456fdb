// The simulated Prometheus with its Alertmanager: it sends webhooks and has no API that we ask.
#pragma once

#include <memory>

#include "sandbox/simulation.hpp"

namespace gumshoe::alertmanager {

std::unique_ptr<sandbox::Simulation> make_simulation();

}  // namespace gumshoe::alertmanager
