// A model's answer as JSON of prompts/finding.schema.json, and what of it goes into a finding.
#pragma once

#include <string>
#include <string_view>

#include "finding/finding.hpp"

namespace gumshoe {

/// Lays the model's part over `finding` (the built-in one: its evidence, suspects, changes and coverage stay).
/// Errors: parse, naming the field. Text around the object (a code fence, a sentence) is tolerated.
result<Finding> lay_answer(std::string_view text, Finding finding);

}  // namespace gumshoe
