// Quantiles of the last few durations: they are asked for more often than one is added, so those stand sorted.
#include "llm/latency.hpp"

#include <algorithm>

namespace gumshoe::llm {

void Spans::add(milliseconds span) {
    milliseconds& place = last_[static_cast<std::size_t>(next_)];
    const auto begin = sorted_.begin();
    if (size_ == static_cast<int>(last_.size())) {  // the oldest one goes
        std::shift_left(std::lower_bound(begin, begin + size_, place), begin + size_, 1);
        --size_;
    }
    const auto at = std::upper_bound(begin, begin + size_, span);
    ++size_;
    std::shift_right(at, begin + size_, 1);
    *at = span;
    place = span;
    next_ = (next_ + 1) % static_cast<int>(last_.size());
}

std::optional<milliseconds> Spans::quantile(double q, int at_least) const {
    if (size_ == 0 || size_ < at_least) return std::nullopt;
    return sorted_[static_cast<std::size_t>(std::min(size_ - 1, static_cast<int>(q * size_)))];
}

}  // namespace gumshoe::llm
