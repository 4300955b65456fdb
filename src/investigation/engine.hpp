// What the queue's jobs do: run an investigation, refresh a message, write a finding back. Resume after a crash is the same code: the
// journal knows the rest.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "investigation/investigate.hpp"
#include "queue/worker.hpp"

namespace gumshoe {

class Engine {
public:
    Engine(InvestigationStore& store, Journal& journal, Queue& queue, Equipment& equipment, std::function<void(std::string)> tell_ops);

    /// The handlers by job kind, for the worker.
    std::map<std::string, JobHandler> handlers();

    /// Jobs that crashed the process too often or cannot succeed are parked; people are told why. Called after each claim round.
    awaitable<void> tell_parked();

private:
    task<void> execute(Job job);
    task<void> refresh(Job job);
    task<void> annotate(Job job);
    task<void> write_back(RunRow run);
    task<void> conclude(const Run& run, const Finding& finding, const InvestigationRow& investigation);
    task<void> ask_again_later(const Run& run, const InvestigationRow& investigation);
    task<bool> came_to_nothing(const Run& run, const Finding& finding);
    task<void> give_up(Fence fence, RunRow run, Error error);
    awaitable<void> show(RunRow run);

    InvestigationStore& store_;
    Journal& journal_;
    Queue& queue_;
    Equipment& equipment_;
    std::function<void(std::string)> tell_ops_;
};

}  // namespace gumshoe
