// A journaled piece of work, as the stages see it; investigation/run.hpp implements it.
#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/json.hpp"
#include "base/task.hpp"

namespace gumshoe {

/// What a step leaves in the journal. `raw` is kept beside it for the record (capped) and never read back by the run.
struct StepOutput {
    std::shared_ptr<const json> value;
    std::string raw;
};

class Steps {
public:
    virtual ~Steps() = default;

    /// If the journal has a finished step of this name in this run, its value; `work` is not run. Else runs `work`, journals its
    /// value and returns it. Names are unique and stable within a run. An error of `work` is returned and not journaled:
    /// a step that may fail as a matter of course journals that as a value.
    virtual task<std::shared_ptr<const json>> step(std::string name, json input, std::function<task<StepOutput>()> work) = 0;
};

}  // namespace gumshoe
