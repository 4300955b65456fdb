// What a journey came to: the answer with its note, or why there is none.
#pragma once

#include "llm/plan.hpp"

namespace gumshoe::llm {

Answer answer_of(Journey journey, std::size_t answered_by, Reply reply);
NoAnswer no_answer_of(Journey journey, const Memory& memory, Timestamp wall);

}  // namespace gumshoe::llm
