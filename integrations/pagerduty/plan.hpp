// Which questions to ask PagerDuty: about the incident when the alert is one of its own, about the services in any case.
#pragma once

#include <vector>

#include "evidence/source.hpp"

namespace gumshoe::pagerduty {

/// The arguments of a query, and what `ask` of it may be.
namespace argument {
inline constexpr char ask[] = "ask";
inline constexpr char incident[] = "incident";
inline constexpr char policy[] = "policy";
inline constexpr char service[] = "service";  // PagerDuty's id; "" where only the name is known
inline constexpr char known[] = "known";      // our names of services, one a line
inline constexpr char title[] = "title";      // of the alert: past incidents of the same title are opened first
}  // namespace argument

/// Changes and past incidents further back than this are not looked for.
inline constexpr auto changes_reach = std::chrono::hours(24 * 7);
inline constexpr auto history_reach = std::chrono::hours(24 * 90);

std::vector<Query> first_round(const Subject& subject);
/// Changes of the services that the service map adds.
std::vector<Query> second_round(const Subject& subject, const Records& found);
result<Query> question(QueryKind kind, const std::string& service, Window window, const Subject& subject);

}  // namespace gumshoe::pagerduty
