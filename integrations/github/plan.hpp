// Which questions to ask GitHub, from typed fields alone.
#pragma once

#include <vector>

#include "evidence/source.hpp"

namespace gumshoe::github {

/// Changes further back than this are not looked for.
inline constexpr auto look_back = std::chrono::hours(7 * 24);

std::vector<Query> first_round(const Subject& subject);
/// Compares each of the newest deploys before onset with the one it replaced.
std::vector<Query> second_round(const Subject& subject, const Records& found);
result<Query> question(QueryKind kind, const std::string& service, Window window, const Subject& subject);

}  // namespace gumshoe::github
