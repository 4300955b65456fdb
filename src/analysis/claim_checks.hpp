// The checks of one statement against the items it cites: entities, numbers, directions, order in time, quotes. No model involved.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "evidence/evidence.hpp"

namespace gumshoe {

/// Built once a finding: what names exist in its evidence.
class ClaimChecker {
public:
    explicit ClaimChecker(const std::vector<Evidence>& evidence);

    /// Nothing when `text` is supported by `cited`; else which check failed and on what, in a line.
    std::optional<std::string> check(const std::string& text, const std::vector<const Evidence*>& cited) const;

private:
    std::optional<std::string> entities(const std::string& text, const std::vector<const Evidence*>& cited) const;

    std::vector<std::string> names_;  // longest first
    std::string everything_;          // all texts, lower case
};

}  // namespace gumshoe
