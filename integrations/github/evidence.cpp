// Evidence from GitHub: what was deployed, committed and merged, as change records.
#include "integrations/github/evidence.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "evidence/code_plan.hpp"
#include "integrations/github/client.hpp"
#include "integrations/github/codec.hpp"

namespace gumshoe::github {
namespace {

constexpr int pages_read = 3;
constexpr std::size_t deploys_followed = 15;  // whose statuses are read
constexpr std::size_t commits_opened = 10;    // whose files are read, a query
constexpr std::size_t commits_kept = 100;
constexpr std::size_t range_kept = 30;

result<std::string> repository_name(std::string_view name) {
    auto repository = parse_repository(name);
    if (!repository) return repository.error();
    return repository->slug();
}

const CodeHost& host() {
    static const CodeHost github{
        "github", "GitHub", {QueryKind::commits, QueryKind::deployments, QueryKind::pull_requests, QueryKind::code}, repository_name};
    return github;
}

// A query with its repository checked.
struct Job : CodeFetch {
    Repository repository;
};

result<Job> open_job(Query query, const std::string& web) {
    Job job;
    job.query = std::move(query);
    auto repository = parse_repository(job.argument("repository"));
    if (!repository) return repository.error();
    job.repository = std::move(*repository);
    job.reference = "github:" + job.repository.slug();
    job.web = web + "/" + job.repository.slug();
    job.commit_page = job.web + "/commit/";
    return job;
}

Change as_change(const Deployment& deployment, const std::string& web) {
    Change change;
    change.kind = "deploy";
    change.id = deployment.id;
    change.sha = deployment.sha;
    change.time = deployment.created_at;
    change.environment = deployment.environment;
    change.author = deployment.creator;
    change.subject = "deploy " + deployment.ref + " to " + deployment.environment;
    if (!deployment.description.empty()) change.subject += ": " + deployment.description;
    change.link = web + "/deployments/" + url_encode(deployment.environment);
    return change;
}

void set_progress(Change& change, const DeploymentProgress& progress) {
    if (progress.live_at) {
        change.time = *progress.live_at;
        change.deployed = true;
    } else if (!progress.latest.empty()) {
        change.deployed = false;
        change.subject += " (never live: " + progress.latest + ")";
    }
}

Change as_change(const PullRequest& pull) {
    Change change;
    change.kind = "commit";
    change.id = pull.merge_sha;
    change.sha = pull.merge_sha;
    change.time = *pull.merged_at;
    change.author = pull.author;
    change.subject = pull.title + " (#" + std::to_string(pull.number) + ")";
    return change;
}

class GithubSource final : public Source {
public:
    GithubSource(std::unique_ptr<Credentials> credentials, HttpClient& http, Clock& clock, std::string api_url, std::string web)
        : credentials_(std::move(credentials)),
          web_(web.empty() ? web_url(api_url) : std::move(web)),
          client_(http, clock, *credentials_, std::move(api_url)) {}

    std::string_view name() const override { return "github"; }
    std::vector<Query> plan(const Subject& subject) const override { return code_questions(host(), subject); }
    std::vector<Query> follow_up(const Subject& subject, const Records& found) const override {
        return code_follow_up(host(), subject, found);
    }
    std::string repository_at(const RepositoryAddress& address) const override { return github::repository_at(web_, address); }
    std::vector<QueryKind> on_demand() const override { return {QueryKind::commits, QueryKind::deployments, QueryKind::pull_requests}; }
    result<Query> ask(QueryKind kind, std::string service, Window window, const Subject& subject) const override {
        return code_question(host(), kind, service, window, subject);
    }

    task<Fetched> fetch(Query query, Deadline deadline) override {
        const auto kind = query.kind;
        auto job = open_job(std::move(query), web_);
        if (!job) co_return job.error();
        switch (kind) {
            case QueryKind::deployments:
                co_return co_await deployments(std::move(*job), deadline);
            case QueryKind::commits:
                co_return co_await commits(std::move(*job), deadline);
            case QueryKind::pull_requests:
                co_return co_await pull_requests(std::move(*job), deadline);
            case QueryKind::compare:
                co_return co_await compare(std::move(*job), deadline);
            case QueryKind::code:
                co_return co_await resolve_version(std::move(*job), deadline);
            default:
                co_return Error{errc::unsupported, "GitHub has no such evidence"};
        }
    }

    task<std::string> probe(Deadline deadline) override {
        auto user = co_await client_.call(user_request(client_.api_url()), "the user", deadline);
        if (user) co_return who(string_or_empty(*user->body, "login"), user->remaining);
        // An installation's token is nobody: it may only ask for its limits.
        if (user.error().code != errc::forbidden) co_return user.error();
        auto limits = co_await client_.call(rate_limit_request(client_.api_url()), "the rate limits", deadline);
        if (!limits) co_return limits.error();
        const auto remaining = get_int(*limits->body, "resources.core.remaining");
        co_return who(credentials_->who(), remaining ? std::to_string(*remaining) : std::string());
    }

private:
    static std::string who(const std::string& name, const std::string& remaining) {
        return remaining.empty() ? name : name + ", " + remaining + " calls left this hour";
    }

    /// Page by page until `read` says that it has enough, returns an error, or the pages are used up.
    template <class Read>
    task<void> pages(Job& job, HttpRequest request, std::string what, Deadline deadline, Read& read) {
        for (int page = 1;; ++page) {
            auto answer = co_await client_.call(request, what, deadline);
            if (!answer) co_return answer.error();
            job.keep_raw(answer->bytes);
            result<bool> enough = read(*answer->body);
            if (!enough) co_return enough.error();
            if (*enough || answer->next.empty()) co_return result<void>();
            if (page == pages_read) break;
            request = at_url(std::move(request), answer->next);
        }
        job.fetched.truncated = true;
        co_return result<void>();
    }

    task<Fetched> deployments(Job job, Deadline deadline) {
        const auto environment = job.argument("environment");
        job.fetched.query_text = "deployments of " + job.repository.slug() + (environment.empty() ? "" : " to " + environment);
        job.fetched.link = job.web + "/deployments";
        std::vector<Deployment> found;
        auto read = [&](const json& body) -> result<bool> {
            auto listed = read_deployments(body);
            if (!listed) return listed.error();
            for (auto& deployment : *listed) {
                if (deployment.created_at >= job.query.window.to || !same_environment(environment, deployment.environment)) continue;
                const bool older = deployment.created_at < job.query.window.from;
                found.push_back(std::move(deployment));
                if (older) return true;  // the one that was running when the window began
            }
            return false;
        };
        const auto what = "the deployments of " + job.repository.slug();
        auto request = deployments_request(client_.api_url(), job.repository);
        auto listed = co_await pages(job, std::move(request), what, deadline, read);
        if (!listed) co_return listed.error();
        for (std::size_t i = 0; i < found.size(); ++i) {
            auto change = as_change(found[i], job.web);
            if (i < deploys_followed) {
                auto progress = co_await progress_of(job, found[i].id, deadline);
                if (progress) set_progress(change, *progress);
                if (!progress) job.fetched.truncated = true;
            }
            job.add(std::move(change));
        }
        job.fetched.truncated = job.fetched.truncated || found.size() > deploys_followed;
        co_return std::move(job.fetched);
    }

    task<DeploymentProgress> progress_of(Job& job, std::string deployment, Deadline deadline) {
        DeploymentProgress all;
        auto read = [&](const json& body) -> result<bool> {
            auto progress = read_progress(body);
            if (!progress) return progress.error();
            if (all.latest.empty()) all.latest = progress->latest;
            if (progress->live_at) all.live_at = progress->live_at;  // pages go back in time
            return false;
        };
        const auto what = "the statuses of deployment " + deployment;
        auto request = statuses_request(client_.api_url(), job.repository, deployment);
        auto done = co_await pages(job, std::move(request), what, deadline, read);
        if (!done) co_return done.error();
        co_return all;
    }

    task<Fetched> commits(Job job, Deadline deadline) {
        const auto from = format_rfc3339(job.query.window.from);
        const auto to = format_rfc3339(job.query.window.to);
        job.fetched.query_text =
            "commits of " + job.repository.slug() + (job.path().empty() ? "" : " under " + job.path()) + ", " + from + " to " + to;
        job.fetched.link = job.web + "/commits?since=" + url_encode(from) + "&until=" + url_encode(to);
        std::vector<Change> found;
        auto read = [&](const json& body) -> result<bool> {
            auto listed = read_commits(body);
            if (!listed) return listed.error();
            std::ranges::move(*listed, std::back_inserter(found));
            return found.size() >= commits_kept;
        };
        const auto what = "the commits of " + job.repository.slug();
        auto request = commits_request(client_.api_url(), job.repository, job.path(), job.query.window);
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
        const auto what = "commit " + short_sha(change.sha);
        auto request = commit_request(client_.api_url(), job.repository, change.sha);
        auto answer = co_await client_.call(std::move(request), what, deadline);
        if (answer) job.keep_raw(answer->bytes);
        auto opened = answer ? read_commit(*answer->body) : result<Change>(answer.error());
        job.fetched.truncated = job.fetched.truncated || !opened;
        if (!opened) co_return 0;
        change.files = std::move(opened->files);
        change.diff = std::move(opened->diff);
        co_return left - 1;
    }

    task<Fetched> pull_requests(Job job, Deadline deadline) {
        job.fetched.query_text = "pull requests of " + job.repository.slug() + " merged since " + format_rfc3339(job.query.window.from);
        job.fetched.link = job.web + "/pulls?q=" + url_encode("is:pr is:merged sort:updated-desc");
        std::vector<PullRequest> found;
        auto read = [&](const json& body) -> result<bool> {
            auto listed = read_pulls(body);
            if (!listed) return listed.error();
            for (auto& pull : *listed) {
                if (pull.updated_at < job.query.window.from) return true;
                if (pull.merged_at && job.query.window.contains(*pull.merged_at) && is_sha(pull.merge_sha))
                    found.push_back(std::move(pull));
            }
            return false;
        };
        const auto what = "the pull requests of " + job.repository.slug();
        auto request = merged_pulls_request(client_.api_url(), job.repository);
        auto listed = co_await pages(job, std::move(request), what, deadline, read);
        if (!listed) co_return listed.error();
        std::ranges::sort(found, [](const auto& a, const auto& b) { return *a.merged_at > *b.merged_at; });
        for (std::size_t i = 0; i < found.size(); ++i) {
            auto change = as_change(found[i]);
            if (i == commits_opened) job.fetched.truncated = true;
            if (i < commits_opened) {
                auto files = pull_files_request(client_.api_url(), job.repository, found[i].number);
                auto answer = co_await client_.call(std::move(files), "the files of a pull request", deadline);
                if (!answer) co_return answer.error();
                job.keep_raw(answer->bytes);
                add_files(change, *answer->body);
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
        auto comparison = co_await range(job, base, head, deadline);
        if (!comparison) co_return comparison.error();
        const auto known = split(job.argument("known"), ' ');
        auto commits = std::move(comparison->commits);
        std::ranges::reverse(commits);  // newest first
        if (commits.size() > range_kept) {
            commits.resize(range_kept);
            job.fetched.truncated = true;
        }
        auto left = commits_opened;
        for (auto& change : commits) {
            const bool is_known = std::ranges::count(known, change.sha) > 0;
            if (!is_known && change.files.empty() && left > 0) {
                left = co_await open_commit(job, change, left, deadline);
            }
            if (!is_known && !job.path().empty() && !touches(change, job.path())) continue;
            if (same_commit(change.sha, head)) {
                co_await add_pull_number(job, change, deadline);
            }
            change.deployed = true;
            change.environment = job.argument("environment");
            job.add(std::move(change));
        }
        job.add_summary(*comparison, base, head);
        co_return std::move(job.fetched);
    }

    /// The commit that a version is tagged at. A version without a tag is no error: many are not tagged.
    task<Fetched> resolve_version(Job job, Deadline deadline) {
        const auto version = job.argument("version");
        job.fetched.query_text = "tag of " + job.query.entity + " " + version + " in " + job.repository.slug();
        job.fetched.link = job.web + "/tags";
        for (const auto& tag : tag_names(job.query.entity, version)) {
            auto request = commit_request(client_.api_url(), job.repository, "tags/" + tag);
            auto answer = co_await client_.call(std::move(request), "tag " + tag, deadline);
            if (!answer && answer.error().code == errc::invalid_argument) continue;  // 422: no such tag
            if (!answer) co_return answer.error();
            job.keep_raw(answer->bytes);
            auto commit = read_commit(*answer->body);
            if (!commit) co_return commit.error();
            CodeLocation code;
            code.service = job.query.entity;
            code.repository = job.reference;
            code.revision = commit->sha;
            code.version = version;
            code.origin = "tag " + tag;
            job.fetched.records.code.push_back(std::move(code));
            break;
        }
        co_return std::move(job.fetched);
    }

    /// What the deploy brought; without a predecessor only its own commit.
    task<Comparison> range(Job& job, std::string base, std::string head, Deadline deadline) {
        job.fetched.link = job.web + (base.empty() ? "/commit/" + head : "/compare/" + base + "..." + head);
        job.fetched.query_text = base.empty() ? "commit " + head : "compare " + base + "..." + head;
        auto request = base.empty() ? commit_request(client_.api_url(), job.repository, head)
                                    : compare_request(client_.api_url(), job.repository, base, head);
        const auto what = "the commits of deploy " + job.argument("deploy");
        auto answer = co_await client_.call(std::move(request), what, deadline);
        if (!answer) co_return answer.error();
        job.keep_raw(answer->bytes);
        if (!base.empty()) co_return read_comparison(*answer->body);
        auto commit = read_commit(*answer->body);
        if (!commit) co_return commit.error();
        Comparison alone;
        alone.files = commit->files;
        alone.total_commits = 1;
        alone.commits.push_back(std::move(*commit));
        co_return alone;
    }

    /// The head's pull request, where its subject does not name one.
    awaitable<void> add_pull_number(Job& job, Change& change, Deadline deadline) {
        if (change.subject.find('#') != std::string::npos) co_return;
        auto request = pulls_of_commit_request(client_.api_url(), job.repository, change.sha);
        auto answer = co_await client_.call(std::move(request), "the pull request of a commit", deadline);
        const auto pulls = answer ? read_pulls(*answer->body) : result<std::vector<PullRequest>>(answer.error());
        if (!pulls) job.fetched.truncated = true;
        if (pulls && !pulls->empty()) change.subject += " (#" + std::to_string(pulls->front().number) + ")";
    }

    std::unique_ptr<Credentials> credentials_;
    std::string web_;  // "https://github.com"
    Client client_;
};

}  // namespace

std::unique_ptr<Source> make_source(std::unique_ptr<Credentials> credentials, HttpClient& http, Clock& clock, std::string api_url,
                                    std::string web_url) {
    return std::make_unique<GithubSource>(std::move(credentials), http, clock, std::move(api_url), std::move(web_url));
}

}  // namespace gumshoe::github
