// Notes on incidents. The note's key comes of its text: a crash after it was written finds it again, a finding that changed is a new one.
#include "investigation/write_back.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/digest.hpp"
#include "base/json.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "finding/finding.hpp"
#include "finding/render.hpp"

namespace gumshoe {

namespace {

constexpr std::size_t looked_at = 200;  // alerts of one sender

bool may_be_tried_again(errc code) {
    return code != errc::invalid_argument && code != errc::unsupported;
}

/// Of several alerts of one thing the first: they are the same incident there.
std::vector<Alert> covered(const Annotator& annotator, const std::vector<Alert>& alerts) {
    std::vector<Alert> found;
    std::set<std::string> known;
    for (const Alert& alert : alerts) {
        if (found.size() == limits::annotated_alerts || !annotator.covers(alert)) continue;
        if (known.insert(alert.source + "\n" + alert.fingerprint).second) found.push_back(alert);
    }
    return found;
}

task<void> annotate_each(Annotator& annotator, std::vector<Alert> alerts, std::string text, std::string key, Clock& clock) {
    result<void> outcome;
    for (const Alert& alert : alerts) {
        auto written = co_await annotator.annotate(alert, text, key, Deadline::after(clock, limits::note_total));
        if (written) continue;
        if (written.error().code == errc::cancelled) co_return written.error();
        log::warn("note not written", {{"to", std::string(annotator.name())}, {"error", written.error().message}});
        if (outcome || may_be_tried_again(written.error().code)) outcome = written.error();
    }
    co_return outcome;
}

}  // namespace

task<void> queue_notes(RunRow run, std::vector<Annotator*> annotators, InvestigationStore& store, Queue& queue, Clock& clock) {
    if (annotators.empty() || run.post != PostMode::update) co_return result<void>{};
    auto alerts = co_await store.alerts(run.investigation, looked_at);
    if (!alerts) co_return alerts.error();
    for (const Annotator* annotator : annotators) {
        if (covered(*annotator, *alerts).empty()) continue;
        const json payload = {{"run", run.id}, {"annotator", annotator->name()}};
        std::string key = run.id + "/" + std::string(annotator->name());
        auto put = co_await queue.put("annotate", std::move(key), dump_json(payload), clock.now());
        if (!put) co_return put.error();
    }
    co_return result<void>{};
}

task<void> write_note(Job job, std::vector<Annotator*> annotators, InvestigationStore& store, Clock& clock) {
    auto payload = parse_json(job.payload);
    if (!payload) co_return Error{errc::corrupt, "job " + job.key + ": " + payload.error().message};
    const std::string name = string_or_empty(*payload, "annotator");
    const auto found = std::find_if(annotators.begin(), annotators.end(), [&name](const Annotator* a) { return a->name() == name; });
    if (found == annotators.end()) co_return Error{errc::unsupported, "the configuration has no " + name + " any more"};
    auto run = co_await store.run(string_or_empty(*payload, "run"));
    if (!run) co_return run.error();
    auto investigation = co_await store.investigation(run->investigation);
    if (!investigation) co_return investigation.error();
    if (investigation->posted_run != run->id) co_return result<void>{};
    auto value = parse_json(run->finding);
    if (!value) co_return Error{errc::corrupt, "finding of " + run->id + ": " + value.error().message};
    auto finding = finding_from_json(*value);
    if (!finding) co_return Error{errc::corrupt, "finding of " + run->id + ": " + finding.error().message};
    auto alerts = co_await store.alerts(run->investigation, looked_at);
    if (!alerts) co_return alerts.error();
    std::string text = render_note(*finding);
    std::string key = run->investigation + "-" + sha256_hex(text).substr(0, 8);
    auto written = co_await annotate_each(**found, covered(**found, *alerts), std::move(text), std::move(key), clock);
    if (!written) co_return in_context("the finding of " + run->investigation + " is not noted at " + name, written.error());
    co_return result<void>{};
}

}  // namespace gumshoe
