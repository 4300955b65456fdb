// Ollama's own chat dialect: unlike its OpenAI-compatible one it can set the context window and be told not to cut the prompt.
#pragma once

#include <memory>
#include <string_view>

#include "base/json.hpp"
#include "llm/dialect.hpp"

namespace gumshoe::ollama {

inline constexpr std::string_view provider_name = "ollama";

std::unique_ptr<llm::Dialect> make_dialect();

/// Lines of JSON, the last with `done`.
std::unique_ptr<llm::StreamReader> make_stream_reader();

}  // namespace gumshoe::ollama
