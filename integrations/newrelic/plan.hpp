// Which questions an investigation puts to New Relic. Typed fields only; what a query needs beyond its window is in its arguments.
#pragma once

#include <string>
#include <vector>

#include "evidence/source.hpp"

namespace gumshoe::newrelic {

/// Names of Query::arguments.
namespace argument {
inline constexpr const char* environment = "environment";
inline constexpr const char* services = "services";    // names, one a line
inline constexpr const char* level = "level";          // "trouble", "other"; absent: all
inline constexpr const char* order = "order";          // "oldest": first things first; absent: newest first
inline constexpr const char* rows = "rows";            // at most so many
inline constexpr const char* issue = "issue";          // an issue's id
inline constexpr const char* condition = "condition";  // a condition's id
inline constexpr const char* guids = "guids";          // entities, one a line
inline constexpr const char* view = "view";            // "errors", "relations"
}  // namespace argument

std::vector<Query> plan(const Subject& subject);
/// Services that turned out to be called by ours: their metrics and errors.
std::vector<Query> follow_up(const Subject& subject, const Records& found);
result<Query> ask(QueryKind kind, const std::string& service, Window window, const Subject& subject);

}  // namespace gumshoe::newrelic
