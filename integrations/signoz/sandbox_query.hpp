// What a request to the simulated query API asks for: the part of SigNoz's filter language and of its two request bodies that we use.
// Anything else is refused, as a typing error would be.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"

namespace gumshoe::signoz {

/// What a record has under a key; nothing when it lacks it.
using FieldLookup = std::function<std::optional<std::string>(std::string_view key)>;
using Predicate = std::function<bool(const FieldLookup&)>;

/// "service.name = 'x' AND NOT (severity_number >= 13 OR severity_text IN ('ERROR'))". Errors: parse, as SigNoz words them.
result<Predicate> parse_expression(std::string_view text);

struct AskedQuery {
    std::string name;
    std::string signal;       // "logs", "traces", "metrics"
    std::string aggregation;  // "rate()", "p95(duration_nano)"; of metrics: how series are combined
    std::string metric;
    Predicate matches;
    std::int64_t step = 60;
    std::size_t limit = 100;
    std::size_t offset = 0;
    bool newest_first = true;
};
struct AskedRange {
    Window window{};
    bool rows = false;  // else graphs
    std::vector<AskedQuery> queries;
};

/// The current body: unknown fields and wrong types are errors.
result<AskedRange> read_v5_body(const std::string& body);
/// The body of v3 and v4.
result<AskedRange> read_legacy_body(const std::string& body);

/// The first key of `object` that is not `known`; "" when there is none.
std::string unknown_key(const json& object, std::initializer_list<std::string_view> known);

}  // namespace gumshoe::signoz
