// The text that GET /metrics answers, and the figures that need more than one number.
#pragma once

#include <initializer_list>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "admin/admin_store.hpp"

namespace gumshoe {

using MetricLabel = std::pair<std::string_view, std::string_view>;

/// {a="b",c="d"}; labels with an empty value are left out, "" when none is left. Values are escaped.
std::string metric_labels(std::initializer_list<MetricLabel> labels);

/// Cumulative counts by upper bound, for every set of labels that was seen.
class Histograms {
public:
    /// `bounds` ascend and outlive this; +Inf is added.
    Histograms(std::string name, std::span<const double> bounds) : name_(std::move(name)), bounds_(bounds) {}

    void observe(const std::string& labels, double value);
    void append_to(std::vector<Sample>& samples) const;

private:
    struct Series {
        std::vector<double> counts = {};
        double sum = 0;
        double count = 0;
    };
    std::string name_;
    std::span<const double> bounds_;
    std::map<std::string, Series> series_;
};

/// Prometheus text exposition format.
std::string metrics_text(const std::vector<Sample>& samples);

}  // namespace gumshoe
