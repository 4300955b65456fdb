// The model's part: an evidence pack, a turn loop with read-only tools, the finding schema as the only way out.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/prompts.hpp"
#include "base/scheduler.hpp"
#include "base/steps.hpp"
#include "evidence/gather.hpp"
#include "finding/finding.hpp"
#include "llm/router.hpp"

namespace gumshoe {

/// What models are asked for, as Request::purpose says it; each may have a chain of its own.
inline constexpr std::array<std::string_view, 2> model_tasks{
    "analysis",  // the finding, from evidence and tools
    "repair",    // the finding once more, after claims in it did not stand up to their evidence
};

/// Who is asked, and at whose expense.
struct ModelRoute {
    std::map<std::string, llm::Chain, std::less<>> chains;  // by task
    std::string team;                                       // "": nobody's in particular
    double team_per_day_usd = 0;                            // 0: no limit
};

struct ModelAnalystInput {
    Subject subject;
    Gathering gathering;
    std::vector<Evidence> evidence;
    Finding builtin;  // ranked suspects; the model may overrule with citations
    ModelRoute route;
    std::string run;
    double budget_usd = 0;
    Deadline deadline;
};

struct ModelAnalysis {
    bool answered = false;
    Finding finding;                // checked; when not answered: the built-in one with the route's note
    std::vector<Gathered> fetched;  // by tools
};

/// Journals each turn as "llm/turn-<n>" and each tool call as "tool/<n>-<k>": neither is paid or fetched twice.
task<ModelAnalysis> analyse_with_model(ModelAnalystInput input, const Prompts& prompts, llm::Router& router, std::vector<Source*> sources,
                                       Steps& steps, Scheduler& scheduler, Clock& clock, const Redactor& redactor);

}  // namespace gumshoe
