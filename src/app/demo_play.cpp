#include "app/demo_play.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "admin/admin_store.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "delivery/outbox.hpp"
#include "investigation/journal.hpp"
#include "llm/attempt_store.hpp"

namespace gumshoe {

namespace {

constexpr auto longest_wait = std::chrono::minutes(3);
constexpr auto longest_settling = seconds(20);
constexpr auto look_again = milliseconds(50);

bool under_way(const std::string& state) {
    return state == "queued" || state == "running";
}

/// Whether the queue holds anything that a worker has or will take.
bool busy(const std::vector<Sample>& samples) {
    return std::ranges::any_of(samples, [](const Sample& sample) {
        return sample.name == "gumshoe_jobs" && sample.value > 0 && sample.labels.find("state=\"parked\"") == std::string::npos;
    });
}

}  // namespace

Play::Play(HttpClient& http, Clock& clock, Company& company, Service& service, std::function<void(const std::string&)> tell)
    : http_(http), clock_(clock), company_(company), service_(service), tell_(std::move(tell)), began_(clock.monotonic()) {}

void Play::tell(const std::string& line) const {
    const auto passed = std::chrono::duration_cast<milliseconds>(clock_.monotonic() - began_).count();
    char stamp[32];
    std::snprintf(stamp, sizeof stamp, "%7.3f s  ", static_cast<double>(passed) / 1000);
    tell_(stamp + strip_invisible(line));
}

/// Which of them, as soon as there are several.
void Play::tell(const Watched& one, const std::string& line) const {
    const auto number = std::to_string(&one - watched_.data() + 1);
    tell(watched_.size() > 1 ? "investigation " + number + ": " + line : line);
}

// --- what is sent ----------------------------------------------------------------------------------------------------------------

task<void> Play::send_one(HttpRequest request) {
    const std::string path = request.url.substr(request.url.find("/webhooks/"));
    auto response = co_await http_.send(std::move(request), Deadline::after(clock_, seconds(15)));
    if (!response) co_return in_context("the webhook was not taken", response.error());
    tell("POST " + path + " answered " + std::to_string(response->status) + " " + response->body);
    if (response->status / 100 != 2) co_return Error{errc::unavailable, "the service refused the webhook " + path};
    auto answer = parse_json(response->body);
    const json none = json::array();
    const json* named = answer ? find(*answer, "investigations") : nullptr;
    for (const json& id : named && named->is_array() ? *named : none) {
        const auto watching = co_await watch(id.get<std::string>());
        if (!watching) co_return watching.error();
    }
    co_return result<void>();
}

task<void> Play::send(sandbox::PlayedMoment moment) {
    std::vector<HttpRequest> requests = company_.webhooks(moment.moment, "http://127.0.0.1:" + std::to_string(service_.port()));
    if (requests.empty()) co_return Error{errc::not_found, "nobody sends a webhook at the moment \"" + moment.moment + "\""};
    for (std::size_t i = 0; i < requests.size(); ++i) {
        if (i > 0 && moment.stagger > milliseconds(0)) {
            sandbox::PlayedMoment pause{.moment = moment.moment, .pause = moment.stagger};
            const auto waited = co_await wait_for(std::move(pause));
            if (!waited) co_return waited.error();
        }
        HttpRequest request = std::move(requests[i]);
        const auto sent = co_await send_one(std::move(request));
        if (!sent) co_return sent.error();
    }
    co_return result<void>();
}

// --- what is seen ----------------------------------------------------------------------------------------------------------------

task<void> Play::watch(std::string investigation) {
    const auto known = std::ranges::find(watched_, investigation, &Watched::id);
    if (known != watched_.end()) {
        known->ended = false;  // what was sent may have started a run
        co_return result<void>();
    }
    auto row = co_await service_.store().investigations->investigation(investigation);
    if (!row) co_return row.error();
    watched_.push_back({.id = std::move(investigation), .title = row->alert.title});
    if (watched_.size() == 2) tell(watched_.front(), "is about " + watched_.front().title);
    if (watched_.size() > 1) tell(watched_.back(), "is about " + watched_.back().title);
    co_return result<void>();
}

awaitable<void> Play::tell_anchor(Watched& one) {
    if (one.has_card) co_return;
    auto message = co_await service_.store().outbox->find(one.id, "anchor");
    if (!message || !*message || (*message)->state != MessageState::anchored) co_return;
    one.has_card = true;
    tell(one, "the facts card stands in " + (*message)->channel);
}

awaitable<void> Play::tell_steps(Watched& one) {
    auto steps = co_await service_.store().journal->steps(one.run.id, false);
    if (!steps) co_return;
    for (const StepRow& step : *steps) {
        if (!step.finished_at || !one.told.insert(step.name).second) continue;
        const auto took = (*step.finished_at - step.started_at).count();
        auto output = parse_json(step.output);
        const std::string status = output ? string_or_empty(*output, "coverage.status") : "";
        tell(one, step.name + (status.empty() ? "" : ": " + status) + " (" + std::to_string(took) + " ms)");
    }
}

awaitable<void> Play::tell_attempts(Watched& one) {
    auto attempts = co_await service_.store().attempts->attempts(one.run.id);
    if (!attempts) co_return;
    for (const LlmAttempt& attempt : *attempts) {
        if (attempt.outcome.empty() || !one.told.insert(attempt.id).second) continue;
        tell(one, "model " + attempt.target + " (" + attempt.model + "): " + attempt.outcome +
                      (attempt.reason.empty() ? "" : ", " + attempt.reason));
    }
}

task<void> Play::look_at(Watched& one) {
    auto row = co_await service_.store().investigations->investigation(one.id);
    if (!row) co_return row.error();
    auto runs = co_await service_.store().investigations->runs(one.id);
    if (!runs) co_return runs.error();
    if (runs->empty()) co_return result<void>();
    one.run = runs->back();
    co_await tell_anchor(one);
    co_await tell_steps(one);
    co_await tell_attempts(one);
    one.ended = !under_way(row->state) && !under_way(one.run.state);
    if (one.ended && one.told.insert(one.run.id).second) tell(one, "the investigation is " + one.run.state);
    co_return result<void>();
}

task<void> Play::look() {
    co_await clock_.sleep_until(clock_.monotonic() + look_again);
    for (Watched& one : watched_) {
        if (one.ended && one.has_card) continue;
        const auto seen = co_await look_at(one);
        if (!seen) co_return seen.error();
    }
    co_return result<void>();
}

// --- the order of it -------------------------------------------------------------------------------------------------------------

bool Play::happened(const sandbox::PlayedMoment& moment, Monotonic since) const {
    using After = sandbox::PlayedMoment::After;
    if (moment.after == After::pause) return clock_.monotonic() - since >= moment.pause;
    const bool card = moment.after == After::card;
    return std::ranges::all_of(watched_, [&](const Watched& one) { return one.ended || (card && one.has_card); });
}

task<void> Play::wait_for(sandbox::PlayedMoment moment) {
    const Monotonic since = clock_.monotonic();
    const Deadline deadline = Deadline::after(clock_, longest_wait);
    while (!happened(moment, since)) {
        if (deadline.passed(clock_)) co_return Error{errc::timeout, "the investigation has not ended in 3 minutes"};
        const auto looked = co_await look();
        if (!looked) co_return looked.error();
    }
    if (moment.after == sandbox::PlayedMoment::After::finding) {
        const auto settled = co_await settle();
        if (!settled) co_return settled.error();
    }
    co_return result<void>();
}

/// What was found stands where people see it: nothing waits in the queue, and the messages show the newest.
task<void> Play::settle() {
    const Deadline deadline = Deadline::after(clock_, longest_settling);
    for (bool quiet = false; !quiet && !deadline.passed(clock_);) {
        const auto looked = co_await look();
        if (!looked) co_return looked.error();
        const auto samples = co_await service_.store().admin->samples();
        if (!samples) co_return samples.error();
        quiet = !busy(*samples);
    }
    for (const Watched& one : watched_) {
        const auto delivered = co_await service_.delivered(one.id, deadline);
        // One without a message has nothing to say of its own.
        if (!delivered && delivered.error().code != errc::not_found) co_return delivered.error();
    }
    co_return result<void>();
}

task<std::vector<RunRow>> Play::run() {
    tell("ready; scenario: " + company_.title());
    for (const sandbox::PlayedMoment& moment : company_.play()) {
        sandbox::PlayedMoment awaited = moment;
        sandbox::PlayedMoment sending = moment;
        const auto waited = co_await wait_for(std::move(awaited));
        if (!waited) co_return waited.error();
        const auto sent = co_await send(std::move(sending));
        if (!sent) co_return sent.error();
    }
    if (watched_.empty()) co_return Error{errc::unavailable, "the service took the webhooks and investigates nothing"};
    sandbox::PlayedMoment end{.moment = {}, .after = sandbox::PlayedMoment::After::finding};
    const auto ended = co_await wait_for(std::move(end));
    if (!ended) co_return ended.error();
    tell(watched_.size() == 1 ? "the finding stands" : std::to_string(watched_.size()) + " findings stand");
    std::vector<RunRow> runs;
    for (Watched& one : watched_) runs.push_back(std::move(one.run));
    co_return runs;
}

}  // namespace gumshoe
