// A run as a case file: its subject, all that was gathered, its steps and model exchanges, its finding (docs/case-files.md).
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/task.hpp"
#include "investigation/journal.hpp"
#include "investigation/store.hpp"
#include "llm/attempt_store.hpp"

namespace gumshoe {

json step_json(const StepRow& step);
json to_json_value(const LlmAttempt& attempt);

/// JSON Lines, the `case` line first. Errors: not_found (the run has not fixed its subject yet).
task<std::string> export_case(RunRow run, Journal& journal, AttemptStore& attempts);

}  // namespace gumshoe
