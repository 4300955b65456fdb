// libgit2 behind plain values. A repository is foreign data: every call may fail, and every loop has an end in time and number.
#include "integrations/git/repository.hpp"

#include <git2.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/text.hpp"
#include "integrations/git/mirrors.hpp"

namespace gumshoe::git {
namespace {

constexpr std::size_t commits_walked = 500'000;
constexpr std::size_t commits_kept = 100;
constexpr std::size_t commits_opened = 40;  // whose files and diffs are read
constexpr std::size_t range_kept = 30;
constexpr std::size_t files_counted = 3000;
// Committers' clocks differ: so many older ones in a row end the window.
constexpr int older_in_a_row = 50;
// A larger blob counts as binary: its diff would be of no use.
constexpr git_off_t largest_blob = 512 * 1024;

template <class T, void (*release)(T*)>
struct Release {
    void operator()(T* object) const { release(object); }
};
template <class T, void (*release)(T*)>
using Handle = std::unique_ptr<T, Release<T, release>>;

using RepositoryHandle = Handle<git_repository, git_repository_free>;
using Walk = Handle<git_revwalk, git_revwalk_free>;
using Commit = Handle<git_commit, git_commit_free>;
using Tree = Handle<git_tree, git_tree_free>;
using TreeEntry = Handle<git_tree_entry, git_tree_entry_free>;
using Diff = Handle<git_diff, git_diff_free>;
using Patch = Handle<git_patch, git_patch_free>;
using Reference = Handle<git_reference, git_reference_free>;
using Object = Handle<git_object, git_object_free>;
using Config = Handle<git_config, git_config_free>;

/// libgit2's state of the process, while anybody reads.
struct Library {
    Library() { git_libgit2_init(); }
    ~Library() { git_libgit2_shutdown(); }
    Library(const Library&) = delete;
};

std::string last_words() {
    const auto* error = git_error_last();
    return error == nullptr || error->message == nullptr ? "no reason given" : first_line(error->message);
}

std::string text_of(const git_oid& id) {
    std::array<char, GIT_OID_HEXSZ + 1> text{};
    return git_oid_tostr(text.data(), text.size(), &id);
}

int stop_when_late(const git_diff*, const git_diff_delta*, const char*, void* until) {
    return std::chrono::steady_clock::now() >= *static_cast<const Until*>(until) ? GIT_EUSER : 0;
}

Tree tree_of(const git_commit* commit) {
    git_tree* tree = nullptr;
    if (commit != nullptr) git_commit_tree(&tree, commit);
    return Tree(tree);
}

/// What stands at `path` in a commit; nullopt where nothing does.
std::optional<git_oid> entry_at(const git_commit* commit, const std::string& path) {
    const auto tree = tree_of(commit);
    git_tree_entry* entry = nullptr;
    if (!tree || git_tree_entry_bypath(&entry, tree.get(), path.c_str()) != 0) return std::nullopt;
    return *git_tree_entry_id(TreeEntry(entry).get());
}

bool same_entry(const std::optional<git_oid>& a, const std::optional<git_oid>& b) {
    return a.has_value() == b.has_value() && (!a || git_oid_equal(&*a, &*b) != 0);
}

/// The hunks alone: what comes before them names files in ways of git's own.
std::string hunks_of(git_diff* diff, std::size_t index) {
    git_patch* made = nullptr;
    if (git_patch_from_diff(&made, diff, index) != 0 || made == nullptr) return {};
    const Patch patch(made);
    git_buf buffer = GIT_BUF_INIT;
    if (git_patch_to_buf(&buffer, patch.get()) != 0) return {};
    const std::string text(buffer.ptr, buffer.size);
    git_buf_dispose(&buffer);
    const auto begin = text.find("\n@@ ");
    return begin == std::string::npos ? std::string() : text.substr(begin + 1);
}

std::string name_of(const git_diff_delta* delta) {
    const auto* path = delta->new_file.path != nullptr ? delta->new_file.path : delta->old_file.path;
    return path == nullptr ? std::string() : std::string(path);
}

/// A service's own files first: of a large commit only some are kept.
void add_files_of(git_diff* diff, const std::string& path, Change& change) {
    const auto count = git_diff_num_deltas(diff);
    for (const bool own : {true, false}) {
        for (std::size_t i = 0; i < count && !files_are_full(change); ++i) {
            const auto name = name_of(git_diff_get_delta(diff, i));
            if (lies_under(name, path) == own) add_file(change, name, diff_is_full(change) ? std::string() : hunks_of(diff, i));
        }
    }
}

}  // namespace

struct Repository::Open {
    Library library;  // before what it holds together
    RepositoryHandle repository;
    std::string name;
    Until until;

    bool late() const { return std::chrono::steady_clock::now() >= until; }
    Error unreadable() const {
        return {errc::bad_reply, "the mirror " + name + " cannot be read (" + last_words() + "): look at it with git fsck"};
    }
    Error too_late() const { return {errc::timeout, "reading the mirror " + name + " took too long"}; }

    result<Commit> commit(const git_oid& id) const {
        git_commit* found = nullptr;
        if (git_commit_lookup(&found, repository.get(), &id) != 0) return unreadable();
        return Commit(found);
    }

    result<Commit> named_commit(const std::string& sha) const {
        git_oid id;
        git_commit* found = nullptr;
        const bool read = is_sha(sha) && git_oid_fromstrn(&id, sha.c_str(), sha.size()) == 0 &&
                          git_commit_lookup_prefix(&found, repository.get(), &id, sha.size()) == 0;
        if (!read) return Error{errc::not_found, "the mirror " + name + " has no commit " + short_sha(sha) + ": was it fetched since?"};
        return Commit(found);
    }

    /// Null for the first commit.
    result<Commit> parent(const git_commit* commit, unsigned index) const {
        git_commit* found = nullptr;
        if (index >= git_commit_parentcount(commit)) return Commit();
        if (git_commit_parent(&found, commit, index) != 0) return unreadable();
        return Commit(found);
    }

    /// As git log has it: a merge touches a path only where it differs from every side.
    result<bool> touches(const git_commit* commit, const std::string& path) const {
        if (path.empty()) return true;
        const auto here = entry_at(commit, path);
        const auto parents = std::max(git_commit_parentcount(commit), 1U);
        for (unsigned i = 0; i < parents; ++i) {
            const auto before = parent(commit, i);
            if (!before) return before.error();
            if (same_entry(here, entry_at(before->get(), path))) return false;
        }
        return true;
    }

    /// Null when time was up.
    result<Diff> diff(const git_commit* from, const git_commit* to) const {
        const auto old_tree = tree_of(from);
        const auto new_tree = tree_of(to);
        if (!new_tree) return unreadable();
        git_diff_options options = GIT_DIFF_OPTIONS_INIT;
        options.max_size = largest_blob;
        options.notify_cb = stop_when_late;
        auto end = until;
        options.payload = &end;
        git_diff* made = nullptr;
        const int outcome = git_diff_tree_to_tree(&made, repository.get(), old_tree.get(), new_tree.get(), &options);
        if (outcome == GIT_EUSER) return Diff();
        if (outcome != 0) return unreadable();
        return Diff(made);
    }

    static Change as_change(const git_commit* commit) {
        Change change;
        change.kind = "commit";
        change.id = text_of(*git_commit_id(commit));
        change.sha = change.id;
        change.time = from_seconds(git_commit_time(commit));
        const auto* summary = git_commit_summary(const_cast<git_commit*>(commit));
        change.subject = first_line(summary == nullptr ? "" : summary);
        const auto* author = git_commit_author(commit);
        change.author = first_line(author == nullptr || author->name == nullptr ? "" : author->name);
        return change;
    }

    /// Adds one commit that is to be kept; its files while there is time and room.
    result<void> keep(Commits& kept, const git_commit* commit, const std::string& path) const {
        auto change = as_change(commit);
        if (kept.changes.size() < commits_opened && !late()) {
            const auto before = parent(commit, 0);
            if (!before) return before.error();
            const auto changed = diff(before->get(), commit);
            if (!changed) return changed.error();
            if (*changed) add_files_of(changed->get(), path, change);
        }
        kept.more = kept.more || late();
        kept.changes.push_back(std::move(change));
        return {};
    }

    result<Walk> walk() const {
        git_revwalk* made = nullptr;
        if (git_revwalk_new(&made, repository.get()) != 0) return unreadable();
        git_revwalk_sorting(made, GIT_SORT_TIME);
        return Walk(made);
    }

    /// The next commit; null at the end of the history.
    result<Commit> next(git_revwalk* walk) const {
        git_oid id;
        const int outcome = git_revwalk_next(&id, walk);
        if (outcome == GIT_ITEROVER) return Commit();
        if (outcome != 0) return unreadable();
        return commit(id);
    }
};

Repository::Repository(std::unique_ptr<Open> open) : open_(std::move(open)) {}
Repository::Repository(Repository&&) noexcept = default;
Repository::~Repository() = default;

result<Repository> Repository::open(const std::filesystem::path& root, const std::string& name, Until until) {
    const auto folder = mirror_folder(root, name);
    if (!folder) return folder.error();
    auto open = std::make_unique<Open>();
    open->name = name;
    open->until = until;
    git_repository* made = nullptr;
    const int outcome = git_repository_open_ext(&made, folder->c_str(), GIT_REPOSITORY_OPEN_NO_SEARCH, nullptr);
    open->repository.reset(made);
    // Where the user has no such setting at all, libgit2 1.5 complains of its absence in place of the owner.
    if (outcome == GIT_EOWNER || (outcome == GIT_ENOTFOUND && last_words().find("safe.directory") != std::string::npos)) {
        return Error{errc::forbidden, "the mirror " + name +
                                          " belongs to another user: give it to the user that Gumshoe runs as, or name its folder in that "
                                          "user's git configuration (safe.directory)"};
    }
    if (outcome != 0) return open->unreadable();
    // A .git that is a file, or a worktree, may lead anywhere.
    if (!lies_in(git_repository_path(made), root) || !lies_in(git_repository_commondir(made), root)) {
        return Error{errc::forbidden, "the mirror " + name + " leads out of the folder of mirrors"};
    }
    // Without its first commits libgit2 walks none of them, and an empty history would look like a quiet week.
    if (git_repository_is_shallow(made) == 1) {
        return Error{errc::unsupported, "the mirror " + name + " is a shallow clone, which cannot be read: git fetch --unshallow mends it"};
    }
    return Repository(std::move(open));
}

result<Commits> Repository::history(Window window, const std::string& path) const {
    Commits kept;
    if (git_repository_head_unborn(open_->repository.get()) == 1) return kept;
    auto walk = open_->walk();
    if (!walk) return walk.error();
    if (git_revwalk_push_head(walk->get()) != 0) return open_->unreadable();
    int older = 0;
    for (std::size_t walked = 0; older < older_in_a_row; ++walked) {
        if (kept.changes.size() == commits_kept || walked == commits_walked || open_->late()) {
            kept.more = true;
            break;
        }
        const auto commit = open_->next(walk->get());
        if (!commit) return commit.error();
        if (!*commit) break;
        const auto time = from_seconds(git_commit_time(commit->get()));
        older = time < window.from ? older + 1 : 0;
        if (!window.contains(time)) continue;
        const auto touches = open_->touches(commit->get(), path);
        if (!touches) return touches.error();
        if (!*touches) continue;
        if (const auto done = open_->keep(kept, commit->get(), path); !done) return done.error();
    }
    if (kept.changes.empty() && open_->late()) return open_->too_late();
    return kept;
}

result<Range> Repository::range(const std::string& base, const std::string& head, const std::string& path) const {
    const auto last = open_->named_commit(head);
    if (!last) return last.error();
    auto first = base.empty() ? open_->parent(last->get(), 0) : open_->named_commit(base);
    if (!first) return first.error();
    auto walk = open_->walk();
    if (!walk) return walk.error();
    if (git_revwalk_push(walk->get(), git_commit_id(last->get())) != 0) return open_->unreadable();
    if (!base.empty() && git_revwalk_hide(walk->get(), git_commit_id(first->get())) != 0) return open_->unreadable();

    Range range;
    const std::size_t most = base.empty() ? 1 : commits_walked;
    for (std::size_t walked = 0; walked < most && !open_->late(); ++walked) {
        const auto commit = open_->next(walk->get());
        if (!commit) return commit.error();
        if (!*commit) break;
        ++range.whole.total_commits;
        const auto touches = open_->touches(commit->get(), path);
        if (!touches) return touches.error();
        if (!*touches) continue;
        range.commits.more = range.commits.more || range.commits.changes.size() == range_kept;
        if (range.commits.changes.size() == range_kept) continue;
        if (const auto done = open_->keep(range.commits, commit->get(), path); !done) return done.error();
    }
    const auto changed = open_->diff(first->get(), last->get());
    if (!changed) return changed.error();
    if (!*changed || open_->late()) return open_->too_late();
    const auto count = git_diff_num_deltas(changed->get());
    for (std::size_t i = 0; i < std::min(count, files_counted); ++i) {
        range.whole.files.push_back(name_of(git_diff_get_delta(changed->get(), i)));
    }
    range.whole.files_capped = count > files_counted;
    return range;
}

result<std::string> Repository::commit_of(const std::string& version, const std::string& service) const {
    for (const auto& name : tag_names(service, version)) {
        const auto full = "refs/tags/" + name;
        int valid = 0;
        if (git_reference_name_is_valid(&valid, full.c_str()) != 0 || valid == 0) continue;
        git_reference* found = nullptr;
        const int outcome = git_reference_lookup(&found, open_->repository.get(), full.c_str());
        if (outcome == GIT_ENOTFOUND) continue;
        if (outcome != 0) return open_->unreadable();
        const Reference reference(found);
        git_object* peeled = nullptr;
        if (git_reference_peel(&peeled, reference.get(), GIT_OBJECT_COMMIT) != 0) continue;  // a tag of something else
        return text_of(*git_object_id(Object(peeled).get()));
    }
    return std::string();
}

std::string Repository::origin() const {
    git_config* made = nullptr;
    if (git_repository_config_snapshot(&made, open_->repository.get()) != 0) return {};
    const Config config(made);
    const char* url = nullptr;
    if (git_config_get_string(&url, config.get(), "remote.origin.url") != 0 || url == nullptr) return {};
    return url;
}

}  // namespace gumshoe::git
