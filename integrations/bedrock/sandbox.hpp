#pragma once

#include <memory>

#include "sandbox/simulation.hpp"

namespace gumshoe::bedrock {

/// The runtime of one region: /model/ID/converse and /model/ID/converse-stream.
std::unique_ptr<sandbox::Simulation> make_simulation();

}  // namespace gumshoe::bedrock
