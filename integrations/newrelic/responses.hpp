// NerdGraph's answers as neutral records, pure. A 200 may hold errors, data, or some of both; every field may be missing or null.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "evidence/records.hpp"
#include "integrations/newrelic/links.hpp"
#include "io/http_message.hpp"

namespace gumshoe::newrelic {

struct Answer {
    std::shared_ptr<const json> data;
    std::string missing;  // what New Relic said of the part that is not there; "" when all is
};
/// An error when there is nothing to keep: statuses, `errors` without data. `what` is what was asked for, in words.
result<Answer> read_answer(const HttpResponse& response, std::string_view what);

/// `actor.account.<name>.results`; null when that part is missing.
const json* nrql_rows(const Answer& answer, std::string_view name = "nrql");

void read_logs(const json& rows, Records& records);
void read_errors(const json& rows, Records& records);
void read_spans(const json& rows, Records& records);
/// Of the aliases of a golden request that are there.
void read_golden(const Answer& answer, const std::string& service, Records& records);
/// Every number of a condition's own query, facets as instances.
void read_condition_series(const json& rows, const std::string& entity, const std::string& link, Records& records);
/// `entities` are GUIDs and names as known from a search: an event may name only one of them.
struct EntityName {
    std::string guid;
    std::string name;
};
void read_deployments(const json& rows, const std::vector<EntityName>& entities, const Region& region, Records& records);

struct Condition {
    std::string name;
    std::string nrql;
    Fact fact;  // all of it in a sentence
};
/// Errors: not_found, when it is none of the account's.
result<Condition> read_condition(const Answer& answer, const std::string& entity);
/// Errors: not_found.
result<Fact> read_issue(const Answer& answer, const std::string& entity, const std::string& link);

struct Found {
    std::vector<EntityName> entities;  // whose name is one of those asked for
    bool more = false;
};
Found read_search(const Answer& answer, const std::vector<std::string>& names);
/// Health as facts, calls as edges, repositories as code.
void read_entities(const Answer& answer, const Region& region, Records& records);

}  // namespace gumshoe::newrelic
