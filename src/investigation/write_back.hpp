// The finding goes back to where its alerts came from, once, as a job of its own: what is slow or broken there holds up nothing here.
#pragma once

#include <vector>

#include "base/clock.hpp"
#include "delivery/annotator.hpp"
#include "investigation/store.hpp"
#include "queue/queue.hpp"

namespace gumshoe {

/// One job "annotate" for each annotator that covers an alert of the run's investigation. Idempotent as long as a job waits; a later
/// repeat finds the note standing there.
task<void> queue_notes(RunRow run, std::vector<Annotator*> annotators, InvestigationStore& store, Queue& queue, Clock& clock);

/// Such a job: the note on every incident it covers. A run whose finding is not shown any more writes nothing. Errors: the one that
/// may be tried again before the one that may not.
task<void> write_note(Job job, std::vector<Annotator*> annotators, InvestigationStore& store, Clock& clock);

}  // namespace gumshoe
