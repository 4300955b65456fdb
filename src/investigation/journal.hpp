// The journal of steps: what a resumed or replayed run reads instead of doing it again.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/task.hpp"
#include "queue/queue.hpp"

namespace gumshoe {

struct StepRow {
    std::string run;
    std::string name;
    std::string input;   // JSON
    std::string output;  // JSON; "" while only intended
    std::string raw;     // kept for the record
    Timestamp started_at{};
    std::optional<Timestamp> finished_at;
};

class Journal {
public:
    virtual ~Journal() = default;
    virtual task<std::optional<StepRow>> find(std::string run, std::string name) = 0;
    /// Intent, before the work. An intent that is already there is kept (a crash left it).
    virtual task<void> intend(Fence fence, StepRow step) = 0;
    /// Outcome. Refuses to overwrite a finished step.
    virtual task<void> record(Fence fence, StepRow step) = 0;
    /// All steps of a run in order of start; `with_raw` only for export.
    virtual task<std::vector<StepRow>> steps(std::string run, bool with_raw) = 0;
};

}  // namespace gumshoe
