// The REST API of the simulated PagerDuty: the scenario's "pagerduty" block, notes kept in memory, requests checked as strictly as our
// contract with PagerDuty.
#include "integrations/pagerduty/sandbox.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/text.hpp"
#include "integrations/pagerduty/sandbox_answers.hpp"
#include "integrations/pagerduty/sandbox_webhook.hpp"
#include "sandbox/world/telemetry.hpp"

namespace gumshoe::pagerduty {
namespace {

using sandbox::World;

using answers::Call;

struct Endpoint {
    std::string_view method;
    std::vector<std::string> shape;  // "*" is the argument
    std::set<std::string> parameters;
    std::string_view feature;  // one that a plan may lack
    HttpReply (*handler)(const Call& call);
};

const std::vector<Endpoint>& endpoints() {
    static const std::vector<Endpoint> all{
        {"GET",
         {"incidents"},
         {"service_ids[]", "statuses[]", "since", "until", "sort_by", "limit", "offset", "urgencies[]", "include[]", "total"},
         "",
         answers::resolved_incidents},
        {"GET", {"incidents", "*"}, {"include[]"}, "", answers::incident},
        {"GET", {"incidents", "*", "alerts"}, {"statuses[]", "sort_by", "include[]", "limit", "offset", "total"}, "", answers::alerts},
        {"GET",
         {"incidents", "*", "log_entries"},
         {"is_overview", "include[]", "since", "until", "time_zone", "limit", "offset", "total"},
         "",
         answers::log_entries},
        {"GET", {"incidents", "*", "notes"}, {}, "", answers::notes},
        {"POST", {"incidents", "*", "notes"}, {}, "", answers::post_note},
        {"GET", {"incidents", "*", "past_incidents"}, {"limit", "total"}, "past_incidents", answers::past_incidents},
        {"GET", {"incidents", "*", "related_incidents"}, {"additional_details[]"}, "related_incidents", answers::related_incidents},
        {"GET", {"incidents", "*", "related_change_events"}, {"limit"}, "related_change_events", answers::related_changes},
        {"GET", {"services"}, {"query", "team_ids[]", "sort_by", "include[]", "limit", "offset", "total"}, "", answers::services},
        {"GET", {"services", "*"}, {"include[]"}, "", answers::service},
        {"GET",
         {"services", "*", "change_events"},
         {"since", "until", "limit", "offset", "total", "team_ids[]", "integration_ids[]"},
         "",
         answers::changes_of_service},
        {"GET", {"service_dependencies", "technical_services", "*"}, {}, "service_dependencies", answers::dependencies},
        {"GET",
         {"oncalls"},
         {"escalation_policy_ids[]", "schedule_ids[]", "user_ids[]", "include[]", "since", "until", "earliest", "limit", "offset", "total"},
         "",
         answers::oncalls},
    };
    return all;
}

/// The argument when the path has the shape.
std::optional<std::string> fits(const Endpoint& endpoint, const std::vector<std::string>& segments) {
    std::string argument;
    if (endpoint.shape.size() != segments.size()) return std::nullopt;
    for (std::size_t i = 0; i < segments.size(); ++i) {
        if (endpoint.shape[i] == "*") {
            argument = url_decode(segments[i]);
        } else if (endpoint.shape[i] != segments[i]) {
            return std::nullopt;
        }
    }
    return argument;
}

std::optional<HttpReply> refuse_request(const RawRequest& request) {
    const std::string_view authorization = request.headers.find("Authorization").value_or("");
    constexpr std::string_view scheme = "Token token=";
    const bool shown = authorization.starts_with(scheme) && authorization.size() > scheme.size();
    if (!shown || authorization.find('"') != authorization.npos) return answers::refuse(401, 2006, "Authentication failed");
    if (request.headers.find("Accept") != "application/vnd.pagerduty+json;version=2") {
        return answers::refuse(406, 2001, "The Accept header must name version 2");
    }
    return std::nullopt;
}

class PagerdutySimulation final : public sandbox::Simulation {
public:
    std::string_view name() const override { return "pagerduty"; }

    HttpReply handle(const RawRequest& request, const World& world) override {
        if (!has_block(world)) return answers::refuse(401, 2006, "Authentication failed");
        if (auto refused = refuse_request(request)) return *refused;
        HttpReply reply = route(request, world);
        reply.headers.add("ratelimit-limit", "960");
        reply.headers.add("ratelimit-remaining", "959");
        reply.headers.add("ratelimit-reset", "30");
        return reply;
    }

    std::vector<HttpRequest> webhooks(const World& world, std::string_view moment) override {
        if (sandbox::scenario_part(*world.scenario, "pagerduty.webhook").is_null()) return {};
        return render_webhooks(world, moment, posted_);
    }

    std::string settings(const World& world) const override {
        if (!has_block(world)) return {};
        json settings = {{"api_url", world.base_url},
                         {"api_token", "sandbox-pagerduty-token"},
                         {"webhook", {{"secrets", json::array({webhook_secret})}}}};
        const Objects objects(world);
        for (const json& user : objects.list("users")) {
            if (!settings.contains("from")) settings.update({{"from", string_or_empty(user, "email")}, {"notes", true}});
        }
        return dump_json(settings);
    }

    std::vector<std::string> screen() const override {
        std::vector<std::string> all;
        for (const PostedNote& note : posted_) all.push_back("Note on PagerDuty incident " + note.incident + ":\n" + note.content);
        return all;
    }

    json state() const override {
        json notes = json::array();
        for (const PostedNote& note : posted_) {
            notes.push_back({{"id", note.id},
                             {"incident", note.incident},
                             {"content", note.content},
                             {"user", note.user},
                             {"at", format_rfc3339(note.at)}});
        }
        return {{"notes", std::move(notes)}};
    }

private:
    static bool has_block(const World& world) {
        return world.scenario != nullptr && sandbox::scenario_part(*world.scenario, "pagerduty").is_object();
    }

    HttpReply route(const RawRequest& request, const World& world) {
        const auto segments = split(std::string_view(request.path).substr(request.path.starts_with('/') ? 1 : 0), '/');
        for (const Endpoint& endpoint : endpoints()) {
            const auto argument = fits(endpoint, segments);
            if (!argument || request.method != endpoint.method) continue;
            const auto form = parse_form(request.query);
            for (const auto& [name, value] : form) {
                if (!endpoint.parameters.contains(name)) return answers::invalid("unknown parameter " + name);
            }
            const Call call{request, world, Objects(world), answers::Parameters(form.begin(), form.end()), *argument, posted_};
            const json& without = call.objects.list("without");
            if (std::ranges::find(without, json(endpoint.feature)) != without.end()) {
                return answers::refuse(402, 2014, "Account does not have the abilities to perform the action");
            }
            return endpoint.handler(call);
        }
        return answers::not_found();
    }

    std::vector<PostedNote> posted_;
};

}  // namespace

std::unique_ptr<sandbox::Simulation> make_simulation() {
    return std::make_unique<PagerdutySimulation>();
}

}  // namespace gumshoe::pagerduty
