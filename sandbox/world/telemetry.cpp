// Logs, spans and metrics from a scenario's rates, trees and shapes (sandbox/scenarios/README.md has the format).
#include "sandbox/world/telemetry.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <tuple>

namespace gumshoe::sandbox {

namespace {

constexpr double long_ago = -30.0 * 86400;
constexpr double for_ever = 30.0 * 86400;

/// [0, 1)
double unit_interval(std::uint64_t bits) {
    return static_cast<double>(bits >> 11) * 0x1.0p-53;
}

const json& list(const json& scenario, const char* path) {
    static const json none = json::array();
    const json* found = find(scenario, path);
    return found != nullptr && found->is_array() ? *found : none;
}

/// The moments of a rate within [from, to): one a period, somewhere in it.
template <class Visit>
void each_moment(const json& rate, std::uint64_t seed, double from, double to, Visit visit) {
    const double per_minute = get_number(rate, "per_minute").value_or(0);
    if (per_minute <= 0) return;
    const double begin = get_number(rate, "from").value_or(long_ago);
    const double end = std::min(get_number(rate, "to").value_or(for_ever), to);
    const double period = 60 / per_minute;
    auto k = static_cast<std::int64_t>(std::max(0.0, std::floor((from - begin) / period) - 1));
    for (;; ++k) {
        const std::uint64_t bits = mix(seed, static_cast<std::uint64_t>(k));
        const double start = begin + static_cast<double>(k) * period;
        if (start >= end) return;
        const double at = start + unit_interval(bits) * period;
        if (at >= from && at < end) visit(at, bits);
    }
}

std::string placeholder(std::string_view name, std::uint64_t bits) {
    if (name == "id") {
        char text[13];
        std::snprintf(text, sizeof text, "%012llx", static_cast<unsigned long long>(bits >> 16));
        return text;
    }
    if (name == "n") return std::to_string(bits % 9999 + 1);
    const std::size_t dots = name.find("..");
    if (dots == std::string_view::npos) return "{" + std::string(name) + "}";
    long low = 0;
    long high = 0;
    const std::string_view from = name.substr(0, dots);
    const std::string_view to = name.substr(dots + 2);
    std::from_chars(from.begin(), from.end(), low);
    std::from_chars(to.begin(), to.end(), high);
    if (high < low) return "{" + std::string(name) + "}";
    return std::to_string(low + static_cast<long>(bits % static_cast<std::uint64_t>(high - low + 1)));
}

std::string fill(const std::string& text, std::uint64_t bits) {
    std::string out;
    std::size_t at = 0;
    for (std::uint64_t i = 1;; ++i) {
        const std::size_t open = text.find('{', at);
        const std::size_t close = open == std::string::npos ? open : text.find('}', open);
        out.append(text, at, open - at);
        if (close == std::string::npos) return open == std::string::npos ? out : out + text.substr(open);
        out += placeholder(std::string_view(text).substr(open + 1, close - open - 1), mix(bits, i));
        at = close + 1;
    }
}

std::map<std::string, std::string> fill_attributes(const json& entry, std::uint64_t bits) {
    std::map<std::string, std::string> out;
    const json* attributes = find(entry, "attributes");
    if (attributes == nullptr || !attributes->is_object()) return out;
    for (const auto& [key, value] : attributes->items()) {
        out.emplace(key, fill(value.is_string() ? value.get<std::string>() : dump_json(value), mix(bits, out.size() + 77)));
    }
    return out;
}

}  // namespace

std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
    std::uint64_t z = a + 0x9e3779b97f4a7c15ULL * (b + 1);  // splitmix64
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

const json& scenario_part(const json& scenario, std::string_view path) {
    static const json none;
    const json* found = find(scenario, path);
    return found == nullptr ? none : *found;
}

double PlayedMetric::value_at(double t) const {
    if (shape.empty()) return 0;
    const auto after = std::find_if(shape.begin(), shape.end(), [t](const auto& point) { return point.first > t; });
    double level = 0;
    if (after == shape.begin()) {
        level = shape.front().second;
    } else if (after == shape.end()) {
        level = shape.back().second;
    } else {
        const auto& [t0, v0] = *(after - 1);
        level = v0 + (after->second - v0) * (t - t0) / (after->first - t0);
    }
    const std::uint64_t bits = mix(seed, static_cast<std::uint64_t>(static_cast<std::int64_t>(std::floor(t))));
    return level * (1 + noise * (2 * unit_interval(bits) - 1));
}

Telemetry::Telemetry(std::shared_ptr<const json> scenario, Timestamp zero, Timestamp now)
    : scenario_(std::move(scenario)),
      zero_(zero),
      now_(now),
      environment_(string_or_empty(*scenario_, "environment")),
      seed_(static_cast<std::uint64_t>(get_int(*scenario_, "telemetry.seed").value_or(1))) {}

Timestamp Telemetry::at_seconds(double t) const {
    return zero_ + milliseconds(std::llround(t * 1000));
}

std::vector<PlayedLog> Telemetry::logs(Window window) const {
    const double from = seconds_from_zero(window.from);
    const double to = seconds_from_zero(std::min(window.to, now_));
    std::vector<PlayedLog> out;
    std::uint64_t index = 0;
    for (const json& entry : list(*scenario_, "telemetry.logs")) {
        const std::uint64_t entry_seed = mix(seed_, 1000 + index++);
        const json& instances = list(entry, "instances");
        std::uint64_t part = 0;
        for (const json& rate : list(entry, "rate")) {
            each_moment(rate, mix(entry_seed, part++), from, to, [&](double at, std::uint64_t bits) {
                PlayedLog log;
                log.at = at_seconds(at);
                log.id = "AQAAA" + placeholder("id", mix(bits, 3)) + placeholder("id", mix(bits, 4));
                log.service = string_or_empty(entry, "service");
                log.severity = string_or_empty(entry, "severity");
                if (!instances.empty()) log.instance = instances[mix(bits, 5) % instances.size()].get<std::string>();
                log.text = fill(string_or_empty(entry, "text"), bits);
                log.attributes = fill_attributes(entry, bits);
                out.push_back(std::move(log));
            });
        }
    }
    std::sort(out.begin(), out.end(), [](const PlayedLog& a, const PlayedLog& b) { return std::tie(a.at, a.id) < std::tie(b.at, b.id); });
    return out;
}

void Telemetry::add_trace(const json& entry, std::uint64_t seed, double at, std::vector<PlayedSpan>& out) const {
    const std::string trace_id = std::to_string(mix(seed, 11));
    const std::size_t root = out.size();
    std::uint64_t index = 0;
    for (const json& node : list(entry, "spans")) {
        const std::uint64_t bits = mix(seed, 100 + index++);
        const auto parent = get_int(node, "parent");
        const bool child = parent && *parent >= 0 && root + static_cast<std::size_t>(*parent) < out.size();
        PlayedSpan span;
        span.trace_id = trace_id;
        span.span_id = std::to_string(mix(bits, 1));
        span.parent_id = child ? out[root + static_cast<std::size_t>(*parent)].span_id : "0";
        const std::int64_t base =
            child ? out[root + static_cast<std::size_t>(*parent)].start_nanos : to_millis(zero_) * 1'000'000 + std::llround(at * 1e9);
        span.start_nanos = base + std::llround(get_number(node, "start_ms").value_or(0) * 1e6);
        const json& range = list(node, "duration_ms");
        const double low = range.empty() ? 1 : range[0].get<double>();
        const double high = range.size() > 1 ? range[1].get<double>() : low;
        span.duration_nanos = std::llround((low + (high - low) * unit_interval(mix(bits, 2))) * 1e6);
        span.service = string_or_empty(node, "service");
        span.name = string_or_empty(node, "name");
        span.error = unit_interval(mix(bits, 3)) < get_number(node, "error").value_or(0);
        span.attributes = fill_attributes(node, bits);
        out.push_back(std::move(span));
    }
}

std::vector<PlayedSpan> Telemetry::spans(Window window) const {
    constexpr double longest_trace = 60;
    const double from = seconds_from_zero(window.from);
    const double to = seconds_from_zero(std::min(window.to, now_));
    std::vector<PlayedSpan> out;
    std::uint64_t index = 0;
    for (const json& entry : list(*scenario_, "telemetry.traces")) {
        const std::uint64_t seed = mix(seed_, 5000 + index++);
        each_moment(entry, seed, from - longest_trace, to, [&](double at, std::uint64_t bits) { add_trace(entry, bits, at, out); });
    }
    const std::int64_t first = to_millis(window.from) * 1'000'000;
    const std::int64_t last = to_millis(std::min(window.to, now_)) * 1'000'000;
    std::erase_if(out, [&](const PlayedSpan& span) {
        return span.start_nanos < first || span.start_nanos >= last || span.start_nanos + span.duration_nanos > to_millis(now_) * 1'000'000;
    });
    std::sort(out.begin(), out.end(), [](const PlayedSpan& a, const PlayedSpan& b) {
        return std::tie(a.start_nanos, a.span_id) < std::tie(b.start_nanos, b.span_id);
    });
    return out;
}

std::vector<PlayedMetric> Telemetry::metrics() const {
    std::vector<PlayedMetric> out;
    for (const json& entry : list(*scenario_, "telemetry.metrics")) {
        PlayedMetric metric;
        metric.entity = string_or_empty(entry, "entity");
        metric.instance = string_or_empty(entry, "instance");
        metric.environment = get_string(entry, "environment").value_or(environment_);
        metric.name = string_or_empty(entry, "name");
        metric.statistic = string_or_empty(entry, "statistic");
        metric.unit = string_or_empty(entry, "unit");
        metric.noise = get_number(entry, "noise").value_or(0);
        metric.seed = mix(seed_, 9000 + out.size());
        for (const json& point : list(entry, "shape")) {
            if (point.is_array() && point.size() == 2) metric.shape.emplace_back(point[0].get<double>(), point[1].get<double>());
        }
        out.push_back(std::move(metric));
    }
    return out;
}

}  // namespace gumshoe::sandbox
