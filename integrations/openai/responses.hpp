// The Responses dialect of OpenAI.
#pragma once

#include <memory>

#include "llm/dialect.hpp"

namespace gumshoe::openai {

std::unique_ptr<llm::Dialect> make_responses_dialect();

}  // namespace gumshoe::openai
