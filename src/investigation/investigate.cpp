// The story of an investigation, in the order it happens. Each step is done once, whatever becomes of the process in between.
#include "investigation/investigate.hpp"

#include <nlohmann/json.hpp>
#include <set>

#include "analysis/analyst.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "base/version.hpp"
#include "evidence/condense.hpp"

namespace gumshoe {

namespace {

constexpr auto freshest_enough = std::chrono::hours(24);  // an older opinion of a model is worth nothing on an alert of now

bool shows(const RunRow& run) {
    return run.post == PostMode::update;
}

/// The windows are fixed when the run begins: a run resumed an hour later looks at the same time.
task<Subject> settle_subject(Run& run, Alert alert, Equipment& equipment) {
    json about = {{"alert", alert.event_id}};
    const std::string investigation = run.row().investigation;
    std::function<task<StepOutput>()> work = [&equipment, alert, investigation]() -> task<StepOutput> {
        auto members = co_await equipment.investigations.members(investigation);
        if (!members) co_return members.error();
        std::vector<std::string> joined;
        for (const Member& member : members->shown) joined.push_back(member.service);
        Subject subject = equipment.subject(alert, joined, equipment.clock.now());
        subject.investigation = investigation;
        co_return StepOutput{std::make_shared<const json>(to_json_value(subject)), {}};
    };
    auto value = co_await run.step("subject", std::move(about), work);
    if (!value) co_return value.error();
    co_return subject_from_json(**value);
}

/// What evidence told of this outage's names elsewhere: another tool's alert that comes later will find the investigation by them.
task<void> learn_names(Run& run, Equipment& equipment, const Gathering& gathering) {
    std::set<std::pair<std::string, std::string>> names;
    for (const Gathered& one : gathering.results) {
        for (const std::string& name : one.fetched.references) names.emplace(one.query.source, name);
    }
    if (names.empty()) co_return result<void>{};
    std::vector<std::pair<std::string, std::string>> told(names.begin(), names.end());
    co_return co_await equipment.investigations.learn(run.fence(), run.row().investigation, std::move(told), equipment.clock.now());
}

/// Publishing is durable and idempotent by itself; its failure must not cost the engineer the analysis.
awaitable<void> show(Run& run, Equipment& equipment) {
    if (!shows(run.row())) co_return;
    auto shown = co_await equipment.presenter.present(run.row().investigation);
    if (!shown) log::error("presenting failed", {{"investigation", run.row().investigation}, {"error", shown.error().message}});
}

void tell_progress(Run& run, Equipment& equipment, const Gathering& gathering, const Finding& builtin) {
    Presenter::Progress progress;
    progress.done = gathering.coverage();
    progress.pending = {"analysis"};
    for (const RankedChange& change : builtin.changes) {
        if (change.kind == "deploy" && progress.recent.size() < 2) progress.recent.push_back(change);
    }
    equipment.presenter.progress(run.row().investigation, std::move(progress));
}

task<ModelAnalysis> analyse(Run& run, Equipment& equipment, Subject subject, Gathering gathering, std::vector<Evidence> evidence,
                            Finding builtin) {
    ModelAnalystInput input;
    input.route = equipment.route(subject.alert, run.row().chain).models;
    input.subject = std::move(subject);
    input.gathering = std::move(gathering);
    input.evidence = std::move(evidence);
    input.builtin = std::move(builtin);
    input.run = run.row().id;
    input.budget_usd = equipment.budget_usd;
    input.deadline = Deadline::after(equipment.clock, equipment.llm_deadline);
    co_return co_await analyse_with_model(std::move(input), equipment.prompts, equipment.router, equipment.sources, run,
                                          equipment.scheduler, equipment.clock, equipment.redactor);
}

/// Beside facts alone: what a model found when the same alert fired before. Looked for before the run's own time, so that a replay finds
/// the same.
task<void> recall(Finding& finding, Equipment& equipment, const Subject& subject) {
    const Timestamp now = subject.incident.to;
    auto run =
        co_await equipment.investigations.last_model_finding(subject.alert.source, subject.alert.fingerprint, now - freshest_enough, now);
    if (!run) co_return run.error();
    if (!*run) co_return result<void>{};
    auto value = parse_json((*run)->finding);
    auto earlier = value ? finding_from_json(*value) : result<Finding>(value.error());
    if (!earlier) {  // today's finding does not depend on an old one
        log::error("earlier finding unreadable", {{"run", (*run)->id}, {"error", earlier.error().message}});
        co_return result<void>{};
    }
    Aside aside;
    aside.summary = earlier->summary;
    aside.cause = earlier->cause.statement;
    aside.answered_by = earlier->answered_by;
    aside.investigation = (*run)->investigation;
    aside.age = now - *(*run)->finished_at;
    finding.asides.push_back(std::move(aside));
    co_return result<void>{};
}

}  // namespace

task<Finding> investigate(Run& run, Alert alert, Equipment& equipment) {
    const Monotonic began = equipment.clock.monotonic();

    Presenter::Progress asked;
    for (const Source* source : equipment.sources) asked.pending.emplace_back(source->name());
    equipment.presenter.progress(run.row().investigation, std::move(asked));
    co_await show(run, equipment);  // the facts card

    auto subject = co_await settle_subject(run, std::move(alert), equipment);
    if (!subject) co_return subject.error();

    const Deadline gathered_by = Deadline::after(equipment.clock, equipment.gather_deadline);
    auto gathering =
        co_await gather(*subject, equipment.sources, run, equipment.scheduler, equipment.clock, equipment.redactor, gathered_by);
    if (!gathering) co_return gathering.error();
    auto learned = co_await learn_names(run, equipment, *gathering);
    if (!learned) co_return learned.error();
    *subject = gathering->subject;  // knows more repositories now

    const std::vector<Evidence> evidence = condense(*subject, *gathering);
    Finding builtin = analyse_builtin(*subject, gathering->records(), evidence);
    builtin.evidence = evidence;
    builtin.coverage = gathering->coverage();
    tell_progress(run, equipment, *gathering, builtin);
    co_await show(run, equipment);  // the facts card, with what was found and what failed

    auto analysis = co_await analyse(run, equipment, *subject, *gathering, evidence, builtin);
    if (!analysis) co_return analysis.error();

    Finding finding = std::move(analysis->finding);
    if (finding.degraded) {
        auto recalled = co_await recall(finding, equipment, *subject);
        if (!recalled) co_return recalled.error();
    }
    finding.investigation = run.row().investigation;
    finding.run = run.row().id;
    finding.duration = std::chrono::duration_cast<milliseconds>(equipment.clock.monotonic() - began);
    finding.binary_version = version();
    finding.prompt_version = equipment.prompts.hash;
    finding.config_version = equipment.config_version;
    co_return finding;
}

}  // namespace gumshoe
