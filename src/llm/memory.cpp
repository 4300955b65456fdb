// Maps by scope and by place.
#include "llm/memory.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace gumshoe::llm {
namespace {

using namespace std::chrono_literals;

constexpr milliseconds told_again_after = 6h;
constexpr milliseconds repair_kept = 24h;
constexpr milliseconds window_kept = std::chrono::hours(24 * 7);
constexpr milliseconds forced_calls_apart = 1s;
constexpr const char* window_fact = "window";
constexpr std::string_view repair_fact = "repair:";
constexpr std::int64_t smallest_window = 1024;                        // a smaller number in a vendor's sentence is not a window
constexpr milliseconds longest_stated = std::chrono::hours(24 * 35);  // a vendor's own date is believed so far

/// How long to stay away by the number of strikes: probes cost a dead account nothing, yet each is a wait for somebody.
milliseconds quarantine_time(FailureClass failure, int strikes) {
    if (failure == FailureClass::account_dead) return strikes <= 1 ? 15min : strikes == 2 ? 30min : 60min;
    if (failure == FailureClass::auth_bad) return strikes <= 1 ? 15min : 60min;
    return 60min;
}

std::string account(const Target& target) {
    std::string name = target.account.empty() ? key_fingerprint(target) : target.account;
    if (name.empty()) name = target.api_url;  // a server of one's own, without keys
    return target.provider + "/" + name;
}

std::string place_of(const Target& target) {
    return target.api_url + " " + account(target) + " " + target.model_on_wire();
}

std::array<std::string, 3> scopes(const Target& target) {
    return {account_scope(target), key_scope(target), model_scope(target)};
}

}  // namespace

std::string account_scope(const Target& target) {
    return "account:" + account(target);
}
std::string key_scope(const Target& target) {
    const std::string key = key_fingerprint(target);
    return "key:" + (key.empty() ? account(target) : key);
}
std::string model_scope(const Target& target) {
    return "model:" + account(target) + "/" + target.model_on_wire();
}

std::string broken_scope(const Target& target, FailureClass failure) {
    switch (failure) {
        case FailureClass::account_dead:
            return account_scope(target);
        case FailureClass::auth_bad:
            return key_scope(target);
        case FailureClass::forbidden:
        case FailureClass::model_gone:
            return model_scope(target);
        default:
            return {};
    }
}

std::optional<Memory::Block> Memory::blocked(const Target& target, Timestamp now) const {
    if (quarantines_.empty()) return std::nullopt;  // nearly always
    std::optional<Block> due;
    for (const std::string& scope : scopes(target)) {
        const auto found = quarantines_.find(scope);
        if (found == quarantines_.end()) continue;
        const Entry& entry = found->second;
        if (now < entry.quarantine.until || (entry.lease && now < *entry.lease)) return Block{entry.quarantine, Block::Turn::closed};
        if (!due) due = Block{entry.quarantine, entry.probed ? Block::Turn::trial : Block::Turn::probe};
    }
    return due;
}

Quarantine Memory::strike(const Target& target, const Failure& failure, Timestamp now, double jitter) {
    const std::string scope = broken_scope(target, failure.failure);
    Entry& entry = quarantines_[scope];
    Quarantine& quarantine = entry.quarantine;
    const bool known = !quarantine.scope.empty();
    const bool again = known && now >= quarantine.until;
    if (!known) {
        quarantine.scope = scope;
        quarantine.since = now;
    } else if (again) {
        ++quarantine.strikes;
    }
    quarantine.failure = to_string(failure.failure);
    quarantine.reason = failure.reason;
    Timestamp until = now + std::chrono::duration_cast<milliseconds>(quarantine_time(failure.failure, quarantine.strikes) * jitter);
    if (failure.until && *failure.until > now) until = std::min(*failure.until, now + longest_stated);
    quarantine.until = std::max(quarantine.until, until);
    entry.lease.reset();
    entry.probed = false;
    return quarantine;
}

void Memory::take_turn(const std::string& scope, Timestamp lease) {
    if (const auto found = quarantines_.find(scope); found != quarantines_.end()) found->second.lease = lease;
}

void Memory::probe_passed(const std::string& scope, Timestamp now) {
    const auto found = quarantines_.find(scope);
    if (found == quarantines_.end()) return;
    found->second.probed = true;
    found->second.lease.reset();
    found->second.quarantine.until = std::min(found->second.quarantine.until, now);
}

void Memory::turn_over(const std::string& scope) {
    if (const auto found = quarantines_.find(scope); found != quarantines_.end()) found->second.lease.reset();
}

void Memory::postpone(const std::string& scope, Timestamp until) {
    const auto found = quarantines_.find(scope);
    if (found == quarantines_.end()) return;
    found->second.lease.reset();
    found->second.quarantine.until = std::max(found->second.quarantine.until, until);
}

std::vector<std::string> Memory::absolve(const Target& target) {
    std::vector<std::string> ended;
    if (quarantines_.empty()) return ended;
    for (const std::string& scope : scopes(target)) {
        if (release(scope)) ended.push_back(scope);
    }
    return ended;
}

void Memory::restore(Quarantine entry) {
    told_.try_emplace(entry.scope, entry.since);
    std::string scope = entry.scope;
    quarantines_[std::move(scope)] = Entry{.quarantine = std::move(entry), .lease = std::nullopt, .probed = false};
}

bool Memory::release(const std::string& scope) {
    return quarantines_.erase(scope) > 0;
}

std::vector<Quarantine> Memory::quarantines() const {
    std::vector<Quarantine> all;
    all.reserve(quarantines_.size());
    for (const auto& [scope, entry] : quarantines_) all.push_back(entry.quarantine);
    return all;
}

bool Memory::tell(const std::string& scope, Timestamp now) {
    const auto found = told_.find(scope);
    if (found != told_.end() && now - found->second < told_again_after) return false;
    told_[scope] = now;
    return true;
}

Place& Memory::at(const Target& target) {
    return places_[place_of(target)];
}

const Place& Memory::look_at(const Target& target) const {
    static const Place unknown;
    const auto found = places_.find(place_of(target));
    return found == places_.end() ? unknown : found->second;
}

void Memory::gate(const Target& target, Monotonic until) {
    Monotonic& gate = at(target).gate;
    gate = std::max(gate, until);
}

std::string Memory::reset(const Target& target) {
    Place& place = at(target);
    place.breaker.reset();
    place.throttle.reset();
    place.gate = {};
    place.facts.clear();
    return place_of(target);
}

std::int64_t Memory::window(const Target& target, Timestamp now) const {
    const auto& facts = look_at(target).facts;
    const auto found = facts.find(window_fact);
    if (found == facts.end() || found->second.until <= now) return target.context_window;
    return std::min(found->second.value, target.context_window);
}

std::set<std::string> Memory::repairs(const Target& target, Timestamp now) const {
    std::set<std::string> all;
    for (const auto& [name, fact] : look_at(target).facts) {
        if (name.starts_with(repair_fact) && fact.until > now) all.insert(name.substr(repair_fact.size()));
    }
    return all;
}

std::optional<LearnedFact> Memory::learn_window(const Target& target, std::int64_t tokens, Timestamp now) {
    if (tokens < smallest_window || tokens >= window(target, now)) return std::nullopt;
    LearnedFact fact{.place = place_of(target), .fact = window_fact, .value = tokens, .until = now + window_kept};
    restore(fact);
    return fact;
}

std::optional<LearnedFact> Memory::learn_repair(const Target& target, const std::string& repair, Timestamp now) {
    LearnedFact fact{.place = place_of(target), .fact = std::string(repair_fact) + repair, .value = 0, .until = now + repair_kept};
    restore(fact);
    return fact;
}

void Memory::restore(LearnedFact fact) {
    Place& place = places_[fact.place];
    std::string name = fact.fact;
    place.facts[std::move(name)] = std::move(fact);
}

void Memory::forced_call(Monotonic now) {
    next_forced_call_ = now + forced_calls_apart;
}

}  // namespace gumshoe::llm
