// One execution of the procedure: steps that are done once, whatever happens to the process in between.
#pragma once

#include <string>

#include "base/steps.hpp"
#include "investigation/journal.hpp"
#include "investigation/store.hpp"

namespace gumshoe {

/// Steps of a run over its journal. A replay reads the steps of its parent: frozen those that gathered, exact those of the models too.
class Run final : public Steps {
public:
    Run(RunRow row, Fence fence, Journal& journal, Clock& clock);

    const RunRow& row() const { return row_; }
    const Fence& fence() const { return fence_; }

    task<std::shared_ptr<const json>> step(std::string name, json input, std::function<task<StepOutput>()> work) override;

private:
    bool recorded_by_parent(const std::string& name) const;
    task<std::shared_ptr<const json>> do_step(std::string name, std::string input, std::function<task<StepOutput>()> work);

    RunRow row_;
    Fence fence_;
    Journal& journal_;
    Clock& clock_;
};

}  // namespace gumshoe
