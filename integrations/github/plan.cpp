// The plan: deploys, commits and merged pull requests of each service's repository; then the range that each suspect deploy brought.
#include "integrations/github/plan.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <tuple>

#include "base/text.hpp"
#include "integrations/github/codec.hpp"

namespace gumshoe::github {
namespace {

constexpr std::size_t services_asked = 4;
constexpr std::size_t deploys_compared = 3;
constexpr std::size_t known_commits = 40;
// The onset is an estimate: a deploy that went live this little after it may still be its cause.
constexpr auto onset_slack = std::chrono::minutes(2);

struct Home {
    std::string repository;  // "acme/shop"
    std::string path;
};

// Where a service's code is, when that is a repository here and well written.
std::optional<Home> home_of(const Subject& subject, const std::string& service) {
    const auto found = subject.repositories.find(service);
    if (found == subject.repositories.end() || !found->second.starts_with("github:")) return std::nullopt;
    const auto repository = parse_repository(found->second);
    if (!repository) return std::nullopt;
    const auto path = subject.paths.find(service);
    return Home{repository->slug(), path == subject.paths.end() ? std::string() : std::string(trim(path->second))};
}

Query make_query(QueryKind kind, std::string id, const std::string& service, Window window, const Home& home, const Subject& subject) {
    Query query;
    query.source = "github";
    query.id = "github/" + std::move(id);
    query.kind = kind;
    query.entity = service;
    query.window = window;
    query.arguments = {{"repository", home.repository}, {"path", home.path}};
    if (kind == QueryKind::deployments) query.arguments["environment"] = subject.alert.environment;
    return query;
}

bool is_live_deploy(const Change& change) {
    return change.kind == "deploy" && change.deployed.value_or(true) && is_sha(change.sha);
}

// The deploy that `change` replaced: the newest live one before it in its environment.
const Change* replaced_by(const Change& change, const std::vector<const Change*>& deploys_newest_first) {
    for (const auto* other : deploys_newest_first) {
        if (other->time < change.time && other->repository == change.repository && other->environment == change.environment) return other;
    }
    return nullptr;
}

// Commits of this repository whose files we have: the comparison need not fetch them again.
std::string known_shas(const Records& found, const std::string& repository) {
    std::vector<std::string> shas;
    for (const auto& change : found.changes) {
        const bool known = change.kind == "commit" && change.repository == repository && !change.files.empty();
        if (known && shas.size() < known_commits) shas.push_back(change.id);
    }
    return join(shas, " ");
}

}  // namespace

std::vector<Query> first_round(const Subject& subject) {
    std::vector<Query> queries;
    std::set<std::string> repositories;
    std::set<std::pair<std::string, std::string>> homes;
    const Window window{subject.onset - look_back, subject.incident.to};
    for (const auto& service : subject.services) {
        const auto home = home_of(subject, service);
        if (!home || homes.size() == services_asked || !homes.insert({home->repository, home->path}).second) continue;
        queries.push_back(make_query(QueryKind::commits, "commits/" + service, service, window, *home, subject));
        // Deploys and pull requests are of the whole repository: asked once, for the first service that lives there.
        if (!repositories.insert(home->repository).second) continue;
        queries.push_back(make_query(QueryKind::deployments, "deployments/" + service, service, window, *home, subject));
        queries.push_back(make_query(QueryKind::pull_requests, "pull_requests/" + service, service, window, *home, subject));
    }
    return queries;
}

std::vector<Query> second_round(const Subject& subject, const Records& found) {
    std::vector<const Change*> deploys;
    for (const auto& change : found.changes) {
        if (is_live_deploy(change) && change.repository.starts_with("github:")) deploys.push_back(&change);
    }
    std::ranges::sort(deploys, [](const Change* a, const Change* b) { return std::tie(a->time, a->id) > std::tie(b->time, b->id); });
    std::vector<Query> queries;
    for (const auto* deploy : deploys) {
        if (queries.size() == deploys_compared) break;
        const bool in_time = deploy->time >= subject.onset - look_back && deploy->time <= subject.onset + onset_slack;
        const auto home = home_of(subject, deploy->service);
        const auto* before = replaced_by(*deploy, deploys);
        const bool same_code = before != nullptr && before->sha == deploy->sha;
        if (!in_time || !home || deploy->repository != "github:" + home->repository || same_code) continue;
        auto query =
            make_query(QueryKind::compare, "compare/" + deploy->id, deploy->service, {deploy->time, subject.incident.to}, *home, subject);
        query.arguments["deploy"] = deploy->id;
        query.arguments["environment"] = deploy->environment;
        query.arguments["head"] = deploy->sha;
        query.arguments["base"] = before == nullptr ? "" : before->sha;
        query.arguments["known"] = known_shas(found, deploy->repository);
        queries.push_back(std::move(query));
    }
    return queries;
}

result<Query> question(QueryKind kind, const std::string& service, Window window, const Subject& subject) {
    const auto home = home_of(subject, service);
    if (!home) return Error{errc::unsupported, "no GitHub repository is known for this service"};
    if (kind != QueryKind::deployments && kind != QueryKind::commits && kind != QueryKind::pull_requests) {
        return Error{errc::unsupported, "GitHub has deployments, commits and pull requests"};
    }
    const auto id = std::string(to_string(kind)) + "/" + service + "/" + format_rfc3339(window.from) + "/" + format_rfc3339(window.to);
    return make_query(kind, id, service, window, *home, subject);
}

}  // namespace gumshoe::github
