// Which questions an alert calls for, and what each argument of our queries means. Pure.
#pragma once

#include <string>
#include <vector>

#include "evidence/source.hpp"

namespace gumshoe::datadog {

/// The names of a query's arguments; values are re-checked when the query is run, wherever it was kept.
namespace argument {
inline constexpr const char* environment = "environment";
inline constexpr const char* services = "services";      // one a line
inline constexpr const char* level = "level";            // logs: "error" (and warnings) or "other"; spans: "error"; absent: all
inline constexpr const char* pages = "pages";            // at most so many pages
inline constexpr const char* order = "order";            // "oldest": first things first; absent: newest first
inline constexpr const char* monitor = "monitor";        // a monitor's id
inline constexpr const char* operations = "operations";  // trace operations, one a line
inline constexpr const char* metrics = "metrics";        // further metric names, one a line
inline constexpr const char* view = "view";              // "dependencies"; of code: "catalogue", or where to look: "spans", "logs"
inline constexpr const char* version = "version";        // code: whose first sighting is wanted
inline constexpr const char* revision = "revision";      // likewise by its commit
}  // namespace argument

std::vector<Query> plan(const Subject& subject);
/// Services that turned out to be called by ours: their metrics and errors. Versions that began lately: since when exactly.
std::vector<Query> follow_up(const Subject& subject, const Records& found);
result<Query> ask(QueryKind kind, const std::string& service, Window window, const Subject& subject);

}  // namespace gumshoe::datadog
