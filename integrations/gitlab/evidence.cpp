// Evidence from GitLab: what was deployed, committed and merged, as change records.
#include "integrations/gitlab/evidence.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <tuple>

#include "base/text.hpp"
#include "evidence/code_plan.hpp"
#include "integrations/gitlab/client.hpp"
#include "integrations/gitlab/codec.hpp"

namespace gumshoe::gitlab {
namespace {

constexpr int pages_read = 3;
constexpr std::size_t commits_opened = 10;  // whose files are read, a query
constexpr std::size_t commits_kept = 100;
constexpr std::size_t range_kept = 30;

const CodeHost& host() {
    static const CodeHost gitlab{
        "gitlab", "GitLab", {QueryKind::commits, QueryKind::deployments, QueryKind::pull_requests, QueryKind::code}, parse_project};
    return gitlab;
}

// A query with its project checked.
struct Job : CodeFetch {
    std::string project;
};

result<Job> open_job(Query query, std::string_view api_url) {
    Job job;
    job.query = std::move(query);
    auto project = parse_project(job.argument("repository"));
    if (!project) return project.error();
    job.project = std::move(*project);
    job.reference = "gitlab:" + job.project;
    job.web = project_page(api_url, job.project);
    // The page of a project by number leads to the project, and no further.
    const bool by_path = job.project.find('/') != std::string::npos;
    job.commit_page = by_path ? job.web + "/-/commit/" : std::string();
    return job;
}

Change as_change(const Deployment& deployment, const std::string& link) {
    Change change;
    change.kind = "deploy";
    change.id = deployment.id;
    change.sha = deployment.sha;
    change.time = deployment.live_at.value_or(deployment.created_at);
    change.environment = deployment.environment;
    change.author = deployment.user;
    change.subject = "deploy " + deployment.ref + " to " + deployment.environment;
    change.deployed = deployment.live_at.has_value();
    if (!deployment.live_at) change.subject += " (not live: " + deployment.status + ")";
    change.link = link;
    return change;
}

Change as_change(const MergeRequest& request) {
    Change change;
    change.kind = "commit";
    change.id = request.landed_sha;
    change.sha = request.landed_sha;
    change.time = *request.merged_at;
    change.author = request.author;
    change.subject = request.title + " (!" + std::to_string(request.iid) + ")";
    return change;
}

class GitlabSource final : public Source {
public:
    GitlabSource(Secret token, HttpClient& http, Clock& clock, std::string api_url)
        : client_(http, clock, std::move(token), std::move(api_url)) {}

    std::string_view name() const override { return "gitlab"; }
    std::vector<Query> plan(const Subject& subject) const override { return code_questions(host(), subject); }
    std::vector<Query> follow_up(const Subject& subject, const Records& found) const override {
        return code_follow_up(host(), subject, found);
    }
    std::string repository_at(const RepositoryAddress& address) const override {
        const auto project = project_at(client_.api_url(), address.host, address.name);
        return project.empty() ? std::string() : "gitlab:" + project;
    }
    std::vector<QueryKind> on_demand() const override { return {QueryKind::commits, QueryKind::deployments, QueryKind::pull_requests}; }
    result<Query> ask(QueryKind kind, std::string service, Window window, const Subject& subject) const override {
        return code_question(host(), kind, service, window, subject);
    }

    task<Fetched> fetch(Query query, Deadline deadline) override {
        const auto kind = query.kind;
        auto job = open_job(std::move(query), client_.api_url());
        if (!job) co_return job.error();
        switch (kind) {
            case QueryKind::deployments:
                co_return co_await deployments(std::move(*job), deadline);
            case QueryKind::commits:
                co_return co_await commits(std::move(*job), deadline);
            case QueryKind::pull_requests:
                co_return co_await merge_requests(std::move(*job), deadline);
            case QueryKind::compare:
                co_return co_await compare(std::move(*job), deadline);
            case QueryKind::code:
                co_return co_await version(std::move(*job), deadline);
            default:
                co_return Error{errc::unsupported, "GitLab has no such evidence"};
        }
    }

    task<std::string> probe(Deadline deadline) override {
        auto user = co_await client_.call(user_request(client_.api_url()), "the user", deadline);
        if (!user) co_return user.error();
        auto who = first_line(string_or_empty(*user->body, "username"));
        if (!user->remaining.empty()) who += ", " + first_line(user->remaining) + " calls left for now";
        co_return who;
    }

private:
    /// Page by page until `read` says that it has enough, returns an error, or the pages are used up.
    template <class Read>
    task<void> pages(Job& job, HttpRequest first, std::string what, Deadline deadline, Read& read) {
        auto request = first;
        for (int page = 1;; ++page) {
            auto answer = co_await client_.call(std::move(request), what, deadline);
            if (!answer) co_return answer.error();
            job.keep_raw(answer->bytes);
            result<bool> enough = read(*answer->body);
            if (!enough) co_return enough.error();
            if (*enough || answer->next.empty()) co_return result<void>();
            if (page == pages_read) break;
            request = at_page(first, answer->next);
        }
        job.fetched.truncated = true;
        co_return result<void>();
    }

    task<Fetched> deployments(Job job, Deadline deadline) {
        const auto environment = job.argument("environment");
        const auto window = job.query.window;
        job.fetched.query_text = "deployments of " + job.project + (environment.empty() ? "" : " to " + environment);
        job.fetched.link = job.web + (job.commit_page.empty() ? "" : "/-/environments");
        std::vector<Change> found;
        auto read = [&](const json& body) -> result<bool> {
            auto listed = read_deployments(body);
            if (!listed) return listed.error();
            for (const auto& deployment : *listed) {
                auto change = as_change(deployment, job.fetched.link);
                if (change.time < window.to && same_environment(environment, deployment.environment)) found.push_back(std::move(change));
            }
            return false;
        };
        const auto what = "the deployments of " + job.project;
        auto request = deployments_request(client_.api_url(), job.project, window.from);
        auto listed = co_await pages(job, std::move(request), what, deadline, read);
        if (!listed) co_return listed.error();
        std::ranges::sort(found, [](const Change& a, const Change& b) { return std::tie(a.time, a.id) > std::tie(b.time, b.id); });
        for (auto& change : found) job.add(std::move(change));
        // The one that was running when the window began.
        auto before = deployments_before_request(client_.api_url(), job.project, window.from);
        auto answer = co_await client_.call(std::move(before), what, deadline);
        if (!answer) co_return answer.error();
        job.keep_raw(answer->bytes);
        auto earlier = read_deployments(*answer->body);
        if (!earlier) co_return earlier.error();
        const auto running =
            std::ranges::find_if(*earlier, [&](const Deployment& one) { return same_environment(environment, one.environment); });
        if (running != earlier->end()) job.add(as_change(*running, job.fetched.link));
        co_return std::move(job.fetched);
    }

    task<Fetched> commits(Job job, Deadline deadline) {
        job.fetched.query_text = "commits of " + job.project + (job.path().empty() ? "" : " under " + job.path()) + ", " +
                                 format_rfc3339(job.query.window.from) + " to " + format_rfc3339(job.query.window.to);
        job.fetched.link = job.web + (job.commit_page.empty() ? "" : "/-/commits/HEAD");
        std::vector<Change> found;
        auto read = [&](const json& body) -> result<bool> {
            auto listed = read_commits(body);
            if (!listed) return listed.error();
            std::ranges::move(*listed, std::back_inserter(found));
            return found.size() > commits_kept;
        };
        const auto what = "the commits of " + job.project;
        auto request = commits_request(client_.api_url(), job.project, job.path(), job.query.window);
        auto listed = co_await pages(job, std::move(request), what, deadline, read);
        if (!listed) co_return listed.error();
        if (found.size() > commits_kept) {
            found.resize(commits_kept);
            job.fetched.truncated = true;
        }
        auto left = commits_opened;
        for (auto& change : found) {
            if (left > 0) {
                left = co_await open_commit(job, change, left, deadline);
            }
            job.add(std::move(change));
        }
        co_return std::move(job.fetched);
    }

    /// Adds a commit's files; how many more may be opened. After a failure none: the rest stays without files and is marked as cut.
    awaitable<std::size_t> open_commit(Job& job, Change& change, std::size_t left, Deadline deadline) {
        const auto what = "the diff of commit " + short_sha(change.sha);
        auto request = diff_request(client_.api_url(), job.project, change.sha);
        auto answer = co_await client_.call(std::move(request), what, deadline);
        if (answer) job.keep_raw(answer->bytes);
        const auto added = answer ? add_diffs(change, *answer->body) : result<void>(answer.error());
        job.fetched.truncated = job.fetched.truncated || !added;
        co_return added ? left - 1 : 0;
    }

    task<Fetched> merge_requests(Job job, Deadline deadline) {
        job.fetched.query_text = "merge requests of " + job.project + " merged since " + format_rfc3339(job.query.window.from);
        job.fetched.link = job.web + (job.commit_page.empty() ? "" : "/-/merge_requests?scope=all&state=merged");
        std::vector<MergeRequest> found;
        auto read = [&](const json& body) -> result<bool> {
            auto listed = read_merge_requests(body);
            if (!listed) return listed.error();
            for (auto& request : *listed) {
                const bool merged = request.merged_at && job.query.window.contains(*request.merged_at);
                if (merged && is_sha(request.landed_sha)) found.push_back(std::move(request));
            }
            return false;
        };
        const auto what = "the merge requests of " + job.project;
        auto request = merged_request(client_.api_url(), job.project, job.query.window.from);
        auto listed = co_await pages(job, std::move(request), what, deadline, read);
        if (!listed) co_return listed.error();
        std::ranges::sort(found, [](const auto& a, const auto& b) { return *a.merged_at > *b.merged_at; });
        auto left = commits_opened;
        for (const auto& one : found) {
            auto change = as_change(one);
            if (left > 0) {
                left = co_await open_commit(job, change, left, deadline);
            } else {
                job.fetched.truncated = true;
            }
            // In a repository of many services a change elsewhere is no suspect.
            if (job.path().empty() || touches(change, job.path())) job.add(std::move(change));
        }
        co_return std::move(job.fetched);
    }

    task<Fetched> compare(Job job, Deadline deadline) {
        const auto base = job.argument("base");
        const auto head = job.argument("head");
        if (!is_sha(head) || (!base.empty() && !is_sha(base)))
            co_return Error{errc::invalid_argument, "a comparison is between two commits"};
        auto range = co_await range_of(job, base, head, deadline);
        if (!range) co_return range.error();
        const auto known = split(job.argument("known"), ' ');
        auto commits = std::move(range->comparison.commits);
        std::ranges::sort(commits, [](const Change& a, const Change& b) { return std::tie(a.time, a.id) > std::tie(b.time, b.id); });
        job.fetched.truncated = range->timed_out || commits.size() > range_kept;
        commits.resize(std::min(commits.size(), range_kept));
        auto left = commits_opened;
        for (auto& change : commits) {
            const bool is_known = std::ranges::count(known, change.sha) > 0;
            if (!is_known && change.files.empty() && left > 0) {
                left = co_await open_commit(job, change, left, deadline);
            }
            if (!is_known && !job.path().empty() && !touches(change, job.path())) continue;
            if (same_commit(change.sha, head)) {
                co_await add_request_number(job, change, deadline);
            }
            change.deployed = true;
            change.environment = job.argument("environment");
            job.add(std::move(change));
        }
        job.add_summary(range->comparison, base, head);
        co_return std::move(job.fetched);
    }

    /// What the deploy brought; without a predecessor only its own commit.
    task<Range> range_of(Job& job, std::string base, std::string head, Deadline deadline) {
        job.fetched.query_text = base.empty() ? "commit " + head : "compare " + base + "..." + head;
        job.fetched.link = job.web;
        if (!job.commit_page.empty())
            job.fetched.link = base.empty() ? job.commit_page + head : job.web + "/-/compare/" + base + "..." + head;
        auto request = base.empty() ? commit_request(client_.api_url(), job.project, head)
                                    : compare_request(client_.api_url(), job.project, base, head);
        const auto what = "the commits of deploy " + job.argument("deploy");
        auto answer = co_await client_.call(std::move(request), what, deadline);
        if (!answer) co_return answer.error();
        job.keep_raw(answer->bytes);
        if (!base.empty()) co_return read_comparison(*answer->body);
        auto commit = read_commit(*answer->body);
        if (!commit) co_return commit.error();
        co_await open_commit(job, *commit, 1, deadline);
        Range alone;
        alone.comparison.files = commit->files;
        alone.comparison.total_commits = 1;
        alone.comparison.commits.push_back(std::move(*commit));
        co_return alone;
    }

    /// The commit that a version is tagged at. A version without a tag is no error: many are not tagged.
    task<Fetched> version(Job job, Deadline deadline) {
        CodeLocation location;
        location.service = job.query.entity;
        location.version = job.argument("version");
        location.repository = job.reference;
        job.fetched.query_text = "tag of " + location.service + " " + location.version + " in " + job.project;
        job.fetched.link = job.web + (job.commit_page.empty() ? "" : "/-/tags");
        for (const auto& tag : tag_names(location.service, location.version)) {
            auto request = tag_request(client_.api_url(), job.project, tag);
            auto answer = co_await client_.call(std::move(request), "tag " + tag, deadline);
            if (!answer && answer.error().code == errc::not_found) continue;
            if (!answer) co_return answer.error();
            job.keep_raw(answer->bytes);
            auto revision = read_tag(*answer->body);
            if (!revision) co_return revision.error();
            location.revision = std::move(*revision);
            location.origin = "tag " + tag;
            job.fetched.records.code.push_back(std::move(location));
            break;
        }
        co_return std::move(job.fetched);
    }

    /// The head's merge request, where its subject does not name one.
    awaitable<void> add_request_number(Job& job, Change& change, Deadline deadline) {
        if (change.subject.find('!') != std::string::npos) co_return;
        auto request = merge_requests_of_commit_request(client_.api_url(), job.project, change.sha);
        auto answer = co_await client_.call(std::move(request), "the merge request of a commit", deadline);
        const auto requests = answer ? read_merge_requests(*answer->body) : result<std::vector<MergeRequest>>(answer.error());
        if (!requests) job.fetched.truncated = true;
        if (requests && !requests->empty()) change.subject += " (!" + std::to_string(requests->front().iid) + ")";
    }

    Client client_;
};

}  // namespace

std::unique_ptr<Source> make_source(Secret token, HttpClient& http, Clock& clock, std::string api_url) {
    return std::make_unique<GitlabSource>(std::move(token), http, clock, std::move(api_url));
}

}  // namespace gumshoe::gitlab
