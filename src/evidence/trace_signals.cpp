// Traces: self time, time lost between caller and callee, calls made per parent call, errors at their deepest span. All are conditional on
// the operation, so a service that merely lost traffic is not blamed.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <set>
#include <unordered_map>

#include "evidence/detect.hpp"

namespace gumshoe {

namespace {

constexpr double half_mass_self = 6;
constexpr double half_mass_gap = 2;
constexpr double half_mass_calls = 4;
constexpr std::size_t enough_samples = 3;

enum Period : std::uint8_t { neither, quiet, incident };

struct Node {
    std::uint32_t service = 0;
    std::uint32_t operation = 0;
    std::int32_t parent = -1;
    std::uint32_t children = 0;
    double duration_ms = 0;
    double children_ms = 0;
    Period period = neither;
    bool error = false;
    bool erroring_child = false;
};

struct Sample {
    std::vector<double> before;
    std::vector<double> after;

    void add(Period period, double value) { (period == quiet ? before : after).push_back(value); }
    bool enough() const { return before.size() >= enough_samples && after.size() >= enough_samples; }
};

double quantile_reordering(std::vector<double>& values, double q) {
    const auto at = values.begin() + static_cast<std::ptrdiff_t>(static_cast<double>(values.size() - 1) * q);
    std::nth_element(values.begin(), at, values.end());
    return *at;
}

double spread(std::vector<double>& values) {
    return (quantile_reordering(values, 0.75) - quantile_reordering(values, 0.25)) / 1.349;
}

/// Log ratio of a count to what the quiet time's rate predicts, over its own uncertainty and a floor for bursts.
double rate_z(double after, double before, double exposure_after, double exposure_before) {
    const double expected = before * exposure_after / exposure_before;
    constexpr double overdispersion = 0.35;
    return std::log((after + 0.5) / (expected + 0.5)) / std::sqrt(1 / (after + 0.5) + 1 / (before + 0.5) + overdispersion * overdispersion);
}

class Traces {
public:
    Traces(const Subject& subject, const std::vector<SpanRecord>& spans) : periods_(periods_of(subject)) { read(spans); }

    std::vector<Evidence> signals() {
        self_time();
        edge_gaps();
        calls();
        errors();
        return std::move(items_);
    }

private:
    std::uint32_t intern(std::string name, std::unordered_map<std::string, std::uint32_t>& ids, std::vector<std::string>& names) {
        const auto [at, fresh] = ids.try_emplace(std::move(name), static_cast<std::uint32_t>(names.size()));
        if (fresh) {
            names.push_back(at->first);
        }
        return at->second;
    }

    void read(const std::vector<SpanRecord>& spans) {
        std::unordered_map<std::string_view, std::int32_t> by_id;
        std::unordered_map<std::string, std::uint32_t> service_ids;
        std::unordered_map<std::string, std::uint32_t> operation_ids;
        std::unordered_map<std::string_view, std::string> normal;
        by_id.reserve(spans.size());
        nodes_.resize(spans.size());
        std::size_t quiet_spans = 0;
        for (std::size_t i = 0; i < spans.size(); ++i) {
            by_id.emplace(spans[i].span_id, static_cast<std::int32_t>(i));
        }
        for (std::size_t i = 0; i < spans.size(); ++i) {
            const auto& span = spans[i];
            auto& node = nodes_[i];
            node.service = intern(span.service, service_ids, services_);
            auto& name = normal[span.name];
            if (name.empty()) {
                name = normalise_operation(span.name);
            }
            node.operation = intern(span.service + '\n' + name, operation_ids, operations_);
            node.duration_ms = std::max(0.0, static_cast<double>(span.end_time_unix_nano - span.start_time_unix_nano) / 1e6);
            node.error = span.error;
            const auto at = from_millis(span.start_time_unix_nano / 1'000'000);
            node.period = periods_.is_incident(at) ? incident : periods_.is_quiet(at) ? quiet : neither;
            quiet_spans += node.period == quiet ? 1 : 0;
            if (const auto parent = by_id.find(span.parent_span_id);
                parent != by_id.end() && parent->second != static_cast<std::int32_t>(i)) {
                node.parent = parent->second;
            }
        }
        constexpr std::size_t enough_quiet = 50;
        if (quiet_spans < enough_quiet) {
            compare_with_before_onset(spans);
        }
        count();
    }

    /// No traces of a quiet time were kept: what the incident's window holds from before the onset stands in for it.
    void compare_with_before_onset(const std::vector<SpanRecord>& spans) {
        for (std::size_t i = 0; i < spans.size(); ++i) {
            const auto at = from_millis(spans[i].start_time_unix_nano / 1'000'000);
            if (nodes_[i].period == incident && at < periods_.onset) {
                nodes_[i].period = quiet;
            }
        }
    }

    void count() {
        service_of_.assign(operations_.size(), 0);
        count_before_.assign(operations_.size(), 0);
        count_after_.assign(operations_.size(), 0);
        for (const auto& node : nodes_) {
            service_of_[node.operation] = node.service;
            count_before_[node.operation] += node.period == quiet ? 1 : 0;
            count_after_[node.operation] += node.period == incident ? 1 : 0;
            if (node.parent >= 0) {
                auto& parent = nodes_[static_cast<std::size_t>(node.parent)];
                parent.children += 1;
                parent.children_ms += node.duration_ms;
                parent.erroring_child = parent.erroring_child || node.error;
                if (parent.service != node.service) {
                    calls_out_.insert(parent.operation);
                }
            }
        }
    }

    std::string operation_name(std::uint32_t operation) const {
        const auto& key = operations_[operation];
        return key.substr(key.find('\n') + 1);
    }

    Evidence item(std::uint32_t service, const char* aspect, const char* signal, double mass) const {
        Evidence item;
        item.kind = EvidenceKind::trace;
        item.entity = services_[service];
        item.aspect = aspect;
        item.signal = signal;
        item.mass = mass;
        item.from = periods_.onset;
        item.to = periods_.incident.to;
        return item;
    }

    void self_time() {
        std::map<std::uint32_t, Sample> samples;  // by operation: ln of self time
        for (const auto& node : nodes_) {
            if (node.period != neither && !calls_out_.contains(node.operation)) {
                samples[node.operation].add(node.period, std::log(std::max(0.0, node.duration_ms - node.children_ms) + 0.5));
            }
        }
        for (auto& [operation, sample] : samples) {
            if (!sample.enough()) {
                continue;
            }
            const double s_after = spread(sample.after);
            const double s_before = spread(sample.before);
            const double error = std::sqrt((s_after * s_after + 0.04) / static_cast<double>(sample.after.size()) +
                                           (s_before * s_before + 0.04) / static_cast<double>(sample.before.size()) + 0.15 * 0.15);
            const double median_after = quantile_reordering(sample.after, 0.5);
            const double median_before = quantile_reordering(sample.before, 0.5);
            const double tail = quantile_reordering(sample.after, 0.9) - quantile_reordering(sample.before, 0.9);
            const double z = std::max(median_after - median_before, 0.7 * tail) / error;
            const bool by_median = median_after - median_before >= 0.7 * tail;
            const double before = std::max(0.0, std::exp(by_median ? median_before : quantile_reordering(sample.before, 0.9)) - 0.5);
            const double after = std::max(0.0, std::exp(by_median ? median_after : quantile_reordering(sample.after, 0.9)) - 0.5);
            constexpr double material_ms = 5;  // a millisecond more is not what someone was woken for
            const double mass = squash(z, half_mass_self) * squash(after - before, material_ms);
            if (mass < 0.1) {
                continue;
            }
            auto found = item(service_of_[operation], "self time", "slow", mass);
            found.text = found.entity + " " + operation_name(operation) + " spends " + format_quantity(after, "ms") + " in its own code (" +
                         (by_median ? "median" : "p90") + "), " + format_quantity(before, "ms") + " before";
            found.numbers = {{"before", before}, {"after", after}, {"spans", static_cast<double>(sample.after.size())}};
            items_.push_back(std::move(found));
        }
    }

    void edge_gaps() {
        std::map<std::pair<std::uint32_t, std::uint32_t>, Sample> lone;  // the parent does nothing but this call
        std::map<std::pair<std::uint32_t, std::uint32_t>, Sample> any;
        for (const auto& node : nodes_) {
            if (node.parent < 0 || node.period == neither) {
                continue;
            }
            const auto& parent = nodes_[static_cast<std::size_t>(node.parent)];
            if (parent.service == node.service) {
                continue;
            }
            const double gap = std::max(0.0, parent.duration_ms - node.duration_ms);
            any[{parent.service, node.service}].add(node.period, gap);
            if (parent.children == 1) {
                lone[{parent.service, node.service}].add(node.period, gap);
            }
        }
        const double usual = usual_gap(any);
        struct Total {
            double sum = 0;
            int edges = 0;
            double before = 0;
            double after = 0;
            double widest = -1e9;
        };
        std::map<std::uint32_t, Total> totals;
        for (auto& [edge, sample] : any) {
            auto& chosen = lone[edge].after.size() >= enough_samples ? lone[edge] : sample;
            if (chosen.after.size() < enough_samples || (chosen.before.size() < enough_samples && usual < 0)) {
                continue;
            }
            const double after = quantile_reordering(chosen.after, 0.5);
            const double before = usual >= 0 ? usual : quantile_reordering(chosen.before, 0.5);
            const double ratio = std::log((after + 1) / (before + 1));
            for (const auto service : {edge.first, edge.second}) {
                auto& total = totals[service];
                total.sum += ratio;
                total.edges += 1;
                if (ratio > total.widest) {
                    total.widest = ratio;
                    total.before = before;
                    total.after = after;
                }
            }
        }
        for (const auto& [service, total] : totals) {
            const double score = total.sum / std::sqrt(static_cast<double>(total.edges));
            constexpr double trust_in_others = 0.8;
            const double mass = squash(score, half_mass_gap) * (usual >= 0 ? trust_in_others : 1);
            if (mass < 0.05) {
                continue;
            }
            auto found = item(service, "network", "slow", mass);
            found.text = found.entity + ": calls to and from it lose up to " + format_quantity(total.after, "ms") +
                         " between caller and callee (median), " + format_quantity(total.before, "ms") +
                         (usual >= 0 ? " on a usual call" : " before");
            found.numbers = {{"before", total.before}, {"after", total.after}, {"edges", static_cast<double>(total.edges)}};
            items_.push_back(std::move(found));
        }
    }

    /// Without any traces from before, a call is compared with the other calls: the median gap of all edges. Negative when there are some.
    static double usual_gap(std::map<std::pair<std::uint32_t, std::uint32_t>, Sample>& gaps) {
        std::vector<double> medians;
        for (auto& [edge, sample] : gaps) {
            if (!sample.before.empty()) {
                return -1;
            }
            if (sample.after.size() >= enough_samples) {
                medians.push_back(quantile_reordering(sample.after, 0.5));
            }
        }
        constexpr std::size_t enough_edges = 5;
        return medians.size() >= enough_edges ? quantile_reordering(medians, 0.5) : -1;
    }

    void calls() {
        std::map<std::pair<std::uint32_t, std::uint32_t>, std::pair<double, double>> counts;  // parent op, child op -> after, before
        for (const auto& node : nodes_) {
            if (node.parent < 0) {
                continue;
            }
            const auto& parent = nodes_[static_cast<std::size_t>(node.parent)];
            auto& [after, before] = counts[{parent.operation, node.operation}];
            after += parent.period == incident ? 1 : 0;
            before += parent.period == quiet ? 1 : 0;
        }
        for (const auto& [pair, count] : counts) {
            const auto [parent, child] = pair;
            const double parents_after = count_after_[parent];
            const double parents_before = count_before_[parent];
            if (parents_after == 0 || parents_before == 0) {
                continue;
            }
            const double z = rate_z(count.first, count.second, parents_after, parents_before);
            const std::string callee = operation_name(child);
            const double weight = z > 0 && sounds_like_failure(callee) ? 1.6 : 1;
            const double mass = squash(std::abs(z) * weight, half_mass_calls);
            if (mass < 0.05) {
                continue;
            }
            const double after = count.first / parents_after;
            const double before = count.second / parents_before;
            auto found = item(service_of_[parent], "calls",
                              z > 0              ? (count.second == 0 ? "new" : "rise")
                              : count.first == 0 ? "vanished"
                                                 : "drop",
                              mass);
            const auto& target = services_[service_of_[child]];
            found.text = found.entity + " " + operation_name(parent) + " calls " + (target == found.entity ? "" : target + " ") + callee +
                         " " + format_quantity(after, "") + " times per request, " + format_quantity(before, "") + " before (" +
                         format_count(parents_after) + " requests)";
            found.numbers = {{"before", before}, {"after", after}, {"count", count.first}, {"spans", parents_after}};
            items_.push_back(std::move(found));
        }
    }

    void errors() {
        std::map<std::uint32_t, std::pair<double, double>> counts;
        for (const auto& node : nodes_) {
            if (node.error && !node.erroring_child) {
                auto& [after, before] = counts[node.operation];
                after += node.period == incident ? 1 : 0;
                before += node.period == quiet ? 1 : 0;
            }
        }
        for (const auto& [operation, count] : counts) {
            const double spans_after = count_after_[operation];
            const double spans_before = std::max(1U, count_before_[operation]);
            if (count.first == 0 || spans_after == 0) {
                continue;
            }
            const double z = rate_z(count.first, count.second, spans_after, spans_before);
            const double mass = squash(z * 1.6 * (count.second == 0 ? 1.3 : 1), half_mass_calls);
            if (mass < 0.05) {
                continue;
            }
            auto found = item(service_of_[operation], "errors", count.second == 0 ? "new" : "rise", mass);
            const double share_after = 100 * count.first / spans_after;
            const double share_before = 100 * count.second / spans_before;
            found.text = found.entity + " " + operation_name(operation) + " fails in " + format_count(count.first) + " of " +
                         format_count(spans_after) + " calls (" + format_quantity(share_after, "%") + "), " +
                         format_quantity(share_before, "%") + " before";
            found.numbers = {{"count", count.first}, {"spans", spans_after}, {"before", share_before}, {"after", share_after}};
            items_.push_back(std::move(found));
        }
    }

    Periods periods_;
    std::vector<Node> nodes_;
    std::vector<std::string> services_;
    std::vector<std::string> operations_;  // "service\noperation"
    std::vector<std::uint32_t> service_of_;
    std::set<std::uint32_t> calls_out_;  // operations that wait for another service: their time is not their own
    std::vector<std::uint32_t> count_before_;
    std::vector<std::uint32_t> count_after_;
    std::vector<Evidence> items_;
};

}  // namespace

std::vector<Evidence> trace_signals(const Subject& subject, const std::vector<SpanRecord>& spans) {
    if (spans.empty()) {
        return {};
    }
    return Traces(subject, spans).signals();
}

}  // namespace gumshoe
