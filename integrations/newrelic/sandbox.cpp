// NerdGraph of the simulated New Relic: who may ask, what a document may hold, and 200 with errors[] for what it refuses.
#include "integrations/newrelic/sandbox.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "integrations/newrelic/sandbox_data.hpp"
#include "integrations/newrelic/sandbox_graphql.hpp"
#include "integrations/newrelic/sandbox_nrql.hpp"
#include "integrations/newrelic/sandbox_webhook.hpp"
#include "sandbox/world/telemetry.hpp"

namespace gumshoe::newrelic {

using sandbox::scenario_part;
using sandbox::World;

namespace {

constexpr const char* user_key = "NRAK-SANDBOX0000000000000000000";

json error_of(const std::string& message, const std::string& error_class) {
    return {{"message", message}, {"path", json::array()}, {"extensions", {{"errorClass", error_class}}}};
}

/// One request's answer as it is put together.
class Answering {
public:
    Answering(const World& world, Events& events, bool opted_in)
        : world_(world), scenario_(*world.scenario), events_(events), opted_in_(opted_in) {}

    json errors = json::array();

    json actor(const std::vector<Selection>& wanted) {
        json out = json::object();
        for (const Selection& one : wanted) {
            if (one.name == "user") out[one.alias] = cut({{"id", 42}, {"name", "Gumshoe"}, {"email", "gumshoe@acme.example"}}, one.members);
            if (one.name == "account") out[one.alias] = account(one);
            if (one.name == "entitySearch") out[one.alias] = search(one);
            if (one.name == "entities") out[one.alias] = entities(one);
        }
        return out;
    }

private:
    json refuse(const std::string& message, const std::string& error_class) {
        errors.push_back(error_of(message, error_class));
        return nullptr;
    }

    /// What was selected of a value, lists item by item. A fragment adds what the value has of its fields.
    static json cut(const json& value, const std::vector<Selection>& wanted) {
        if (wanted.empty() || value.is_null()) return value;
        json out = value.is_array() ? json::array() : json::object();
        if (value.is_array()) {
            for (const json& item : value) out.push_back(cut(item, wanted));
            return out;
        }
        for (const Selection& one : wanted) {
            if (one.on.empty()) {
                out[one.alias] = cut(value.value(one.name, json()), one.members);
            } else if (std::all_of(one.members.begin(), one.members.end(),
                                   [&](const Selection& member) { return value.contains(member.name); })) {
                out.update(cut(value, one.members));
            }
        }
        return out;
    }

    json account(const Selection& wanted) {
        if (wanted.arguments->at("id") != account_of(scenario_)) {
            return refuse("Access denied: the user does not have access to this account.", "ACCESS_DENIED");
        }
        json out = json::object();
        for (const Selection& one : wanted.members) {
            if (one.name == "id") out[one.alias] = account_of(scenario_);
            if (one.name == "name") out[one.alias] = "Acme";
            if (one.name == "nrql") out[one.alias] = nrql(one);
            if (one.name == "aiIssues") out[one.alias] = issues(one);
            if (one.name == "alerts") out[one.alias] = alerts(one);
        }
        return out;
    }

    json nrql(const Selection& wanted) {
        const auto query = parse_nrql(wanted.arguments->at("query").get<std::string>(), world_.now);
        if (!query) return refuse(query.error().message, "NRDB:1106924");
        const auto rows = run_nrql(*query, world_, events_);
        if (!rows) return refuse(rows.error().message, "NRDB:1106926");
        return cut({{"results", *rows}, {"totalResult", nullptr}, {"embeddedChartUrl", nullptr}}, wanted.members);
    }

    /// Without a time window only the last 24 hours are looked at.
    json issues(const Selection& wanted) {
        if (!opted_in_)
            return refuse("This feature is experimental: opt in with nerd-graph-unsafe-experimental-opt-in: AiIssues", "FORBIDDEN");
        json out = json::object();
        for (const Selection& one : wanted.members) {
            const json filter = one.arguments->value("filter", json::object());
            const json window = one.arguments->value("timeWindow", json::object());
            const std::int64_t from = get_int(window, "startTime").value_or(to_millis(world_.now - std::chrono::hours(24)));
            const std::int64_t to = get_int(window, "endTime").value_or(to_millis(world_.now));
            json found = json::array();
            const json ids = filter.value("ids", json());
            const std::int64_t created = to_millis(world_.zero);
            const json& told = scenario_part(scenario_, "newrelic.issue");
            const bool asked = !ids.is_array() || std::find(ids.begin(), ids.end(), told.value("id", json())) != ids.end();
            if (told.is_object() && asked && created >= from && created <= to && world_.now >= world_.zero) found.push_back(issue(told));
            out[one.alias] = cut({{"issues", std::move(found)}, {"nextCursor", nullptr}}, one.members);
        }
        return out;
    }

    json issue(const json& told) const {
        return {{"issueId", told.value("id", json())},
                {"title", json::array({string_or_empty(told, "title")})},
                {"priority", string_or_empty(told, "priority")},
                {"state", "ACTIVATED"},
                {"createdAt", to_millis(world_.zero)},
                {"activatedAt", to_millis(world_.zero) + 1200},
                {"updatedAt", to_millis(world_.zero) + 1300},
                {"entityNames", json::array({string_or_empty(scenario_, "service")})},
                {"entityGuids", json::array({guid_of(scenario_, string_or_empty(scenario_, "service"))})},
                {"entityTypes", json::array({"APPLICATION"})},
                {"policyName", json::array({string_or_empty(told, "policy")})},
                {"conditionName", json::array({string_or_empty(scenario_, "newrelic.condition.name")})},
                {"totalIncidents", 1},
                {"mutingState", "NOT_MUTED"},
                {"isCorrelated", false},
                {"sources", json::array({"newrelic"})}};
    }

    json alerts(const Selection& wanted) {
        json out = json::object();
        for (const Selection& one : wanted.members) {
            const json& told = scenario_part(scenario_, "newrelic.condition");
            const json asked = one.arguments->at("id");
            const std::string id = asked.is_string() ? asked.get<std::string>() : dump_json(asked);
            if (!told.is_object() || dump_json(told.value("id", json())) != id) {
                out[one.alias] = refuse("Not Found: no NRQL condition " + id, "NOT_FOUND");
                continue;
            }
            const json term = {{"operator", told.value("operator", json("ABOVE"))},
                               {"priority", "CRITICAL"},
                               {"threshold", told.value("threshold", json(0))},
                               {"thresholdDuration", told.value("duration", json(300))},
                               {"thresholdOccurrences", "ALL"}};
            out[one.alias] = cut({{"id", id},
                                  {"name", string_or_empty(told, "name")},
                                  {"type", "STATIC"},
                                  {"enabled", true},
                                  {"description", told.value("description", json())},
                                  {"nrql", {{"query", string_or_empty(told, "nrql")}}},
                                  {"terms", json::array({term})}},
                                 one.members);
        }
        return out;
    }

    /// The search's conditions are written as NRQL's are.
    json search(const Selection& wanted) {
        const auto query = parse_nrql("SELECT name FROM Entity WHERE " + wanted.arguments->value("query", std::string()), world_.now);
        if (!query) return refuse("Invalid entity search query: " + query.error().message, "INVALID_INPUT");
        json found = json::array();
        for (const json& entity : entities_of(world_)) {
            const Row row{{"name", entity["name"]}, {"domain", entity["domain"]}, {"type", entity["type"]}, {"id", entity["guid"]}};
            if (query->where(row)) found.push_back(entity);
        }
        const auto count = found.size();
        return cut({{"count", count}, {"results", {{"nextCursor", nullptr}, {"entities", std::move(found)}}}}, wanted.members);
    }

    json entities(const Selection& wanted) {
        const json& guids = wanted.arguments->at("guids");
        if (guids.size() > 25) return refuse("Too many guids: at most 25", "INVALID_INPUT");
        json found = json::array();
        for (const json& entity : entities_of(world_)) {
            if (std::find(guids.begin(), guids.end(), entity["guid"]) != guids.end()) found.push_back(entity);
        }
        return cut(found, wanted.members);
    }

    const World& world_;
    const json& scenario_;
    Events& events_;
    bool opted_in_;
};

HttpReply refused(int status, const std::string& message) {
    return json_reply(status, dump_json(json{{"errors", json::array({{{"message", message}}})}}));
}

class NewRelicSimulation final : public sandbox::Simulation {
public:
    std::string_view name() const override { return "newrelic"; }

    HttpReply handle(const RawRequest& request, const World& world) override {
        if (request.path != "/graphql") return refused(404, "Not Found");
        if (request.method != "POST") return refused(405, "Method Not Allowed");
        const std::string key(trim(request.headers.find("API-Key").value_or("")));
        if (key.empty()) return refused(401, "API key is missing");
        if (!key.starts_with("NRAK-")) return refused(401, "Unauthorized: this is not a user key");
        if (!icontains(request.headers.find("Content-Type").value_or(""), "application/json"))
            return refused(415, "Unsupported Media Type");
        const auto body = parse_json(request.body);
        if (!body || !body->is_object() || !body->value("query", json()).is_string()) return refused(400, "Invalid request body");
        for (const auto& [name, value] : body->items()) {
            if (name != "query" && name != "variables" && name != "operationName") return refused(400, "Unknown field " + name);
        }
        const json variables = body->value("variables", json::object());
        if (!variables.is_object()) return refused(400, "variables must be an object");
        const auto selected = check_graphql(body->at("query").get<std::string>(), variables);
        if (!selected)
            return json_reply(200, dump_json(json{{"errors", json::array({error_of(selected.error().message, "INVALID_INPUT")})}}));

        Answering answering(world, events_, request.headers.find("nerd-graph-unsafe-experimental-opt-in").value_or("") == "AiIssues");
        json data = json::object();
        for (const Selection& one : *selected) data[one.alias] = answering.actor(one.members);
        json answer = {{"data", std::move(data)}};
        if (!answering.errors.empty()) answer["errors"] = answering.errors;
        return json_reply(200, dump_json(answer));
    }

    std::vector<HttpRequest> webhooks(const World& world, std::string_view moment) override {
        if (scenario_part(*world.scenario, "newrelic.webhook").is_null() || moment == "annotated") return {};
        return {render_webhook(world, moment)};
    }

    json state() const override { return nullptr; }

    std::string settings(const World& world) const override {
        const std::int64_t account = account_of(*world.scenario);
        if (account == 0) return {};
        return dump_json(json{{"region", "us"},
                              {"api_url", world.base_url},
                              {"account_id", account},
                              {"user_key", user_key},
                              {"webhook", {{"token", webhook_token}}}});
    }

private:
    Events events_;
};

}  // namespace

std::unique_ptr<sandbox::Simulation> make_simulation() {
    return std::make_unique<NewRelicSimulation>();
}

}  // namespace gumshoe::newrelic
