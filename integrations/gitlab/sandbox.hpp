#pragma once

#include "sandbox/simulation.hpp"

namespace gumshoe::gitlab {

std::unique_ptr<sandbox::Simulation> make_simulation();

}  // namespace gumshoe::gitlab
