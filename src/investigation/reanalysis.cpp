// When to ask again, and the replay that does.
#include "investigation/reanalysis.hpp"

#include <nlohmann/json.hpp>

#include "base/json.hpp"

namespace gumshoe {

namespace {

using std::chrono::minutes;

constexpr auto longest = std::chrono::hours(24);

}  // namespace

milliseconds next_reanalysis(milliseconds waited) {
    milliseconds since{};
    for (const minutes step : {minutes(1), minutes(2), minutes(5), minutes(15)}) {
        since += step;
        if (waited < since) return step;
    }
    return minutes(30);
}

bool wants_reanalysis(const InvestigationRow& investigation, const RunRow& shown, Timestamp now) {
    if (investigation.resolved_at || now - investigation.created_at >= longest) return false;
    auto finding = parse_json(shown.finding);
    return finding && get_bool(*finding, "degraded").value_or(false);
}

task<void> reanalyse(std::string id, InvestigationStore& store, Queue& queue, Clock& clock) {
    auto investigation = co_await store.investigation(id);
    if (!investigation) co_return investigation.error();
    if (investigation->posted_run.empty()) co_return result<void>{};
    auto shown = co_await store.run(investigation->posted_run);
    if (!shown) co_return shown.error();
    const Timestamp now = clock.now();
    if (!wants_reanalysis(*investigation, *shown, now)) co_return result<void>{};

    ReplayRequest request;
    request.investigation = id;
    request.parent = shown->id;
    request.mode = ReplayMode::frozen;
    request.post = PostMode::update;
    request.chain = shown->chain;
    request.actor = "gumshoe";
    auto queued = co_await store.replay(std::move(request), now);
    if (queued) co_return result<void>{};
    if (queued.error().code != errc::conflict) co_return queued.error();
    // Another run is under way.
    const Timestamp next = now + next_reanalysis(now - shown->finished_at.value_or(now));
    co_return co_await queue.put(reanalysis_job, std::move(id), "{}", next);
}

}  // namespace gumshoe
