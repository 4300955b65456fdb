// Runs the queries of the plan: pages, generations of the API, retries within the deadline; the codecs do the rest.
#include "integrations/signoz/evidence.hpp"

#include <charconv>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "integrations/signoz/plan.hpp"

namespace gumshoe::signoz {

namespace {

constexpr int page_rows = 200;  // spans come with all their attributes
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

std::int64_t number_of(const Query& query, const char* name) {
    const std::string text = text_of(query, name);
    std::int64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

std::size_t pages_of(const Query& query) {
    constexpr std::int64_t most = limits::records_per_query / page_rows;
    const std::int64_t pages = number_of(query, argument::pages);
    return static_cast<std::size_t>(pages <= 0 || pages > most ? most : pages);
}

Filter filter_of(const Query& query) {
    Filter filter;
    filter.services = list_of(query, argument::services);
    filter.environment_key = text_of(query, argument::environment_key);
    filter.environment = text_of(query, argument::environment);
    const std::string level = text_of(query, argument::level);
    filter.level = level == "error" ? Level::trouble : level == "other" ? Level::other : Level::all;
    return filter;
}

/// SigNoz refuses a query over a key that no record has: not every signal knows its environment.
bool without_environment(Filter& filter, const Error& error) {
    if (error.code != errc::bad_reply || filter.environment.empty()) return false;
    filter.environment.clear();
    return true;
}

/// The metrics that a refusal does not name: one that was never sent fails all of a request. False when nothing is left to ask for.
bool drop_named(std::vector<SeriesQuery>& queries, const std::string& refusal) {
    const std::size_t before = queries.size();
    std::erase_if(queries, [&refusal](const SeriesQuery& query) { return refusal.find(query.metric) != std::string::npos; });
    return !queries.empty() && queries.size() < before;
}

Fetched named(std::string query_text, std::string link) {
    Fetched fetched;
    fetched.query_text = std::move(query_text);
    fetched.link = std::move(link);
    return fetched;
}

void keep_raw(Fetched& fetched, const std::string& body) {
    if (!fetched.raw.empty()) fetched.raw += '\n';
    fetched.raw +=
        std::string_view(body).substr(0, limits::raw_bytes_per_query - std::min(fetched.raw.size(), limits::raw_bytes_per_query));
}

class SignozSource final : public Source {
public:
    SignozSource(Account account, HttpClient* http, Clock* clock) : account_(std::move(account)), http_(http), clock_(clock) {}

    std::string_view name() const override { return "signoz"; }
    std::vector<Query> plan(const Subject& subject) const override { return signoz::plan(subject); }
    std::vector<Query> follow_up(const Subject& subject, const Records& found) const override { return signoz::follow_up(subject, found); }
    std::vector<QueryKind> on_demand() const override { return {QueryKind::logs, QueryKind::metrics, QueryKind::spans}; }
    result<Query> ask(QueryKind kind, std::string service, Window window, const Subject& subject) const override {
        return signoz::ask(kind, service, window, subject);
    }

    task<Fetched> fetch(Query query, Deadline deadline) override {
        const std::string view = text_of(query, argument::view);
        const std::string rule = text_of(query, argument::rule);
        const bool of_rule = query.kind == QueryKind::monitor || query.kind == QueryKind::history;
        if (of_rule && !is_rule_id(rule)) co_return Error{errc::unsupported, "the alert names no rule of SigNoz"};
        if (of_rule) {
            co_return co_await fetch_rule(std::move(query), deadline);
        }
        if (query.kind == QueryKind::metrics) {
            co_return co_await fetch_service(std::move(query), deadline);
        }
        if (query.kind == QueryKind::logs || query.kind == QueryKind::spans) {
            co_return co_await fetch_rows(std::move(query), deadline);
        }
        if (view == "services") {
            co_return co_await fetch_services(std::move(query), deadline);
        }
        if (view == "dependencies" || view == "exceptions") {
            co_return co_await fetch_list(std::move(query), deadline);
        }
        co_return Error{errc::unsupported, "SigNoz is not asked for " + std::string(to_string(query.kind))};
    }

    task<std::string> probe(Deadline deadline) override {
        HttpRequest ask_version = version_request(account_);
        auto answer = co_await send(std::move(ask_version), "its version", deadline);
        if (!answer) co_return answer.error();
        const auto version = read_version(*answer);
        if (!version) co_return version.error();
        // The version is told to anybody; a query over one minute is not.
        RowQuery probe_query;
        probe_query.window = {clock_->now() - std::chrono::minutes(1), clock_->now()};
        probe_query.limit = 1;
        auto rows = co_await query_rows(std::move(probe_query), deadline);
        if (!rows) co_return rows.error();
        co_return "SigNoz " + *version + " at " + account_.api_url + ": the key may read (query API " + std::string(to_string(api_)) + ")";
    }

private:
    /// One call with its second chances: a 5xx once, a 429 when it is lifted before the deadline. A route that is not there comes back as
    /// the answer it is.
    task<HttpResponse> send(HttpRequest request, std::string wanted, Deadline deadline) {
        for (int attempt = 1;; ++attempt) {
            result<HttpResponse> response = co_await http_->send(request, deadline);
            if (!response) co_return in_context("SigNoz", response.error());
            if (missing_route(*response)) co_return response;
            const std::optional<Error> error = read_error(*response, wanted);
            if (!error) co_return response;
            if (error->code == errc::not_found || error->code == errc::bad_reply) co_return response;  // the caller may know better
            milliseconds pause = retry_pause;
            if (error->code == errc::rate_limited) pause = retry_after(*response).value_or(seconds(1));
            const bool again = error->code == errc::unavailable || error->code == errc::rate_limited;
            if (!again || attempt == 2 || pause + answer_time > deadline.remaining(*clock_)) co_return *error;
            const Monotonic until = clock_->monotonic() + pause;
            co_await clock_->sleep_until(until);
        }
    }

    /// A step down to an older API; false when there is none left. What was found out holds for the process.
    bool older(Api tried) {
        if (tried == Api::v3) return false;
        const Api next = tried == Api::v5 ? Api::v4 : Api::v3;
        if (next > api_) api_ = next;
        return true;
    }

    static Error no_query_api() {
        return {errc::bad_reply, "this address has none of SigNoz's query APIs (v5, v4, v3): is api_url the address of SigNoz itself?"};
    }

    task<HttpResponse> query_rows(RowQuery query, Deadline deadline) {
        const std::string wanted = query.signal == Signal::logs ? "logs" : "traces";
        for (;;) {
            const Api api = api_;
            HttpRequest request = rows_request(account_, api, query);
            auto response = co_await send(std::move(request), wanted, deadline);
            if (!response) co_return response.error();
            if (missing_route(*response)) {
                if (!older(api)) co_return no_query_api();
                continue;
            }
            const auto error = read_error(*response, wanted);
            if (!error) co_return response;
            if (!without_environment(query.filter, *error)) co_return *error;
        }
    }

    task<HttpResponse> query_series(std::vector<SeriesQuery>* queries, Window window, Deadline deadline) {
        for (;;) {
            const Api api = api_;
            HttpRequest request = series_request(account_, api, *queries, window);
            auto response = co_await send(std::move(request), "traces and metrics", deadline);
            if (!response) co_return response.error();
            if (missing_route(*response)) {
                if (!older(api)) co_return no_query_api();
                continue;
            }
            const auto error = read_error(*response, "traces and metrics");
            if (!error) co_return response;
            if (error->code == errc::not_found) {
                if (!drop_named(*queries, refusal_text(*response))) co_return *error;
                continue;
            }
            bool changed = false;
            for (SeriesQuery& query : *queries) changed = without_environment(query.filter, *error) || changed;
            if (!changed) co_return *error;
        }
    }

    /// The newer of two routes, the older one where this build does not have it.
    task<HttpResponse> either(HttpRequest newer, HttpRequest former, std::string wanted, Deadline deadline) {
        auto response = co_await send(std::move(newer), wanted, deadline);
        if (response && missing_route(*response)) {
            response = co_await send(std::move(former), wanted, deadline);
        }
        if (!response) co_return response.error();
        const auto error = read_error(*response, wanted);
        if (error) co_return *error;
        co_return response;
    }

    task<Fetched> fetch_rows(Query query, Deadline deadline) {
        RowQuery rows;
        rows.signal = query.kind == QueryKind::logs ? Signal::logs : Signal::traces;
        rows.filter = filter_of(query);
        rows.window = query.window;
        rows.newest_first = text_of(query, argument::order) != "oldest";
        rows.limit = page_rows;
        const std::string text = expression(rows.filter, rows.signal);
        Fetched fetched = named(text, explorer_link(account_, rows.signal, text, query.window));
        const std::size_t most = pages_of(query);
        for (std::size_t page = 0; page < most; ++page) {
            rows.offset = static_cast<int>(page) * page_rows;
            auto response = co_await query_rows(rows, deadline);
            if (!response) {
                if (page == 0) co_return response.error();
                fetched.truncated = true;  // what came before is worth keeping
                break;
            }
            const auto read = rows.signal == Signal::logs ? read_logs(*response, fetched.records) : read_spans(*response, fetched.records);
            if (!read) co_return read.error();
            keep_raw(fetched, response->body);
            fetched.truncated = read->rows >= static_cast<std::size_t>(page_rows) || read->more;
            if (read->rows < static_cast<std::size_t>(page_rows)) break;
        }
        co_return fetched;
    }

    /// Traffic, errors and latency by its spans; processor and memory where SigNoz has such metrics of it.
    task<Fetched> fetch_service(Query query, Deadline deadline) {
        const Filter filter = filter_of(query);
        const std::string link = service_link(account_, query.entity, query.window);
        std::vector<SeriesQuery> series = span_series(filter);
        Fetched fetched = named("rate(), errors and p95(duration_nano) where " + expression(series.front().filter, Signal::traces), link);
        auto response = co_await query_series(&series, query.window, deadline);
        if (!response) co_return response.error();
        const auto read = read_series(*response, series, link, fetched.records);
        if (!read) co_return read.error();
        keep_raw(fetched, response->body);
        if (text_of(query, argument::runtime).empty()) co_return fetched;

        series = runtime_series(filter, list_of(query, argument::metrics));
        response = co_await query_series(&series, query.window, deadline);
        if (!response) {
            fetched.truncated = response.error().code != errc::not_found;  // no such metrics is an answer
            co_return fetched;
        }
        const auto more = read_series(*response, series, link, fetched.records);
        if (!more) co_return more.error();
        keep_raw(fetched, response->body);
        co_return fetched;
    }

    task<Fetched> fetch_rule(Query query, Deadline deadline) {
        const std::string id = text_of(query, argument::rule);
        HttpRequest newer = rule_request(account_, id, false);
        HttpRequest former = rule_request(account_, id, true);
        auto response = co_await either(std::move(newer), std::move(former), "alert rules", deadline);
        if (!response) co_return response.error();
        auto rule = read_rule(*response, account_, query.entity);
        if (!rule) co_return rule.error();
        if (query.kind == QueryKind::history) {
            co_return co_await fetch_history(std::move(*rule), std::move(query), deadline);
        }
        if (text_of(query, argument::view) == "graph") {
            co_return co_await fetch_graph(std::move(*rule), std::move(query), deadline);
        }
        Fetched fetched = named("rule " + id, rule->fact.link);
        keep_raw(fetched, response->body);
        fetched.records.facts.push_back(std::move(rule->fact));
        co_return fetched;
    }

    /// The graph behind the alert. The queries are the rule's own, from SigNoz: what the alert says is anybody's text.
    task<Fetched> fetch_graph(Rule rule, Query query, Deadline deadline) {
        if (rule.graph.empty()) co_return Error{errc::unsupported, "rule \"" + rule.name + "\" has no query that may be run again"};
        Fetched fetched = named(rule.asked, rule.fact.link);
        const Api api = rule.graph_api == Api::v5 ? Api::v5 : api_;
        HttpRequest request = graph_request(account_, rule, api, query.window);
        auto response = co_await send(std::move(request), "logs, traces and metrics", deadline);
        if (!response) co_return response.error();
        const auto error = read_error(*response, "logs, traces and metrics");
        if (error) co_return *error;
        const auto read = read_graph(*response, rule, account_, fetched.records);
        if (!read) co_return read.error();
        keep_raw(fetched, response->body);
        co_return fetched;
    }

    task<Fetched> fetch_history(Rule rule, Query query, Deadline deadline) {
        const std::string id = text_of(query, argument::rule);
        const Timestamp onset = from_millis(number_of(query, argument::onset));
        HttpRequest newer = history_request(account_, id, query.window, false);
        HttpRequest former = history_request(account_, id, query.window, true);
        auto response = co_await either(std::move(newer), std::move(former), "the history of alert rules", deadline);
        if (!response) co_return response.error();
        Fetched fetched = named("history of rule " + id, history_link(account_, id, query.window));
        const auto read = read_history(*response, account_, rule, query.window, onset, fetched.records);
        if (!read) co_return read.error();
        keep_raw(fetched, response->body);
        co_return fetched;
    }

    /// The figures of all services before and since; those of ours that got worse.
    task<Fetched> fetch_services(Query query, Deadline deadline) {
        const Timestamp since = from_millis(number_of(query, argument::onset));
        const Window before{query.window.from, since};
        const Window now{since, query.window.to};
        Fetched fetched = named("services before and since " + format_clock(since), account_.api_url + "/services");
        const std::vector<Window> windows{before, now};
        std::vector<std::vector<ServiceFigures>> figures;
        for (const Window& window : windows) {
            HttpRequest newer = services_request(account_, window, false);
            HttpRequest former = services_request(account_, window, true);
            auto response = co_await either(std::move(newer), std::move(former), "services", deadline);
            if (!response) co_return response.error();
            auto read = read_services(*response);
            if (!read) co_return read.error();
            keep_raw(fetched, response->body);
            figures.push_back(std::move(*read));
        }
        std::vector<std::string> around = list_of(query, argument::services);
        std::erase(around, query.entity);  // its own graphs say more
        compare_services(figures.front(), figures.back(), around, account_, now, fetched.records);
        co_return fetched;
    }

    task<Fetched> fetch_list(Query query, Deadline deadline) {
        const bool dependencies = text_of(query, argument::view) == "dependencies";
        const std::string wanted = dependencies ? "the service map" : "exceptions";
        HttpRequest request = dependencies ? dependencies_request(account_, query.window) : exceptions_request(account_, query.window);
        auto response = co_await send(std::move(request), wanted, deadline);
        if (!response) co_return response.error();
        const auto error = read_error(*response, wanted);
        if (error) co_return *error;
        Fetched fetched = dependencies ? named("service map around " + query.entity, service_map_link(account_))
                                       : named("exceptions", exceptions_link(account_, query.window));
        const Timestamp since = from_millis(number_of(query, argument::onset));
        const std::vector<std::string> services = list_of(query, argument::services);
        const auto read = dependencies ? read_dependencies(*response, query.entity, fetched.records)
                                       : read_exceptions(*response, services, account_, query.window, since, fetched.records);
        if (!read) co_return read.error();
        keep_raw(fetched, response->body);
        co_return fetched;
    }

    Account account_;
    HttpClient* http_;
    Clock* clock_;
    Api api_ = Api::v5;  // the newest that may be there
};

}  // namespace

std::unique_ptr<Source> make_source(Account account, HttpClient* http, Clock* clock) {
    return std::make_unique<SignozSource>(std::move(account), http, clock);
}

}  // namespace gumshoe::signoz
