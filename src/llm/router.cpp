// The loop: choose, call, learn, until somebody answers. State lives in Memory, choices are made in plan.cpp.
#include "llm/router.hpp"

#include <algorithm>
#include <map>
#include <random>
#include <utility>

#include "base/log.hpp"
#include "base/text.hpp"
#include "llm/alarm.hpp"
#include "llm/attempt_row.hpp"
#include "llm/classify.hpp"
#include "llm/exchange.hpp"
#include "llm/lesson.hpp"
#include "llm/plan.hpp"

namespace gumshoe::llm {
namespace {

using namespace std::chrono_literals;

constexpr milliseconds reserve = 2s;  // of the deadline, for what the caller does without an answer
constexpr milliseconds probe_deadline = 10s;
constexpr milliseconds probe_again = 60s;  // when a probe said nothing about the quarantine
constexpr milliseconds longest_backoff = 8s;
constexpr milliseconds first_backoff = 500ms;
constexpr double most_retry_tokens = 20;
constexpr double retry_tokens_per_request = 0.2;

/// Whether a failure says that the endpoint is in trouble.
bool counts_for_breaker(FailureClass failure) {
    using enum FailureClass;
    return failure == overloaded || failure == server_error || failure == network || failure == timeout || failure == truncated_stream ||
           failure == bad_body;
}

class ChainRouter final : public Router {
public:
    ChainRouter(HttpClient& http, AttemptStore& store, Scheduler& scheduler, Clock& clock, RouterOptions options,
                std::function<void(std::string, std::string)> on_dead)
        : http_(http),
          store_(store),
          scheduler_(scheduler),
          clock_(clock),
          options_(options),
          on_dead_(std::move(on_dead)),
          random_(std::random_device{}()) {}

    awaitable<std::variant<Answer, NoAnswer>> complete(Request request, Chain chain, RouteContext context, Deadline deadline,
                                                       Check check) override {
        const milliseconds whole = deadline.remaining(clock_);
        Journey journey = plan_journey(std::move(request), chain, std::move(context), deadline.at - std::min(reserve, whole / 10));
        retry_tokens_ = std::min(most_retry_tokens, retry_tokens_ + retry_tokens_per_request);
        co_await read_spending(journey);
        while (true) {
            set_budget(journey);
            const Choice choice = choose(journey, memory_, options_, clock_.monotonic(), clock_.now());
            co_await journal_skips(journey, choice);
            start_probes(journey, choice);
            if (choice.kind == Choice::Kind::stop) break;
            if (choice.kind == Choice::Kind::wait) {
                co_await clock_.sleep_until(choice.until);
                continue;
            }
            std::optional<Reply> reply = co_await attempt(journey, choice, check);
            if (reply) co_return answer(std::move(journey), choice.slot, std::move(*reply));
        }
        co_return no_answer(std::move(journey));
    }

    task<void> recover() override {
        auto stored = co_await store_.quarantines();
        if (!stored) co_return in_context("LLM quarantines", stored.error());
        for (Quarantine& entry : *stored) memory_.restore(std::move(entry));
        co_return result<void>();
    }

    std::vector<Quarantine> quarantines() const override { return memory_.quarantines(); }

    task<void> release(std::string scope) override {
        if (!memory_.release(scope)) co_return Error{errc::not_found, "nothing is quarantined as " + scope};
        co_return co_await store_.release(std::move(scope));
    }

    awaitable<std::vector<Prospect>> dry_run(Request request, Chain chain, RouteContext context) override {
        Journey journey = plan_journey(std::move(request), chain, std::move(context), Monotonic::max());
        co_await read_spending(journey);
        set_budget(journey);
        std::vector<Prospect> prospects;
        for (const Slot& slot : journey.slots) {
            const Standing now = standing(journey, slot, memory_, options_, clock_.monotonic(), clock_.now());
            prospects.push_back({.target = slot.target->name,
                                 .model = slot.target->model_on_wire(),
                                 .key_fingerprint = key_fingerprint(*slot.target),
                                 .viable = now.skip == Skip::none,
                                 .skip = std::string(to_string(now.skip)),
                                 .reason = now.words,
                                 .most_usd = estimated_usd(journey, slot)});
        }
        co_return prospects;
    }

    void drill(std::string target, FailureClass failure, int times) override { drills_[std::move(target)] = Drill{failure, times}; }

    std::vector<TargetState> snapshot(const Targets& targets) const override {
        std::vector<TargetState> states;
        for (const auto& target : targets) states.push_back({.target = target->name});
        return states;
    }

    task<void> reset(std::shared_ptr<const Target>) override { co_return result<void>(); }

private:
    struct Drill {
        FailureClass failure = FailureClass::none;
        int times = 0;
    };

    /// What a call under way holds; given back however it ends.
    class Hold {
    public:
        Hold(ChainRouter& router, const Target& target, std::string scope, double usd)
            : router_(router), target_(target), scope_(std::move(scope)), usd_(usd) {
            router_.reserved_usd_ += usd_;
        }
        Hold(const Hold&) = delete;
        Hold& operator=(const Hold&) = delete;
        ~Hold() {
            router_.reserved_usd_ -= usd_;
            if (settled_) return;
            router_.memory_.breaker(target_).neutral();
            if (!scope_.empty()) router_.memory_.turn_over(scope_);
        }
        void settle() { settled_ = true; }

    private:
        ChainRouter& router_;
        const Target& target_;
        std::string scope_;
        double usd_;
        bool settled_ = false;
    };

    // Budget

    awaitable<void> read_spending(Journey& journey) {
        if (options_.per_day_usd <= 0) co_return;
        const Timestamp midnight = std::chrono::floor<std::chrono::days>(clock_.now());
        if (midnight != day_) spent_today_usd_ = 0;
        day_ = midnight;
        auto spent = co_await store_.spent_usd(midnight, "");
        if (spent) {
            spent_today_usd_ = std::max(spent_today_usd_, *spent);
        } else {
            journal_failed(journey, spent.error());
        }
    }

    void set_budget(Journey& journey) const {
        journey.left_usd.reset();
        if (journey.context.budget_usd > 0) journey.left_usd = journey.context.budget_usd;
        if (options_.per_day_usd <= 0) return;
        const double today = options_.per_day_usd - spent_today_usd_ - reserved_usd_ + journey.spent_usd;
        journey.left_usd = std::min(journey.left_usd.value_or(today), today);
    }

    // One attempt

    awaitable<std::optional<Reply>> attempt(Journey& journey, Choice choice, const Check& check) {
        Slot& slot = journey.slots[choice.slot];
        const Target& target = *slot.target;
        const Monotonic start = clock_.monotonic();
        const milliseconds span = attempt_span(journey, choice.others_viable, start);
        const Request request = request_for(journey, slot);
        HttpRequest http = wire_request(request, target, options_.stream, memory_.repairs(target, clock_.now()), clock_.now());
        LlmAttempt row = row_of_call(journey, choice, http.body, clock_.now());
        Hold hold(*this, target, choice.scope, estimated_usd(journey, slot));
        memory_.breaker(target).started(start, start + span * 12 / 10);
        if (choice.trial) memory_.take_turn(choice.scope, clock_.now() + span);
        if (row.purpose == "retry") retry_tokens_ -= 1;
        ++journey.attempts;
        ++slot.tries;
        slot.mending = false;
        auto intended = co_await store_.intend(row);
        if (!intended) journal_failed(journey, intended.error());
        const CallLimits within{
            .deadline = Deadline{start + span}, .clocks = stream_clocks(request, target, span), .stream = options_.stream};
        std::variant<Reply, Failure> outcome = co_await exchange(http_, slot.target, std::move(http), within);

        Failure failure = assess(outcome, request, check);
        for (std::string* text : {&failure.reason, &failure.code, &failure.request_id}) *text = without_key(std::move(*text), target);
        Reply* reply = std::get_if<Reply>(&outcome);
        const double cost = reply == nullptr ? 0 : cost_usd(target, *reply);
        spent_today_usd_ += cost;
        journey.spent_usd += cost;
        const auto took = std::chrono::duration_cast<milliseconds>(clock_.monotonic() - start);
        journey.hops.push_back({.target = target.name, .failure = failure, .duration = took, .cost_usd = cost});
        settle_breaker(target, reply != nullptr, failure.failure, span);
        hold.settle();
        if (reply != nullptr) {
            co_await absolve(journey, target);
        }
        if (!broken_scope(target, failure.failure).empty()) {
            co_await quarantine(journey, target, failure);
        } else if (choice.trial && reply == nullptr) {
            memory_.postpone(choice.scope, clock_.now() + probe_again);
        }
        close_row(row, failure, reply, cost, clock_.now());
        auto written = co_await store_.outcome(std::move(row));
        if (!written) journal_failed(journey, written.error());
        if (failure.failure == FailureClass::none) co_return std::move(*reply);
        const Moment moment{
            .now = clock_.monotonic(), .wall = clock_.now(), .may_retry = retry_tokens_ >= 1, .backoff = backoff(slot.tries)};
        take_lesson(journey, slot, failure, reply, memory_, moment);
        co_return std::nullopt;
    }

    // What an outcome teaches

    void settle_breaker(const Target& target, bool replied, FailureClass failure, milliseconds span) {
        Breaker& breaker = memory_.breaker(target);
        const bool our_haste = failure == FailureClass::timeout && span < min_useful;
        if (replied) {
            breaker.succeeded(clock_.monotonic());
        } else if (counts_for_breaker(failure) && !our_haste) {
            breaker.failed(clock_.monotonic(), jitter());
        } else {
            breaker.neutral();
        }
    }

    awaitable<void> absolve(Journey& journey, const Target& target) {
        const std::vector<std::string> ended = memory_.absolve(target);
        for (const std::string& scope : ended) {
            auto released = co_await store_.release(scope);
            if (!released) journal_failed(journey, released.error());
        }
    }

    awaitable<void> quarantine(Journey& journey, const Target& target, Failure failure) {
        const Quarantine entry = memory_.strike(target, failure, clock_.now(), jitter());
        auto stored = co_await store_.quarantine(entry);
        if (!stored) journal_failed(journey, stored.error());
        if (!memory_.tell(entry.scope, clock_.now())) co_return;
        std::vector<std::string> hit;
        for (const Slot& slot : journey.slots) {
            if (broken_scope(*slot.target, failure.failure) == entry.scope) hit.push_back(slot.target->name);
        }
        Alarm alarm = dead_target_alarm(target, failure, entry, hit);
        log::warn("llm target quarantined", {{"scope", entry.scope}, {"class", entry.failure}, {"until", format_rfc3339(entry.until)}});
        if (on_dead_) on_dead_(std::move(alarm.subject), std::move(alarm.words));
    }

    // Quarantines that are due: a free look beside the request, so that nobody waits for it

    void start_probes(const Journey& journey, const Choice& choice) {
        for (const std::size_t index : choice.probes) {
            const auto& target = journey.slots[index].target;
            const auto block = memory_.blocked(*target, clock_.now());
            if (!block || block->turn != Memory::Block::Turn::probe) continue;  // its account is being looked at already
            memory_.take_turn(block->entry.scope, clock_.now() + probe_deadline + 1s);
            scheduler_.spawn("llm/probe", probe(target, block->entry.scope));
        }
    }

    awaitable<void> probe(std::shared_ptr<const Target> target, std::string scope) {
        std::optional<HttpRequest> request = target->dialect->probe(*target);
        if (!request) {
            memory_.probe_passed(scope, clock_.now());  // every call costs there: a real one will tell
            co_return;
        }
        auto response = co_await http_.send(std::move(*request), Deadline::after(clock_, probe_deadline));
        Failure failure;
        if (!response) {
            failure = classify_transport(target->provider, response.error(), false);
        } else if (response->status / 100 != 2) {
            failure = classify_response(target->provider, *response);
        }
        if (broken_scope(*target, failure.failure) == scope) {
            const Quarantine entry = memory_.strike(*target, failure, clock_.now(), jitter());
            auto stored = co_await store_.quarantine(entry);
            if (!stored) log::error("llm quarantine not stored", {{"scope", scope}, {"error", stored.error().message}});
        } else if (counts_for_breaker(failure.failure) || failure.failure == FailureClass::rate_limit ||
                   failure.failure == FailureClass::cancelled) {
            memory_.postpone(scope, clock_.now() + probe_again);
        } else {  // also where this key may not list models: a real call will tell
            memory_.probe_passed(scope, clock_.now());
        }
    }

    // Journal

    void journal_failed(Journey& journey, const Error& error) {
        ++journey.journal_failures;
        log::error("llm attempt not journaled", {{"run", journey.context.run}, {"error", error.message}});
    }

    awaitable<void> journal_skips(Journey& journey, Choice choice) {
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
            LlmAttempt row = row_of(journey, *slot.target, clock_.now());
            row.number = journey.attempts + 1;
            row.purpose = "skip";
            row.outcome = "skipped";
            row.reason = standing.words;
            row.finished_at = row.started_at;
            auto written = co_await store_.intend(std::move(row));
            if (!written) journal_failed(journey, written.error());
        }
    }

    // Ends

    static Answer answer(Journey journey, std::size_t slot, Reply reply) {
        Answer answer;
        answer.note = answer_note(journey, slot);
        answer.target = journey.slots[slot].target->name;
        answer.reply = std::move(reply);
        answer.cost_usd = journey.spent_usd;
        answer.hops = std::move(journey.hops);
        return answer;
    }

    NoAnswer no_answer(Journey journey) const {
        NoAnswer none;
        for (const Slot& slot : journey.slots) {
            none.window = std::max(none.window.value_or(0), memory_.window(*slot.target));
            if (slot.last_failure != FailureClass::none) none.failure = slot.last_failure;
        }
        for (const FailureClass telling : {FailureClass::budget_exceeded, FailureClass::context_overflow}) {
            const bool some = std::ranges::any_of(journey.slots, [&](const Slot& slot) { return slot.last_failure == telling; });
            if (some) none.failure = telling;
        }
        if (journey.caller_fault) none.failure = FailureClass::caller_fault;
        if (journey.cancelled) none.failure = FailureClass::cancelled;
        if (none.failure != FailureClass::context_overflow) none.window.reset();
        none.note = no_answer_note(journey);
        none.cost_usd = journey.spent_usd;
        none.hops = std::move(journey.hops);
        return none;
    }

    // Chance and secrets

    double jitter() { return std::uniform_real_distribution<double>(0.8, 1.2)(random_); }

    milliseconds backoff(int tries) {
        const milliseconds ceiling = std::min(longest_backoff, first_backoff * (1 << std::min(tries, 8)));
        return milliseconds(std::uniform_int_distribution<std::int64_t>(0, ceiling.count())(random_));
    }

    static std::string without_key(std::string text, const Target& target) {
        return target.api_key.empty() ? std::move(text) : replace_all(std::move(text), target.api_key.reveal(), "[key]");
    }

    HttpClient& http_;
    AttemptStore& store_;
    Scheduler& scheduler_;
    Clock& clock_;
    RouterOptions options_;
    std::function<void(std::string, std::string)> on_dead_;
    Memory memory_;
    std::map<std::string, Drill> drills_;
    double retry_tokens_ = most_retry_tokens;
    Timestamp day_{};
    double spent_today_usd_ = 0;
    double reserved_usd_ = 0;
    std::minstd_rand random_;
};

}  // namespace

std::unique_ptr<Router> make_router(HttpClient& http, AttemptStore& store, Scheduler& scheduler, Clock& clock, RouterOptions options,
                                    std::function<void(std::string subject, std::string words)> on_dead) {
    return std::make_unique<ChainRouter>(http, store, scheduler, clock, options, std::move(on_dead));
}

}  // namespace gumshoe::llm
