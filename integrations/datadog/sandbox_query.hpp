// The part of Datadog's search and metric languages that our queries use. Anything else is refused, as a typing error would be.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace gumshoe::datadog {

/// What a record has under a key: its values; key "" is its message, matched as a substring.
using FieldLookup = std::function<std::vector<std::string>(std::string_view key)>;

/// A parsed search: `service:"x" env:y -status:(error OR warn) @duration:>1000 "free text"`.
class SearchFilter {
public:
    static result<SearchFilter> parse(std::string_view query);
    bool matches(const FieldLookup& lookup) const { return matches_(lookup); }

private:
    std::function<bool(const FieldLookup&)> matches_;
};

/// "p95:trace.http.request{service:x,env:y} by {host}.as_rate()"
struct MetricExpression {
    std::string text;
    std::string aggregator;
    std::string metric;
    std::vector<std::pair<std::string, std::string>> scope;  // ("*", "") alone is everything
    std::vector<std::string> by;
    std::string scope_text;
};
/// Several are separated by commas.
result<std::vector<MetricExpression>> parse_metric_query(std::string_view query);

/// The whole text as a decimal number.
std::optional<std::int64_t> whole_number(std::string_view text);

}  // namespace gumshoe::datadog
