#pragma once

#include <memory>

#include "sandbox/simulation.hpp"

namespace gumshoe::anthropic {

std::unique_ptr<sandbox::Simulation> make_simulation();

}  // namespace gumshoe::anthropic
