// A quarantine is kept in memory and in the store; where the store fails it lasts as long as the process.
#include "llm/warden.hpp"

#include "base/log.hpp"
#include "llm/alarm.hpp"
#include "llm/classify.hpp"
#include "llm/dialect.hpp"

namespace gumshoe::llm {
namespace {

using namespace std::chrono_literals;

constexpr milliseconds probe_deadline = 10s;

/// Names of the request's targets that share what broke.
std::vector<std::string> names_within(const Journey& journey, const Quarantine& entry, FailureClass failure) {
    std::vector<std::string> hit;
    for (const Slot& slot : journey.slots) {
        const bool same = broken_scope(*slot.target, failure) == entry.scope;
        if (same && (hit.empty() || hit.back() != slot.target->name)) hit.push_back(slot.target->name);
    }
    return hit;
}

}  // namespace

task<void> Warden::settle(const Journey& journey, std::shared_ptr<Call> call) {
    auto released = co_await release(call->absolved);
    if (!call->struck) co_return released;
    std::vector<std::string> hit = names_within(journey, *call->struck, call->verdict.failure);
    auto stored = co_await record(call->target, call->verdict, *call->struck, std::move(hit));
    if (!stored) co_return stored;
    co_return released;
}

task<void> Warden::renew(Journey& journey) {
    std::vector<std::string> ended;
    for (Slot& slot : journey.slots) {
        if (!memory_.blocked(*slot.target, clock_.now())) continue;
        auto renewed = credentials_.renew(slot.target);
        if (!renewed) continue;
        for (std::string& scope : memory_.absolve(*slot.target)) ended.push_back(std::move(scope));
        slot.target = std::move(renewed);
    }
    if (ended.empty()) co_return result<void>();  // nearly always
    co_return co_await release(std::move(ended));
}

task<void> Warden::release(std::vector<std::string> scopes) {
    result<void> all;
    for (const std::string& scope : scopes) {
        auto released = co_await store_.release(scope);
        if (!released) all = released.error();
    }
    co_return all;
}

task<void> Warden::record(std::shared_ptr<const Target> target, Failure failure, Quarantine entry, std::vector<std::string> hit) {
    auto stored = co_await store_.quarantine(entry);
    if (memory_.tell(entry.scope, clock_.now())) {
        Alarm alarm = dead_target_alarm(*target, failure, entry, hit);
        log::warn("llm target quarantined", {{"scope", entry.scope}, {"class", entry.failure}, {"until", format_rfc3339(entry.until)}});
        if (on_dead_) on_dead_(std::move(alarm.subject), std::move(alarm.words));
    }
    co_return stored;
}

void Warden::look_at(std::shared_ptr<const Target> target, double jitter) {
    const auto block = memory_.blocked(*target, clock_.now());
    if (!block || block->turn != Memory::Block::Turn::probe) return;  // its account is being looked at already
    memory_.take_turn(block->entry.scope, clock_.now() + probe_deadline + 1s);
    scheduler_.spawn("llm/probe", probe(std::move(target), block->entry.scope, jitter));
}

awaitable<void> Warden::probe(std::shared_ptr<const Target> target, std::string scope, double jitter) {
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
        auto read = target->dialect->read(*response);
        if (auto* refused = std::get_if<Failure>(&read)) failure = std::move(*refused);
    }
    if (broken_scope(*target, failure.failure) == scope) {
        const Quarantine entry = memory_.strike(*target, failure, clock_.now(), jitter);
        auto stored = co_await store_.quarantine(entry);
        if (!stored) log::error("llm quarantine not stored", {{"scope", scope}, {"error", stored.error().message}});
    } else if (counts_for_breaker(failure.failure) || failure.failure == FailureClass::rate_limit ||
               failure.failure == FailureClass::cancelled) {
        memory_.postpone(scope, clock_.now() + probe_again);
    } else {  // also where this key may not list models: a real call will tell
        memory_.probe_passed(scope, clock_.now());
    }
}

}  // namespace gumshoe::llm
