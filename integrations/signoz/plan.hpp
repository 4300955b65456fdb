// Which questions an alert calls for, and what each argument of our queries means. Pure.
#pragma once

#include <string>
#include <vector>

#include "evidence/source.hpp"

namespace gumshoe::signoz {

/// The names of a query's arguments; values are re-checked when the query is run, wherever it was kept.
namespace argument {
inline constexpr const char* environment = "environment";
inline constexpr const char* environment_key = "environment_key";  // the label that named it
inline constexpr const char* services = "services";                // one a line
inline constexpr const char* level = "level";                      // "error" (of logs: and warnings) or "other"; absent: all
inline constexpr const char* pages = "pages";                      // at most so many pages
inline constexpr const char* order = "order";                      // "oldest": first things first; absent: newest first
inline constexpr const char* rule = "rule";                        // a rule's id
inline constexpr const char* view = "view";                        // "graph", "dependencies", "services", "exceptions"
inline constexpr const char* runtime = "runtime";                  // present: processor and memory, too
inline constexpr const char* metrics = "metrics";                  // further metric names, one a line
inline constexpr const char* onset = "onset";                      // milliseconds: what happened from then on is new
}  // namespace argument

std::vector<Query> plan(const Subject& subject);
/// Services that turned out to be called by ours: their graphs and errors.
std::vector<Query> follow_up(const Subject& subject, const Records& found);
result<Query> ask(QueryKind kind, const std::string& service, Window window, const Subject& subject);

}  // namespace gumshoe::signoz
