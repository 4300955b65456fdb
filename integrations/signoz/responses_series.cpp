// Graphs: series of both generations of the query API as metrics.
#include <algorithm>
#include <cmath>
#include <set>

#include "base/text.hpp"
#include "integrations/signoz/codec.hpp"
#include "integrations/signoz/response_fields.hpp"

namespace gumshoe::signoz {

namespace {

constexpr std::size_t most_series = 200;

/// Unix seconds and values, ascending; what is not a finite number or covers only a part of its interval is left out.
std::vector<std::pair<std::int64_t, double>> read_points(const json& series) {
    std::vector<std::pair<std::int64_t, double>> points;
    const json* values = member(series, "values");
    if (values == nullptr || !values->is_array()) return points;
    for (const json& value : *values) {
        const json* at = member(value, "timestamp");
        const json* number = member(value, "value");
        if (at == nullptr || number == nullptr || get_bool(value, "partial").value_or(false)) continue;
        const auto time = nanos(*at);
        const auto read = finite(*number);
        if (time && read) points.emplace_back(*time / 1'000'000'000, *read);
    }
    std::sort(points.begin(), points.end());
    points.erase(std::unique(points.begin(), points.end(), [](const auto& a, const auto& b) { return a.first == b.first; }), points.end());
    return points;
}

std::string label(const std::map<std::string, std::string>& labels, std::initializer_list<const char*> keys) {
    for (const char* key : keys) {
        if (const auto found = labels.find(key); found != labels.end() && !found->second.empty()) return one_line(found->second, 200);
    }
    return {};
}

/// What tells this series from its neighbours, where no label says so by its name.
std::string instance_of(const std::map<std::string, std::string>& labels) {
    const std::string known = label(labels, {"k8s.pod.name", "k8s_pod_name", "service.instance.id", "host.name", "host_name"});
    if (!known.empty()) return known;
    std::vector<std::string> others;
    for (const auto& [key, value] : labels) {
        const bool service = key == "service.name" || key == "service_name" || key == "serviceName";
        if (!service && !value.empty() && others.size() < 3) others.push_back(key + "=" + one_line(value, 60));
    }
    return join(others, " ");
}

void add_series(const json& series, const std::string& unit, const SeriesQuery& query, const std::string& link, Records& records) {
    if (records.metrics.size() >= most_series) return;
    const json* told = member(series, "labels");
    const auto labels = told == nullptr ? std::map<std::string, std::string>() : read_labels(*told);
    MetricSeries out;
    out.entity = label(labels, {"service.name", "service_name", "serviceName"});
    if (out.entity.empty()) out.entity = query.entity;
    out.instance = instance_of(labels);
    out.name = query.name;
    out.unit = !query.unit.empty() ? query.unit : unit.empty() ? "1" : unit;
    out.points = read_points(series);
    out.link = link;
    if (!out.points.empty()) records.metrics.push_back(std::move(out));
}

void add_result(const json& result, const SeriesQuery& query, const std::string& link, Records& records) {
    const json* aggregations = member(result, "aggregations");
    if (aggregations != nullptr && aggregations->is_array()) {
        for (const json& aggregation : *aggregations) {
            const json* series = member(aggregation, "series");
            if (series == nullptr || !series->is_array()) continue;
            const std::string unit = ucum(string_or_empty(aggregation, "meta.unit"));
            for (const json& one : *series) add_series(one, unit, query, link, records);
        }
        return;
    }
    const json* series = member(result, "series");
    if (series == nullptr || !series->is_array()) return;
    for (const json& one : *series) add_series(one, "", query, link, records);
}

/// SigNoz leaves out the minutes in which nothing failed: where there was traffic they are zeros.
void fill_quiet_minutes(const std::vector<SeriesQuery>& queries, const std::string& link, Records& records) {
    const auto named = [&records](const char* name) {
        return std::find_if(records.metrics.begin(), records.metrics.end(), [name](const MetricSeries& one) { return one.name == name; });
    };
    const auto asked = std::find_if(queries.begin(), queries.end(), [](const SeriesQuery& one) { return one.name == "calls.errors"; });
    const auto rate = named("calls.rate");
    if (asked == queries.end() || rate == records.metrics.end()) return;
    const std::vector<std::pair<std::int64_t, double>> traffic = rate->points;
    auto errors = named("calls.errors");
    if (errors == records.metrics.end()) {
        records.metrics.push_back({rate->entity, "", asked->name, asked->unit, {}, link});
        errors = records.metrics.end() - 1;
    }
    std::set<std::int64_t> seen;
    for (const auto& [at, value] : errors->points) seen.insert(at);
    for (const auto& [at, value] : traffic) {
        if (!seen.contains(at)) errors->points.emplace_back(at, 0);
    }
    std::sort(errors->points.begin(), errors->points.end());
}

double at_share(const std::vector<double>& sorted, double share) {
    return sorted[static_cast<std::size_t>(static_cast<double>(sorted.size() - 1) * share)];
}

/// How near the usual level comes to the threshold: what tells a limit that is too tight from a fault.
std::optional<Fact> level_fact(const Rule& rule, const std::vector<MetricSeries>& series, const Account& account) {
    if (rule.thresholds.empty() || series.size() != 1) return std::nullopt;
    const Threshold& limit = rule.thresholds.front();
    const auto scale = unit_factor(series.front().unit, limit.unit);
    std::vector<double> values;
    for (const auto& [at, value] : series.front().points) values.push_back(value * scale.value_or(1));
    constexpr std::size_t enough = 10;
    if (!scale || values.size() < enough) return std::nullopt;
    const bool upper = limit.op == "above" || limit.op == "at least";
    const bool lower = limit.op == "below" || limit.op == "at most";
    if (!upper && !lower) return std::nullopt;
    const auto beyond = std::count_if(values.begin(), values.end(), [&](double v) { return upper ? v > limit.target : v < limit.target; });
    std::sort(values.begin(), values.end());
    const std::string unit = limit.unit.empty() || limit.unit == "1" ? "" : " " + limit.unit;
    const Window window{from_seconds(series.front().points.front().first), from_seconds(series.front().points.back().first)};
    Fact fact;
    fact.entity = series.front().entity;
    fact.text = "Over the " + format_duration(window.to - window.from) + " to " + format_clock(window.to) + " the value that rule \"" +
                rule.name + "\" watches had a median of " + decimal(at_share(values, 0.5)) + unit + ", a 95th percentile of " +
                decimal(at_share(values, 0.95)) + unit + " and its " + (upper ? "highest " : "lowest ") +
                decimal(upper ? values.back() : values.front()) + unit + "; it was " + limit.op + " the threshold of " +
                decimal(limit.target) + unit + " at " + std::to_string(beyond) + " of " + std::to_string(values.size()) +
                " points; latest value " + decimal(series.front().points.back().second * *scale) + unit;
    fact.at = window.to;
    fact.link = rule_link(account, rule.id);
    return fact;
}

}  // namespace

result<void> read_series(const HttpResponse& response, const std::vector<SeriesQuery>& queries, const std::string& link, Records& records) {
    const auto results = read_results(response);
    if (!results) return results.error();
    for (const json& one : results->list) {
        const std::string name = string_or_empty(one, "queryName");
        for (std::size_t i = 0; i < queries.size(); ++i) {
            if (query_name(i) == name) add_result(one, queries[i], link, records);
        }
    }
    fill_quiet_minutes(queries, link, records);
    return {};
}

result<void> read_graph(const HttpResponse& response, const Rule& rule, const Account& account, Records& records) {
    const auto results = read_results(response);
    if (!results) return results.error();
    Records found;
    for (const json& one : results->list) {
        const std::string name = string_or_empty(one, "queryName");
        for (std::size_t i = 0; i < rule.names.size(); ++i) {
            if (rule.names[i] == name) add_result(one, rule.series[i], rule.fact.link, found);
        }
    }
    if (auto fact = level_fact(rule, found.metrics, account)) records.facts.push_back(std::move(*fact));
    records.append(std::move(found));
    return {};
}

}  // namespace gumshoe::signoz
