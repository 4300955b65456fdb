// How long a model takes: quantiles of its last answers, older ones are forgotten.
#pragma once

#include <array>
#include <optional>

#include "base/clock.hpp"

namespace gumshoe::llm {

class Spans {
public:
    void add(milliseconds span);
    int size() const { return size_; }
    /// 0.5: half of them took no longer. Nullopt with fewer than `at_least`.
    std::optional<milliseconds> quantile(double q, int at_least = 1) const;

private:
    std::array<milliseconds, 64> last_{};    // in the order they came
    std::array<milliseconds, 64> sorted_{};  // the same, `size_` of them
    int size_ = 0;
    int next_ = 0;
};

struct Latency {
    Spans first_content;  // streamed answers, and silences that were ended
    Spans total;
};

inline constexpr int enough_for_median = 5;
inline constexpr int enough_for_tail = 20;

}  // namespace gumshoe::llm
