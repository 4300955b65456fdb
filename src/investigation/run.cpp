// Looks in the journal first, then in the parent's, and only then does the work: intent before it, outcome after it.
#include "investigation/run.hpp"

#include <nlohmann/json.hpp>

#include "base/json.hpp"

namespace gumshoe {

Run::Run(RunRow row, Fence fence, Journal& journal, Clock& clock)
    : row_(std::move(row)), fence_(std::move(fence)), journal_(journal), clock_(clock) {}

bool Run::recorded_by_parent(const std::string& name) const {
    const bool gathered = name.starts_with("subject") || name.starts_with("gather/") || name.starts_with("tool/");
    if (row_.mode == ReplayMode::frozen) return gathered;
    if (row_.mode == ReplayMode::exact) return gathered || name.starts_with("llm/");
    return false;
}

task<std::shared_ptr<const json>> Run::step(std::string name, json input, std::function<task<StepOutput>()> work) {
    auto mine = co_await journal_.find(row_.id, name);
    if (!mine) co_return mine.error();
    if (*mine && (*mine)->finished_at) {
        auto value = parse_json((*mine)->output);
        if (!value) co_return in_context("journal of " + row_.id + ", step " + name, value.error());
        co_return std::make_shared<const json>(std::move(*value));
    }
    if (recorded_by_parent(name)) {
        auto parents = co_await journal_.find(row_.parent, name);
        if (!parents) co_return parents.error();
        if (!*parents || !(*parents)->finished_at) {
            co_return Error{errc::not_found, "not in the recording of " + row_.parent + ": " + name};
        }
        const StepRow recorded = **parents;
        work = [recorded]() -> task<StepOutput> {
            auto value = parse_json(recorded.output);
            if (!value) co_return value.error();
            co_return StepOutput{std::make_shared<const json>(std::move(*value)), {}};
        };
        auto copied = co_await do_step(std::move(name), dump_json(input), work);
        co_return copied;
    }
    co_return co_await do_step(std::move(name), dump_json(input), std::move(work));
}

task<std::shared_ptr<const json>> Run::do_step(std::string name, std::string input, std::function<task<StepOutput>()> work) {
    StepRow row;
    row.run = row_.id;
    row.name = std::move(name);
    row.input = std::move(input);
    row.started_at = clock_.now();
    auto intended = co_await journal_.intend(fence_, row);
    if (!intended) co_return intended.error();
    auto output = co_await work();
    if (!output) co_return output.error();
    row.output = dump_json(*output->value);
    row.raw = std::move(output->raw);
    row.finished_at = clock_.now();
    auto recorded = co_await journal_.record(fence_, row);
    if (!recorded) co_return recorded.error();
    co_return output->value;
}

}  // namespace gumshoe
