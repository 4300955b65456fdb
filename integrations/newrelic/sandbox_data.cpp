// Events are made of the played telemetry; what has no events there (transactions, agents' metrics) is computed from its metrics.
#include "integrations/newrelic/sandbox_data.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "sandbox/world/telemetry.hpp"

namespace gumshoe::newrelic {

using sandbox::PlayedMetric;
using sandbox::PlayedSpan;
using sandbox::scenario_part;
using sandbox::Telemetry;
using sandbox::World;

namespace {

std::string hex_id(const std::string& decimal) {
    char text[17];
    std::snprintf(text, sizeof text, "%016llx", std::stoull("0" + decimal));
    return text;
}

void copy_attributes(const std::map<std::string, std::string>& from, Row& row) {
    for (const auto& [key, value] : from) row.emplace(key == "version" ? "service.version" : key == "logger" ? "logger.name" : key, value);
}

std::vector<Row> log_rows(const Telemetry& telemetry, Window window) {
    std::vector<Row> rows;
    for (const auto& log : telemetry.logs(window)) {
        Row row{{"timestamp", to_millis(log.at)}, {"message", log.text},        {"level", to_lower(log.severity)},
                {"service.name", log.service},    {"entity.name", log.service}, {"deployment.environment", telemetry.environment()}};
        if (!log.instance.empty()) row["hostname"] = log.instance;
        copy_attributes(log.attributes, row);
        rows.push_back(std::move(row));
    }
    return rows;
}

std::vector<Row> span_rows(const Telemetry& telemetry, Window window) {
    const std::vector<PlayedSpan> spans = telemetry.spans(window);
    std::map<std::string, const PlayedSpan*> by_id;
    for (const PlayedSpan& span : spans) by_id[span.span_id] = &span;
    std::vector<Row> rows;
    for (const PlayedSpan& span : spans) {
        const auto parent = by_id.find(span.parent_id);
        const bool entry = parent == by_id.end() || parent->second->service != span.service;
        Row row{{"timestamp", span.start_nanos / 1'000'000},
                {"trace.id", hex_id(span.trace_id)},
                {"id", hex_id(span.span_id)},
                {"name", span.name},
                {"duration.ms", static_cast<double>(span.duration_nanos) / 1e6},
                {"service.name", span.service},
                {"entity.name", span.service},
                {"span.kind", entry ? "server" : "internal"},
                {"otel.status_code", span.error ? "ERROR" : "OK"},
                {"deployment.environment", telemetry.environment()}};
        if (span.parent_id != "0") row["parent.id"] = hex_id(span.parent_id);
        copy_attributes(span.attributes, row);
        if (span.error && !row.contains("error.class"))
            row["error.class"] = row.contains("error.type") ? row["error.type"] : json("HTTPError");
        if (!span.error) {
            row.erase("error.class");
            row.erase("error.message");
        }
        rows.push_back(std::move(row));
    }
    return rows;
}

/// What an agent reports of a request that failed.
std::vector<Row> error_rows(const Telemetry& telemetry, Window window) {
    std::vector<Row> rows;
    for (Row& span : span_rows(telemetry, window)) {
        if (span["otel.status_code"] != "ERROR" || span["span.kind"] != "server") continue;
        Row row{{"timestamp", span["timestamp"]},
                {"appName", span["service.name"]},
                {"transactionName", span["name"]},
                {"error.class", span["error.class"]},
                {"error.message", span.contains("error.message") ? span["error.message"] : json("the request failed")},
                {"traceId", span["trace.id"]}};
        rows.push_back(std::move(row));
    }
    return rows;
}

std::string tag_of(const json& event, const std::string& key) {
    for (const json& tag : event.value("tags", json::array())) {
        const auto& text = tag.get_ref<const std::string&>();
        if (text.starts_with(key + ":")) return text.substr(key.size() + 1);
    }
    return {};
}

std::vector<Row> change_rows(const World& world, Window window, bool deployments) {
    std::vector<Row> rows;
    std::int64_t index = 0;
    for (const json& event : scenario_part(*world.scenario, "telemetry.events")) {
        const Timestamp at = world.zero + milliseconds(std::llround(get_number(event, "t").value_or(0) * 1000));
        ++index;
        const bool deployment = string_or_empty(event, "source") == "deployment";
        if (deployment != deployments || !window.contains(at) || at > world.now) continue;
        const std::string service = string_or_empty(event, "service");
        Row row{{"timestamp", to_millis(at)}, {"entity.name", service}, {"entity.guid", guid_of(*world.scenario, service)}};
        const auto put = [&row](const char* key, const std::string& value) {
            if (!value.empty()) row[key] = value;
        };
        put("description", string_or_empty(event, "text"));
        put("version", tag_of(event, "version"));
        put("commit", tag_of(event, "git.commit.sha"));
        put("user", tag_of(event, "user"));
        if (deployment) {
            row["deploymentId"] = "dep-" + std::to_string(index);
            row["deploymentType"] = "ROLLING";
        } else {
            const std::string source = string_or_empty(event, "source");
            row["category"] = icontains(source, "flag") ? "Feature Flag" : "Operational";
            row["type"] = source;
            row["changeTrackingId"] = "chg-" + std::to_string(index);
            put("shortDescription", string_or_empty(event, "title"));
        }
        rows.push_back(std::move(row));
    }
    return rows;
}

result<std::vector<Row>> rows_of(const std::string& event, const World& world, Window window) {
    const Telemetry telemetry(world.scenario, world.zero, world.now);
    if (event == "Log") return log_rows(telemetry, window);
    if (event == "Span") return span_rows(telemetry, window);
    if (event == "TransactionError") return error_rows(telemetry, window);
    if (event == "Deployment") return change_rows(world, window, true);
    if (event == "ChangeTrackingEvent") return change_rows(world, window, false);
    return Error{errc::parse, "the simulation has no rows of " + event};
}

double quantile(std::vector<double> values, double percent) {
    std::sort(values.begin(), values.end());
    return values[static_cast<std::size_t>(std::ceil(percent / 100 * static_cast<double>(values.size()))) - (percent > 0 ? 1 : 0)];
}

/// One aggregate over rows. Of no rows it is zero where it counts and null where it measures.
json aggregate(const NrqlColumn& column, const std::vector<const Row*>& rows, double seconds) {
    const auto count = static_cast<double>(rows.size());
    if (column.function == "count") return rows.size();
    if (column.function == "rate") return count / seconds * column.parameter;
    if (column.function == "percentage") {
        const auto passed = std::count_if(rows.begin(), rows.end(), [&column](const Row* row) { return column.filter(*row); });
        return rows.empty() ? json() : json(100.0 * static_cast<double>(passed) / count);
    }
    std::vector<double> values;
    double sum = 0;
    for (const Row* row : rows) {
        const auto found = row->find(column.attribute);
        if (found == row->end() || !found->second.is_number()) continue;
        values.push_back(found->second.get<double>());
        sum += values.back();
    }
    if (column.function == "percentile") {
        const std::string key = std::to_string(static_cast<int>(column.parameter));
        return json{{key, values.empty() ? json() : json(quantile(values, column.parameter))}};
    }
    if (values.empty()) return nullptr;
    if (column.function == "max") return *std::max_element(values.begin(), values.end());
    if (column.function == "min") return *std::min_element(values.begin(), values.end());
    return column.function == "sum" ? sum : sum / static_cast<double>(values.size());
}

/// What the played metrics say of one application at a time.
class Application {
public:
    Application(const std::vector<PlayedMetric>& metrics, std::string name, double t) : metrics_(metrics), name_(std::move(name)), t_(t) {}

    std::optional<double> value(std::string_view metric, std::string_view statistic = "") const {
        for (const PlayedMetric& one : metrics_) {
            if (one.entity == name_ && one.name == metric && one.statistic == statistic) return one.value_at(t_);
        }
        return std::nullopt;
    }

private:
    const std::vector<PlayedMetric>& metrics_;
    std::string name_;
    double t_;
};

json of_transactions(const NrqlColumn& column, const Application& app, const std::string& name, double seconds) {
    const double hits = app.value("trace.http.request.hits").value_or(0);
    const double failed = hits > 0 ? std::min(1.0, app.value("trace.http.request.errors").value_or(0) / hits) : 0;
    if (column.function == "count") return std::llround(hits * seconds);
    if (column.function == "rate") return hits * column.parameter;
    if (column.function == "percentage") {
        if (hits == 0) return nullptr;
        const bool of_failed = column.filter({{"appName", name}, {"error", true}});
        const bool of_others = column.filter({{"appName", name}, {"error", false}});
        return 100 * ((of_failed ? failed : 0) + (of_others ? 1 - failed : 0));
    }
    if (column.attribute != "duration") return nullptr;
    const std::string statistic = column.function == "percentile" ? "p" + std::to_string(static_cast<int>(column.parameter)) : "";
    const auto value = app.value("trace.http.request", statistic);
    if (column.function != "percentile") return value ? json(*value) : json();
    return json{{statistic.substr(1), value ? json(*value) : json()}};
}

json of_metrics(const NrqlColumn& column, const Application& app) {
    if (column.function != "average") return nullptr;
    std::optional<double> value;
    if (column.attribute == "apm.service.cpu.usertime.utilization") value = app.value("system.cpu.user");
    if (column.attribute == "apm.service.memory.physical") {
        value = app.value("container.memory.usage");
        if (value) *value /= 1e6;
    } else if (value) {
        *value /= 100;
    }
    return value ? json(*value) : json();
}

/// Of the one application that the condition lets through: ours ask for one.
json of_application(const NrqlQuery& query, const NrqlColumn& column, const std::vector<PlayedMetric>& metrics, double t, double seconds) {
    std::set<std::string> names;
    for (const PlayedMetric& metric : metrics) {
        if (query.where({{"appName", metric.entity}, {"entity.name", metric.entity}})) names.insert(metric.entity);
    }
    if (names.empty()) return column.function == "count" || column.function == "rate" ? json(0) : json();
    const Application app(metrics, *names.begin(), t);
    return query.events.front() == "Metric" ? of_metrics(column, app) : of_transactions(column, app, *names.begin(), seconds);
}

json bucket_of(const NrqlQuery& query, const std::vector<const Row*>& rows, const Telemetry& telemetry, Window bucket) {
    json out = json::object();
    const double seconds = static_cast<double>(to_millis(bucket.to) - to_millis(bucket.from)) / 1000;
    const bool computed = query.events.front() == "Transaction" || query.events.front() == "Metric";
    const std::vector<PlayedMetric> metrics = computed ? telemetry.metrics() : std::vector<PlayedMetric>();
    std::vector<const Row*> inside;
    std::copy_if(rows.begin(), rows.end(), std::back_inserter(inside),
                 [&bucket](const Row* row) { return bucket.contains(from_millis(row->at("timestamp").get<std::int64_t>())); });
    const double middle = telemetry.seconds_from_zero(bucket.from) + seconds / 2;
    for (const NrqlColumn& column : query.columns) {
        out[column.name] = computed ? of_application(query, column, metrics, middle, seconds) : aggregate(column, inside, seconds);
    }
    return out;
}

/// In the order of time, events of one moment in the order of the play.
json plain_rows(const NrqlQuery& query, const std::vector<const Row*>& rows) {
    std::vector<std::pair<std::int64_t, std::size_t>> order;
    for (std::size_t i = 0; i < rows.size(); ++i) order.emplace_back(rows[i]->at("timestamp").get<std::int64_t>(), i);
    std::sort(order.begin(), order.end());
    if (!query.oldest_first) std::reverse(order.begin(), order.end());
    json out = json::array();
    for (const auto& [at, index] : order) {
        if (out.size() == query.limit) break;
        const Row* row = rows[index];
        json one = json::object();
        for (const NrqlColumn& column : query.columns) {
            const auto found = row->find(column.attribute);
            one[column.name] = found == row->end() ? json() : found->second;
        }
        out.push_back(std::move(one));
    }
    return out;
}

}  // namespace

std::int64_t account_of(const json& scenario) {
    return get_int(scenario, "newrelic.account_id").value_or(0);
}

std::string guid_of(const json& scenario, const std::string& service) {
    int index = 0;
    for (const json& one : scenario_part(scenario, "services")) {
        ++index;
        if (string_or_empty(one, "name") != service) continue;
        std::string guid = base64_encode(std::to_string(account_of(scenario)) + "|APM|APPLICATION|" + std::to_string(55000 + index));
        while (guid.ends_with('=')) guid.pop_back();
        return guid;
    }
    return {};
}

result<std::shared_ptr<const std::vector<Row>>> Events::of(const std::string& type, const World& world, Window window) {
    constexpr std::size_t most = 12;
    const std::string key = type + " " + std::to_string(to_millis(window.from)) + " " + std::to_string(to_millis(window.to));
    const auto found = std::find_if(made_.begin(), made_.end(), [&key](const Made& one) { return one.key == key; });
    if (found != made_.end()) return found->rows;
    auto rows = rows_of(type, world, window);
    if (!rows) return rows.error();
    if (made_.size() == most) made_.erase(made_.begin());
    made_.push_back({key, std::make_shared<const std::vector<Row>>(std::move(*rows))});
    return made_.back().rows;
}

result<json> run_nrql(const NrqlQuery& query, const World& world, Events& events) {
    constexpr std::int64_t most_buckets = 366;
    if (query.window.from >= query.window.to) return Error{errc::parse, "NRQL Syntax Error: SINCE must be before UNTIL"};
    const Window window{query.window.from, std::min(query.window.to, world.now)};
    const std::int64_t span = to_seconds(query.window.to) - to_seconds(query.window.from);
    if (query.bucket_seconds > 0 && span / query.bucket_seconds > most_buckets) {
        return Error{errc::parse, "TIMESERIES supports at most 366 buckets"};
    }
    std::vector<std::shared_ptr<const std::vector<Row>>> held;
    std::vector<const Row*> rows;
    const bool computed = query.events.front() == "Transaction" || query.events.front() == "Metric";
    if (computed && !query.aggregates()) return Error{errc::parse, "the simulation has no rows of " + query.events.front()};
    for (const std::string& event : query.events) {
        if (computed) break;
        auto more = events.of(event, world, window);
        if (!more) return more.error();
        for (const Row& row : **more) {
            if (query.where(row)) rows.push_back(&row);
        }
        held.push_back(std::move(*more));
    }
    if (!query.aggregates()) return plain_rows(query, rows);
    const Telemetry telemetry(world.scenario, world.zero, world.now);
    json out = json::array();
    if (query.bucket_seconds == 0) {
        out.push_back(bucket_of(query, rows, telemetry, window));
        return out;
    }
    for (Timestamp at = window.from; at < window.to; at += seconds(query.bucket_seconds)) {
        const Window bucket{at, at + seconds(query.bucket_seconds)};
        json one = bucket_of(query, rows, telemetry, bucket);
        one["beginTimeSeconds"] = to_seconds(bucket.from);
        one["endTimeSeconds"] = to_seconds(bucket.to);
        out.push_back(std::move(one));
    }
    return out;
}

json entities_of(const World& world) {
    const json& scenario = *world.scenario;
    const Telemetry telemetry(world.scenario, world.zero, world.now);
    const std::vector<PlayedMetric> metrics = telemetry.metrics();
    const double now = telemetry.seconds_from_zero(world.now);
    json all = json::array();
    const auto outline = [&scenario](const std::string& name) {
        return json{{"guid", guid_of(scenario, name)}, {"name", name}, {"type", "APPLICATION"}, {"tags", json::array()}};
    };
    for (const json& service : scenario_part(scenario, "services")) {
        const std::string name = string_or_empty(service, "name");
        json relations = json::array();
        for (const json& edge : scenario_part(scenario, "telemetry.edges")) {
            const std::string caller = string_or_empty(edge, "caller");
            const std::string callee = string_or_empty(edge, "callee");
            if (caller != name && callee != name) continue;
            relations.push_back({{"type", "CALLS"}, {"source", {{"entity", outline(caller)}}}, {"target", {{"entity", outline(callee)}}}});
        }
        const std::string repository = string_or_empty(service, "repository");
        if (const std::size_t colon = repository.find(':'); colon != std::string::npos) {
            const std::string url = "https://" + repository.substr(0, colon) + ".com/" + repository.substr(colon + 1);
            json end = {{"guid", "cmVwb3NpdG9yeQ" + std::to_string(all.size())},
                        {"name", repository.substr(colon + 1)},
                        {"type", "REPOSITORY"},
                        {"tags", json::array({{{"key", "url"}, {"values", json::array({url})}}})}};
            relations.push_back(
                {{"type", "BUILT_FROM"}, {"source", {{"entity", outline(name)}}}, {"target", {{"entity", std::move(end)}}}});
        }
        const Application app(metrics, name, now);
        const double hits = app.value("trace.http.request.hits").value_or(0);
        const bool alerts = name == string_or_empty(scenario, "service") && world.now >= world.zero;
        all.push_back(
            {{"guid", guid_of(scenario, name)},
             {"name", name},
             {"domain", "APM"},
             {"type", "APPLICATION"},
             {"entityType", "APM_APPLICATION_ENTITY"},
             {"accountId", account_of(scenario)},
             {"reporting", true},
             {"alertSeverity", alerts ? "CRITICAL" : "NOT_ALERTING"},
             {"tags", json::array({{{"key", "environment"}, {"values", json::array({string_or_empty(scenario, "environment")})}}})},
             {"apmSummary",
              {{"errorRate", hits > 0 ? app.value("trace.http.request.errors").value_or(0) / hits : 0.0},
               {"responseTimeAverage", app.value("trace.http.request", "p95").value_or(0)},
               {"throughput", std::round(hits * 60)}}},
             {"relatedEntities", {{"results", std::move(relations)}, {"nextCursor", nullptr}}}});
    }
    return all;
}

}  // namespace gumshoe::newrelic
