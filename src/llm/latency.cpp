// Quantiles of the last few durations, by sorting them: they are asked for once a call.
#include "llm/latency.hpp"

#include <algorithm>

namespace gumshoe::llm {

void Spans::add(milliseconds span) {
    last_[static_cast<std::size_t>(next_)] = span;
    next_ = (next_ + 1) % static_cast<int>(last_.size());
    size_ = std::min(size_ + 1, static_cast<int>(last_.size()));
}

std::optional<milliseconds> Spans::quantile(double q, int at_least) const {
    if (size_ == 0 || size_ < at_least) return std::nullopt;
    auto sorted = last_;
    const auto nth = sorted.begin() + std::min(size_ - 1, static_cast<int>(q * size_));
    std::nth_element(sorted.begin(), nth, sorted.begin() + size_);
    return *nth;
}

}  // namespace gumshoe::llm
