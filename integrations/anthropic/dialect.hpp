// The Messages dialect.
#pragma once

#include <memory>
#include <string_view>

#include "llm/dialect.hpp"

namespace gumshoe::anthropic {

inline constexpr std::string_view provider_name = "anthropic";

std::unique_ptr<llm::Dialect> make_dialect();

}  // namespace gumshoe::anthropic
