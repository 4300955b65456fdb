#pragma once

#include <memory>

#include "sandbox/simulation.hpp"

namespace gumshoe::ollama {

std::unique_ptr<sandbox::Simulation> make_simulation();

}  // namespace gumshoe::ollama
