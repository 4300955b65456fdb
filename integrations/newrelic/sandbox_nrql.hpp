// The part of NRQL that our queries and a scenario's conditions use. Anything else is refused, as NRDB refuses what it cannot read.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"

namespace gumshoe::newrelic {

using Row = std::map<std::string, json, std::less<>>;  // an event's attributes; absent ones are null
using Test = std::function<bool(const Row&)>;

struct NrqlColumn {
    std::string function;   // "" for an attribute; "count", "rate", "percentage", "percentile", "average", "sum", "max", "min"
    std::string attribute;  // what the function is of
    double parameter = 0;   // of percentile; seconds of rate
    Test filter;            // of percentage
    std::string name;       // the key in the result
};

struct NrqlQuery {
    std::vector<NrqlColumn> columns;
    std::vector<std::string> events;
    Test where;
    Window window{};
    std::int64_t bucket_seconds = 0;  // 0: no TIMESERIES
    bool oldest_first = false;
    std::size_t limit = 0;

    bool aggregates() const { return !columns.empty() && !columns.front().function.empty(); }
};

/// `now` is where a window without UNTIL ends. Errors: parse, with the position.
result<NrqlQuery> parse_nrql(std::string_view text, Timestamp now);

}  // namespace gumshoe::newrelic
