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
    std::vector<Gathered> results;  // in the order of the plan
    Records records() const;        // all together
    std::vector<Coverage> coverage() const;
};

/// Every query is the step "gather/<query id>": a resumed run reads it back. Redacts before anything is journaled.
task<Gathering> gather(Subject subject, std::vector<Source*> sources, Steps& steps, Scheduler& scheduler, Clock& clock,
                       const Redactor& redactor, Deadline deadline);

/// One query on behalf of an analyst, as the step `step_name`.
task<Gathered> gather_one(Query query, Source& source, std::string step_name, Steps& steps, Scheduler& scheduler, Clock& clock,
                          const Redactor& redactor, Deadline deadline);

}  // namespace gumshoe
