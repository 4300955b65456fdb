// Evidence from clones on this machine: what was committed, which commit a version is, what a deploy brought.
#include "integrations/git/evidence.hpp"

#include <algorithm>
#include <functional>
#include <map>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "evidence/code_location.hpp"
#include "evidence/code_plan.hpp"
#include "integrations/git/mirrors.hpp"
#include "integrations/git/repository.hpp"
#include "io/event_loop.hpp"

namespace gumshoe::git {
namespace {

constexpr std::size_t mirrors_named = 10;
// A file system that hangs cannot be cancelled, so reading ends by itself, and before the caller stops waiting.
constexpr int share_of_time = 80;  // percent
constexpr auto longest_scan = seconds(5);

const CodeHost& host() {
    static const CodeHost git{"git", "the folder of mirrors", {QueryKind::commits, QueryKind::code}, parse_mirror};
    return git;
}

Until until(Deadline deadline, const Clock& clock) {
    return std::chrono::steady_clock::now() + deadline.remaining(clock) * share_of_time / 100;
}

std::string host_and_name(const RepositoryAddress& address) {
    return address.host + "/" + to_lower(address.name);
}

void read_commits(CodeFetch& fetch, Commits commits, bool deployed) {
    fetch.fetched.truncated = commits.more;
    for (auto& change : commits.changes) {
        if (deployed) {
            change.deployed = true;
            change.environment = fetch.argument("environment");
        }
        fetch.add(std::move(change));
    }
}

result<void> read_history(CodeFetch& fetch, const Repository& repository) {
    const auto window = fetch.query.window;
    fetch.fetched.query_text = "git log --since=" + format_rfc3339(window.from) + " --until=" + format_rfc3339(window.to) +
                               (fetch.path().empty() ? "" : " -- " + fetch.path());
    auto commits = repository.history(window, fetch.path());
    if (!commits) return commits.error();
    read_commits(fetch, std::move(*commits), false);
    return {};
}

result<void> read_range(CodeFetch& fetch, const Repository& repository) {
    const auto base = fetch.argument("base");
    const auto head = fetch.argument("head");
    fetch.fetched.query_text = base.empty() ? "git show " + head : "git log " + base + ".." + head;
    auto range = repository.range(base, head, fetch.path());
    if (!range) return range.error();
    read_commits(fetch, std::move(range->commits), true);
    fetch.add_summary(range->whole, base, head);
    return {};
}

result<void> read_version(CodeFetch& fetch, const Repository& repository) {
    CodeLocation location;
    location.service = fetch.query.entity;
    location.version = fetch.argument("version");
    location.repository = fetch.reference;
    location.origin = "git tag";
    fetch.fetched.query_text = "git rev-parse " + location.version + "^{commit}";
    auto revision = repository.commit_of(location.version, location.service);
    if (!revision) return revision.error();
    location.revision = std::move(*revision);
    if (!location.revision.empty()) fetch.fetched.records.code.push_back(std::move(location));
    return {};
}

/// On the worker's thread.
result<Fetched> read(const std::filesystem::path& root, Query query, Until until) {
    CodeFetch fetch;
    fetch.query = std::move(query);
    const auto name = fetch.argument("repository");
    fetch.reference = "git:" + name;
    const auto repository = Repository::open(root, name, until);
    if (!repository) return repository.error();
    const auto kind = fetch.query.kind;
    const auto done = kind == QueryKind::commits   ? read_history(fetch, *repository)
                      : kind == QueryKind::compare ? read_range(fetch, *repository)
                                                   : read_version(fetch, *repository);
    if (!done) return done.error();
    return std::move(fetch.fetched);
}

result<std::string> look_at_all(const std::filesystem::path& root, Until until) {
    const auto names = list_mirrors(root);
    if (names.empty()) return Error{errc::not_found, "the folder of mirrors has no repository: git clone --mirror puts one there"};
    for (const auto& name : names) {
        if (std::chrono::steady_clock::now() >= until) return Error{errc::timeout, "opening the mirrors took too long"};
        if (const auto opened = Repository::open(root, name, until); !opened) return opened.error();
    }
    const auto shown =
        std::vector<std::string>(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(std::min(names.size(), mirrors_named)));
    return std::to_string(names.size()) + (names.size() == 1 ? " mirror: " : " mirrors: ") + join(shown, ", ") +
           (names.size() > shown.size() ? ", ..." : "");
}

class GitSource final : public Source {
public:
    GitSource(std::filesystem::path mirrors, EventLoop& loop) : root_(std::move(mirrors)), loop_(loop) {
        const auto end = std::chrono::steady_clock::now() + longest_scan;
        for (const auto& name : list_mirrors(root_)) {
            if (std::chrono::steady_clock::now() >= end) break;
            const auto repository = Repository::open(root_, name, end);
            const auto address =
                repository ? parse_repository_address(repository->origin()) : result<RepositoryAddress>(repository.error());
            if (address) origins_.emplace(host_and_name(*address), "git:" + name);
        }
    }

    std::string_view name() const override { return "git"; }
    std::vector<Query> plan(const Subject& subject) const override { return code_questions(host(), subject); }
    std::vector<Query> follow_up(const Subject& subject, const Records& found) const override {
        return code_follow_up(host(), subject, found);
    }
    std::string repository_at(const RepositoryAddress& address) const override {
        const auto found = origins_.find(host_and_name(address));
        return found == origins_.end() ? std::string() : found->second;
    }
    std::vector<QueryKind> on_demand() const override { return {QueryKind::commits}; }
    result<Query> ask(QueryKind kind, std::string service, Window window, const Subject& subject) const override {
        if (kind != QueryKind::commits) return Error{errc::unsupported, "a clone of git has commits"};
        return code_question(host(), kind, service, window, subject);
    }

    task<Fetched> fetch(Query query, Deadline deadline) override {
        const bool known = query.kind == QueryKind::commits || query.kind == QueryKind::compare || query.kind == QueryKind::code;
        if (!known) co_return Error{errc::unsupported, "a clone of git has no such evidence"};
        auto outcome = std::make_shared<result<Fetched>>();
        std::function<void()> work = [outcome, root = root_, query, end = until(deadline, loop_.clock())] {
            *outcome = read(root, query, end);
        };
        co_await loop_.run_on_pool(std::move(work));
        co_return std::move(*outcome);
    }

    task<std::string> probe(Deadline deadline) override {
        auto outcome = std::make_shared<result<std::string>>();
        std::function<void()> work = [outcome, root = root_, end = until(deadline, loop_.clock())] { *outcome = look_at_all(root, end); };
        co_await loop_.run_on_pool(std::move(work));
        co_return std::move(*outcome);
    }

private:
    std::filesystem::path root_;
    EventLoop& loop_;
    std::map<std::string, std::string> origins_;  // "github.com/acme/shop" -> "git:shop"
};

}  // namespace

std::unique_ptr<Source> make_source(std::filesystem::path mirrors, EventLoop& loop) {
    return std::make_unique<GitSource>(std::move(mirrors), loop);
}

}  // namespace gumshoe::git
