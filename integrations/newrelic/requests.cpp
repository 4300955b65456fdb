// The documents. `timeout` is explicit: NRQL's own through NerdGraph is 5 s.
#include "integrations/newrelic/requests.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "integrations/newrelic/nrql.hpp"

namespace gumshoe::newrelic {

namespace {

constexpr const char* nrql_document =
    "query($account: Int!, $nrql: Nrql!) { actor { account(id: $account) { nrql(query: $nrql, timeout: 12) { results } } } }";

constexpr const char* golden_document =
    "query($account: Int!, $transactions: Nrql!, $spans: Nrql!, $resources: Nrql!) { actor { account(id: $account) { "
    "transactions: nrql(query: $transactions, timeout: 12) { results } spans: nrql(query: $spans, timeout: 12) { results } "
    "resources: nrql(query: $resources, timeout: 12) { results } } } }";

constexpr const char* issue_document =
    "query($account: Int!, $filter: AiIssuesFilterIssues, $window: TimeWindowInput) { actor { account(id: $account) { aiIssues { "
    "issues(filter: $filter, timeWindow: $window) { issues { issueId title priority state createdAt activatedAt closedAt acknowledgedBy "
    "entityNames policyName conditionName totalIncidents mutingState } } } } } }";

constexpr const char* condition_document =
    "query($account: Int!, $condition: ID!) { actor { account(id: $account) { alerts { nrqlCondition(id: $condition) { id name type "
    "enabled "
    "description nrql { query } terms { operator priority threshold thresholdDuration thresholdOccurrences } } } } } }";

constexpr const char* search_document =
    "query($query: String) { actor { entitySearch(query: $query) { results { nextCursor entities { guid name } } } } }";

constexpr const char* entities_document =
    "query($guids: [EntityGuid]!) { actor { entities(guids: $guids) { guid name domain type reporting tags { key values } "
    "... on AlertableEntity { alertSeverity } "
    "... on ApmApplicationEntity { apmSummary { errorRate responseTimeAverage throughput } } "
    "relatedEntities(filter: {direction: BOTH, relationshipTypes: {include: [CALLS, BUILT_FROM]}}) { results { type "
    "source { entity { guid name type tags { key values } } } target { entity { guid name type tags { key values } } } } } } } }";

constexpr const char* whoami_document = "query($account: Int!) { actor { user { name email } account(id: $account) { name } } }";

HttpRequest posted(const Account& account, const char* document, json variables) {
    HttpRequest request;
    request.method = "POST";
    request.url = account.api_url + "/graphql";
    request.headers.add("Accept", "application/json");
    request.headers.add("Content-Type", "application/json");
    request.headers.add("API-Key", std::string(account.user_key.reveal()));
    request.body = dump_json(json{{"query", document}, {"variables", std::move(variables)}});
    return request;
}

bool letter_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

}  // namespace

HttpRequest nrql_request(const Account& account, const std::string& nrql) {
    return posted(account, nrql_document, {{"account", account.id}, {"nrql", nrql}});
}

HttpRequest golden_request(const Account& account, const std::string& service, Window window) {
    return posted(account, golden_document,
                  {{"account", account.id},
                   {"transactions", transactions_nrql(service, window)},
                   {"spans", requests_nrql(service, window)},
                   {"resources", resources_nrql(service, window)}});
}

HttpRequest issue_request(const Account& account, const std::string& issue, Window window) {
    HttpRequest request = posted(account, issue_document,
                                 {{"account", account.id},
                                  {"filter", {{"ids", json::array({issue})}}},
                                  {"window", {{"startTime", to_millis(window.from)}, {"endTime", to_millis(window.to)}}}});
    request.headers.add("nerd-graph-unsafe-experimental-opt-in", "AiIssues");  // wanted by some accounts, ignored by the others
    return request;
}

HttpRequest condition_request(const Account& account, const std::string& condition) {
    return posted(account, condition_document, {{"account", account.id}, {"condition", condition}});
}

HttpRequest search_request(const Account& account, const std::vector<std::string>& names) {
    std::vector<std::string> literals;
    for (const std::string& name : names) literals.push_back(nrql_literal(name));
    return posted(account, search_document, {{"query", "name IN (" + join(literals, ", ") + ") AND domain IN ('APM', 'EXT')"}});
}

HttpRequest entities_request(const Account& account, const std::vector<std::string>& guids) {
    return posted(account, entities_document, {{"guids", guids}});
}

HttpRequest whoami_request(const Account& account) {
    return posted(account, whoami_document, {{"account", account.id}});
}

bool is_issue_id(std::string_view text) {
    return text.size() >= 8 && text.size() <= 64 &&
           std::all_of(text.begin(), text.end(), [](char c) { return letter_or_digit(c) || c == '-'; });
}

bool is_guid(std::string_view text) {
    return text.size() >= 8 && text.size() <= 200 && std::all_of(text.begin(), text.end(), [](char c) {
               return letter_or_digit(c) || std::string_view("+/=_-").find(c) != std::string_view::npos;
           });
}

}  // namespace gumshoe::newrelic
