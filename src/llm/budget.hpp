// What may still be spent: money by day and team, and second calls beside first ones.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>

#include "base/clock.hpp"

namespace gumshoe::llm {

/// What was spent today by all ("") and by team, with what calls under way can still cost.
class Purses {
public:
    void begin_day(Timestamp midnight);
    /// The store's sum, which another process may have added to; never takes back what is known here.
    void read(const std::string& team, double spent_usd, Monotonic now);
    /// Whether the caller is to ask the store: all do until its sum is known, then one every ten seconds, for what others spend.
    bool due(const std::string& team, Monotonic now);
    void spend(const std::string& team, double usd);
    void reserve(const std::string& team, double usd);  // less than nothing gives back
    double taken_usd(const std::string& team) const;    // spent and reserved

private:
    struct Purse {
        double spent_usd = 0;
        double reserved_usd = 0;
        std::optional<Monotonic> read_at = {};
    };
    Timestamp day_{};
    std::map<std::string, Purse> purses_;
};

/// At most one hedge for every twenty requests of the last hour.
class HedgeBudget {
public:
    void request(Monotonic now);
    bool take(Monotonic now);

private:
    std::deque<Monotonic> requests_;
    std::deque<Monotonic> hedges_;
};

}  // namespace gumshoe::llm
