// Job handlers. A finished run whose message was not published yet is claimed again after a crash and only published.
#include "investigation/engine.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "investigation/reanalysis.hpp"
#include "investigation/write_back.hpp"

namespace gumshoe {

Engine::Engine(InvestigationStore& store, Journal& journal, Queue& queue, Equipment& equipment, std::function<void(std::string)> tell_ops)
    : store_(store), journal_(journal), queue_(queue), equipment_(equipment), tell_ops_(std::move(tell_ops)) {}

std::map<std::string, JobHandler> Engine::handlers() {
    return {
        {"run", [this](Job job) { return execute(std::move(job)); }},
        {"refresh", [this](Job job) { return refresh(std::move(job)); }},
        {"annotate", [this](Job job) { return annotate(std::move(job)); }},
        {reanalysis_job, [this](Job job) { return reanalyse(std::move(job.key), store_, queue_, equipment_.clock); }},
    };
}

task<void> Engine::execute(Job job) {
    auto row = co_await store_.run(job.key);
    if (!row) co_return row.error();
    if (row->state == "cancelled" || row->state == "failed") co_return result<void>{};
    if (row->state == "done") {
        co_await show(*row);
        co_return co_await write_back(*row);
    }
    auto investigation = co_await store_.investigation(row->investigation);
    if (!investigation) co_return investigation.error();
    auto begun = co_await store_.begin(job.fence, row->id, equipment_.clock.now());
    if (!begun) co_return begun.error();

    Run run(*row, job.fence, journal_, equipment_.clock);
    auto finding = co_await investigate(run, investigation->alert, equipment_);
    equipment_.presenter.forget(row->investigation);
    if (!finding) {
        const Error error = finding.error();
        if (error.code == errc::lease_lost || error.code == errc::cancelled || error.code == errc::storage) co_return error;
        co_return co_await give_up(job.fence, *row, error);
    }
    co_return co_await conclude(run, *finding, *investigation);
}

/// Facts alone again, of the same evidence: what is shown says it already.
task<bool> Engine::came_to_nothing(const Run& run, const Finding& finding) {
    if (!finding.degraded || run.row().mode != ReplayMode::frozen || run.row().post != PostMode::update) co_return false;
    auto parent = co_await store_.run(run.row().parent);
    if (!parent) co_return parent.error();
    auto before = parse_json(parent->finding);
    const bool facts_alone = before ? get_bool(*before, "degraded").value_or(false) : false;
    co_return facts_alone;
}

/// Put before the run ends, so that a crash in between loses it neither way; a job too many finds nothing to do.
task<void> Engine::ask_again_later(const Run& run, const InvestigationRow& investigation) {
    const auto models = equipment_.route(investigation.alert, run.row().chain).models;
    const bool configured = std::ranges::any_of(models.chains, [](const auto& entry) { return !entry.second.empty(); });
    if (!configured) co_return result<void>{};
    const Timestamp now = equipment_.clock.now();
    Timestamp shown_since = now;
    if (!investigation.posted_run.empty()) {
        auto shown = co_await store_.run(investigation.posted_run);
        if (!shown) co_return shown.error();
        shown_since = shown->finished_at.value_or(now);
    }
    co_return co_await queue_.put(reanalysis_job, investigation.id, "{}", now + next_reanalysis(now - shown_since));
}

task<void> Engine::conclude(const Run& run, const Finding& finding, const InvestigationRow& investigation) {
    if (finding.degraded && run.row().post == PostMode::update) {
        auto later = co_await ask_again_later(run, investigation);
        if (!later) co_return later.error();
    }
    auto nothing = co_await came_to_nothing(run, finding);
    if (!nothing) co_return nothing.error();
    if (*nothing) {
        co_return co_await store_.discard(run.fence(), run.row().id, "no model answered: " + finding.route_note, equipment_.clock.now());
    }
    const std::string text = dump_json(to_json_value(finding));
    const bool shown = run.row().post == PostMode::update;
    auto completed = co_await store_.complete(run.fence(), run.row().id, text, shown, equipment_.clock.now());
    if (!completed) co_return completed.error();
    log::info("investigation finished", {{"investigation", finding.investigation},
                                         {"run", finding.run},
                                         {"status", std::string(to_string(finding.status))},
                                         {"answered_by", finding.answered_by},
                                         {"millis", std::to_string(finding.duration.count())}});
    auto row = co_await store_.run(run.row().id);
    if (!row) co_return row.error();
    co_await show(*row);
    co_return co_await write_back(*row);
}

task<void> Engine::write_back(RunRow run) {
    co_return co_await queue_notes(std::move(run), equipment_.annotators, store_, queue_, equipment_.clock);
}

task<void> Engine::annotate(Job job) {
    co_return co_await write_note(std::move(job), equipment_.annotators, store_, equipment_.clock);
}

/// A failure is spoken: the run says why, the message too.
task<void> Engine::give_up(Fence fence, RunRow run, Error error) {
    log::error("investigation failed", {{"run", run.id}, {"error", error.message}});
    auto abandoned = co_await store_.abandon(std::move(fence), run.id, error.message, equipment_.clock.now());
    if (!abandoned) co_return abandoned.error();
    co_await show(run);
    co_return result<void>{};
}

awaitable<void> Engine::show(RunRow run) {
    result<void> shown;
    if (run.post == PostMode::update) {
        shown = co_await equipment_.presenter.present(run.investigation);
    } else if (run.post == PostMode::thread) {
        shown = co_await equipment_.presenter.present_replay(run.investigation, run);
    }
    if (!shown) log::error("presenting failed", {{"run", run.id}, {"error", shown.error().message}});
}

/// An incident that joined when the finding stood already gets its note, too.
task<void> Engine::refresh(Job job) {
    auto presented = co_await equipment_.presenter.present(job.key);
    if (!presented || equipment_.annotators.empty()) co_return presented;
    auto investigation = co_await store_.investigation(job.key);
    if (!investigation) co_return investigation.error();
    if (investigation->posted_run.empty()) co_return result<void>{};
    auto run = co_await store_.run(investigation->posted_run);
    if (!run) co_return run.error();
    auto members = co_await store_.members(job.key);
    if (!members) co_return members.error();
    if (!run->finished_at || members->last_joined < *run->finished_at) co_return result<void>{};
    co_return co_await write_back(*run);
}

awaitable<void> Engine::tell_parked() {
    auto parked = co_await queue_.take_parked();
    if (!parked) co_return;
    for (const Job& job : *parked) {
        const bool crashed = job.crashes >= limits::crash_attempts;
        const std::string reason =
            crashed ? "stopped: the service ended " + std::to_string(job.crashes) + " times while working on it. Replay it after a fix."
                    : job.error;
        log::error("job parked", {{"kind", job.kind}, {"key", job.key}});
        tell_ops_("A job was parked (" + job.kind + " " + job.key + "): " + reason);
        if (job.kind != "run") continue;
        auto marked = co_await store_.park(job.key, reason, equipment_.clock.now());
        if (!marked) continue;
        auto row = co_await store_.run(job.key);
        if (!row) continue;
        co_await show(*row);
    }
}

}  // namespace gumshoe
