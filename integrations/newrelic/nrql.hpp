// NRQL that we write. Values from alerts enter it only as escaped literals; times are epoch milliseconds.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"

namespace gumshoe::newrelic {

inline constexpr int max_rows = 5000;  // what LIMIT MAX yields

/// 'text' with quotes and backslashes escaped, control characters gone, cut to 200 bytes.
std::string nrql_literal(std::string_view value);
/// (`service.name` IN ('a','b') OR appName IN ('a','b')); "" without values.
std::string nrql_any(const std::vector<std::string>& attributes, const std::vector<std::string>& values);

enum class Level { all, trouble, other };  // trouble: errors and warnings

struct RowSearch {
    std::vector<std::string> services;
    std::string environment;  // rows that name another one are left out
    Level level = Level::all;
    Window window{};
    bool oldest_first = false;
    int limit = max_rows;
};
std::string logs_nrql(const RowSearch& search);
std::string errors_nrql(const RowSearch& search);  // TransactionError events of APM agents
std::string spans_nrql(const RowSearch& search);

std::string deployments_nrql(const std::vector<std::string>& names, const std::vector<std::string>& guids, Window window, int limit);

// Golden signals, one row a bucket: `requests` a second, `errors` in percent, `p95` of the duration.
std::string transactions_nrql(const std::string& service, Window window);
std::string requests_nrql(const std::string& service, Window window);   // of OpenTelemetry's spans
std::string resources_nrql(const std::string& service, Window window);  // `cpu`, `memory` of APM agents

/// A condition's own query over our window; nothing when it is none that can be graphed.
std::optional<std::string> condition_nrql(std::string_view query, Window window);

}  // namespace gumshoe::newrelic
