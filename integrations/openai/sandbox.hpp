#pragma once

#include <memory>

#include "sandbox/simulation.hpp"

namespace gumshoe::openai {

/// OpenAI: /chat/completions, /responses, /models.
std::unique_ptr<sandbox::Simulation> make_simulation();

/// Azure OpenAI: /openai/deployments/NAME/chat/completions, /openai/v1/chat/completions, and the lists of models.
std::unique_ptr<sandbox::Simulation> make_azure_simulation();

/// Those that speak Chat Completions with an accent: /chat/completions and /models below /openai/v1 (Groq), /api/v1 (OpenRouter, with
/// /key) or /v1.
std::unique_ptr<sandbox::Simulation> make_groq_simulation();
std::unique_ptr<sandbox::Simulation> make_openrouter_simulation();
std::unique_ptr<sandbox::Simulation> make_vllm_simulation();
std::unique_ptr<sandbox::Simulation> make_llamacpp_simulation();

}  // namespace gumshoe::openai
