// What a run of calls came to.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace gumshoe::bench {

struct Latency {
    std::vector<double> micros;  // one a call
    double seconds = 0;          // the wall clock's, over all calls
    std::size_t failures = 0;    // calls that did not end in a whole answer

    void add(Latency other) {
        micros.insert(micros.end(), other.micros.begin(), other.micros.end());
        seconds += other.seconds;
        failures += other.failures;
    }
    /// 0.5 is the median; 0 when there is none.
    double quantile(double share) const {
        if (micros.empty()) return 0;
        std::vector<double> sorted = micros;
        const auto at = static_cast<std::ptrdiff_t>(share * static_cast<double>(sorted.size() - 1));
        std::nth_element(sorted.begin(), sorted.begin() + at, sorted.end());
        return sorted[static_cast<std::size_t>(at)];
    }
    double per_second() const { return seconds > 0 ? static_cast<double>(micros.size()) / seconds : 0; }
};

}  // namespace gumshoe::bench
