// Investigations and their runs, as the engine needs them.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "alert/alert.hpp"
#include "alert/members.hpp"
#include "base/task.hpp"
#include "queue/queue.hpp"

namespace gumshoe {

enum class ReplayMode { none, frozen, exact, live };  // none: the first run
std::string_view to_string(ReplayMode mode);
enum class PostMode { none, thread, update };  // where a replay's finding goes
std::string_view to_string(PostMode mode);

struct RunRow {
    std::string id;  // "run_..."
    std::string investigation;
    std::string parent;  // "" for the first
    ReplayMode mode = ReplayMode::none;
    PostMode post = PostMode::update;
    std::string chain;  // "" is the route's
    std::string state;  // queued, running, done, failed, cancelled
    Timestamp created_at{};
    std::optional<Timestamp> started_at;
    std::optional<Timestamp> finished_at;
    std::string finding;  // JSON, "" before
    std::string error;
};

struct InvestigationRow {
    std::string id;
    std::string state;  // queued, running, done, failed, cancelled, parked
    Alert alert;        // the one that started it
    Timestamp created_at{};
    int fired = 1;
    int related_alerts = 0;
    std::optional<Timestamp> resolved_at;
    std::string posted_run;  // the run whose finding the anchor shows
};

struct ReplayRequest {
    std::string investigation;
    std::string parent;  // "" is the latest finished run
    ReplayMode mode = ReplayMode::frozen;
    PostMode post = PostMode::none;
    std::string chain;
    std::string idempotency_key;  // the same key gives the same run
    std::string actor;            // token name, for the audit row
};

class InvestigationStore {
public:
    virtual ~InvestigationStore() = default;
    virtual task<InvestigationRow> investigation(std::string id) = 0;  // errors: not_found
    virtual task<RunRow> run(std::string id) = 0;
    virtual task<std::vector<RunRow>> runs(std::string investigation) = 0;

    /// All under the fence of the job that runs it.
    virtual task<void> begin(Fence fence, std::string run, Timestamp now) = 0;
    /// Finished with a finding; `show` makes it the one that the anchor shows.
    virtual task<void> complete(Fence fence, std::string run, std::string finding, bool show, Timestamp now) = 0;
    virtual task<void> abandon(Fence fence, std::string run, std::string error, Timestamp now) = 0;
    /// The same for a run that came to nothing new; its journal goes, only the attempts at models stay.
    virtual task<void> discard(Fence fence, std::string run, std::string reason, Timestamp now) = 0;

    /// A job's crashes used up: the investigation and its open run are parked with the reason.
    virtual task<void> park(std::string run, std::string reason, Timestamp now) = 0;

    /// A new run with its job and audit row. Errors: not_found; conflict (a run is under way).
    virtual task<RunRow> replay(ReplayRequest request, Timestamp now) = 0;
    /// Cancels the open run. Errors: not_found; conflict (nothing to cancel). The worker's next write fails with lease_lost.
    virtual task<void> cancel(std::string investigation, std::string actor, Timestamp now) = 0;

    /// An investigation without a webhook (command line): the alert, its first run and job.
    virtual task<RunRow> start(Alert alert, Timestamp now) = 0;

    /// Names of the outage that evidence told (alert/references.hpp), by the source that told them; known ones change nothing. Other
    /// investigations that turn out to be the same outage get a refresh. Under the run's fence.
    virtual task<void> learn(Fence fence, std::string investigation, std::vector<std::pair<std::string, std::string>> names,
                             Timestamp now) = 0;
    virtual task<Members> members(std::string investigation) = 0;
    /// Its alerts that started it or joined, oldest first, at most `most` of each sender.
    virtual task<std::vector<Alert>> alerts(std::string investigation, std::size_t most) = 0;

    /// Past investigations with findings, for "similar": newest first.
    virtual task<std::vector<RunRow>> finished(Timestamp since, std::size_t most) = 0;
    /// The newest run with a model's finding that ended within [since, until) for an alert of this source and fingerprint.
    virtual task<std::optional<RunRow>> last_model_finding(std::string source, std::string fingerprint, Timestamp since,
                                                           Timestamp until) = 0;
};

}  // namespace gumshoe
