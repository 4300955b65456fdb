// GitHub of the simulated company: the repositories of the scenario's "github" block, as strict about requests as our contract with GitHub.
#include "integrations/github/sandbox.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "integrations/github/codec.hpp"

namespace gumshoe::github {
namespace {

using sandbox::World;
using Parameters = std::map<std::string, std::string>;

HttpReply refuse(int status, const std::string& message) {
    const json body{{"message", message}, {"documentation_url", "https://docs.github.com/rest"}, {"status", std::to_string(status)}};
    return json_reply(status, dump_json(body));
}

HttpReply validation_failed(const std::string& field) {
    return refuse(422, "Validation Failed: " + field);
}

Timestamp at(const World& world, const json& entry) {
    return world.zero + milliseconds(static_cast<std::int64_t>(get_number(entry, "t").value_or(0) * 1000));
}

json account(const std::string& login) {
    return login.empty() ? json() : json{{"login", login}, {"type", "User"}};
}

const json& list_in(const json& repository, std::string_view name) {
    static const json none = json::array();
    const auto* list = find(repository, name);
    return list != nullptr ? *list : none;
}

/// One request, its repository found.
struct Call {
    const RawRequest& request;
    const World& world;
    const json& repository;
    std::string slug;
    Parameters parameters;

    std::string parameter(const std::string& name) const {
        const auto found = parameters.find(name);
        return found == parameters.end() ? std::string() : found->second;
    }

    /// The entries of a list that have happened by now, newest first.
    std::vector<json> happened(std::string_view name) const {
        std::vector<json> entries;
        for (const auto& entry : list_in(repository, name)) {
            if (at(world, entry) <= world.now) entries.push_back(entry);
        }
        std::ranges::sort(entries, [&](const json& a, const json& b) { return at(world, a) > at(world, b); });
        return entries;
    }

    const json* commit(std::string_view sha) const {
        if (!is_sha(sha)) return nullptr;
        for (const auto& entry : list_in(repository, "commits")) {
            if (string_or_empty(entry, "sha").starts_with(sha) && at(world, entry) <= world.now) return &entry;
        }
        return nullptr;
    }
};

bool page_numbers_valid(const Parameters& parameters) {
    for (const auto* name : {"per_page", "page"}) {
        const auto found = parameters.find(name);
        if (found == parameters.end()) continue;
        const auto& text = found->second;
        if (text.empty() || text.size() > 4 || text.find_first_not_of("0123456789") != std::string::npos || std::stoi(text) < 1)
            return false;
        if (found->first == "per_page" && std::stoi(text) > 100) return false;
    }
    return true;
}

// One page of a list with the Link header to the next.
HttpReply paged(const Call& call, const std::vector<json>& items) {
    const auto size = std::stoul(call.parameter("per_page").empty() ? "30" : call.parameter("per_page"));
    const auto page = std::stoul(call.parameter("page").empty() ? "1" : call.parameter("page"));
    json body = json::array();
    for (auto i = (page - 1) * size; i < std::min(items.size(), page * size); ++i) body.push_back(items[i]);
    auto reply = json_reply(200, dump_json(body));
    if (page * size < items.size()) {
        std::string query;
        for (const auto& [name, value] : call.parameters) {
            if (name != "page") query += name + "=" + url_encode(value) + "&";
        }
        const auto next = call.world.base_url + call.request.path + "?" + query + "page=" + std::to_string(page + 1);
        reply.headers.add("Link", "<" + next + ">; rel=\"next\"");
    }
    return reply;
}

json file_json(const json& file) {
    json out{{"filename", string_or_empty(file, "filename")}, {"status", "modified"}};
    if (const auto patch = get_string(file, "patch")) out["patch"] = *patch;
    return out;
}

json files_json(const json& commit) {
    json files = json::array();
    for (const auto& file : list_in(commit, "files")) files.push_back(file_json(file));
    return files;
}

json commit_json(const Call& call, const json& commit, bool with_files) {
    const auto sha = string_or_empty(commit, "sha");
    const auto login = string_or_empty(commit, "author");
    const auto name = get_string(commit, "name").value_or(login);
    const auto time = format_rfc3339(at(call.world, commit));
    json out{{"sha", sha},
             {"html_url", "https://github.com/" + call.slug + "/commit/" + sha},
             {"commit",
              {{"author", {{"name", name}, {"email", name + "@acme.example"}, {"date", time}}},
               {"committer", {{"name", "GitHub"}, {"email", "noreply@github.com"}, {"date", time}}},
               {"message", string_or_empty(commit, "message")}}},
             {"author", account(login)},
             {"committer", nullptr},
             {"parents", json::array()}};
    if (with_files) out["files"] = files_json(commit);
    return out;
}

json pull_json(const Call& call, const json& commit) {
    const auto merged = format_rfc3339(at(call.world, commit));
    const auto number = *get_int(commit, "pull");
    const auto subject = lines(string_or_empty(commit, "message")).front();
    return {{"number", number},
            {"state", "closed"},
            {"title", std::string(trim(replace_all(subject, "(#" + std::to_string(number) + ")", "")))},
            {"user", account(string_or_empty(commit, "author"))},
            {"merge_commit_sha", string_or_empty(commit, "sha")},
            {"updated_at", merged},
            {"merged_at", merged}};
}

HttpReply commits(const Call& call) {
    const auto path = call.parameter("path");
    std::vector<json> items;
    for (const auto* bound : {"since", "until"}) {
        const auto text = call.parameter(bound);
        if (!text.empty() && !parse_rfc3339(text)) return validation_failed(bound);
    }
    const auto since = parse_rfc3339(call.parameter("since"));
    const auto until = parse_rfc3339(call.parameter("until"));
    for (const auto& commit : call.happened("commits")) {
        const auto time = at(call.world, commit);
        if ((since && time < *since) || (until && time > *until)) continue;
        const auto& files = list_in(commit, "files");
        const auto below = [&](const json& file) { return lies_under(string_or_empty(file, "filename"), path); };
        if (path.empty() || std::ranges::any_of(files, below)) items.push_back(commit_json(call, commit, false));
    }
    if (list_in(call.repository, "commits").empty()) return refuse(409, "Git Repository is empty.");
    return paged(call, items);
}

/// By its sha, or as "tags/v412".
HttpReply one_commit(const Call& call, const std::string& name) {
    const auto tags = call.repository.value("tags", json::object());
    const auto* commit = call.commit(name.starts_with("tags/") ? tags.value(name.substr(5), "") : name);
    if (commit == nullptr) return refuse(422, "No commit found for SHA: " + name);
    return json_reply(200, dump_json(commit_json(call, *commit, true)));
}

HttpReply pulls_of(const Call& call, const std::string& sha) {
    const auto* commit = call.commit(sha);
    if (commit == nullptr) return refuse(422, "No commit found for SHA: " + sha);
    std::vector<json> items;
    if (get_int(*commit, "pull")) items.push_back(pull_json(call, *commit));
    return paged(call, items);
}

HttpReply pulls(const Call& call) {
    static const std::set<std::string> states{"", "open", "closed", "all"};
    if (!states.contains(call.parameter("state"))) return validation_failed("state");
    std::vector<json> items;
    const bool closed = call.parameter("state") == "closed" || call.parameter("state") == "all";
    for (const auto& commit : call.happened("commits")) {
        if (closed && get_int(commit, "pull")) items.push_back(pull_json(call, commit));
    }
    return paged(call, items);
}

HttpReply pull_files(const Call& call, const std::string& number) {
    for (const auto& commit : call.happened("commits")) {
        if (!get_int(commit, "pull") || std::to_string(*get_int(commit, "pull")) != number) continue;
        return paged(call, files_json(commit).get<std::vector<json>>());
    }
    return refuse(404, "Not Found");
}

HttpReply deployments(const Call& call) {
    std::vector<json> items;
    for (const auto& deployment : call.happened("deployments")) {
        const auto environment = string_or_empty(deployment, "environment");
        if (!call.parameter("environment").empty() && call.parameter("environment") != environment) continue;
        const auto time = format_rfc3339(at(call.world, deployment));
        items.push_back({{"id", get_int(deployment, "id").value_or(0)},
                         {"sha", string_or_empty(deployment, "sha")},
                         {"ref", string_or_empty(deployment, "ref")},
                         {"task", "deploy"},
                         {"payload", json::object()},
                         {"environment", environment},
                         {"description", deployment.value("description", json())},
                         {"creator", account(string_or_empty(deployment, "creator"))},
                         {"created_at", time},
                         {"updated_at", time}});
    }
    return paged(call, items);
}

HttpReply statuses(const Call& call, const std::string& id) {
    for (const auto& deployment : call.happened("deployments")) {
        if (std::to_string(get_int(deployment, "id").value_or(0)) != id) continue;
        std::vector<json> items;
        for (const auto& status : list_in(deployment, "statuses")) {
            if (at(call.world, status) > call.world.now) continue;
            const json item{{"state", string_or_empty(status, "state")},
                            {"environment", string_or_empty(deployment, "environment")},
                            {"created_at", format_rfc3339(at(call.world, status))}};
            items.insert(items.begin(), item);
        }
        return paged(call, items);
    }
    return refuse(404, "Not Found");
}

// The history is one line: the range is what lies after base up to head.
HttpReply compare(const Call& call, const std::string& range) {
    const auto dots = range.find("...");
    const auto* base = dots == std::string::npos ? nullptr : call.commit(range.substr(0, dots));
    const auto* head = dots == std::string::npos ? nullptr : call.commit(range.substr(dots + 3));
    if (base == nullptr || head == nullptr) return refuse(404, "Not Found");
    json listed = json::array();
    std::map<std::string, json> files;
    auto newest_first = call.happened("commits");
    for (auto commit = newest_first.rbegin(); commit != newest_first.rend(); ++commit) {
        const auto time = at(call.world, *commit);
        if (time <= at(call.world, *base) || time > at(call.world, *head)) continue;
        listed.push_back(commit_json(call, *commit, false));
        for (const auto& file : list_in(*commit, "files")) files[string_or_empty(file, "filename")] = file_json(file);
    }
    json body{{"status", listed.empty() ? "identical" : "ahead"},
              {"ahead_by", listed.size()},
              {"behind_by", 0},
              {"total_commits", listed.size()}};
    body["commits"] = std::move(listed);
    body["files"] = json::array();
    for (auto& [name, file] : files) body["files"].push_back(std::move(file));
    return json_reply(200, dump_json(body));
}

HttpReply installation_token(const RawRequest& request, const World& world) {
    const auto header = request.headers.find("authorization").value_or("");
    const auto parts = split(header.starts_with("Bearer ") ? header.substr(7) : std::string_view(), '.');
    if (parts.size() != 3) return refuse(401, "A JSON web token could not be decoded");
    const auto part = [](const std::string& text) {
        const auto padded = replace_all(replace_all(text, "-", "+"), "_", "/") + std::string((4 - text.size() % 4) % 4, '=');
        const auto bytes = base64_decode(padded);
        const auto value = bytes ? parse_json(*bytes) : result<json>(bytes.error());
        return value ? *value : json();
    };
    const auto claims = part(parts[1]);
    const auto now = to_seconds(world.now);
    const auto issued = get_int(claims, "iat").value_or(now + 1);
    const auto expires = get_int(claims, "exp").value_or(0);
    if (string_or_empty(part(parts[0]), "alg") != "RS256" || string_or_empty(claims, "iss").empty() || issued > now) {
        return refuse(401, "A JSON web token could not be decoded");
    }
    if (expires <= now || expires > now + 600) return refuse(401, "'Expiration time' claim ('exp') is too far in the future");
    const json body{
        {"token", "ghs_sandbox"}, {"expires_at", format_rfc3339(from_seconds(now + 3600))}, {"permissions", {{"contents", "read"}}}};
    return json_reply(201, dump_json(body));
}

// What every request must have; nullopt when all is well.
std::optional<HttpReply> refuse_request(const RawRequest& request) {
    if (request.headers.find("user-agent").value_or("").empty()) {
        return text_reply(403, "Request forbidden by administrative rules. Please make sure your request has a User-Agent header");
    }
    // Both may be left out; what is said must be right.
    const auto version = request.headers.find("x-github-api-version").value_or("2022-11-28");
    if (version != "2022-11-28") return refuse(400, "The API version is not a supported one");
    static const std::set<std::string, std::less<>> accepted{"*/*", "application/json", "application/vnd.github+json",
                                                             "application/vnd.github.v3+json"};
    if (!accepted.contains(request.headers.find("accept").value_or("*/*"))) return refuse(415, "Must accept 'application/json'");
    const auto shown = split(request.headers.find("authorization").value_or(""), ' ');  // "token" is the older word for Bearer
    if (shown.size() != 2 || (shown[0] != "Bearer" && shown[0] != "token") || shown[1].empty()) return refuse(401, "Bad credentials");
    return std::nullopt;
}

using Handler = HttpReply (*)(const Call& call, const std::string& argument);
struct Endpoint {
    std::vector<std::string> shape;  // "*" is the argument
    std::set<std::string> parameters;
    Handler handler;
};

const std::vector<Endpoint>& endpoints() {
    static const std::vector<Endpoint> all{
        {{"commits"},
         {"sha", "path", "author", "committer", "since", "until", "per_page", "page"},
         [](const Call& call, const std::string&) { return commits(call); }},
        {{"commits", "*"}, {"per_page", "page"}, one_commit},
        {{"commits", "*", "pulls"}, {"per_page", "page"}, pulls_of},
        {{"compare", "*"}, {"per_page", "page"}, compare},
        {{"pulls"},
         {"state", "head", "base", "sort", "direction", "per_page", "page"},
         [](const Call& call, const std::string&) { return pulls(call); }},
        {{"pulls", "*", "files"}, {"per_page", "page"}, pull_files},
        {{"deployments"},
         {"sha", "ref", "task", "environment", "per_page", "page"},
         [](const Call& call, const std::string&) { return deployments(call); }},
        {{"deployments", "*", "statuses"}, {"per_page", "page"}, statuses},
    };
    return all;
}

HttpReply answer(const Call& call, const std::vector<std::string>& rest) {
    for (const auto& endpoint : endpoints()) {
        std::string argument;
        bool fits = endpoint.shape.size() == rest.size();
        for (std::size_t i = 0; fits && i < rest.size(); ++i) {
            if (endpoint.shape[i] == "*") {
                argument = url_decode(rest[i]);
            } else {
                fits = endpoint.shape[i] == rest[i];
            }
        }
        if (!fits) continue;
        for (const auto& [name, value] : call.parameters) {
            if (!endpoint.parameters.contains(name)) return validation_failed("unknown parameter " + name);
        }
        if (!page_numbers_valid(call.parameters)) return validation_failed("per_page or page");
        return endpoint.handler(call, argument);
    }
    return refuse(404, "Not Found");
}

class GithubSimulation final : public sandbox::Simulation {
public:
    std::string_view name() const override { return "github"; }

    HttpReply handle(const RawRequest& request, const World& world) override {
        if (auto refused = refuse_request(request)) return *refused;
        auto reply = route(request, world);
        reply.headers.add("X-RateLimit-Limit", "5000");
        reply.headers.add("X-RateLimit-Remaining", std::to_string(std::max(0, 5000 - ++calls_)));
        reply.headers.add("X-RateLimit-Resource", "core");
        return reply;
    }

    std::string settings(const World& world) const override {
        if (!world.scenario || find(*world.scenario, "github") == nullptr) return {};
        return dump_json(json{{"api_url", world.base_url}, {"web_url", "https://github.com"}, {"token", "ghp_sandboxtoken0123456789"}});
    }

    json state() const override { return json::object(); }  // nobody writes to GitHub here

private:
    HttpReply route(const RawRequest& request, const World& world) const {
        const auto segments = split(std::string_view(request.path).substr(request.path.starts_with('/') ? 1 : 0), '/');
        if (request.method == "POST") {
            const bool tokens =
                segments.size() == 4 && segments[0] == "app" && segments[1] == "installations" && segments[3] == "access_tokens";
            return tokens ? installation_token(request, world) : refuse(404, "Not Found");
        }
        if (request.method != "GET") return refuse(404, "Not Found");
        if (request.path == "/user") return json_reply(200, R"({"login":"gumshoe-bot","type":"User"})");
        if (request.path == "/rate_limit") return json_reply(200, R"({"resources":{"core":{"limit":5000,"remaining":4990,"used":10}}})");
        if (segments.size() < 4 || segments[0] != "repos") return refuse(404, "Not Found");
        const auto slug = segments[1] + "/" + segments[2];
        const auto* repositories = world.scenario ? find(*world.scenario, "github.repositories") : nullptr;
        const auto known = repositories != nullptr && repositories->is_object() ? repositories->find(slug) : json::const_iterator();
        if (repositories == nullptr || !repositories->is_object() || known == repositories->end()) return refuse(404, "Not Found");
        const auto form = parse_form(request.query);
        const Call call{request, world, *known, slug, Parameters(form.begin(), form.end())};
        return answer(call, {segments.begin() + 3, segments.end()});
    }

    int calls_ = 0;
};

}  // namespace

std::unique_ptr<sandbox::Simulation> make_simulation() {
    return std::make_unique<GithubSimulation>();
}

}  // namespace gumshoe::github
