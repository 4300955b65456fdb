// What we ask of NRDB, event type by event type.
#include "integrations/newrelic/nrql.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace gumshoe::newrelic {

namespace {

constexpr std::size_t value_bytes = 200;
constexpr std::int64_t most_buckets = 300;  // New Relic draws up to 366

std::string attribute(const std::string& name) {
    return name.find('.') == std::string::npos ? name : "`" + name + "`";
}

std::string literals_of(const std::vector<std::string>& values) {
    std::vector<std::string> literals;
    for (const std::string& value : values) {
        if (!value.empty()) literals.push_back(nrql_literal(value));
    }
    return join(literals, ", ");
}

std::string columns(const std::vector<std::string>& names) {
    std::vector<std::string> quoted;
    quoted.reserve(names.size());
    for (const std::string& name : names) quoted.push_back(attribute(name));
    return join(quoted, ", ");
}

std::string between(Window window) {
    return " SINCE " + std::to_string(to_millis(window.from)) + " UNTIL " + std::to_string(to_millis(window.to));
}

/// Whole minutes, few enough of them.
std::string timeseries(Window window) {
    constexpr std::int64_t step = 60 * most_buckets;
    const std::int64_t span = to_seconds(window.to) - to_seconds(window.from);
    return " TIMESERIES " + std::to_string(60 * std::max<std::int64_t>(1, (span + step - 1) / step)) + " seconds";
}

/// Rows that do not say where they come from are kept: most do not.
std::string in_environment(const std::string& environment) {
    if (environment.empty()) return {};
    std::string text;
    for (const char* name : {"environment", "deployment.environment"}) {
        text += " AND (" + attribute(name) + " IS NULL OR " + attribute(name) + " = " + nrql_literal(environment) + ")";
    }
    return text;
}

std::string of_level(Level level) {
    if (level == Level::all) return {};
    std::vector<std::string> words;
    for (const char* word : {"error", "err", "critical", "crit", "fatal", "alert", "emergency", "severe", "warn", "warning"}) {
        std::string upper(word);
        std::transform(upper.begin(), upper.end(), upper.begin(), [](char c) { return static_cast<char>(c - 'a' + 'A'); });
        const std::string title = upper.substr(0, 1) + std::string(word).substr(1);
        words.insert(words.end(), {word, upper, title});
    }
    const std::vector<std::string> names{"level", "log.level", "severity", "severity.text"};
    if (level == Level::trouble) return " AND " + nrql_any(names, words);
    std::string text;
    for (const std::string& name : names) {
        const std::string column = attribute(name);
        text += " AND (" + column + " IS NULL OR " + column + " NOT IN (" + literals_of(words) + "))";
    }
    return text;
}

std::string rows(const std::vector<std::string>& select, const char* event, const std::string& where, const RowSearch& search) {
    return "SELECT " + columns(select) + " FROM " + event + " WHERE " + where + between(search.window) + " ORDER BY timestamp " +
           (search.oldest_first ? "ASC" : "DESC") + " LIMIT " + (search.limit >= max_rows ? "MAX" : std::to_string(search.limit));
}

bool has_word(std::string_view text, std::string_view word) {
    const auto part_of_word = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.'; };
    for (std::size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
        const std::size_t end = at + word.size();
        if ((at == 0 || !part_of_word(text[at - 1])) && (end == text.size() || !part_of_word(text[end]))) return true;
    }
    return false;
}

}  // namespace

std::string nrql_literal(std::string_view value) {
    std::string text = "'";
    for (const char c : strip_invisible(sanitize_utf8(truncate(value, value_bytes)))) {
        if (c == '\'' || c == '\\') text += '\\';
        text += c == '\n' || c == '\t' ? ' ' : c;
    }
    return text + "'";
}

std::string nrql_any(const std::vector<std::string>& attributes, const std::vector<std::string>& values) {
    const std::string literals = literals_of(values);
    if (literals.empty()) return {};
    std::vector<std::string> terms;
    for (const std::string& name : attributes) terms.push_back(attribute(name) + " IN (" + literals + ")");
    return "(" + join(terms, " OR ") + ")";
}

std::string logs_nrql(const RowSearch& search) {
    return rows(
        {"timestamp", "message", "level", "log.level", "severity", "severity.text", "service.name", "entity.name", "service", "hostname",
         "host.name", "k8s.pod.name", "trace.id", "span.id", "error.class", "error.message", "logger.name", "service.version"},
        "Log",
        nrql_any({"service.name", "entity.name", "service"}, search.services) + of_level(search.level) + in_environment(search.environment),
        search);
}

std::string errors_nrql(const RowSearch& search) {
    return rows(
        {"timestamp", "error.class", "error.message", "transactionName", "appName", "host", "trace.id", "traceId", "service.version"},
        "TransactionError", nrql_any({"appName"}, search.services), search);
}

std::string spans_nrql(const RowSearch& search) {
    return rows({"timestamp",
                 "trace.id",
                 "traceId",
                 "id",
                 "guid",
                 "parent.id",
                 "parentId",
                 "name",
                 "duration.ms",
                 "duration",
                 "service.name",
                 "appName",
                 "entity.name",
                 "host",
                 "host.name",
                 "error",
                 "error.class",
                 "error.message",
                 "otel.status_code",
                 "service.version",
                 "tags.version",
                 "git.commit.sha",
                 "vcs.ref.head.revision",
                 "git.repository_url",
                 "vcs.repository.url.full"},
                "Span", nrql_any({"service.name", "entity.name", "appName"}, search.services) + in_environment(search.environment), search);
}

std::string deployments_nrql(const std::vector<std::string>& names, const std::vector<std::string>& guids, Window window, int limit) {
    std::vector<std::string> terms;
    for (std::string& term : std::vector<std::string>{nrql_any({"entity.name"}, names), nrql_any({"entity.guid", "entityGuid"}, guids)}) {
        if (!term.empty()) terms.push_back(std::move(term));
    }
    return "SELECT " +
           columns({"timestamp", "category", "type", "deploymentType", "version", "commit", "shortDescription", "description", "changelog",
                    "user", "deploymentId", "changeTrackingId", "entity.name", "entity.guid", "entityGuid"}) +
           " FROM Deployment, ChangeTrackingEvent WHERE " + join(terms, " OR ") + between(window) + " LIMIT " + std::to_string(limit);
}

std::string transactions_nrql(const std::string& service, Window window) {
    return "SELECT rate(count(*), 1 second) AS 'requests', percentage(count(*), WHERE error IS true) AS 'errors', "
           "percentile(duration, 95) AS 'p95' FROM Transaction WHERE appName = " +
           nrql_literal(service) + between(window) + timeseries(window);
}

std::string requests_nrql(const std::string& service, Window window) {
    return "SELECT rate(count(*), 1 second) AS 'requests', percentage(count(*), WHERE `otel.status_code` = 'ERROR') AS 'errors', "
           "percentile(`duration.ms`, 95) AS 'p95' FROM Span WHERE " +
           nrql_any({"service.name", "entity.name"}, {service}) + " AND `span.kind` IN ('server', 'consumer')" + between(window) +
           timeseries(window);
}

std::string resources_nrql(const std::string& service, Window window) {
    return "SELECT average(`apm.service.cpu.usertime.utilization`) AS 'cpu', average(`apm.service.memory.physical`) AS 'memory' "
           "FROM Metric WHERE appName = " +
           nrql_literal(service) + between(window) + timeseries(window);
}

std::optional<std::string> condition_nrql(std::string_view query, Window window) {
    std::string text(trim(query));
    std::replace_if(text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r' || c == '\t'; }, ' ');
    const std::string lower = to_lower(text);
    const bool select = lower.starts_with("select ") || lower.starts_with("from ");
    const bool printable = std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c != 0x7f; });
    if (!select || !printable || text.size() > 4000) return std::nullopt;
    for (const char* clause : {"since", "until", "timeseries", "compare with", "limit"}) {
        if (has_word(lower, clause)) return std::nullopt;
    }
    return text + between(window) + timeseries(window);
}

}  // namespace gumshoe::newrelic
