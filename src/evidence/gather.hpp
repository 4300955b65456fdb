// Fetches a plan from all sources side by side under one deadline. A failed source is data (coverage), never an error.
#pragma once

#include <memory>
#include <vector>

#include "base/scheduler.hpp"
#include "base/steps.hpp"
#include "evidence/evidence.hpp"
#include "evidence/source.hpp"

namespace gumshoe {

class Redactor;

/// One query's outcome with its records.
struct Gathered {
    Query query;
    Fetched fetched;
    Coverage coverage;
};

struct Gathering {
    Subject subject;                 // with the repositories that were learned on the way
    std::vector<CodeLocation> told;  // what the alert itself says of its service's code
    std::vector<Gathered> results;   // in the order of the plan
    /// All together, each once; with the deploys that nobody announced (evidence/running_versions.hpp).
    Records records() const;
    std::vector<Coverage> coverage() const;
};

/// Every query is the step "gather/<query id>": a resumed run reads it back. Redacts before anything is journaled. The plan first, then up
/// to two rounds of follow-ups; what a round tells of repositories is in the next one's subject.
task<Gathering> gather(Subject subject, std::vector<Source*> sources, Steps& steps, Scheduler& scheduler, Clock& clock,
                       const Redactor& redactor, Deadline deadline);

/// One query on behalf of an analyst, as the step `step_name`.
task<Gathered> gather_one(Query query, Source& source, std::string step_name, Steps& steps, Scheduler& scheduler, Clock& clock,
                          const Redactor& redactor, Deadline deadline);

}  // namespace gumshoe
