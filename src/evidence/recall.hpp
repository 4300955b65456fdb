// What people said and what happened before: messages and past incidents that speak of this.
#pragma once

#include <vector>

#include "evidence/evidence.hpp"
#include "evidence/source.hpp"

namespace gumshoe {

struct SimilarPast {
    std::size_t index = 0;  // into Records::incidents
    double score = 0;       // in [0, 1)
};

/// Past incidents that resemble this one, best first, at most `most`. Recurrences are mostly recent: age counts with a half-life of 20
/// days.
std::vector<SimilarPast> similar_incidents(const Subject& subject, const Records& records, const std::vector<Evidence>& items,
                                           std::size_t most);

/// Items of kind incident and message.
std::vector<Evidence> recalled(const Subject& subject, const Records& records, const std::vector<Evidence>& items);

}  // namespace gumshoe
