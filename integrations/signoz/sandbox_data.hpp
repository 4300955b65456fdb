// The simulated company's telemetry as SigNoz keeps it: rows with resources and attributes, series in buckets, services.
#pragma once

#include "integrations/signoz/sandbox_query.hpp"
#include "sandbox/simulation.hpp"
#include "sandbox/world/telemetry.hpp"

namespace gumshoe::signoz {

/// A span as SigNoz would keep it.
struct KeptSpan {
    sandbox::PlayedSpan span;
    bool entry = false;  // of kind Server: its caller is another service, or nobody
};
std::vector<KeptSpan> spans_of(const sandbox::Telemetry& telemetry, Window window);

/// "rows": [{"timestamp","data"}], as both generations answer; `legacy` gives spans the columns of older builds.
/// `spans` are those of the window.
json rows_of(const sandbox::Telemetry& telemetry, const std::vector<KeptSpan>& spans, const AskedRange& range, const AskedQuery& query,
             bool legacy);

struct KeptSeries {
    std::string service;
    std::vector<std::pair<std::int64_t, double>> points;  // milliseconds
    std::string unit;
};
/// Errors: not_found for a metric that nobody sends.
result<std::vector<KeptSeries>> series_of(const sandbox::Telemetry& telemetry, const std::vector<KeptSpan>& spans, const AskedRange& range,
                                          const AskedQuery& query);

/// Callers, callees and figures over a window, as the endpoints of services answer.
json services_of(const sandbox::Telemetry& telemetry, Window window);

/// Failing spans with `error.type`, by service, type and message; first and last seen within the window, as SigNoz tells it.
json exceptions_of(const sandbox::Telemetry& telemetry, Window window);

}  // namespace gumshoe::signoz
