#pragma once

#include <memory>

#include "sandbox/simulation.hpp"

namespace gumshoe::github {
std::unique_ptr<sandbox::Simulation> make_simulation();
}
