// Runs the queries of the plan. What an answer with errors did hold is kept, and a fact says that something is missing.
#include "integrations/newrelic/evidence.hpp"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "integrations/newrelic/client.hpp"
#include "integrations/newrelic/nrql.hpp"
#include "integrations/newrelic/plan.hpp"
#include "integrations/newrelic/responses.hpp"

namespace gumshoe::newrelic {

namespace {

constexpr int fewer_rows = 1000;  // when more of them are too many bytes
constexpr int most_deployments = 200;
static_assert(max_rows <= static_cast<int>(limits::records_per_query));

std::string argument_of(const Query& query, const char* name) {
    const auto found = query.arguments.find(name);
    return found == query.arguments.end() ? std::string() : found->second;
}

std::vector<std::string> list_of(const Query& query, const char* name) {
    std::vector<std::string> items;
    for (const std::string& line : lines(argument_of(query, name))) {
        if (!line.empty()) items.push_back(line);
    }
    return items;
}

int rows_of(const Query& query) {
    const std::string text = argument_of(query, argument::rows);
    int rows = 0;
    std::from_chars(text.data(), text.data() + text.size(), rows);
    return rows <= 0 || rows > max_rows ? max_rows : rows;
}

RowSearch search_of(const Query& query) {
    const std::string level = argument_of(query, argument::level);
    RowSearch search;
    search.services = list_of(query, argument::services);
    search.environment = argument_of(query, argument::environment);
    search.level = level == "trouble" ? Level::trouble : level == "other" ? Level::other : Level::all;
    search.window = query.window;
    search.oldest_first = argument_of(query, argument::order) == "oldest";
    search.limit = rows_of(query);
    return search;
}

/// One kind of rows: how to ask for them, how to read them, what to call them.
struct RowKind {
    std::string (*nrql)(const RowSearch&);
    void (*read)(const json&, Records&);
    const char* name;
};

RowKind row_kind(const Query& query) {
    if (query.kind == QueryKind::spans) return {spans_nrql, read_spans, "spans"};
    if (argument_of(query, argument::view) == "errors") return {errors_nrql, read_errors, "transaction errors"};
    return {logs_nrql, read_logs, "logs"};
}

class NewRelicSource final : public Source {
public:
    NewRelicSource(Account account, HttpClient* http, Clock* clock) : account_(std::move(account)), client_(http, clock) {}

    std::string_view name() const override { return "newrelic"; }
    std::vector<Query> plan(const Subject& subject) const override { return newrelic::plan(subject); }
    std::vector<Query> follow_up(const Subject& subject, const Records& found) const override {
        return newrelic::follow_up(subject, found);
    }
    std::vector<QueryKind> on_demand() const override {
        return {QueryKind::logs, QueryKind::metrics, QueryKind::spans, QueryKind::deployments};
    }
    result<Query> ask(QueryKind kind, std::string service, Window window, const Subject& subject) const override {
        return newrelic::ask(kind, service, window, subject);
    }

    task<Fetched> fetch(Query query, Deadline deadline) override {
        const bool of_condition = query.arguments.contains(argument::condition);
        if (query.arguments.contains(argument::issue)) {
            co_return co_await fetch_issue(std::move(query), deadline);
        }
        if (query.kind == QueryKind::monitor && of_condition) {
            co_return co_await fetch_condition(std::move(query), deadline);
        }
        if (query.kind == QueryKind::metrics && of_condition) {
            co_return co_await fetch_condition_series(std::move(query), deadline);
        }
        if (query.kind == QueryKind::metrics) {
            co_return co_await fetch_golden(std::move(query), deadline);
        }
        if (query.kind == QueryKind::deployments) {
            co_return co_await fetch_deployments(std::move(query), deadline);
        }
        if (argument_of(query, argument::view) == "relations") {
            co_return co_await fetch_relations(std::move(query), deadline);
        }
        if (query.kind == QueryKind::logs || query.kind == QueryKind::spans) {
            co_return co_await fetch_rows(std::move(query), deadline);
        }
        co_return Error{errc::unsupported, "New Relic is not asked for " + std::string(to_string(query.kind))};
    }

    task<std::string> probe(Deadline deadline) override {
        HttpRequest request = whoami_request(account_);
        auto reply = co_await client_.ask(std::move(request), "the key's user", deadline);
        if (!reply) co_return reply.error();
        const json& data = *reply->answer.data;
        const std::string user = string_or_empty(data, "actor.user.email");
        const std::string account = string_or_empty(data, "actor.account.name");
        const std::string id = std::to_string(account_.id);
        if (account.empty()) co_return Error{errc::forbidden, "the user key is good, but its user does not see account " + id};
        co_return "the key of " + (user.empty() ? "its user" : user) + " sees account " + id + " (" + account + ") at " + account_.api_url;
    }

private:
    /// A new answer to put records into, with what can be said of it already.
    Fetched begin(std::string query_text, std::string link, const Client::Reply& reply, const std::string& entity) const {
        Fetched fetched;
        fetched.query_text = std::move(query_text);
        fetched.link = std::move(link);
        add(fetched, reply, entity);
        return fetched;
    }

    static void add(Fetched& fetched, const Client::Reply& reply, const std::string& entity) {
        const std::size_t room = limits::raw_bytes_per_query - std::min(fetched.raw.size() + 1, limits::raw_bytes_per_query);
        fetched.raw += (fetched.raw.empty() ? "" : "\n") + reply.raw.substr(0, room);
        if (reply.answer.missing.empty()) return;
        fetched.truncated = true;
        fetched.records.facts.push_back({entity, "New Relic answered only in part: " + reply.answer.missing, {}, fetched.link});
    }

    task<Fetched> fetch_issue(Query query, Deadline deadline) {
        const std::string id = argument_of(query, argument::issue);
        if (!is_issue_id(id)) co_return Error{errc::invalid_argument, "not the id of an issue"};
        HttpRequest request = issue_request(account_, id, query.window);
        auto reply = co_await client_.ask(std::move(request), "the issue", deadline);
        if (!reply) co_return reply.error();
        const std::string link = issue_link(account_.region, account_.id, id);
        auto fact = read_issue(reply->answer, query.entity, link);
        if (!fact) co_return fact.error();
        Fetched fetched = begin("issue " + id, link, *reply, query.entity);
        fetched.records.facts.push_back(std::move(*fact));
        co_return fetched;
    }

    task<Fetched> fetch_condition(Query query, Deadline deadline) {
        const std::string id = argument_of(query, argument::condition);
        HttpRequest request = condition_request(account_, id);
        auto reply = co_await client_.ask(std::move(request), "the condition", deadline);
        if (!reply) co_return reply.error();
        auto condition = read_condition(reply->answer, query.entity);
        if (!condition) co_return condition.error();
        Fetched fetched = begin("condition " + id, "", *reply, query.entity);
        fetched.records.facts.push_back(std::move(condition->fact));
        co_return fetched;
    }

    /// The graph behind the alert. The query is the condition's own, from New Relic: the alert's copy of it is anybody's text.
    task<Fetched> fetch_condition_series(Query query, Deadline deadline) {
        HttpRequest request = condition_request(account_, argument_of(query, argument::condition));
        auto reply = co_await client_.ask(std::move(request), "the condition", deadline);
        if (!reply) co_return reply.error();
        const auto condition = read_condition(reply->answer, query.entity);
        if (!condition) co_return condition.error();
        const auto nrql = condition_nrql(condition->nrql, query.window);
        if (!nrql) co_return Error{errc::unsupported, "the condition's query cannot be graphed over another time"};
        request = nrql_request(account_, *nrql);
        reply = co_await client_.ask(std::move(request), "the condition's graph", deadline);
        if (!reply) co_return reply.error();
        const json* rows = nrql_rows(reply->answer);
        if (rows == nullptr) co_return no_rows("the condition's graph");
        Fetched fetched = begin(*nrql, query_link(account_.region, account_.id, *nrql), *reply, query.entity);
        read_condition_series(*rows, query.entity, fetched.link, fetched.records);
        co_return fetched;
    }

    task<Fetched> fetch_golden(Query query, Deadline deadline) {
        HttpRequest request = golden_request(account_, query.entity, query.window);
        auto reply = co_await client_.ask(std::move(request), "metrics of " + query.entity, deadline);
        if (!reply) co_return reply.error();
        const std::string nrql = transactions_nrql(query.entity, query.window);
        const std::string text =
            nrql + "; " + requests_nrql(query.entity, query.window) + "; " + resources_nrql(query.entity, query.window);
        Fetched fetched = begin(text, query_link(account_.region, account_.id, nrql), *reply, query.entity);
        const std::size_t said = fetched.records.size();
        read_golden(reply->answer, query.entity, fetched.records);
        for (MetricSeries& series : fetched.records.metrics) series.link = fetched.link;
        if (fetched.records.size() == said && said > 0) co_return no_rows("metrics: " + reply->answer.missing);
        co_return fetched;
    }

    /// Rows of wide events may be more bytes than we take: then fewer of them.
    task<Fetched> fetch_rows(Query query, Deadline deadline) {
        const RowKind kind = row_kind(query);
        RowSearch search = search_of(query);
        if (search.services.empty()) co_return Error{errc::invalid_argument, "no service to ask New Relic about"};
        std::string nrql = kind.nrql(search);
        HttpRequest request = nrql_request(account_, nrql);
        auto reply = co_await client_.ask(std::move(request), kind.name, deadline);
        if (!reply && reply.error().code == errc::too_large && search.limit > fewer_rows) {
            search.limit = fewer_rows;
            nrql = kind.nrql(search);
            request = nrql_request(account_, nrql);
            reply = co_await client_.ask(std::move(request), kind.name, deadline);
        }
        if (!reply) co_return reply.error();
        const json* rows = nrql_rows(reply->answer);
        if (rows == nullptr) co_return no_rows(kind.name);
        Fetched fetched = begin(nrql, query_link(account_.region, account_.id, nrql), *reply, query.entity);
        fetched.truncated = fetched.truncated || rows->size() >= static_cast<std::size_t>(search.limit);
        kind.read(*rows, fetched.records);
        co_return fetched;
    }

    /// The entities of the query's names and GUIDs, and the reply that told them.
    struct Entities {
        std::vector<EntityName> known;
        std::vector<std::string> guids;
        Client::Reply reply;
        bool more = false;
    };

    task<Entities> find_entities(Query query, Deadline deadline) {
        const std::vector<std::string> names = list_of(query, argument::services);
        if (names.empty()) co_return Error{errc::invalid_argument, "no service to ask New Relic about"};
        HttpRequest request = search_request(account_, names);
        auto reply = co_await client_.ask(std::move(request), "the services' entities", deadline);
        if (!reply) co_return reply.error();
        Found found = read_search(reply->answer, names);
        Entities entities{std::move(found.entities), {}, std::move(*reply), found.more};
        const auto add_guid = [&entities](const std::string& guid) {
            const bool seen = std::find(entities.guids.begin(), entities.guids.end(), guid) != entities.guids.end();
            if (!is_guid(guid) || seen) return;
            entities.more = entities.more || entities.guids.size() == entities_per_request;
            if (entities.guids.size() < entities_per_request) entities.guids.push_back(guid);
        };
        for (const std::string& guid : list_of(query, argument::guids)) add_guid(guid);
        for (const EntityName& entity : entities.known) add_guid(entity.guid);
        co_return entities;
    }

    task<Fetched> fetch_deployments(Query query, Deadline deadline) {
        auto entities = co_await find_entities(query, deadline);
        if (!entities) co_return entities.error();
        const std::string nrql = deployments_nrql(list_of(query, argument::services), entities->guids, query.window, most_deployments);
        HttpRequest request = nrql_request(account_, nrql);
        auto reply = co_await client_.ask(std::move(request), "deployments", deadline);
        if (!reply) co_return reply.error();
        const json* rows = nrql_rows(reply->answer);
        if (rows == nullptr) co_return no_rows("deployments");
        Fetched fetched = begin(nrql, query_link(account_.region, account_.id, nrql), *reply, query.entity);
        fetched.truncated = fetched.truncated || entities->more || rows->size() >= static_cast<std::size_t>(most_deployments);
        read_deployments(*rows, entities->known, account_.region, fetched.records);
        co_return fetched;
    }

    task<Fetched> fetch_relations(Query query, Deadline deadline) {
        auto entities = co_await find_entities(query, deadline);
        if (!entities) co_return entities.error();
        const std::string text = "entities and relationships of " + join(list_of(query, argument::services), ", ");
        Fetched fetched = begin(text, "", entities->reply, query.entity);
        fetched.truncated = fetched.truncated || entities->more;
        if (entities->guids.empty()) co_return fetched;
        fetched.link = entity_link(account_.region, entities->guids.front());
        HttpRequest request = entities_request(account_, entities->guids);
        auto reply = co_await client_.ask(std::move(request), "related entities", deadline);
        if (!reply) co_return reply.error();
        add(fetched, *reply, query.entity);
        read_entities(reply->answer, account_.region, fetched.records);
        co_return fetched;
    }

    static Error no_rows(const std::string& what) { return Error{errc::bad_reply, "New Relic's answer holds no results for " + what}; }

    Account account_;
    Client client_;
};

}  // namespace

std::unique_ptr<Source> make_source(Account account, HttpClient* http, Clock* clock) {
    return std::make_unique<NewRelicSource>(std::move(account), http, clock);
}

}  // namespace gumshoe::newrelic
