// The Converse dialect of Amazon Bedrock.
#pragma once

#include <memory>
#include <string_view>

#include "llm/dialect.hpp"

namespace gumshoe::bedrock {

inline constexpr std::string_view provider_name = "bedrock";

std::unique_ptr<llm::Dialect> make_dialect();

}  // namespace gumshoe::bedrock
