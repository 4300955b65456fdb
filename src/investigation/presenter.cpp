// One function decides what the message says, so a run, a late alert, a recovery and a replay can never disagree about it.
#include "investigation/presenter.hpp"

#include <nlohmann/json.hpp>

#include "base/json.hpp"

namespace gumshoe {

namespace {

result<Finding> finding_of(const RunRow& run) {
    auto value = parse_json(run.finding);
    if (!value) return in_context("finding of " + run.id, value.error());
    return finding_from_json(*value);
}

}  // namespace

Presenter::Presenter(InvestigationStore& store, MessageDelivery& delivery, std::function<std::string(const Alert&)> channel_of,
                     std::function<std::string(const std::string&)> report_url, std::map<std::string, std::string> titles)
    : store_(store),
      delivery_(delivery),
      channel_of_(std::move(channel_of)),
      report_url_(std::move(report_url)),
      titles_(std::move(titles)) {}

void Presenter::progress(const std::string& investigation, Progress progress) {
    progress_[investigation] = std::move(progress);
}

void Presenter::forget(const std::string& investigation) {
    progress_.erase(investigation);
}

task<Situation> Presenter::situation(std::string id) {
    auto row = co_await store_.investigation(id);
    if (!row) co_return row.error();
    Situation situation;
    situation.alert = row->alert;
    situation.investigation = row->id;
    situation.report_url = report_url_(row->id);
    situation.fired = row->fired;
    situation.titles = titles_;
    auto members = co_await store_.members(id);
    if (!members) co_return members.error();
    situation.members = std::move(*members);
    situation.resolved_at = row->resolved_at;
    situation.state = row->state;
    if (const auto known = progress_.find(id); known != progress_.end()) {
        situation.progress = known->second.done;
        situation.pending = known->second.pending;
        situation.recent = known->second.recent;
    }
    if (row->state == "failed" || row->state == "parked") {
        auto runs = co_await store_.runs(id);
        if (runs && !runs->empty()) situation.failure = runs->back().error;
    }
    co_return situation;
}

task<void> Presenter::present(std::string id) {
    auto now = co_await situation(id);
    if (!now) co_return now.error();
    auto row = co_await store_.investigation(id);
    if (!row) co_return row.error();
    Document document = render_facts(*now);
    if (!row->posted_run.empty()) {
        auto run = co_await store_.run(row->posted_run);
        if (!run) co_return run.error();
        auto finding = finding_of(*run);
        if (!finding) co_return finding.error();
        document = render_finding(*now, *finding);
    }
    const std::string channel = channel_of_(now->alert);
    co_return co_await delivery_.publish(id, "anchor", channel, "", std::move(document));
}

task<void> Presenter::present_replay(std::string id, RunRow run) {
    auto now = co_await situation(id);
    if (!now) co_return now.error();
    auto finding = finding_of(run);
    if (!finding) co_return finding.error();
    Document document = render_finding(*now, *finding);
    Block note;
    note.kind = Block::Kind::context;
    note.lines = {{plain("Replay " + run.id + " (" + std::string(to_string(run.mode)) + ") of " + run.parent)}};
    document.blocks.insert(document.blocks.begin(), std::move(note));
    const std::string channel = channel_of_(now->alert);
    co_return co_await delivery_.publish(id, "thread:" + run.id, channel, "anchor", std::move(document));
}

}  // namespace gumshoe
