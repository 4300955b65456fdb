#pragma once

#include <memory>

#include "sandbox/simulation.hpp"

namespace gumshoe::openai {

/// OpenAI: /chat/completions, /responses, /models.
std::unique_ptr<sandbox::Simulation> make_simulation();

/// Azure OpenAI: /openai/deployments/NAME/chat/completions, /openai/v1/chat/completions, and the lists of models.
std::unique_ptr<sandbox::Simulation> make_azure_simulation();

}  // namespace gumshoe::openai
