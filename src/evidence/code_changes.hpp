// What all code hosts have in common: commits and deploys as records, and how their names are compared.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "evidence/source.hpp"

namespace gumshoe {

/// 7 to 40 hex digits.
bool is_sha(std::string_view text);
std::string short_sha(std::string_view sha);
/// A shortened sha is the same commit as a longer one that it begins.
bool same_commit(std::string_view a, std::string_view b);
/// "prod" is "production" is "checkout-production"; everything matches "".
bool same_environment(std::string_view wanted, std::string_view actual);
/// Whether `file` is `path` or lies under it; everything lies under "".
bool lies_under(std::string_view file, std::string_view path);
bool touches(const Change& change, std::string_view path);

/// The names under which a version may be tagged: as it is, with and without a v, after the service's name.
std::vector<std::string> tag_names(std::string_view service, std::string_view version);

/// The first line of a host's text, clean and cut: fit for a line of ours.
std::string first_line(std::string_view text);
/// Adds a changed file, and its patch to the diff, both within limits. Nothing for an empty name.
void add_file(Change& change, std::string_view name, std::string_view patch);
/// Whether add_file has no room for more names, or more of a patch.
bool files_are_full(const Change& change);
bool diff_is_full(const Change& change);

/// What lies between two commits, as a host tells it.
struct Comparison {
    std::vector<Change> commits;  // newest first or last, as the host lists them
    std::vector<std::string> files;
    std::int64_t total_commits = 0;
    bool files_capped = false;  // the host lists no more
};

/// One query under way: its arguments, and what its fetch collects.
struct CodeFetch {
    Query query;
    std::string reference;    // "github:acme/shop"
    std::string web;          // where people look at it: "https://github.com/acme/shop"; "" when nowhere
    std::string commit_page;  // likewise at a commit, up to its sha
    Fetched fetched;

    std::string argument(const std::string& name) const;
    std::string path() const { return argument("path"); }
    void keep_raw(std::string_view bytes);
    /// As a record of this query's service and repository.
    void add(Change change);
    /// The sentence on what a deploy brought: how many commits and files, how many of them in the service's path; and the files themselves,
    /// with the deploy: those in the path, or all when none is.
    void add_summary(const Comparison& comparison, std::string_view base, std::string_view head);
};

}  // namespace gumshoe
