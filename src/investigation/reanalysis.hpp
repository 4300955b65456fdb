// After a finding that no model had a part in: models are asked again, soon and then less often, about the same evidence, until one
// answers, the alert recovered or a day passed.
#pragma once

#include <string>

#include "investigation/store.hpp"

namespace gumshoe {

inline constexpr const char* reanalysis_job = "reanalyse";  // its key is the investigation

/// How long to wait when people have had facts alone for `waited`: 1, 2, 5, 15, then every 30 minutes.
milliseconds next_reanalysis(milliseconds waited);

/// Whether it is worth asking again: facts alone are shown, the alert still fires, a day has not passed. `shown`: the run that people see.
bool wants_reanalysis(const InvestigationRow& investigation, const RunRow& shown, Timestamp now);

/// The job: a frozen replay in the place of the finding that is shown; put off while another run is under way.
task<void> reanalyse(std::string investigation, InvestigationStore& store, Queue& queue, Clock& clock);

}  // namespace gumshoe
