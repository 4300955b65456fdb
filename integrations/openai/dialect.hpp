// The Chat Completions dialect: OpenAI's own and that of the many servers that speak it.
#pragma once

#include <memory>

#include "llm/dialect.hpp"

namespace gumshoe::openai {

std::unique_ptr<llm::Dialect> make_dialect();

}  // namespace gumshoe::openai
