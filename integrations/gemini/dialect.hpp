// The generateContent dialect of Gemini.
#pragma once

#include <memory>
#include <string_view>

#include "llm/dialect.hpp"

namespace gumshoe::gemini {

inline constexpr std::string_view provider_name = "gemini";

std::unique_ptr<llm::Dialect> make_dialect();

}  // namespace gumshoe::gemini
