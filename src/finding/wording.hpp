// The words and figures that the renderings share: severity, verdict, money, what could not be checked.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "finding/document.hpp"
#include "finding/finding.hpp"
#include "finding/render.hpp"

namespace gumshoe::wording {

/// One line of clean text, at most `max_bytes`: line breaks and runs of blanks become one blank, invisible characters go.
std::string one_line(std::string_view text, std::size_t max_bytes);

std::string severity_sign(const Alert& alert);  // a coloured dot, a check mark when resolved
std::string severity_word(Severity severity);   // "CRITICAL"
std::string percent(double share);              // 0.74 -> "74 %"
std::string money(double usd);                  // "$0.04", "under $0.01", "" for nothing
std::string figure(double value);               // 4812 -> "4,812", 0.35 -> "0.35"
std::string utc(Timestamp t);                   // "14:02:11 UTC"

/// "checkout · p99 latency > 2 s", the title cut so that the whole has at most `max_bytes`.
std::string subject_line(const Alert& alert, std::size_t max_bytes);
/// The same of another alert of the investigation.
std::string member_words(const Member& member, std::size_t max_bytes);
/// "LIKELY cause (74 %)", "INCONCLUSIVE".
std::string verdict(const Finding& finding);
/// "[E1][E4]", " " before it; "" for none.
std::string citations(const Citations& ids);

/// "datadog/logs/incident" -> "datadog logs".
std::string query_words(const Coverage& coverage);
/// "timed out after 15 s", "failed: the API key was refused", "skipped: ...".
std::string coverage_words(const Coverage& coverage);
/// What could not be checked, in words and once each: the finding's own list, then failures of the coverage that it does not name.
std::vector<NotChecked> gaps(const Finding& finding);

/// "What a model said of the same alert 3h ago (stale)", and where it stands.
std::string aside_title(const Aside& aside);
std::string aside_source(const Aside& aside);

/// Recovery, repeats, the other alerts, what is over and what is not: what happened after the first alert. Empty when nothing did.
std::vector<Line> later_events(const Situation& situation);
/// Where the alert came from and what it said: links, when, environment, value.
Line origin(const Situation& s);
/// "Recent change: ..." lines, at most `most`.
std::vector<Line> recent_changes(const std::vector<RankedChange>& changes, std::size_t most);

}  // namespace gumshoe::wording
