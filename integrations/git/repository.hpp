// One repository read with libgit2: its history, ranges and tags as records. Everything here blocks and belongs on a worker's thread.
// Nothing of it writes, runs hooks or filters, or goes to the network.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "evidence/code_changes.hpp"

namespace gumshoe::git {

/// When reading stops: what was read by then is kept.
using Until = std::chrono::steady_clock::time_point;

struct Commits {
    std::vector<Change> changes;  // newest first, with files and diff, cut to limits
    bool more = false;            // there were more, or time was up before all was read
};

struct Range {
    Commits commits;  // that touch the path
    Comparison whole;
};

class Repository {
public:
    /// The mirror `name` in `root`. Errors: not_found; forbidden for what leads out of it or belongs to another user; bad_reply for what
    /// cannot be read.
    static result<Repository> open(const std::filesystem::path& root, const std::string& name, Until until);
    Repository(Repository&&) noexcept;
    ~Repository();

    /// Commits of HEAD's history, by the time of their committer, that touch `path`. A repository without commits has none.
    /// Errors: bad_reply; timeout when nothing was read by then.
    result<Commits> history(Window window, const std::string& path) const;
    /// What `head` has and `base` does not; of an empty `base` the head alone. Errors as of history, and not_found for unknown commits.
    result<Range> range(const std::string& base, const std::string& head, const std::string& path) const;
    /// The commit of a version: of the first of its usual tags (tag_names) that is there. "" for none.
    result<std::string> commit_of(const std::string& version, const std::string& service) const;
    /// The address of the remote "origin"; "" for none.
    std::string origin() const;

private:
    struct Open;
    explicit Repository(std::unique_ptr<Open> open);
    std::unique_ptr<Open> open_;
};

}  // namespace gumshoe::git
