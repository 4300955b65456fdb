// Errors, issues, conditions and entities. Rows of NRQL are read in responses_nrql.cpp.
#include "integrations/newrelic/responses.hpp"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <set>

#include "integrations/newrelic/row_fields.hpp"

namespace gumshoe::newrelic {

namespace {

constexpr std::size_t message_bytes = 200;

std::string one_line(std::string_view text, std::size_t max_bytes = message_bytes) {
    return truncate(replace_all(strip_invisible(sanitize_utf8(text.substr(0, max_bytes * 8))), "\n", " "), max_bytes);
}

struct Said {
    std::string text;     // the first messages
    std::string classes;  // all error classes, in upper case
};

/// {"errors":[{"message", "extensions": {"errorClass"}}]}, or the {"error": {"title"}} of the host before it.
Said errors_of(const json& document) {
    Said said;
    const json* errors = find(document, "errors");
    if (errors == nullptr || !errors->is_array()) {
        said.text = one_line(string_or_empty(document, "error.title"));
        return said;
    }
    std::set<std::string> texts;
    for (const json& error : *errors) {
        std::string kind = string_or_empty(error, "extensions.errorClass");
        if (kind.empty()) kind = string_or_empty(error, "extensions.classification");
        said.classes += one_line(kind, 60) + " ";
        std::string text = one_line(string_or_empty(error, "message"));
        if (!text.empty() && texts.size() < 2 && texts.insert(text).second) said.text += (said.text.empty() ? "" : "; ") + text;
    }
    std::transform(said.classes.begin(), said.classes.end(), said.classes.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    if (said.text.empty()) said.text = "an error without a message";
    return said;
}

/// Whether anything was answered: an empty list is an answer, null is not.
bool has_content(const json& value) {
    if (value.is_object()) {
        return std::any_of(value.begin(), value.end(), [](const json& member) { return has_content(member); });
    }
    return !value.is_null();
}

constexpr const char* key_words =
    " (reading needs a user key, NRAK-...: a licence or ingest key does not do; the key may also be revoked or of the other region)";

std::optional<Error> status_error(const HttpResponse& response, std::string_view what) {
    const int status = response.status;
    if (status / 100 == 2) return std::nullopt;
    const auto document = parse_json(response.body);
    const std::string detail = document ? errors_of(*document).text : std::string();
    const std::string said =
        "New Relic answered " + std::to_string(status) + " for " + std::string(what) + (detail.empty() ? "" : ": " + detail);
    if (status == 401) return Error{errc::unauthorized, said + key_words};
    if (status == 403) return Error{errc::forbidden, said + key_words};
    if (status == 429) return Error{errc::rate_limited, said + " (a user may have 25 requests under way)"};
    if (status == 408 || status / 100 == 5) return Error{errc::unavailable, said};
    return Error{errc::bad_reply, said};
}

errc code_of(const std::string& classes) {
    const auto has = [&classes](const char* word) { return classes.find(word) != std::string::npos; };
    if (has("TIMEOUT")) return errc::timeout;
    if (has("TOO_MANY") || has("RATE_LIMIT") || has("THROTTL")) return errc::rate_limited;
    if (has("ACCESS_DENIED") || has("FORBIDDEN") || has("UNAUTHORIZED") || has("NOT_AUTHORIZED")) return errc::forbidden;
    if (has("NOT_FOUND")) return errc::not_found;
    if (has("SERVER_ERROR") || has("SERVICE_ERROR") || has("INTERNAL")) return errc::unavailable;
    return errc::bad_reply;
}

std::string list_text(const json& value, std::string_view path) {
    const json* list = find(value, path);
    if (list == nullptr) return {};
    std::vector<std::string> texts;
    const json items = list->is_array() ? *list : json::array({*list});
    for (const json& item : items) {
        if (item.is_string() && texts.size() < 5) texts.push_back(one_line(item.get_ref<const std::string&>()));
    }
    return join(texts, ", ");
}

void add(std::string& text, const std::string& before, const std::string& value) {
    if (!value.empty()) text += before + value;
}

/// For people: four digits of a fraction, all of a whole number.
std::string number_text(const json& value, std::string_view path, double factor = 1) {
    const json* number = find(value, path);
    if (number == nullptr || !number->is_number()) return {};
    if (number->is_number_integer() && factor == 1) return dump_json(*number);
    char text[32];
    std::snprintf(text, sizeof text, "%.4g", number->get<double>() * factor);
    return text;
}

std::string terms_text(const json& condition) {
    const json* terms = find(condition, "terms");
    if (terms == nullptr || !terms->is_array()) return {};
    std::string text;
    for (const json& term : *terms) {
        text += text.empty() ? "; " : ", ";
        text += to_lower(one_line(string_or_empty(term, "priority"), 20)) + " when " +
                to_lower(one_line(string_or_empty(term, "operator"), 40)) + " " + number_text(term, "threshold");
        const std::string span = number_text(term, "thresholdDuration");
        const bool all = string_or_empty(term, "thresholdOccurrences") == "ALL";
        if (!span.empty()) text += std::string(all ? " for all of " : " at least once in ") + span + " s";
    }
    return text;
}

std::vector<std::string> tag_values(const json& entity, std::initializer_list<std::string_view> keys) {
    std::vector<std::string> found;
    const json* tags = find(entity, "tags");
    if (tags == nullptr || !tags->is_array()) return found;
    for (const std::string_view key : keys) {
        for (const json& tag : *tags) {
            const json* values = find(tag, "values");
            if (string_or_empty(tag, "key") != key || values == nullptr || !values->is_array()) continue;
            for (const json& value : *values) {
                if (value.is_string()) found.push_back(one_line(value.get_ref<const std::string&>(), 300));
            }
        }
    }
    return found;
}

std::string first_of(const std::vector<std::string>& values) {
    return values.empty() ? std::string() : values.front();
}

Fact health_of(const json& entity, const Region& region) {
    Fact fact;
    fact.entity = one_line(string_or_empty(entity, "name"));
    fact.text = "New Relic knows " + fact.entity + " as " + one_line(string_or_empty(entity, "domain"), 20) + " " +
                one_line(string_or_empty(entity, "type"), 40);
    add(fact.text, ", alert severity ", one_line(string_or_empty(entity, "alertSeverity"), 40));
    if (get_bool(entity, "reporting") == false) fact.text += ", not reporting";
    add(fact.text, ", error rate in % ", number_text(entity, "apmSummary.errorRate", 100));
    add(fact.text, ", mean response time in s ", number_text(entity, "apmSummary.responseTimeAverage"));
    add(fact.text, ", requests a minute ", number_text(entity, "apmSummary.throughput"));
    if (const std::string guid = string_or_empty(entity, "guid"); !guid.empty()) fact.link = entity_link(region, guid);
    return fact;
}

void add_code(const json& entity, const std::string& service, std::string origin, Records& records) {
    CodeLocation code;
    code.service = service;
    code.url =
        first_of(tag_values(entity, {"url", "repository.url", "git.repository_url", "vcs.repository.url.full", "repository", "repo"}));
    code.revision = first_of(tag_values(entity, {"git.commit.sha", "vcs.ref.head.revision", "commit"}));
    code.version = first_of(tag_values(entity, {"service.version", "version"}));
    code.origin = std::move(origin);
    if (!code.url.empty() || !code.revision.empty() || !code.version.empty()) records.code.push_back(std::move(code));
}

void add_relation(const json& relation, Records& records) {
    const std::string type = string_or_empty(relation, "type");
    const std::string source = one_line(string_or_empty(relation, "source.entity.name"));
    const std::string target = one_line(string_or_empty(relation, "target.entity.name"));
    if (source.empty() || target.empty()) return;
    if (type == "CALLS" && source != target) records.edges.push_back({source, target});
    if (type != "BUILT_FROM") return;
    const bool repository = string_or_empty(relation, "target.entity.type") == "REPOSITORY";
    const json* entity = find(relation, repository ? "target.entity" : "source.entity");
    if (entity != nullptr) add_code(*entity, repository ? source : target, "New Relic relationship BUILT_FROM", records);
}

}  // namespace

result<Answer> read_answer(const HttpResponse& response, std::string_view what) {
    if (const auto error = status_error(response, what)) return *error;
    auto document = parse_json(response.body);
    if (!document || !document->is_object()) {
        return Error{errc::bad_reply, "New Relic's answer for " + std::string(what) + " is no JSON object"};
    }
    const json* data = find(*document, "data");
    const json* errors = find(*document, "errors");
    const bool complained = errors != nullptr && errors->is_array() && !errors->empty();
    const bool content = data != nullptr && has_content(*data);
    if (!complained && (data == nullptr || !data->is_object())) {
        return Error{errc::bad_reply, "New Relic's answer for " + std::string(what) + " has no data"};
    }
    Answer answer;
    if (complained) {
        const Said said = errors_of(*document);
        const errc code = code_of(said.classes);
        if (!content) {
            return Error{code, "New Relic refused " + std::string(what) + ": " + said.text +
                                   (code == errc::forbidden ? " (the key's user does not see this account or data)" : "")};
        }
        answer.missing = said.text;
    }
    answer.data = std::make_shared<const json>(*data);
    return answer;
}

const json* nrql_rows(const Answer& answer, std::string_view name) {
    const json* rows = find(*answer.data, "actor.account." + std::string(name) + ".results");
    return rows != nullptr && rows->is_array() ? rows : nullptr;
}

result<Fact> read_issue(const Answer& answer, const std::string& entity, const std::string& link) {
    const json* issues = find(*answer.data, "actor.account.aiIssues.issues.issues");
    if (issues == nullptr || !issues->is_array() || issues->empty()) {
        return Error{errc::not_found, "New Relic has no such issue in this account and time"};
    }
    const json& issue = issues->front();
    Fact fact;
    fact.entity = entity;
    fact.text = "New Relic issue \"" + list_text(issue, "title") + "\" is " + one_line(string_or_empty(issue, "state"), 40);
    add(fact.text, ", priority ", one_line(string_or_empty(issue, "priority"), 40));
    add(fact.text, "; policy: ", list_text(issue, "policyName"));
    add(fact.text, "; conditions: ", list_text(issue, "conditionName"));
    add(fact.text, "; entities: ", list_text(issue, "entityNames"));
    add(fact.text, "; incidents: ", number_text(issue, "totalIncidents"));
    add(fact.text, "; acknowledged by ", list_text(issue, "acknowledgedBy"));
    const std::string muting = list_text(issue, "mutingState");
    if (muting != "NOT_MUTED") add(fact.text, "; muting: ", muting);
    if (const auto closed = millis_of(issue, "closedAt")) fact.text += "; closed " + format_rfc3339(from_millis(*closed));
    const auto since = millis_of(issue, "activatedAt");
    if (const auto at = since ? since : millis_of(issue, "createdAt")) fact.at = from_millis(*at);
    fact.link = link;
    return fact;
}

result<Condition> read_condition(const Answer& answer, const std::string& entity) {
    const json* found = find(*answer.data, "actor.account.alerts.nrqlCondition");
    if (found == nullptr || !found->is_object()) {
        return Error{errc::not_found, "New Relic has no NRQL condition of that id in this account"};
    }
    Condition condition;
    condition.name = one_line(string_or_empty(*found, "name"));
    condition.nrql = string_or_empty(*found, "nrql.query");
    condition.fact.entity = entity;
    condition.fact.text = "Condition " + text_of(*found, {"id"}, 40) + " \"" + condition.name + "\" (" +
                          to_lower(one_line(string_or_empty(*found, "type"), 40)) + "); query: " + one_line(condition.nrql, 400) +
                          terms_text(*found);
    if (get_bool(*found, "enabled") == false) condition.fact.text += "; disabled";
    add(condition.fact.text, "; description: ", one_line(string_or_empty(*found, "description"), 300));
    return condition;
}

Found read_search(const Answer& answer, const std::vector<std::string>& names) {
    Found found;
    const json* entities = find(*answer.data, "actor.entitySearch.results.entities");
    if (entities == nullptr || !entities->is_array()) return found;
    for (const json& entity : *entities) {
        const std::string name = string_or_empty(entity, "name");
        const std::string guid = string_or_empty(entity, "guid");
        // The search is one of words: special characters in a name are spaces to it.
        const bool ours = std::any_of(names.begin(), names.end(), [&name](const std::string& wanted) { return iequals(wanted, name); });
        if (ours && !guid.empty()) found.entities.push_back({guid, name});
    }
    found.more = !string_or_empty(*answer.data, "actor.entitySearch.results.nextCursor").empty();
    return found;
}

void read_entities(const Answer& answer, const Region& region, Records& records) {
    const json* entities = find(*answer.data, "actor.entities");
    if (entities == nullptr || !entities->is_array()) return;
    for (const json& entity : *entities) {
        const std::string name = one_line(string_or_empty(entity, "name"));
        if (name.empty()) continue;
        records.facts.push_back(health_of(entity, region));
        add_code(entity, name, "New Relic entity tags", records);
        const json* relations = find(entity, "relatedEntities.results");
        if (relations == nullptr || !relations->is_array()) continue;
        for (const json& relation : *relations) add_relation(relation, records);
    }
}

}  // namespace gumshoe::newrelic
