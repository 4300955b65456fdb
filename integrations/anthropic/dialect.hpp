// The Messages dialect.
#pragma once

#include <memory>

#include "llm/dialect.hpp"

namespace gumshoe::anthropic {

std::unique_ptr<llm::Dialect> make_dialect();

}  // namespace gumshoe::anthropic
