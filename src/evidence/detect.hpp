// The detectors: each turns records of one kind into items with a calibrated mass. condense.cpp ranks and numbers what they find.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "evidence/evidence.hpp"
#include "evidence/source.hpp"

namespace gumshoe {

/// A deviation as a mass in [0, 1): one half at `half`.
double squash(double value, double half);

/// "4,812", "0.42", "3.4 s": numbers as people read them.
std::string format_count(double value);
std::string format_quantity(double value, std::string_view unit);

/// The windows that are compared.
struct Periods {
    Window incident;
    Timestamp onset;
    std::vector<Window> quiet;

    bool is_incident(Timestamp t) const { return incident.contains(t); }
    bool is_quiet(Timestamp t) const;
    milliseconds incident_length() const { return incident.to - incident.from; }
    milliseconds quiet_length() const;
};
Periods periods_of(const Subject& subject);

/// "10 min", "55 min before": the two windows in words.
std::string in_words(milliseconds length);

std::vector<Evidence> metric_shifts(const Subject& subject, const std::vector<MetricSeries>& series);
std::vector<Evidence> trace_signals(const Subject& subject, const std::vector<SpanRecord>& spans);
std::vector<Evidence> log_changes(const Subject& subject, const std::vector<LogRecord>& logs, const std::vector<SpanRecord>& spans);

/// Who calls whom: from spans and from edges as given. Ordered, without self calls.
struct Topology {
    std::set<std::pair<std::string, std::string>> calls;  // caller, callee

    std::vector<std::string> callees(const std::string& caller) const;
    std::vector<std::string> callers(const std::string& callee) const;
    bool knows(const std::string& entity) const;
    /// All that `entity` calls, directly or not.
    std::set<std::string> below(const std::string& entity) const;
};
Topology topology_of(const Records& records);

/// A digit run becomes N, a long hex run or UUID *: "GET /orders/123" -> "GET /orders/N".
std::string normalise_operation(std::string_view name);

/// Words that tell of failure: "error", "timeout", "refused", ...
bool sounds_like_failure(std::string_view text);

}  // namespace gumshoe
