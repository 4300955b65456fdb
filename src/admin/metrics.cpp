// Prometheus' text format: labels, histograms, one TYPE line a family.
#include "admin/metrics.hpp"

#include <nlohmann/json.hpp>

#include "base/json.hpp"

namespace gumshoe {

namespace {

/// `labels` with one more at the end.
std::string with_bound(const std::string& labels, const std::string& bound) {
    const std::string last = "le=\"" + bound + "\"}";
    return labels.empty() ? "{" + last : labels.substr(0, labels.size() - 1) + "," + last;
}

}  // namespace

std::string metric_labels(std::initializer_list<MetricLabel> labels) {
    std::string text;
    for (const auto& [name, value] : labels) {
        if (value.empty()) continue;
        text += text.empty() ? '{' : ',';
        text += name;
        text += "=\"";
        if (value.find_first_of("\\\"\n") == value.npos) {
            text += value;
        } else {
            for (const char c : value) {
                if (c == '\\' || c == '"') text += '\\';
                text += c == '\n' ? ' ' : c;
            }
        }
        text += '"';
    }
    if (!text.empty()) text += '}';
    return text;
}

void Histograms::observe(const std::string& labels, double value) {
    Series& series = series_[labels];
    series.counts.resize(bounds_.size());
    for (std::size_t i = 0; i < bounds_.size(); ++i) {
        if (value <= bounds_[i]) ++series.counts[i];
    }
    series.sum += value;
    ++series.count;
}

void Histograms::append_to(std::vector<Sample>& samples) const {
    for (const auto& [labels, series] : series_) {
        for (std::size_t i = 0; i < bounds_.size(); ++i) {
            samples.push_back({name_ + "_bucket", with_bound(labels, dump_json(json(bounds_[i]))), series.counts[i], name_});
        }
        samples.push_back({name_ + "_bucket", with_bound(labels, "+Inf"), series.count, name_});
        samples.push_back({name_ + "_sum", labels, series.sum, name_});
        samples.push_back({name_ + "_count", labels, series.count, name_});
    }
}

std::string metrics_text(const std::vector<Sample>& samples) {
    struct Family {
        std::string type;
        std::string rows;
    };
    std::map<std::string, Family> families;
    for (const Sample& sample : samples) {
        const bool histogram = !sample.histogram.empty();
        Family& family = families[histogram ? sample.histogram : sample.name];
        family.type = histogram ? "histogram" : sample.name.ends_with("_total") ? "counter" : "gauge";
        family.rows += sample.name + sample.labels + " " + dump_json(json(sample.value)) + "\n";
    }
    std::string text;
    for (const auto& [name, family] : families) text += "# TYPE " + name + " " + family.type + "\n" + family.rows;
    return text;
}

}  // namespace gumshoe
