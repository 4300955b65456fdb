// A journal in memory, with the fence as the stores hold it.
#pragma once

#include <map>
#include <utility>

#include "investigation/journal.hpp"

namespace gumshoe::test {

class MemoryJournal final : public Journal {
public:
    int current_attempt = 1;
    std::map<std::pair<std::string, std::string>, StepRow> rows;

    task<std::optional<StepRow>> find(std::string run, std::string name) override {
        const auto row = rows.find({run, name});
        if (row == rows.end()) co_return std::optional<StepRow>{};
        co_return std::optional<StepRow>{row->second};
    }
    task<void> intend(Fence fence, StepRow step) override {
        if (fence.attempt != current_attempt) co_return Error{errc::lease_lost, "stale"};
        rows.try_emplace({step.run, step.name}, step);
        co_return result<void>{};
    }
    task<void> record(Fence fence, StepRow step) override {
        if (fence.attempt != current_attempt) co_return Error{errc::lease_lost, "stale"};
        rows[{step.run, step.name}] = step;
        co_return result<void>{};
    }
    task<std::vector<StepRow>> steps(std::string run, bool) override {
        std::vector<StepRow> found;
        for (const auto& [key, row] : rows) {
            if (key.first == run) found.push_back(row);
        }
        co_return found;
    }
};

}  // namespace gumshoe::test
