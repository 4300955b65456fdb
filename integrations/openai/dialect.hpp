// The Chat Completions dialect: OpenAI's own and that of the many servers that speak it.
#pragma once

#include <memory>
#include <string_view>

#include "llm/dialect.hpp"

namespace gumshoe::openai {

inline constexpr std::string_view provider_name = "openai";

std::unique_ptr<llm::Dialect> make_dialect();

}  // namespace gumshoe::openai
