// The plan: deploys, commits and merged pull requests of each service's repository; then the range that each suspect rollout brought.
#include "evidence/code_plan.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>
#include <tuple>

#include "base/text.hpp"
#include "evidence/code_changes.hpp"
#include "evidence/running_versions.hpp"
#include "evidence/service_code.hpp"

namespace gumshoe {
namespace {

constexpr std::size_t services_asked = 4;
constexpr std::size_t rollouts_compared = 3;
constexpr std::size_t known_commits = 40;
constexpr std::ptrdiff_t versions_resolved = 3;  // of a service
// The onset is an estimate: what went live this little after it may still be its cause.
constexpr auto onset_slack = std::chrono::minutes(2);

struct Home {
    std::string repository;  // "acme/shop"
    std::string path;
};

// Where a service's code is, when that is a repository of this host and well written.
std::optional<Home> home_of(const CodeHost& host, const Subject& subject, const std::string& service) {
    const auto found = subject.repositories.find(service);
    const auto prefix = host.name + ":";
    if (found == subject.repositories.end() || !found->second.starts_with(prefix)) return std::nullopt;
    auto repository = host.repository(std::string_view(found->second).substr(prefix.size()));
    if (!repository) return std::nullopt;
    const auto path = subject.paths.find(service);
    return Home{std::move(*repository), path == subject.paths.end() ? std::string() : std::string(trim(path->second))};
}

Query make_query(const CodeHost& host, QueryKind kind, const std::string& id, const std::string& service, Window window, const Home& home) {
    Query query;
    query.source = host.name;
    query.id = host.name + "/" + id;
    query.kind = kind;
    query.entity = service;
    query.window = window;
    query.arguments = {{"repository", home.repository}, {"path", home.path}};
    return query;
}

// A revision of a service that became live: by a deploy, or at the latest when it was first seen running.
struct Rollout {
    std::string id;  // of the deploy; "" for a sighting, which only tells what ran before
    std::string service;
    std::string repository;  // "github:acme/shop"
    std::string environment;
    std::string revision;
    Timestamp time{};
};

void add_deploys(const CodeHost& host, const Subject& subject, const Records& found, std::vector<Rollout>& rollouts) {
    for (const auto& change : found.changes) {
        const auto home = home_of(host, subject, change.service);
        const bool live = change.kind == "deploy" && change.deployed.value_or(true) && is_sha(change.sha);
        if (!live || !home) continue;
        const auto repository = host.name + ":" + home->repository;
        // A monitoring tool's deploy may not say which repository it is of.
        if (!change.repository.empty() && change.repository != repository) continue;
        rollouts.push_back({change.id, change.service, repository, change.environment, change.sha, change.time});
    }
}

void add_sightings(const CodeHost& host, const Subject& subject, const Records& found, std::vector<Rollout>& rollouts) {
    for (const auto& service : services_with_code(subject)) {
        const auto home = home_of(host, subject, service);
        if (!home) continue;
        for (const auto& version : versions_of(found, service)) {
            if (is_sha(version.revision))
                rollouts.push_back({"", service, host.name + ":" + home->repository, "", version.revision, version.first});
        }
    }
}

// What a rollout replaced: the newest one before it of its service, repository and environment.
const Rollout* replaced_by(const std::vector<Rollout>& newest_first, std::size_t index) {
    const auto& rollout = newest_first[index];
    for (std::size_t i = index + 1; i < newest_first.size(); ++i) {
        const auto& other = newest_first[i];
        const bool same_place =
            other.environment.empty() || rollout.environment.empty() ||
            (same_environment(other.environment, rollout.environment) && same_environment(rollout.environment, other.environment));
        const bool own_sighting = other.id.empty() && same_commit(other.revision, rollout.revision);
        if (other.service == rollout.service && other.repository == rollout.repository && same_place && !own_sighting) return &other;
    }
    return nullptr;
}

// Which commits the versions are that telemetry saw without one.
std::vector<Query> version_questions(const CodeHost& host, const Subject& subject, const Records& found) {
    std::vector<Query> queries;
    for (const auto& service : services_with_code(subject)) {
        const auto home = home_of(host, subject, service);
        auto versions = home ? versions_of(found, service) : std::vector<RunningVersion>();
        std::erase_if(versions, [](const RunningVersion& version) { return version.version.empty() || !version.revision.empty(); });
        if (std::ssize(versions) > versions_resolved) versions.erase(versions.begin(), versions.end() - versions_resolved);  // the newest
        for (const auto& version : versions) {
            auto query = make_query(host, QueryKind::code, "code/" + service + "/" + version.version, service, subject.incident, *home);
            query.arguments["version"] = version.version;
            queries.push_back(std::move(query));
        }
    }
    return queries;
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

std::vector<Query> comparisons(const CodeHost& host, const Subject& subject, const Records& found) {
    std::vector<Rollout> rollouts;
    add_deploys(host, subject, found, rollouts);
    add_sightings(host, subject, found, rollouts);
    std::ranges::sort(rollouts, [](const Rollout& a, const Rollout& b) {
        return std::tie(a.time, a.id, a.revision) > std::tie(b.time, b.id, b.revision);
    });
    std::vector<Query> queries;
    for (std::size_t i = 0; i < rollouts.size() && queries.size() < rollouts_compared; ++i) {
        const auto& rollout = rollouts[i];
        const bool in_time = rollout.time >= subject.onset - code_look_back && rollout.time <= subject.onset + onset_slack;
        const auto* before = replaced_by(rollouts, i);
        // Code that was rolled out again; or two tools tell of one rollout, and the earlier of them is compared.
        const bool same_code = before != nullptr && same_commit(before->revision, rollout.revision);
        if (!in_time || rollout.id.empty() || same_code) continue;
        const auto home = home_of(host, subject, rollout.service);
        auto query =
            make_query(host, QueryKind::compare, "compare/" + rollout.id, rollout.service, {rollout.time, subject.incident.to}, *home);
        query.arguments["deploy"] = rollout.id;
        query.arguments["environment"] = rollout.environment;
        query.arguments["head"] = rollout.revision;
        query.arguments["base"] = before == nullptr ? "" : before->revision;
        query.arguments["known"] = known_shas(found, rollout.repository);
        queries.push_back(std::move(query));
    }
    return queries;
}

}  // namespace

std::vector<Query> code_questions(const CodeHost& host, const Subject& subject) {
    std::vector<Query> queries;
    std::set<std::string> repositories;
    std::set<std::pair<std::string, std::string>> homes;
    const Window window{subject.onset - code_look_back, subject.incident.to};
    for (const auto& service : services_with_code(subject)) {
        const auto home = home_of(host, subject, service);
        if (!home || homes.size() == services_asked || !homes.insert({home->repository, home->path}).second) continue;
        const bool fresh = repositories.insert(home->repository).second;
        for (const auto kind : host.kinds) {
            if (kind == QueryKind::code) continue;  // asked once versions were seen
            // Deploys and pull requests are of the whole repository: asked once, for the first service that lives there.
            if (!fresh && (kind == QueryKind::deployments || kind == QueryKind::pull_requests)) continue;
            auto query = code_question(host, kind, service, window, subject);
            query->id = host.name + "/" + std::string(to_string(kind)) + "/" + service;
            queries.push_back(std::move(*query));
        }
    }
    return queries;
}

std::vector<Query> code_follow_up(const CodeHost& host, const Subject& subject, const Records& found) {
    auto queries = code_questions(host, subject);
    std::erase_if(queries, [&](const Query& query) { return !subject.learned.contains(query.entity); });
    const bool has_code = std::ranges::count(host.kinds, QueryKind::code) > 0;
    if (has_code) std::ranges::move(version_questions(host, subject, found), std::back_inserter(queries));
    std::ranges::move(comparisons(host, subject, found), std::back_inserter(queries));
    return queries;
}

result<Query> code_question(const CodeHost& host, QueryKind kind, const std::string& service, Window window, const Subject& subject) {
    const auto home = home_of(host, subject, service);
    if (!home) return Error{errc::unsupported, "no repository of " + host.title + " is known for this service"};
    if (std::ranges::count(host.kinds, kind) == 0) return Error{errc::unsupported, host.title + " has no such evidence"};
    const auto id = std::string(to_string(kind)) + "/" + service + "/" + format_rfc3339(window.from) + "/" + format_rfc3339(window.to);
    auto query = make_query(host, kind, id, service, window, *home);
    if (kind == QueryKind::deployments) query.arguments["environment"] = subject.alert.environment;
    return query;
}

}  // namespace gumshoe
