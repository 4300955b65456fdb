// When to ask again, and the replay that does.
#include "investigation/reanalysis.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/json.hpp"

namespace gumshoe {

namespace {

using std::chrono::minutes;

constexpr auto longest = std::chrono::hours(24);

/// Asks nobody: who is out or has its breaker open would only make a run that fails.
awaitable<bool> somebody_viable(Equipment& equipment, ModelRoute route) {
    llm::Request request;
    request.purpose = "analysis";
    llm::Chain chain = route.chains["analysis"];
    llm::RouteContext context;
    context.team = route.team;
    context.team_per_day_usd = route.team_per_day_usd;
    auto prospects = co_await equipment.router.dry_run(std::move(request), std::move(chain), std::move(context));
    co_return std::ranges::any_of(prospects, &llm::Prospect::viable);
}

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

task<void> reanalyse(std::string id, InvestigationStore& store, Queue& queue, Equipment& equipment) {
    auto investigation = co_await store.investigation(id);
    if (!investigation) co_return investigation.error();
    if (investigation->posted_run.empty()) co_return result<void>{};
    auto shown = co_await store.run(investigation->posted_run);
    if (!shown) co_return shown.error();
    const Timestamp now = equipment.clock.now();
    if (!wants_reanalysis(*investigation, *shown, now)) co_return result<void>{};

    ModelRoute route = equipment.route(investigation->alert, shown->chain).models;
    const bool viable = co_await somebody_viable(equipment, std::move(route));
    if (viable) {
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
    }
    const Timestamp next = now + next_reanalysis(now - shown->finished_at.value_or(now));
    co_return co_await queue.put(reanalysis_job, std::move(id), "{}", next);
}

}  // namespace gumshoe
