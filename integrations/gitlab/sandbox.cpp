// GitLab of the simulated company: the projects of the scenario's "gitlab" block, as strict about requests as our contract with GitLab.
#include "integrations/gitlab/sandbox.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/text.hpp"
#include "evidence/code_changes.hpp"
#include "integrations/gitlab/sandbox_documents.hpp"

namespace gumshoe::gitlab {
namespace {

using sandbox::World;

constexpr std::string_view token = "glpat-sandboxtoken0123456789";
constexpr int calls_a_minute = 2000;

HttpReply refuse(int status, const std::string& message) {
    return json_reply(status, dump_json(json{{"message", message}}));
}

// What GitLab's routing and its checks of parameters say has another form.
HttpReply refuse_parameter(int status, const std::string& error) {
    return json_reply(status, dump_json(json{{"error", error}}));
}

// --- parameters: an unknown one is ignored, a wrong value is not -----------------------------------------------------------------------

std::optional<HttpReply> wrong_value(const Call& call) {
    for (const auto* name : {"since", "until", "updated_after", "updated_before", "finished_after", "finished_before"}) {
        if (!call.parameter(name).empty() && !call.time(name)) return refuse_parameter(400, std::string(name) + " is invalid");
    }
    for (const auto* name : {"per_page", "page"}) {
        const auto text = call.parameter(name, "1");
        if (text.empty() || text.size() > 6 || text.find_first_not_of("0123456789") != std::string::npos) {
            return refuse_parameter(400, std::string(name) + " is invalid");
        }
        if (std::stoi(text) < 1) return refuse_parameter(400, std::string(name) + " does not have a valid value");
    }
    return std::nullopt;
}

std::optional<HttpReply> not_among(const Call& call, const std::string& name, const std::set<std::string>& values) {
    const auto found = call.parameters.find(name);
    if (found == call.parameters.end() || values.contains(found->second)) return std::nullopt;
    return refuse_parameter(400, name + " does not have a valid value");
}

// --- pages ---------------------------------------------------------------------------------------------------------------------------

enum class Totals { told, untold };

HttpReply paged(const Call& call, const std::vector<json>& items, Totals totals = Totals::told) {
    const auto size = std::min(std::stoul(call.parameter("per_page", "20")), 100UL);
    const auto page = std::stoul(call.parameter("page", "1"));
    json body = json::array();
    for (auto i = (page - 1) * size; i < std::min(items.size(), page * size); ++i) body.push_back(items[i]);
    auto reply = json_reply(200, dump_json(body));
    const bool more = page * size < items.size();
    reply.headers.add("X-Page", std::to_string(page));
    reply.headers.add("X-Per-Page", std::to_string(size));
    reply.headers.add("X-Next-Page", more ? std::to_string(page + 1) : "");
    reply.headers.add("X-Prev-Page", page > 1 ? std::to_string(page - 1) : "");
    if (totals == Totals::told) {
        reply.headers.add("X-Total", std::to_string(items.size()));
        reply.headers.add("X-Total-Pages", std::to_string((items.size() + size - 1) / size));
    }
    return reply;
}

// --- endpoints -----------------------------------------------------------------------------------------------------------------------

HttpReply commits(const Call& call, const std::string&) {
    const auto path = call.parameter("path");
    const auto since = call.time("since");
    const auto until = call.time("until");
    std::vector<json> items;
    for (const auto& commit : call.happened("commits")) {
        const auto time = call.at(commit);
        if ((since && time < *since) || (until && time > *until)) continue;
        const auto& files = list_in(commit, "files");
        const auto below = [&](const json& file) { return lies_under(string_or_empty(file, "filename"), path); };
        if (path.empty() || std::ranges::any_of(files, below)) items.insert(items.begin(), commit_json(call, commit));
    }
    return paged(call, items, Totals::untold);
}

HttpReply one_commit(const Call& call, const std::string& sha) {
    const auto* commit = call.commit(sha);
    return commit == nullptr ? refuse(404, "404 Commit Not Found") : json_reply(200, dump_json(commit_json(call, *commit)));
}

HttpReply diff(const Call& call, const std::string& sha) {
    const auto* commit = call.commit(sha);
    if (commit == nullptr) return refuse(404, "404 Commit Not Found");
    std::vector<json> items;
    for (const auto& file : list_in(*commit, "files")) items.push_back(diff_json(file));
    return paged(call, items);
}

HttpReply merge_requests_of(const Call& call, const std::string& sha) {
    const auto* commit = call.commit(sha);
    if (commit == nullptr) return refuse(404, "404 Commit Not Found");
    std::vector<json> items;
    if (get_int(*commit, "pull")) items.push_back(merge_request_json(call, *commit));
    return paged(call, items);
}

void sort_by(std::vector<json>& items, const std::string& key, bool descending) {
    std::ranges::sort(items, [&](const json& a, const json& b) { return descending ? a.at(key) > b.at(key) : a.at(key) < b.at(key); });
}

bool within(const Call& call, const std::string& field, const json& value) {
    const auto time = value.is_string() ? parse_rfc3339(value.get<std::string>()) : result<Timestamp>(Error{});
    const auto after = call.time(field + "_after");
    const auto before = call.time(field + "_before");
    if (!after && !before) return true;
    return time && (!after || *time >= *after) && (!before || *time <= *before);
}

HttpReply merge_requests(const Call& call, const std::string&) {
    if (auto wrong = not_among(call, "state", {"opened", "closed", "locked", "merged", "all"})) return *wrong;
    if (auto wrong = not_among(call, "order_by", {"created_at", "updated_at", "merged_at", "title", "priority"})) return *wrong;
    if (auto wrong = not_among(call, "sort", {"asc", "desc"})) return *wrong;
    std::vector<json> items;
    const auto state = call.parameter("state", "all");
    for (const auto& commit : call.happened("commits")) {
        if (!get_int(commit, "pull") || (state != "merged" && state != "all")) continue;
        auto item = merge_request_json(call, commit);
        if (within(call, "updated", item.at("updated_at"))) items.push_back(std::move(item));
    }
    sort_by(items, call.parameter("order_by", "created_at"), call.parameter("sort", "desc") == "desc");
    return paged(call, items);
}

// A filter without its order is a query that GitLab's database would not survive, and the other way round.
std::optional<HttpReply> unpaired(const Call& call) {
    const auto order = call.parameter("order_by", "id");
    for (const std::string field : {"updated", "finished"}) {
        const bool filtered = !call.parameter(field + "_after").empty() || !call.parameter(field + "_before").empty();
        const auto name = "`" + field + "_at`";
        if (filtered != (order == field + "_at")) return refuse(400, name + " filter and " + name + " sorting must be paired");
        if (field == "finished" && filtered && call.parameter("status") != "success") {
            return refuse(400, "`finished_at` filter must be combined with `success` status filter.");
        }
    }
    return std::nullopt;
}

HttpReply deployments(const Call& call, const std::string&) {
    if (auto wrong = not_among(call, "order_by", {"id", "iid", "created_at", "updated_at", "finished_at", "ref"})) return *wrong;
    if (auto wrong = not_among(call, "sort", {"asc", "desc"})) return *wrong;
    if (auto wrong = not_among(call, "status", {"created", "running", "success", "failed", "canceled", "skipped", "blocked"}))
        return *wrong;
    if (auto wrong = unpaired(call)) return *wrong;
    std::vector<json> items;
    for (const auto& deployment : call.happened("deployments")) {
        auto item = deployment_json(call, deployment);
        const auto environment = item.at("environment").at("name").get<std::string>();
        const bool wanted = call.parameter("environment", environment) == environment &&
                            call.parameter("status", item.at("status").get<std::string>()) == item.at("status").get<std::string>();
        if (wanted && within(call, "updated", item.at("updated_at")) && within(call, "finished", item.value("finished_at", json()))) {
            items.push_back(std::move(item));
        }
    }
    sort_by(items, call.parameter("order_by", "id"), call.parameter("sort", "asc") == "desc");
    return paged(call, items);
}

HttpReply tag(const Call& call, const std::string& name) {
    const auto* tags = find(call.project, "tags");
    const auto found = tags != nullptr && tags->is_object() ? tags->find(name) : json::const_iterator();
    const bool known = tags != nullptr && tags->is_object() && found != tags->end() && found->is_string();
    const auto* commit = known ? call.commit(found->get<std::string>()) : nullptr;
    if (commit == nullptr) return refuse(404, "404 Tag Not Found");
    auto target = commit_json(call, *commit);
    json body{{"name", name}, {"message", nullptr}, {"target", target.at("id")}, {"protected", false}, {"release", nullptr}};
    body["commit"] = std::move(target);
    return json_reply(200, dump_json(body));
}

// The history is one line: the range is what lies after `from` up to `to`.
HttpReply compare(const Call& call, const std::string&) {
    for (const auto* name : {"from", "to"}) {
        if (call.parameter(name).empty()) return refuse_parameter(400, std::string(name) + " is missing");
    }
    const auto* from = call.commit(call.parameter("from"));
    const auto* to = call.commit(call.parameter("to"));
    if (from == nullptr || to == nullptr) return refuse(404, "404 Ref Not Found");
    json listed = json::array();
    std::map<std::string, json> files;
    for (const auto& commit : call.happened("commits")) {
        const auto time = call.at(commit);
        if (time <= call.at(*from) || time > call.at(*to)) continue;
        listed.push_back(commit_json(call, commit));
        for (const auto& file : list_in(commit, "files")) files[string_or_empty(file, "filename")] = diff_json(file);
    }
    const bool timed_out = get_bool(call.project, "compare_timeout").value_or(false);
    json body{{"commit", commit_json(call, *to)}, {"compare_timeout", timed_out}, {"compare_same_ref", from == to}};
    body["commits"] = std::move(listed);
    body["diffs"] = json::array();
    for (auto& [name, file] : files) {
        if (!timed_out || body["diffs"].empty()) body["diffs"].push_back(std::move(file));
    }
    return json_reply(200, dump_json(body));
}

struct Endpoint {
    std::vector<std::string> shape;  // "*" is the argument
    HttpReply (*handler)(const Call& call, const std::string& argument);
};

HttpReply answer(const Call& call, const std::vector<std::string>& rest) {
    static const std::vector<Endpoint> endpoints{
        {{"repository", "commits"}, commits},           {{"repository", "commits", "*"}, one_commit},
        {{"repository", "commits", "*", "diff"}, diff}, {{"repository", "commits", "*", "merge_requests"}, merge_requests_of},
        {{"repository", "compare"}, compare},           {{"repository", "tags", "*"}, tag},
        {{"merge_requests"}, merge_requests},           {{"deployments"}, deployments},
    };
    for (const auto& endpoint : endpoints) {
        std::string argument;
        bool fits = endpoint.shape.size() == rest.size();
        for (std::size_t i = 0; fits && i < rest.size(); ++i) {
            if (endpoint.shape[i] == "*") argument = url_decode(rest[i]);
            fits = endpoint.shape[i] == "*" || endpoint.shape[i] == rest[i];
        }
        if (!fits) continue;
        auto wrong = wrong_value(call);
        return wrong ? *wrong : endpoint.handler(call, argument);
    }
    return refuse_parameter(404, "404 Not Found");
}

class GitlabSimulation final : public sandbox::Simulation {
public:
    std::string_view name() const override { return "gitlab"; }

    HttpReply handle(const RawRequest& request, const World& world) override {
        const auto bearer = "Bearer " + std::string(token);
        const bool known = request.headers.find("private-token") == token || request.headers.find("authorization") == bearer;
        auto reply = known ? route(request, world) : refuse(401, "401 Unauthorized");
        const int left = std::max(0, calls_a_minute - ++calls_);
        reply.headers.add("RateLimit-Limit", std::to_string(calls_a_minute));
        reply.headers.add("RateLimit-Observed", std::to_string(calls_));
        reply.headers.add("RateLimit-Remaining", std::to_string(left));
        reply.headers.add("RateLimit-Reset", std::to_string(to_seconds(world.now) + 60));
        return reply;
    }

    std::string settings(const World& world) const override {
        if (!world.scenario || find(*world.scenario, "gitlab") == nullptr) return {};
        return dump_json(json{{"api_url", world.base_url}, {"token", token}});
    }

    json state() const override { return json::object(); }  // nobody writes to GitLab here

private:
    static HttpReply route(const RawRequest& request, const World& world) {
        const auto segments = split(request.path, '/');  // the first is empty, before the leading slash
        const bool api = segments.size() > 3 && segments[1] == "api" && segments[2] == "v4";
        if (!api || request.method != "GET") return refuse_parameter(404, "404 Not Found");
        if (segments[3] == "user" && segments.size() == 4) return json_reply(200, R"({"id":7,"username":"gumshoe-bot","state":"active"})");
        if (segments[3] != "projects" || segments.size() < 6) return refuse_parameter(404, "404 Not Found");
        const auto* projects = world.scenario ? find(*world.scenario, "gitlab.repositories") : nullptr;
        const auto wanted = url_decode(segments[4]);
        if (projects == nullptr || !projects->is_object()) return refuse(404, "404 Project Not Found");
        for (const auto& [slug, project] : projects->items()) {
            const auto id = get_int(project, "id");
            if (wanted != slug && !(id && wanted == std::to_string(*id))) continue;
            const auto form = parse_form(request.query);
            const Call call{world, project, slug, {form.begin(), form.end()}};
            return answer(call, {segments.begin() + 5, segments.end()});
        }
        return refuse(404, "404 Project Not Found");
    }

    int calls_ = 0;
};

}  // namespace

std::unique_ptr<sandbox::Simulation> make_simulation() {
    return std::make_unique<GitlabSimulation>();
}

}  // namespace gumshoe::gitlab
