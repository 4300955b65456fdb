// Metrics: how far the incident stands out of the quiet time, on a robust scale with a floor (median, interquartile range, never sigma).
#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <set>

#include "base/text.hpp"
#include "evidence/detect.hpp"

namespace gumshoe {

namespace {

constexpr double half_mass_z = 15;
constexpr double constant_changed_z = 20;
constexpr std::size_t enough_points = 8;

enum class Bad { up, down, either };

struct MetricClass {
    const char* aspect;
    Bad bad;
    double floor;        // of the scale, in the metric's unit
    bool share = false;  // of what went well, up to 100 % or 1: judged by its complement
};

bool any_of(const std::string& name, std::initializer_list<const char*> words) {
    return std::any_of(words.begin(), words.end(), [&name](const char* word) { return name.find(word) != std::string::npos; });
}

double floor_of_time(std::string_view unit) {
    if (unit == "ms") {
        return 1;
    }
    if (unit == "us") {
        return 1e3;
    }
    return unit == "ns" ? 1e6 : 1e-3;
}

MetricClass classify(const MetricSeries& series) {
    const std::string name = to_lower(series.name);
    const bool percent = series.unit == "%";
    const double share_floor = percent ? 0.5 : 0.005;
    if (any_of(name, {"avail", "success", "apdex", "healthy"})) {
        return {"availability", Bad::down, percent ? 0.2 : 0.002, true};
    }
    if (any_of(name, {"error", "fail", "fault", "5xx", "4xx", "exception", "reject", "drop", "retrans", "timeout"})) {
        return {"errors", Bad::up, percent || series.unit == "1" ? share_floor : 0.01};
    }
    if (any_of(name, {"cpu", "load", "throttl"})) {
        return {"cpu", Bad::up, percent ? 0.5 : series.unit == "m" ? 5.0 : 0.005};
    }
    if (any_of(name, {"mem", "heap", "rss", "gc."})) {
        return {"memory", Bad::up, percent ? 0.5 : 0};
    }
    if (any_of(name, {"disk", "filesystem", "inode", "iops"})) {
        return {"disk", Bad::up, percent ? 0.5 : 0};
    }
    if (any_of(name, {"latency", "duration", "response", "elapsed", "p50", "p90", "p95", "p99", "wait"}) || series.unit == "ms" ||
        series.unit == "s") {
        return {"latency", Bad::up, floor_of_time(series.unit)};
    }
    if (any_of(name, {"queue", "pool", "connection", "lag", "backlog", "saturat", "thread", "inflight", "in_flight"})) {
        return {"saturation", Bad::up, 0.5};
    }
    if (any_of(name, {"network", "receive", "transmit", "packet"})) {
        return {"network", Bad::either, 0};
    }
    if (any_of(name, {"request", "rps", "qps", "throughput", "hits", "calls", "traffic", "rate", "count", "sum"})) {
        return {"traffic", Bad::either, 0.5 / 60};
    }
    return {"value", Bad::either, 0};
}

double quantile(std::vector<double> values, double q) {
    const double at = static_cast<double>(values.size() - 1) * q;
    const auto low = static_cast<std::size_t>(at);
    std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(low), values.end());
    const double below = values[low];
    if (low + 1 >= values.size()) {
        return below;
    }
    const double above = *std::min_element(values.begin() + static_cast<std::ptrdiff_t>(low) + 1, values.end());
    return below + (above - below) * (at - static_cast<double>(low));
}

/// The series with what is judged: counters as rates, shares of success as shares of failure.
std::vector<std::pair<std::int64_t, double>> judged(const MetricSeries& series, const MetricClass& cls) {
    auto points = series.points;
    std::erase_if(points, [](const auto& p) { return !std::isfinite(p.second); });
    const std::string name = to_lower(series.name);
    const bool counter = name.ends_with("_total") || name.ends_with("_count") || name.ends_with("_sum");
    if (counter && points.size() > 2 &&
        std::is_sorted(points.begin(), points.end(), [](const auto& a, const auto& b) { return a.second < b.second; })) {
        for (std::size_t i = points.size() - 1; i > 0; --i) {
            const double span = static_cast<double>(std::max<std::int64_t>(points[i].first - points[i - 1].first, 1));
            points[i].second = (points[i].second - points[i - 1].second) / span;
        }
        points.erase(points.begin());
    }
    if (cls.share) {
        double top = 0;
        for (const auto& [at, value] : points) {
            top = std::max(top, value);
        }
        const double whole = top > 1.001 ? 100 : 1;
        if (top <= 100.001) {
            for (auto& [at, value] : points) {
                value = whole - value;
            }
        }
    }
    return points;
}

struct Shift {
    double z = 0;
    bool up = true;
    double before = 0;
    double after = 0;
    std::int64_t onset = 0;
    std::size_t points = 0;  // of the quiet time
};

/// The end of the spread in the bad direction, one outlier of few not counted.
double extreme(std::vector<double> values, bool up) {
    if (values.size() >= 20) {
        return quantile(std::move(values), up ? 0.95 : 0.05);
    }
    std::sort(values.begin(), values.end());
    const std::size_t second = values.size() > 2 ? 1 : 0;
    return up ? values[values.size() - 1 - second] : values[second];
}

std::int64_t first_of_excursion(const std::vector<std::pair<std::int64_t, double>>& points, std::int64_t end, double median, double scale,
                                bool up) {
    double peak = 0;
    std::size_t at = points.size();
    const auto deviation = [&](std::size_t i) { return (up ? points[i].second - median : median - points[i].second) / scale; };
    for (std::size_t i = 0; i < points.size() && points[i].first < end; ++i) {
        if (deviation(i) >= peak) {
            peak = deviation(i);
            at = i;
        }
    }
    if (at == points.size()) {
        return 0;
    }
    while (at > 0 && deviation(at - 1) >= std::max(3.0, peak / 4)) {
        --at;
    }
    return points[at].first;
}

std::optional<Shift> shift_of(const MetricSeries& series, const MetricClass& cls, const Periods& periods,
                              std::optional<std::int64_t> worst_at) {
    const auto points = judged(series, cls);
    std::vector<double> quiet;
    std::vector<double> incident;
    std::vector<std::pair<std::int64_t, double>> recent;
    for (const auto& [at, value] : points) {
        const auto t = from_seconds(at);
        if (periods.is_quiet(t)) {
            quiet.push_back(value);
        }
        if (periods.is_incident(t)) {
            recent.emplace_back(at, value);
            if (!worst_at || std::abs(at - *worst_at) <= 30) {
                incident.push_back(value);
            }
        }
    }
    if (quiet.size() < 2 || incident.empty()) {
        return std::nullopt;
    }
    const double median = quantile(quiet, 0.5);
    const double spread = (quantile(quiet, 0.75) - quantile(quiet, 0.25)) / 1.349;
    const auto [low, high] = std::minmax_element(quiet.begin(), quiet.end());
    const bool was_constant = *low == *high;
    const double floor = cls.share && *high > 1.001 ? std::max(cls.floor, 0.2) : cls.floor;
    const double scale = std::max({spread, 0.05 * std::abs(median), floor, 1e-12});
    const double top = extreme(incident, true);
    const double bottom = extreme(incident, false);
    double up = (top - median) / scale;
    double down = (median - bottom) / scale;
    if (was_constant && median == 0 && floor == 0) {
        up = top > 0 ? constant_changed_z : 0;
        down = bottom < 0 ? constant_changed_z : 0;
    }
    const Bad bad = cls.share ? Bad::up : cls.bad;
    if (bad == Bad::either) {
        down *= 0.7;
    }
    Shift shift;
    shift.up = bad == Bad::up || (bad == Bad::either && up >= down);
    shift.z = shift.up ? up : down;
    shift.before = median;
    shift.after = shift.up ? top : bottom;
    shift.points = quiet.size();
    shift.onset = first_of_excursion(recent, to_seconds(periods.incident.to), median, scale, shift.up);
    if (cls.share) {  // back to what the metric says
        const double whole = *high > 1.001 || top > 1.001 ? 100 : 1;
        shift.before = whole - shift.before;
        shift.after = whole - shift.after;
        shift.up = false;
    }
    return shift;
}

Evidence item_of(const MetricSeries& series, const MetricClass& cls, const Shift& shift, const Periods& periods) {
    Evidence item;
    item.kind = EvidenceKind::metric;
    item.entity = series.entity;
    item.aspect = cls.aspect;
    item.signal = shift.up ? "rise" : "drop";
    const std::string lower = to_lower(series.name);
    const bool of_host = lower.starts_with("node") || lower.starts_with("host");
    // Volumes follow traffic and unknown kinds say little by themselves; a host's figures are those of all that runs on it.
    const bool vague = item.aspect == "network" || item.aspect == "value" || item.aspect == "traffic" || of_host;
    const double trust = shift.points < 4 ? 0.5 : shift.points < enough_points ? 0.7 : 1;
    item.mass = squash(shift.z * trust, half_mass_z) * (vague ? 0.4 : 1);
    item.numbers = {{"before", shift.before}, {"after", shift.after}, {"z", std::round(shift.z * 10) / 10}};
    item.from = shift.onset != 0 ? from_seconds(shift.onset) : periods.onset;
    item.to = periods.incident.to;
    item.link = series.link;
    item.text = series.entity + (series.instance.empty() || series.instance == series.entity ? "" : " (" + series.instance + ")") + " " +
                series.name + (shift.up ? " rose from " : " fell from ") + format_quantity(shift.before, series.unit) + " to " +
                format_quantity(shift.after, series.unit) + " at " + format_clock(item.from);
    if (shift.points < enough_points) {
        item.text += " (few points before)";
    }
    return item;
}

/// What did not move at the alerting service rules causes out: no surge of traffic, no lack of CPU.
Evidence flat_item(const MetricSeries& series, const MetricClass& cls, const Shift& shift, const Periods& periods) {
    Evidence item = item_of(series, cls, shift, periods);
    item.signal = "flat";
    item.mass = 0.1;
    item.from = periods.incident.from;
    item.text = series.entity + " " + series.name + " stayed at its usual level: " + format_quantity(shift.before, series.unit) +
                " (median before), " + format_quantity(shift.after, series.unit) + " at most now";
    return item;
}

/// The moment at which the alert's own metric was at its worst: where the others are looked at when points are minutes apart.
std::optional<std::int64_t> worst_moment(const Subject& subject, const std::vector<MetricSeries>& series, const Periods& periods) {
    if (subject.alert.metric.empty()) {
        return std::nullopt;
    }
    for (const auto& candidate : series) {
        if (candidate.entity != subject.alert.service || !iequals(candidate.name, subject.alert.metric)) {
            continue;
        }
        const auto cls = classify(candidate);
        const auto points = judged(candidate, cls);
        std::optional<std::pair<std::int64_t, double>> worst;
        std::size_t seen = 0;
        for (const auto& [at, value] : points) {
            if (!periods.is_incident(from_seconds(at))) {
                continue;
            }
            ++seen;
            const double badness = cls.bad == Bad::down && !cls.share ? -value : value;
            if (!worst || badness > worst->second) {
                worst = {at, badness};
            }
        }
        constexpr std::size_t dense = 20;  // enough points for a quantile of the whole window
        if (worst && seen < dense) {
            return worst->first;
        }
    }
    return std::nullopt;
}

}  // namespace

std::vector<Evidence> metric_shifts(const Subject& subject, const std::vector<MetricSeries>& series) {
    constexpr double worth_telling = 3;
    const auto periods = periods_of(subject);
    const auto worst = worst_moment(subject, series, periods);
    std::vector<Evidence> items;
    std::set<std::string> told_flat;
    for (const auto& one : series) {
        const auto cls = classify(one);
        const auto shift = shift_of(one, cls, periods, worst);
        if (shift && shift->z >= worth_telling) {
            items.push_back(item_of(one, cls, *shift, periods));
        } else if (shift && shift->z < 2 && one.entity == subject.alert.service && told_flat.insert(cls.aspect).second) {
            items.push_back(flat_item(one, cls, *shift, periods));
        }
    }
    // Flat in one series and moved in another of the same aspect is not flat.
    std::set<std::string> moved;
    for (const auto& item : items) {
        if (item.signal != "flat" && item.entity == subject.alert.service) {
            moved.insert(item.aspect);
        }
    }
    std::erase_if(items, [&moved](const Evidence& item) { return item.signal == "flat" && moved.contains(item.aspect); });
    return items;
}

}  // namespace gumshoe
