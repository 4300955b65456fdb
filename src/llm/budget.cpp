// Sums and counts; the router reads the store and asks the clock.
#include "llm/budget.hpp"

#include <algorithm>

namespace gumshoe::llm {
namespace {

constexpr std::size_t requests_for_a_hedge = 20;
constexpr milliseconds between_readings{10'000};

void forget_before(std::deque<Monotonic>& times, Monotonic hour_ago) {
    while (!times.empty() && times.front() <= hour_ago) times.pop_front();
}

}  // namespace

void Purses::begin_day(Timestamp midnight) {
    if (midnight == day_) return;
    day_ = midnight;
    for (auto& [team, purse] : purses_) purse.spent_usd = 0;
}

void Purses::read(const std::string& team, double spent_usd, Monotonic now) {
    Purse& purse = purses_[team];
    purse.spent_usd = std::max(purse.spent_usd, spent_usd);
    purse.read_at = now;
}

bool Purses::due(const std::string& team, Monotonic now) {
    std::optional<Monotonic>& read_at = purses_[team].read_at;
    if (!read_at) return true;
    if (now - *read_at < between_readings) return false;
    read_at = now;
    return true;
}

void Purses::spend(const std::string& team, double usd) {
    purses_[""].spent_usd += usd;
    if (!team.empty()) purses_[team].spent_usd += usd;
}

void Purses::reserve(const std::string& team, double usd) {
    purses_[""].reserved_usd += usd;
    if (!team.empty()) purses_[team].reserved_usd += usd;
}

double Purses::taken_usd(const std::string& team) const {
    const auto found = purses_.find(team);
    return found == purses_.end() ? 0 : found->second.spent_usd + found->second.reserved_usd;
}

void HedgeBudget::request(Monotonic now) {
    forget_before(requests_, now - std::chrono::hours(1));
    requests_.push_back(now);
}

bool HedgeBudget::take(Monotonic now) {
    forget_before(requests_, now - std::chrono::hours(1));
    forget_before(hedges_, now - std::chrono::hours(1));
    if ((hedges_.size() + 1) * requests_for_a_hedge > requests_.size()) return false;
    hedges_.push_back(now);
    return true;
}

}  // namespace gumshoe::llm
