// In which order the links of a chain are asked by one request.
#pragma once

#include <random>

#include "llm/memory.hpp"

namespace gumshoe::llm {

using Random = std::minstd_rand;

/// Bytes over three: more than any tokenizer makes of text.
std::int64_t estimated_tokens(const Request& request);

/// Upper bound of what one call can cost.
double estimated_usd(const Target& target, std::int64_t prompt_tokens, std::int64_t max_output_tokens);

/// Groups as they stand; within a group as its strategy says. The keys of a target stay side by side.
Chain in_turn(const Chain& chain, const Request& request, const Memory& memory, Random& random);

}  // namespace gumshoe::llm
