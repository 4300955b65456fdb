// A scenario's telemetry made concrete: the same line, span and point at the same place in every play.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"

namespace gumshoe::sandbox {

struct PlayedLog {
    Timestamp at{};
    std::string id;
    std::string service;
    std::string severity;
    std::string instance;
    std::string text;
    std::map<std::string, std::string> attributes;
};

struct PlayedSpan {
    std::int64_t start_nanos = 0;
    std::int64_t duration_nanos = 0;
    std::string trace_id;  // decimal, 64 bit
    std::string span_id;
    std::string parent_id;  // "0" for a root
    std::string service;
    std::string name;
    bool error = false;
    std::map<std::string, std::string> attributes;
};

struct PlayedMetric {
    std::string entity;
    std::string instance;
    std::string environment;
    std::string name;
    std::string statistic;
    std::string unit;
    std::vector<std::pair<double, double>> shape;  // seconds from zero, value
    double noise = 0;
    std::uint64_t seed = 0;

    double value_at(double t) const;
};

class Telemetry {
public:
    /// Nothing later than `now` is ever shown.
    Telemetry(std::shared_ptr<const json> scenario, Timestamp zero, Timestamp now);

    /// Ascending in time.
    std::vector<PlayedLog> logs(Window window) const;
    std::vector<PlayedSpan> spans(Window window) const;
    std::vector<PlayedMetric> metrics() const;

    const std::string& environment() const { return environment_; }
    double seconds_from_zero(Timestamp t) const { return static_cast<double>(to_millis(t) - to_millis(zero_)) / 1000; }

private:
    void add_trace(const json& entry, std::uint64_t seed, double at, std::vector<PlayedSpan>& out) const;
    Timestamp at_seconds(double t) const;

    std::shared_ptr<const json> scenario_;
    Timestamp zero_;
    Timestamp now_;
    std::string environment_;
    std::uint64_t seed_ = 0;
};

/// A part of the scenario; null when it is not there.
const json& scenario_part(const json& scenario, std::string_view path);

/// A well-mixed number of its parts, the same on every machine.
std::uint64_t mix(std::uint64_t a, std::uint64_t b);

}  // namespace gumshoe::sandbox
