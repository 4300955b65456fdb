// A rule in words, with what it watches and what its history says. Old and new rules differ in most of their fields.
#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <tuple>

#include "base/text.hpp"
#include "integrations/signoz/codec.hpp"
#include "integrations/signoz/response_fields.hpp"

namespace gumshoe::signoz {

namespace {

constexpr std::size_t most_firings = 5;  // of the past that become incidents

/// A number or a word, as both forms occur.
std::string code_of(const json& object, const char* key) {
    const json* value = member(object, key);
    if (value == nullptr) return {};
    if (value->is_string()) return to_lower(value->get_ref<const std::string&>());
    return value->is_number_integer() ? dump_json(*value) : std::string();
}

std::string op_words(const std::string& code) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 28> words{{
        {"1", "above"},
        {"above", "above"},
        {">", "above"},
        {"2", "below"},
        {"below", "below"},
        {"<", "below"},
        {"3", "equal to"},
        {"equal", "equal to"},
        {"eq", "equal to"},
        {"=", "equal to"},
        {"==", "equal to"},
        {"4", "not equal to"},
        {"not_equal", "not equal to"},
        {"not_eq", "not equal to"},
        {"!=", "not equal to"},
        {"5", "at least"},
        {"above_or_equal", "at least"},
        {"above_or_eq", "at least"},
        {">=", "at least"},
        {"6", "at most"},
        {"below_or_equal", "at most"},
        {"below_or_eq", "at most"},
        {"<=", "at most"},
        {"7", "outside"},
        {"outside_bounds", "outside"},
        {"outside", "outside"},
        {"above_or_equal_to", "at least"},
        {"below_or_equal_to", "at most"},
    }};
    for (const auto& [theirs, ours] : words) {
        if (code == theirs) return std::string(ours);
    }
    return code.empty() ? "beyond" : one_line(code, 40);
}

std::string match_words(const std::string& code) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 12> words{{
        {"1", "at least one value"},
        {"at_least_once", "at least one value"},
        {"2", "every value"},
        {"all_the_times", "every value"},
        {"3", "the average"},
        {"on_average", "the average"},
        {"avg", "the average"},
        {"4", "the sum"},
        {"in_total", "the sum"},
        {"sum", "the sum"},
        {"5", "the last value"},
        {"last", "the last value"},
    }};
    for (const auto& [theirs, ours] : words) {
        if (code == theirs) return std::string(ours);
    }
    return "a value";
}

std::optional<Threshold> read_threshold(const json& spec, const std::string& unit) {
    const json* target = member(spec, "target");
    const auto value = target == nullptr ? std::nullopt : finite(*target);
    if (!value) return std::nullopt;
    Threshold threshold;
    threshold.name = one_line(string_or_empty(spec, "name"), 60);
    threshold.op = op_words(code_of(spec, "op"));
    threshold.match = match_words(code_of(spec, "matchType"));
    threshold.target = *value;
    threshold.unit = ucum(string_or_empty(spec, "targetUnit"));
    if (threshold.unit.empty()) threshold.unit = unit;
    return threshold;
}

std::vector<Threshold> read_thresholds(const json& condition, const std::string& unit) {
    std::vector<Threshold> thresholds;
    const json* list = find(condition, "thresholds.spec");
    if (list != nullptr && list->is_array()) {
        for (const json& spec : *list) {
            if (auto threshold = read_threshold(spec, unit); threshold && thresholds.size() < 5)
                thresholds.push_back(std::move(*threshold));
        }
    }
    if (!thresholds.empty()) return thresholds;
    if (auto only = read_threshold(condition, unit)) thresholds.push_back(std::move(*only));
    return thresholds;
}

std::string threshold_words(const Threshold& threshold, const std::string& span) {
    const std::string unit = threshold.unit.empty() || threshold.unit == "1" ? "" : " " + threshold.unit;
    return (threshold.name.empty() ? "" : threshold.name + " ") + "when " + threshold.match + (span.empty() ? "" : " of " + span) + " is " +
           threshold.op + " " + decimal(threshold.target) + unit;
}

/// What one query asks: its words for people, the name of its series.
struct Asked {
    std::string query;  // "A"
    std::string words;
    SeriesQuery series;
};

Asked of_metric(const std::string& query, const std::string& metric, const std::string& space, const std::string& time) {
    Asked asked;
    asked.query = query;
    asked.series.name = metric;
    if (space.starts_with('p') && space.size() <= 3) asked.series.name += "." + space;
    asked.words = (space.empty() ? "" : space + " of ") + metric + (time.empty() || time == "noop" ? "" : " (" + time + ")");
    return asked;
}

/// A v5 query {type, spec}.
Asked read_query(const json& envelope, const std::string& rule_name) {
    static const json none = json::object();
    const json* found = member(envelope, "spec");
    const json& spec = found == nullptr ? none : *found;
    const std::string type = string_or_empty(envelope, "type");
    const std::string name = one_line(string_or_empty(spec, "name"), 40);
    const std::string filter = one_line(string_or_empty(spec, "filter.expression"), 300);
    const std::string where = filter.empty() ? "" : " where " + filter;
    Asked asked;
    const json* aggregations = member(spec, "aggregations");
    const json& first = aggregations != nullptr && aggregations->is_array() && !aggregations->empty() ? aggregations->front() : none;
    const std::string expression = one_line(string_or_empty(first, "expression"), 200);
    if (type == "builder_query" && string_or_empty(spec, "signal") == "metrics") {
        asked =
            of_metric(name, one_line(string_or_empty(first, "metricName"), 200), one_line(string_or_empty(first, "spaceAggregation"), 20),
                      one_line(string_or_empty(first, "timeAggregation"), 20));
        asked.words += where;
    } else if (type == "builder_query") {
        const std::string signal = string_or_empty(spec, "signal") == "logs" ? "logs" : "spans";
        asked.series.name = signal + " " + expression;
        asked.words = expression + " over " + signal + where;
    } else {
        asked.series.name = rule_name;
        asked.words = one_line(first_text(spec, {"expression", "query"}), 300);
    }
    asked.query = name;
    return asked;
}

/// An older rule's query, out of the map builderQueries.
Asked read_builder_query(const std::string& name, const json& spec, const std::string& rule_name) {
    const std::string source = string_or_empty(spec, "dataSource");
    const std::string operation = one_line(string_or_empty(spec, "aggregateOperator"), 40);
    const std::string attribute = one_line(string_or_empty(spec, "aggregateAttribute.key"), 200);
    Asked asked;
    if (source == "metrics") {
        asked = of_metric(name, attribute, one_line(string_or_empty(spec, "spaceAggregation"), 20),
                          one_line(first_text(spec, {"timeAggregation", "aggregateOperator"}), 20));
    } else if (source.empty()) {
        asked.series.name = rule_name;
        asked.words = one_line(string_or_empty(spec, "expression"), 300);
    } else {
        asked.series.name = (source == "logs" ? "logs " : "spans ") + operation + (attribute.empty() ? "()" : "(" + attribute + ")");
        asked.words = asked.series.name;
    }
    asked.query = name;
    return asked;
}

/// The queries of a rule; fills in what to send to see its graph.
std::vector<Asked> read_queries(const json& composite, Rule& rule) {
    std::vector<Asked> asked;
    const json* queries = member(composite, "queries");
    if (queries != nullptr && queries->is_array() && !queries->empty()) {
        bool builders = true;
        for (const json& query : *queries) {
            const std::string type = string_or_empty(query, "type");
            builders = builders && (type == "builder_query" || type == "builder_formula" || type == "promql");
            if (asked.size() < 26) asked.push_back(read_query(query, rule.name));
        }
        if (builders) rule.graph = dump_json(*queries);  // SQL is not run again
        return asked;
    }
    const json* builder = member(composite, "builderQueries");
    if (builder != nullptr && builder->is_object() && !builder->empty()) {
        for (const auto& [name, spec] : builder->items()) {
            if (asked.size() < 26) asked.push_back(read_builder_query(one_line(name, 40), spec, rule.name));
        }
        rule.graph = dump_json(json{{"queryType", "builder"}, {"panelType", "graph"}, {"builderQueries", *builder}});
        rule.graph_api = Api::v4;
        return asked;
    }
    for (const char* key : {"promQueries", "chQueries"}) {
        const json* map = member(composite, key);
        if (map == nullptr || !map->is_object()) continue;
        for (const auto& [name, spec] : map->items()) {
            if (asked.size() == 26) break;
            Asked one;
            one.query = one_line(name, 40);
            one.series.name = rule.name;
            one.words = one_line(string_or_empty(spec, "query"), 300);
            asked.push_back(std::move(one));
        }
        if (std::string_view(key) == "promQueries" && !asked.empty()) {
            rule.graph = dump_json(json{{"queryType", "promql"}, {"panelType", "graph"}, {"promQueries", *map}});
            rule.graph_api = Api::v4;
        }
        if (!asked.empty()) break;
    }
    return asked;
}

struct Firing {
    Timestamp at{};
    std::optional<milliseconds> lasted;
    std::optional<double> value;
};

struct History {
    std::vector<Firing> firings;  // ascending
    bool more = false;
};

/// Firings of the series about this service, or of all where the labels do not tell.
result<History> read_firings(const json& data, const std::string& entity) {
    const json* items = member(data, "items");
    if (items == nullptr || items->is_null()) return History{};
    if (!items->is_array()) return Error{errc::bad_reply, "SigNoz's history of the rule has no items"};
    struct Item {
        std::int64_t at;
        std::string state;
        std::string series;
        std::optional<double> value;
    };
    History history;
    std::vector<Item> ordered;
    for (const json& item : *items) {
        const auto at = get_int(item, "unixMilli");
        if (!at || *at <= 0 || *at > 4'000'000'000'000) continue;
        const json* told = member(item, "labels");
        const auto labels = told == nullptr ? std::map<std::string, std::string>() : read_labels(*told);
        const auto service = std::find_if(labels.begin(), labels.end(), [](const auto& label) {
            return label.first == "service.name" || label.first == "service_name" || label.first == "serviceName";
        });
        if (service != labels.end() && service->second != entity) continue;
        if (!get_bool(item, "stateChanged").value_or(true)) continue;
        const json* fingerprint = member(item, "fingerprint");
        const json* value = member(item, "value");
        ordered.push_back({*at, to_lower(string_or_empty(item, "state")), fingerprint == nullptr ? "" : dump_json(*fingerprint),
                           value == nullptr ? std::nullopt : finite(*value)});
    }
    std::sort(ordered.begin(), ordered.end(),
              [](const Item& a, const Item& b) { return std::tie(a.at, a.state) < std::tie(b.at, b.state); });
    std::map<std::string, std::size_t> open;
    for (const Item& item : ordered) {
        const auto since = open.find(item.series);
        if (item.state == "firing") {
            if (since != open.end()) continue;
            open[item.series] = history.firings.size();
            history.firings.push_back({from_millis(item.at), std::nullopt, item.value});
        } else if (since != open.end() && item.state != "pending" && item.state != "recovering") {
            history.firings[since->second].lasted = from_millis(item.at) - history.firings[since->second].at;
            open.erase(since);
        }
    }
    history.more = get_int(data, "total").value_or(0) > static_cast<std::int64_t>(items->size());
    return history;
}

std::string history_words(const Rule& rule, const History& history, const std::vector<Firing>& past, Window window, Timestamp onset) {
    const std::string span = format_duration(std::chrono::round<std::chrono::hours>(onset - window.from));
    std::string text = "Rule \"" + rule.name + "\" fired " + (history.more ? "at least " : "") + std::to_string(past.size()) +
                       (past.size() == 1 ? " time" : " times") + " in the " + span + " before this alert";
    std::vector<milliseconds> spans;
    std::vector<double> values;
    for (const Firing& firing : past) {
        if (firing.lasted) spans.push_back(*firing.lasted);
        if (firing.value) values.push_back(*firing.value);
    }
    std::sort(spans.begin(), spans.end());
    std::sort(values.begin(), values.end());
    if (!spans.empty()) {
        text += spans.size() == past.size() ? "; each time it was back to normal"
                                            : "; " + std::to_string(spans.size()) + " times it was back to normal";
        text += " within " + format_duration(spans.back()) + " (median " + format_duration(spans[spans.size() / 2]) + ")";
    }
    if (!values.empty() && !rule.thresholds.empty()) {
        const Threshold& limit = rule.thresholds.front();
        const std::string unit = limit.unit.empty() || limit.unit == "1" ? "" : " " + limit.unit;
        text += "; values when it fired: " + decimal(values.front() * rule.scale) + " to " + decimal(values.back() * rule.scale) + unit +
                " (threshold " + decimal(limit.target) + unit + ")";
    }
    if (!past.empty()) text += "; last on " + format_rfc3339(from_seconds(to_seconds(past.back().at)));
    return text;
}

}  // namespace

result<Rule> read_rule(const HttpResponse& response, const Account& account, const std::string& entity) {
    const auto data = read_data(response);
    if (!data) return data.error();
    const json* id = member(*data, "id");
    if (id == nullptr) return Error{errc::bad_reply, "SigNoz's rule has no id"};
    Rule rule;
    rule.id = one_line(id->is_string() ? id->get<std::string>() : dump_json(*id), 64);
    rule.name = one_line(string_or_empty(*data, "alert"), 200);
    static const json none = json::object();
    const json* told = member(*data, "condition");
    const json& condition = told == nullptr ? none : *told;
    const json* composite = member(condition, "compositeQuery");
    const std::string unit = ucum(string_or_empty(condition, "compositeQuery.unit"));
    rule.thresholds = read_thresholds(condition, unit);
    if (!rule.thresholds.empty()) rule.scale = unit_factor(unit, rule.thresholds.front().unit).value_or(1);
    const std::vector<Asked> queries = composite == nullptr ? std::vector<Asked>() : read_queries(*composite, rule);
    const std::string selected = string_or_empty(condition, "selectedQueryName");
    std::vector<std::string> words;
    for (const Asked& asked : queries) {
        words.push_back((queries.size() > 1 ? asked.query + ": " : "") + asked.words);
        if (!selected.empty() && asked.query != selected) continue;
        rule.names.push_back(asked.query);
        rule.series.push_back(asked.series);
        rule.series.back().entity = entity;
        rule.series.back().unit = unit;
    }
    rule.asked = join(words, "; ");

    std::string span = one_line(first_text(*data, {"evalWindow"}), 20);
    if (span.empty()) span = one_line(string_or_empty(*data, "evaluation.spec.evalWindow"), 20);
    std::vector<std::string> limits;
    for (const Threshold& threshold : rule.thresholds) limits.push_back(threshold_words(threshold, span));
    const std::string state = one_line(string_or_empty(*data, "state"), 40);
    rule.fact.entity = entity;
    rule.fact.text = "Rule \"" + rule.name + "\" (" + one_line(string_or_empty(*data, "ruleType"), 40) + ") is in state " +
                     (state.empty() ? "unknown" : state) + "; it watches " +
                     (rule.asked.empty() ? "a query that is not told" : rule.asked) +
                     (limits.empty() ? "" : "; alerts " + join(limits, ", "));
    const std::string updated = first_text(*data, {"updatedAt", "updateAt"});
    if (!updated.empty()) rule.fact.text += "; last edited " + one_line(updated, 40);
    const std::string description = one_line(string_or_empty(*data, "description"), 160);
    if (!description.empty()) rule.fact.text += "; description: \"" + description + "\"";
    rule.fact.link = rule_link(account, rule.id);
    return rule;
}

result<void> read_history(const HttpResponse& response, const Account& account, const Rule& rule, Window window, Timestamp onset,
                          Records& records) {
    const auto data = read_data(response);
    if (!data) return data.error();
    const std::string& entity = rule.fact.entity;
    auto history = read_firings(*data, entity);
    if (!history) return history.error();
    // The firing that we are here for is no past one: its item is written around the alert's own time.
    constexpr auto this_one = std::chrono::minutes(3);
    std::vector<Firing> past;
    std::copy_if(history->firings.begin(), history->firings.end(), std::back_inserter(past),
                 [&](const Firing& firing) { return firing.at < onset - this_one; });
    // About the rule, not about the service: what is said of a service is capped, and this must not push out its own facts.
    Fact fact{"", history_words(rule, *history, past, window, onset), onset, history_link(account, rule.id, window)};
    records.facts.push_back(std::move(fact));
    for (std::size_t i = past.size() - std::min(past.size(), most_firings); i < past.size(); ++i) {
        const Firing& firing = past[i];
        PastIncident incident;
        incident.id = "signoz:" + rule.id + ":" + std::to_string(to_millis(firing.at));
        incident.title = rule.name;
        incident.service = entity;
        incident.resolution = firing.lasted ? "nothing that SigNoz knows of; back to normal after " + format_duration(*firing.lasted) : "";
        incident.at = firing.at;
        incident.link = history_link(account, rule.id, window);
        records.incidents.push_back(std::move(incident));
    }
    return {};
}

}  // namespace gumshoe::signoz
