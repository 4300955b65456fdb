// The loop: choose, call, learn, until somebody answers. State lives in Memory, choices are made in plan.cpp.
#include "llm/router.hpp"

#include <algorithm>
#include <map>
#include <random>
#include <utility>

#include "base/log.hpp"
#include "llm/attempt_row.hpp"
#include "llm/call.hpp"
#include "llm/credentials.hpp"
#include "llm/ends.hpp"
#include "llm/lesson.hpp"
#include "llm/snapshot.hpp"
#include "llm/warden.hpp"

namespace gumshoe::llm {
namespace {

using namespace std::chrono_literals;

constexpr milliseconds reserve = 2s;  // of the deadline, for what the caller does without an answer
constexpr milliseconds longest_backoff = 8s;
constexpr milliseconds first_backoff = 500ms;
constexpr milliseconds hedge_after = 8s;  // where it is not known how long the model usually takes to begin
constexpr double most_retry_tokens = 20;
constexpr double retry_tokens_per_request = 0.2;

class ChainRouter final : public Router {
public:
    ChainRouter(HttpClient& http, AttemptStore& store, Scheduler& scheduler, Clock& clock, RouterOptions options, Warden::Tell on_dead)
        : http_(http),
          store_(store),
          scheduler_(scheduler),
          clock_(clock),
          options_(std::move(options)),
          credentials_(options_.on_new_key),
          warden_(memory_, credentials_, http, store, scheduler, clock, std::move(on_dead)),
          random_(options_.seed ? *options_.seed : std::random_device{}()) {}

    awaitable<std::variant<Answer, NoAnswer>> complete(Request request, Chain chain, RouteContext context, Deadline deadline,
                                                       Check check) override {
        const Monotonic last_call = deadline.at - std::min(reserve, deadline.remaining(clock_) / 10);
        Journey journey =
            plan_journey(std::move(request), credentials_.current(std::move(chain)), std::move(context), last_call, memory_, random_);
        retry_tokens_ = std::min(most_retry_tokens, retry_tokens_ + retry_tokens_per_request);
        if (options_.hedge) hedges_.request(clock_.monotonic());
        co_await read_spending(journey);
        auto renewed = co_await warden_.renew(journey);
        if (!renewed) not_journaled(journey)(renewed.error());
        while (true) {
            set_budget(journey);
            const Choice choice = choose(journey, memory_, options_, clock_.monotonic(), clock_.now());
            std::shared_ptr<Call> call;
            if (choice.kind == Choice::Kind::call) call = open(journey, choice);
            record_skips(journey, choice);
            for (const std::size_t due : choice.probes) warden_.look_at(journey.slots[due].target, jitter());
            if (choice.kind == Choice::Kind::stop) break;
            if (choice.kind == Choice::Kind::wait) {
                co_await clock_.sleep_until(choice.until);
                continue;
            }
            std::shared_ptr<Call> answered = co_await attempt(journey, std::move(call), check);
            if (answered) co_return answer_of(std::move(journey), answered->slot, std::move(*answered->reply()));
        }
        co_return no_answer_of(std::move(journey), memory_, clock_.now());
    }

    task<void> recover() override {
        auto stored = co_await store_.quarantines();
        if (!stored) co_return in_context("LLM quarantines", stored.error());
        for (Quarantine& entry : *stored) memory_.restore(std::move(entry));
        auto learned = co_await store_.learned(clock_.now());
        if (!learned) co_return in_context("what was learned of models", learned.error());
        for (LearnedFact& fact : *learned) memory_.restore(std::move(fact));
        co_return result<void>();
    }

    std::vector<Quarantine> quarantines() const override { return memory_.quarantines(); }

    task<void> release(std::string scope) override {
        if (!memory_.release(scope)) co_return Error{errc::not_found, "nothing is quarantined as " + scope};
        co_return co_await store_.release(std::move(scope));
    }

    awaitable<std::vector<Prospect>> dry_run(Request request, Chain chain, RouteContext context) override {
        Random draws = random_;
        Journey journey =
            plan_journey(std::move(request), credentials_.current(std::move(chain)), std::move(context), Monotonic::max(), memory_, draws);
        co_await read_spending(journey);
        set_budget(journey);
        co_return prospects_of(journey, memory_, options_, clock_.monotonic(), clock_.now());
    }

    void drill(std::string target, FailureClass failure, int times) override { drills_[std::move(target)] = Drill{failure, times}; }

    std::vector<TargetState> snapshot(const Targets& targets) const override {
        std::vector<TargetState> states;
        for (const auto& target : targets) {
            states.push_back(state_of(*credentials_.current(target), memory_, clock_.monotonic(), clock_.now()));
            const auto drill = drills_.find(target->name);
            if (drill != drills_.end()) states.back().drills = drill->second.left;
        }
        return states;
    }

    double retry_tokens() const override { return retry_tokens_; }

    task<void> reset(std::shared_ptr<const Target> target) override {
        std::string place = memory_.reset(*credentials_.current(target));
        co_return co_await store_.forget(std::move(place));
    }

private:
    struct Drill {
        FailureClass failure = FailureClass::none;
        int left = 0;
    };

    // Budget

    awaitable<void> read_spending(Journey& journey) {
        purses_.begin_day(std::chrono::floor<std::chrono::days>(clock_.now()));
        const std::map<std::string, double> limits{{"", options_.per_day_usd}, {journey.context.team, journey.context.team_per_day_usd}};
        for (const auto& [team, per_day_usd] : limits) {
            if (per_day_usd <= 0 || !purses_.due(team, clock_.monotonic())) continue;
            auto spent = co_await store_.spent_usd(std::chrono::floor<std::chrono::days>(clock_.now()), team);
            if (spent) {
                purses_.read(team, *spent, clock_.monotonic());
            } else {
                not_journaled(journey)(spent.error());
            }
        }
    }

    void set_budget(Journey& journey) const {
        journey.left_usd.reset();
        const RouteContext& context = journey.context;
        if (context.budget_usd > 0) journey.left_usd = context.budget_usd;
        const auto limit = [&](const std::string& team, double per_day_usd) {
            const double left = per_day_usd - purses_.taken_usd(team) + journey.spent_usd;
            if (per_day_usd > 0) journey.left_usd = std::min(journey.left_usd.value_or(left), left);
        };
        limit("", options_.per_day_usd);
        if (!context.team.empty()) limit(context.team, context.team_per_day_usd);
    }

    // One attempt

    /// In the same step as the choice, so that no other request takes the permit or the money too.
    std::shared_ptr<Call> open(const Journey& journey, const Choice& choice) {
        const Slot& slot = journey.slots[choice.slot];
        const Target& target = *slot.target;
        const Monotonic now = clock_.monotonic();
        const Place& place = memory_.at(target);
        if (choice.forced) memory_.forced_call(now);
        auto call = std::make_shared<Call>();
        call->slot = choice.slot;
        call->target = slot.target;
        call->began = now;
        call->span = attempt_span(journey, place, choice.others_viable, now);
        call->trial = choice.trial;
        call->scope = choice.scope;
        call->drill = next_drill(target.name);
        call->request = request_for(journey, slot);
        call->http = wire_request(call->request, target, options_.stream, memory_.repairs(target, clock_.now()), clock_.now());
        call->within = {.deadline = Deadline{now + call->span},
                        .clocks = stream_clocks(call->request, target, place.latency, call->span),
                        .stream = options_.stream};
        call->row = row_of_call(journey, choice, *call, clock_.now());
        call->row.breaker_before = to_string(place.breaker.state(now));
        call->hold = std::make_unique<Hold>(memory_, purses_,
                                            Hold::Of{.target = slot.target,
                                                     .scope = choice.scope,
                                                     .team = journey.context.team,
                                                     .usd = estimated_usd(journey, slot),
                                                     .now = now,
                                                     .wall = clock_.now(),
                                                     .span = call->span});
        return call;
    }

    /// The call whose answer stands; null when none does.
    awaitable<std::shared_ptr<Call>> attempt(Journey& journey, std::shared_ptr<Call> call, const Check& check) {
        auto pair = std::make_shared<Pair>(Pair{.first = std::move(call)});
        intend(journey, *pair->first);
        try {
            co_await make(journey, pair, check);
            co_return co_await settle(journey, *pair);
        } catch (...) {  // the caller went away
            abandon(journey, pair->first.get());
            abandon(journey, pair->second.get());
            throw;
        }
    }

    awaitable<std::shared_ptr<Call>> settle(Journey& journey, Pair pair) {
        const auto stands = [](const std::shared_ptr<Call>& of) { return of && of->ended && of->verdict.failure == FailureClass::none; };
        const std::shared_ptr<Call> answered = stands(pair.first) ? pair.first : stands(pair.second) ? pair.second : nullptr;
        const std::vector<std::shared_ptr<Call>> calls{pair.first, pair.second};
        for (const std::shared_ptr<Call>& each : calls) {
            if (!each) continue;
            const bool stopped = !each->ended || each->verdict.failure == FailureClass::cancelled;
            const bool lost = answered && each != answered && stopped;
            co_await settle(journey, each, lost);
        }
        co_return answered;
    }

    awaitable<void> make(Journey& journey, std::shared_ptr<Pair> pair, const Check& check) {
        if (!options_.hedge || pair->first->trial) {
            co_await make(journey, pair->first, check);
            co_return;
        }
        std::vector<awaitable<bool>> lanes;
        lanes.push_back(first_lane(journey, pair, check));
        lanes.push_back(second_lane(journey, pair, check));
        co_await scheduler_.race(std::move(lanes));
    }

    void intend(Journey& journey, Call& call) {
        Slot& slot = journey.slots[call.slot];
        if (call.row.purpose == "retry") retry_tokens_ -= 1;
        ++journey.attempts;
        journey.hops_made = call.row.hop;
        journey.last_target = slot.target->name;
        ++slot.tries;
        slot.mending = false;
        call.http.under_way = [this, &journey, &row = call.row](const HttpRequest& sent) {
            note_sent(row, sent);
            record(journey, row);
        };
    }

    awaitable<void> make(Journey& journey, std::shared_ptr<Call> call, const Check& check) {
        if (call->drill) {
            call->outcome = Failure{.failure = *call->drill, .reason = "a drill: " + std::string(to_string(*call->drill))};
        } else {
            call->outcome = co_await exchange(http_, clock_, call->target, std::move(call->http), call->within, call->progress);
        }
        call->verdict = without_keys(assess(call->outcome, call->request, check), *call->target);
        call->ended = true;
        pay(journey, *call, call->reply() == nullptr ? 0 : cost_usd(*call->target, *call->reply()));
        const bool key_refused = call->verdict.failure == FailureClass::auth_bad && !call->drill;
        if (key_refused && !journey.slots[call->slot].renewed) call->renewed = credentials_.renew(call->target);
        if (!call->drill) learn_health(*call, memory_, clock_.monotonic(), clock_.now(), jitter());
    }

    void pay(Journey& journey, Call& call, double usd) {
        call.cost_usd = usd;
        purses_.spend(journey.context.team, usd);
        journey.spent_usd += usd;
    }

    /// True when it decides the attempt: it is an answer, or nobody else is being asked.
    awaitable<bool> first_lane(Journey& journey, std::shared_ptr<Pair> pair, const Check& check) {
        co_await make(journey, pair->first, check);
        co_return pair->first->verdict.failure == FailureClass::none || !pair->second;
    }

    awaitable<bool> second_lane(Journey& journey, std::shared_ptr<Pair> pair, const Check& check) {
        const Latency& usual = memory_.at(*pair->first->target).latency;
        const Spans& spans = options_.stream ? usual.first_content : usual.total;
        co_await clock_.sleep_until(pair->first->began + spans.quantile(0.95, enough_for_tail).value_or(hedge_after));
        if (pair->first->ended || pair->first->progress.first_content) co_return false;
        set_budget(journey);
        const auto choice = choose_hedge(journey, journey.slots[pair->first->slot], memory_, options_, clock_.monotonic(), clock_.now());
        if (!choice || !hedges_.take(clock_.monotonic())) co_return false;
        pair->second = open(journey, *choice);
        intend(journey, *pair->second);
        co_await make(journey, pair->second, check);
        co_return pair->second->verdict.failure == FailureClass::none;
    }

    std::optional<FailureClass> next_drill(const std::string& target) {
        const auto drill = drills_.find(target);
        if (drill == drills_.end() || drill->second.left <= 0) return std::nullopt;
        --drill->second.left;
        return drill->second.failure;
    }

    // What an outcome teaches

    /// What a call is billed at least that nobody waited for to its end: its prompt.
    void cut_short(Journey& journey, Call& call, std::string why) {
        call.outcome = call.verdict = {.failure = FailureClass::cancelled, .reason = std::move(why)};
        pay(journey, call, estimated_usd(*call.target, journey.prompt_tokens, 0));
    }

    void abandon(Journey& journey, Call* call) {
        if (call == nullptr || call->row.finished_at) return;
        if (!call->ended) cut_short(journey, *call, "nobody waited for its answer any more");
        close(journey, *call);
    }

    void close(Journey& journey, Call& call) {
        close_row(call, clock_.now(), took(call));
        record(journey, call.row);
    }

    milliseconds took(const Call& call) const { return std::chrono::duration_cast<milliseconds>(clock_.monotonic() - call.began); }

    /// `lost`: it was stopped because the other of two calls had answered.
    awaitable<void> settle(Journey& journey, std::shared_ptr<Call> call, bool lost) {
        if (lost) cut_short(journey, *call, "it was silent for long, another answered first");
        call->hold.reset();
        journey.hops.push_back(
            {.target = call->target->name, .failure = call->verdict, .duration = took(*call), .cost_usd = call->cost_usd});
        close(journey, *call);
        auto kept = co_await warden_.settle(journey, call);
        if (!kept) not_journaled(journey)(kept.error());
        if (call->verdict.failure == FailureClass::none) co_return;
        if (lost) {
            journey.slots[call->slot].last_words = call->verdict.reason;
        } else {
            co_await learn(journey, call);
        }
    }

    awaitable<void> learn(Journey& journey, std::shared_ptr<Call> call) {
        Slot& slot = journey.slots[call->slot];
        const Moment moment{
            .now = clock_.monotonic(), .wall = clock_.now(), .may_retry = retry_tokens_ >= 1, .backoff = backoff(slot.tries)};
        if (call->drill) {
            take_drill(journey, slot, call->verdict, memory_, moment);
            co_return;
        }
        if (call->renewed) {
            ask_again(slot, call->verdict);
            for (Slot& each : journey.slots) each.target = credentials_.current(std::move(each.target));
            co_return;
        }
        const Reply* reply = call->reply();
        if (reply != nullptr) keep_rejected(journey, slot, *reply, call->verdict);
        std::optional<LearnedFact> fact = take_lesson(journey, slot, call->verdict, reply, memory_, moment);
        if (!fact) co_return;
        auto stored = co_await store_.learn(std::move(*fact), clock_.now());
        if (!stored) not_journaled(journey)(stored.error());
    }

    // Journal

    void record(const Journey& journey, LlmAttempt row) { store_.record(std::move(row), not_journaled(journey)); }

    static AttemptStore::Lost not_journaled(const Journey& journey) {
        return [run = journey.context.run, failures = journey.journal_failures](const Error& error) {
            ++*failures;
            log::error("llm attempt not journaled", {{"run", run}, {"error", error.message}});
        };
    }

    void record_skips(Journey& journey, const Choice& choice) {
        for (const auto& [index, standing] : choice.skips) {
            Slot& slot = journey.slots[index];
            if (slot.tries == 0 && !slot.burned) {
                slot.last_words = standing.words;
                slot.last_failure = standing.skip == Skip::budget   ? FailureClass::budget_exceeded
                                    : standing.skip == Skip::window ? FailureClass::context_overflow
                                                                    : standing.failure;
            }
            if (slot.tries > 0) continue;  // its attempt says why
            if (std::exchange(slot.skip_journaled, standing.words) == standing.words) continue;
            record(journey, row_of_skip(journey, slot, standing, clock_.now()));
        }
    }

    // Chance

    double jitter() { return std::uniform_real_distribution<double>(0.8, 1.2)(random_); }

    milliseconds backoff(int tries) {
        const milliseconds ceiling = std::min(longest_backoff, first_backoff * (1 << std::min(tries, 8)));
        return milliseconds(std::uniform_int_distribution<std::int64_t>(0, ceiling.count())(random_));
    }

    HttpClient& http_;
    AttemptStore& store_;
    Scheduler& scheduler_;
    Clock& clock_;
    RouterOptions options_;
    Memory memory_;
    Credentials credentials_;
    Warden warden_;
    Purses purses_;
    HedgeBudget hedges_;
    std::map<std::string, Drill> drills_;
    double retry_tokens_ = most_retry_tokens;
    Random random_;
};

}  // namespace

std::unique_ptr<Router> make_router(HttpClient& http, AttemptStore& store, Scheduler& scheduler, Clock& clock, RouterOptions options,
                                    std::function<void(std::string subject, std::string words)> on_dead) {
    return std::make_unique<ChainRouter>(http, store, scheduler, clock, std::move(options), std::move(on_dead));
}

}  // namespace gumshoe::llm
