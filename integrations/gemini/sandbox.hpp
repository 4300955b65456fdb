#pragma once

#include <memory>

#include "sandbox/simulation.hpp"

namespace gumshoe::gemini {

std::unique_ptr<sandbox::Simulation> make_simulation();

}  // namespace gumshoe::gemini
