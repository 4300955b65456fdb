// Runs the queries of the plan: pages, rate limits and retries within the deadline; the codecs do the rest.
#include "integrations/datadog/evidence.hpp"

#include <charconv>
#include <functional>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "integrations/datadog/links.hpp"
#include "integrations/datadog/plan.hpp"
#include "integrations/datadog/responses.hpp"

namespace gumshoe::datadog {

namespace {

constexpr int page_size = 1000;
constexpr auto retry_pause = milliseconds(500);
constexpr auto answer_time = seconds(2);  // what must be left after a pause for it to be worth it

std::string text_of(const Query& query, const char* name) {
    const auto found = query.arguments.find(name);
    return found == query.arguments.end() ? std::string() : found->second;
}

std::vector<std::string> list_of(const Query& query, const char* name) {
    std::vector<std::string> items;
    for (const std::string& line : lines(text_of(query, name))) {
        if (!line.empty()) items.push_back(line);
    }
    return items;
}

std::size_t pages_of(const Query& query) {
    const std::string text = text_of(query, argument::pages);
    std::size_t pages = 0;
    std::from_chars(text.data(), text.data() + text.size(), pages);
    const std::size_t most = limits::records_per_query / page_size;
    return pages == 0 || pages > most ? most : pages;
}

std::string level_terms(QueryKind kind, const std::string& level) {
    if (kind == QueryKind::spans) return level == "error" ? "status:error" : "";
    constexpr const char* trouble = "status:(emergency OR alert OR critical OR error OR warn)";
    if (level == "error") return trouble;
    return level == "other" ? std::string("-") + trouble : "";
}

Search search_of(const Query& query) {
    Search search;
    const std::string environment = query.kind == QueryKind::events ? "" : term("env", text_of(query, argument::environment));
    const std::string mine = query.kind == QueryKind::events ? "-source:alert" : "";  // monitors' own events: we are here because of one
    search.query = all_of({any_of("service", list_of(query, argument::services)), environment,
                           level_terms(query.kind, text_of(query, argument::level)), mine});
    search.window = query.window;
    search.newest_first = text_of(query, argument::order) != "oldest";
    search.limit = page_size;
    return search;
}

/// One kind of search: how to ask for a page and how to read it.
struct Searcher {
    std::function<HttpRequest(const Search&)> build;
    std::function<result<Page>(const HttpResponse&, Records&)> read;
    std::string permission;
};

class DatadogSource final : public Source {
public:
    DatadogSource(Account account, HttpClient* http, Clock* clock) : account_(std::move(account)), http_(http), clock_(clock) {}

    std::string_view name() const override { return "datadog"; }
    std::vector<Query> plan(const Subject& subject) const override { return datadog::plan(subject); }
    std::vector<Query> follow_up(const Subject& subject, const Records& found) const override { return datadog::follow_up(subject, found); }
    std::vector<QueryKind> on_demand() const override { return {QueryKind::logs, QueryKind::metrics, QueryKind::spans, QueryKind::events}; }
    result<Query> ask(QueryKind kind, std::string service, Window window, const Subject& subject) const override {
        return datadog::ask(kind, service, window, subject);
    }

    task<Fetched> fetch(Query query, Deadline deadline) override {
        const bool of_monitor = query.arguments.contains(argument::monitor);
        if (query.kind == QueryKind::monitor) {
            co_return co_await fetch_monitor(std::move(query), deadline);
        }
        if (query.kind == QueryKind::metrics && of_monitor) {
            co_return co_await fetch_monitor_metrics(std::move(query), deadline);
        }
        if (query.kind == QueryKind::metrics) {
            co_return co_await fetch_service_metrics(std::move(query), deadline);
        }
        if (text_of(query, argument::view) == "dependencies") {
            co_return co_await fetch_dependencies(std::move(query), deadline);
        }
        if (query.kind == QueryKind::code && text_of(query, argument::view) == "catalogue") {
            co_return co_await fetch_catalogue(std::move(query), deadline);
        }
        if (query.kind == QueryKind::code) {
            co_return co_await fetch_first_sighting(std::move(query), deadline);
        }
        result<Searcher> searcher = searcher_of(query.kind);
        if (!searcher) co_return searcher.error();
        co_return co_await fetch_pages(std::move(query), std::move(*searcher), deadline);
    }

    task<std::string> probe(Deadline deadline) override {
        HttpRequest request = any_monitor_request(account_);
        result<HttpResponse> response = co_await send(std::move(request), "monitors_read", deadline);
        if (!response) co_return response.error();
        co_return "both keys are good at " + account_.api_url;
    }

private:
    /// One call with its second chances: a 5xx once, a 429 when the limit is lifted before the deadline.
    task<HttpResponse> send(HttpRequest request, std::string permission, Deadline deadline) {
        for (int attempt = 1;; ++attempt) {
            result<HttpResponse> response = co_await http_->send(request, deadline);
            if (!response) co_return in_context("Datadog", response.error());
            const std::optional<Error> error = read_error(*response, permission);
            if (!error) co_return response;
            milliseconds pause = retry_pause;
            if (error->code == errc::rate_limited) {
                const auto reset = rate_limit_reset(*response);
                if (!reset) co_return *error;
                pause = *reset + retry_pause;
            }
            const bool again = error->code == errc::unavailable || error->code == errc::rate_limited;
            if (!again || attempt == 2 || pause + answer_time > deadline.remaining(*clock_)) co_return *error;
            const Monotonic until = clock_->monotonic() + pause;
            co_await clock_->sleep_until(until);
        }
    }

    result<Searcher> searcher_of(QueryKind kind) const {
        if (kind == QueryKind::logs) {
            return Searcher{[this](const Search& search) { return logs_request(account_, search); }, read_logs, "logs_read_data"};
        }
        if (kind == QueryKind::spans) {
            return Searcher{[this](const Search& search) { return spans_request(account_, search); }, read_spans, "apm_read"};
        }
        if (kind == QueryKind::events) {
            return Searcher{
                [this](const Search& search) { return events_request(account_, search); },
                [this](const HttpResponse& response, Records& records) { return read_events(response, account_.app_url, records); },
                "events_read"};
        }
        return Error{errc::unsupported, "Datadog is not asked for " + std::string(to_string(kind))};
    }

    task<Fetched> fetch_pages(Query query, Searcher searcher, Deadline deadline) {
        Search search = search_of(query);
        Fetched fetched = named(search.query);
        fetched.link = query.kind == QueryKind::logs    ? logs_link(account_.app_url, search.query, query.window)
                       : query.kind == QueryKind::spans ? spans_link(account_.app_url, search.query, query.window)
                                                        : events_link(account_.app_url, search.query, query.window);
        const std::size_t most = pages_of(query);
        for (std::size_t page = 0; page < most; ++page) {
            HttpRequest request = searcher.build(search);
            result<HttpResponse> response = co_await send(std::move(request), searcher.permission, deadline);
            if (!response) {
                if (page == 0) co_return response.error();
                fetched.truncated = true;  // what came before is worth keeping
                break;
            }
            const result<Page> read = searcher.read(*response, fetched.records);
            if (!read) co_return read.error();
            keep_raw(fetched, response->body);
            fetched.truncated = read->partial || !read->cursor.empty();
            if (read->cursor.empty()) break;
            search.cursor = read->cursor;
        }
        co_return fetched;
    }

    task<Fetched> fetch_monitor(Query query, Deadline deadline) {
        const std::string id = text_of(query, argument::monitor);
        Fetched fetched = named("monitor " + id);
        HttpRequest request = monitor_request(account_, id);
        result<HttpResponse> response = co_await send(std::move(request), "monitors_read", deadline);
        if (!response) co_return response.error();
        result<Monitor> monitor = read_monitor(*response, query.entity, account_.app_url);
        if (!monitor) co_return monitor.error();
        fetched.link = monitor->fact.link;
        keep_raw(fetched, response->body);
        fetched.records.facts.push_back(std::move(monitor->fact));
        co_return fetched;
    }

    /// The graph behind the alert. The query is the monitor's own, from Datadog: the alert's copy of it is anybody's text.
    task<Fetched> fetch_monitor_metrics(Query query, Deadline deadline) {
        HttpRequest request = monitor_request(account_, text_of(query, argument::monitor));
        result<HttpResponse> response = co_await send(std::move(request), "monitors_read", deadline);
        if (!response) co_return response.error();
        result<Monitor> monitor = read_monitor(*response, query.entity, account_.app_url);
        if (!monitor) co_return monitor.error();
        MetricQuery graphed{graphed_query(monitor->query), "", query.entity};
        if (graphed.text.empty()) co_return Error{errc::unsupported, "monitor " + monitor->id + " (" + monitor->type + ") has no metric"};
        std::vector<MetricQuery> queries{std::move(graphed)};
        const std::string link = monitor->fact.link;
        co_return co_await fetch_metrics(std::move(queries), query.window, link, deadline);
    }

    task<Fetched> fetch_service_metrics(Query query, Deadline deadline) {
        const std::string environment = text_of(query, argument::environment);
        std::vector<MetricQuery> queries =
            service_metrics(query.entity, environment, list_of(query, argument::operations), list_of(query, argument::metrics));
        const std::string scope = metric_scope(query.entity, environment);
        const std::vector<std::string> operations = list_of(query, argument::operations);
        const std::string metric = operations.empty() ? "system.cpu.user" : "trace." + operations.front();
        const std::string link = metric_link(account_.app_url, metric, scope, query.window);
        co_return co_await fetch_metrics(std::move(queries), query.window, link, deadline);
    }

    task<Fetched> fetch_metrics(std::vector<MetricQuery> queries, Window window, std::string link, Deadline deadline) {
        std::vector<std::string> texts;
        for (const MetricQuery& query : queries) texts.push_back(query.text);
        Fetched fetched = named(join(texts, ", "));
        fetched.link = std::move(link);
        HttpRequest request = metrics_request(account_, queries, window);
        result<HttpResponse> response = co_await send(std::move(request), "timeseries_query", deadline);
        if (!response) co_return response.error();
        const result<void> read = read_metrics(*response, queries, fetched.records);
        if (!read) co_return read.error();
        keep_raw(fetched, response->body);
        co_return fetched;
    }

    task<Fetched> fetch_dependencies(Query query, Deadline deadline) {
        const std::string environment = text_of(query, argument::environment);
        Fetched fetched = named("service dependencies of " + query.entity + " in " + environment);
        fetched.link = service_map_link(account_.app_url, environment);
        HttpRequest request = dependencies_request(account_, environment, query.window);
        result<HttpResponse> response = co_await send(std::move(request), "apm_service_catalog_read", deadline);
        if (!response) co_return response.error();
        const result<void> read = read_dependencies(*response, query.entity, fetched.records);
        if (!read) co_return read.error();
        keep_raw(fetched, response->body);
        co_return fetched;
    }

    /// The entry of any schema; what it does not tell may be in a definition of old.
    task<Fetched> fetch_catalogue(Query query, Deadline deadline) {
        Fetched fetched = named("catalogue entry of " + query.entity);
        HttpRequest entity = entity_request(account_, query.entity);
        result<HttpResponse> response = co_await send(std::move(entity), "apm_service_catalog_read", deadline);
        const bool absent = !response && response.error().code == errc::not_found;
        if (!response && !absent) co_return response.error();
        if (response) {
            const result<void> read = read_entity(*response, query.entity, fetched.records);
            if (!read) co_return read.error();
            keep_raw(fetched, response->body);
        }
        if (!fetched.records.code.empty()) co_return fetched;
        HttpRequest definition = definition_request(account_, query.entity);
        response = co_await send(std::move(definition), "apm_service_catalog_read", deadline);
        if (!response && response.error().code == errc::not_found) co_return fetched;
        if (!response) co_return response.error();
        const result<void> read = read_definition(*response, query.entity, fetched.records);
        if (!read) co_return read.error();
        keep_raw(fetched, response->body);
        co_return fetched;
    }

    /// The oldest span or line of a version. Only its sighting is kept: one record more would weigh in no statistics but ours.
    task<Fetched> fetch_first_sighting(Query query, Deadline deadline) {
        const bool logs = text_of(query, argument::view) == "logs";
        Search search = search_of(query);
        search.query = all_of(
            {search.query, term("version", text_of(query, argument::version)), term("git.commit.sha", text_of(query, argument::revision))});
        search.newest_first = false;
        search.limit = 1;
        Fetched fetched = named(search.query);
        fetched.link =
            logs ? logs_link(account_.app_url, search.query, query.window) : spans_link(account_.app_url, search.query, query.window);
        HttpRequest request = logs ? logs_request(account_, search) : spans_request(account_, search);
        std::string permission = logs ? "logs_read_data" : "apm_read";
        result<HttpResponse> response = co_await send(std::move(request), std::move(permission), deadline);
        if (!response) co_return response.error();
        Records records;
        const result<Page> read = logs ? read_logs(*response, records) : read_spans(*response, records);
        if (!read) co_return read.error();
        fetched.records.code = std::move(records.code);
        keep_raw(fetched, response->body);
        co_return fetched;
    }

    static Fetched named(std::string query_text) {
        Fetched fetched;
        fetched.query_text = std::move(query_text);
        return fetched;
    }

    static void keep_raw(Fetched& fetched, const std::string& body) {
        if (!fetched.raw.empty()) fetched.raw += '\n';
        fetched.raw +=
            std::string_view(body).substr(0, limits::raw_bytes_per_query - std::min(fetched.raw.size(), limits::raw_bytes_per_query));
    }

    Account account_;
    HttpClient* http_;
    Clock* clock_;
};

}  // namespace

std::unique_ptr<Source> make_source(Account account, HttpClient* http, Clock* clock) {
    return std::make_unique<DatadogSource>(std::move(account), http, clock);
}

}  // namespace gumshoe::datadog
