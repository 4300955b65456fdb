// Commits and deploys of any code host: names compared, texts cut, the sentence on what a deploy brought.
#include "evidence/code_changes.hpp"

#include <algorithm>
#include <array>

#include "base/limits.hpp"
#include "base/text.hpp"

namespace gumshoe {
namespace {

constexpr std::size_t line_bytes = 200;
constexpr std::size_t files_listed = 50;
constexpr std::size_t diff_bytes = 4000;

// The words of an environment's name, each in the one spelling that we compare: "eu-prod" -> eu, production.
std::vector<std::string> environment_words(std::string_view name) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 6> spellings{{
        {"prod", "production"},
        {"prd", "production"},
        {"live", "production"},
        {"stage", "staging"},
        {"stg", "staging"},
        {"dev", "development"},
    }};
    std::vector<std::string> words(1);
    for (const char c : to_lower(name)) {
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
            words.back().push_back(c);
        } else {
            words.emplace_back();
        }
    }
    std::erase(words, "");
    for (auto& word : words) {
        const auto known = std::ranges::find(spellings, std::string_view(word), &std::pair<std::string_view, std::string_view>::first);
        if (known != spellings.end()) word = known->second;
    }
    return words;
}

}  // namespace

bool is_sha(std::string_view text) {
    return text.size() >= 7 && text.size() <= 40 && text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

std::string short_sha(std::string_view sha) {
    return std::string(is_sha(sha) ? sha.substr(0, 7) : sha);
}

bool same_commit(std::string_view a, std::string_view b) {
    const auto shorter = std::min(a.size(), b.size());
    return shorter >= 7 ? iequals(a.substr(0, shorter), b.substr(0, shorter)) : a == b;
}

bool same_environment(std::string_view wanted, std::string_view actual) {
    const auto have = environment_words(actual);
    return std::ranges::all_of(environment_words(wanted), [&](const std::string& word) { return std::ranges::count(have, word) > 0; });
}

bool lies_under(std::string_view file, std::string_view path) {
    while (path.ends_with('/')) path.remove_suffix(1);
    return path.empty() || file == path || (file.starts_with(path) && file[path.size()] == '/');
}

bool touches(const Change& change, std::string_view path) {
    return std::ranges::any_of(change.files, [&](const std::string& file) { return lies_under(file, path); });
}

std::vector<std::string> tag_names(std::string_view service, std::string_view version) {
    const bool has_v = version.size() > 1 && version[0] == 'v' && version[1] >= '0' && version[1] <= '9';
    const std::string bare(has_v ? version.substr(1) : version);
    std::vector<std::string> names{std::string(version), has_v ? bare : "v" + bare};
    for (const char* separator : {"-", "@", "-v"}) names.push_back(std::string(service) + separator + bare);
    return names;
}

std::string first_line(std::string_view text) {
    const auto first = lines(strip_invisible(sanitize_utf8(text)));
    return truncate(first.empty() ? std::string_view() : trim(first.front()), line_bytes);
}

bool files_are_full(const Change& change) {
    return change.files.size() >= files_listed;
}

bool diff_is_full(const Change& change) {
    return change.diff.size() >= diff_bytes;
}

void add_file(Change& change, std::string_view name, std::string_view patch) {
    const auto file = first_line(name);
    if (file.empty()) return;
    if (!files_are_full(change)) change.files.push_back(file);
    if (patch.empty() || diff_is_full(change)) return;
    // One patch alone may be megabytes: what cannot be kept is not cleaned either.
    const auto kept = patch.substr(0, 4 * diff_bytes);
    change.diff = truncate(change.diff + "--- " + file + "\n" + strip_invisible(sanitize_utf8(kept)) + "\n", diff_bytes);
}

std::string CodeFetch::argument(const std::string& name) const {
    const auto found = query.arguments.find(name);
    return found == query.arguments.end() ? std::string() : found->second;
}

void CodeFetch::keep_raw(std::string_view bytes) {
    fetched.raw += bytes.substr(0, limits::raw_bytes_per_query - std::min(fetched.raw.size(), limits::raw_bytes_per_query));
}

void CodeFetch::add(Change change) {
    change.service = query.entity;
    change.repository = reference;
    if (change.link.empty() && !commit_page.empty()) change.link = commit_page + change.sha;
    fetched.records.changes.push_back(std::move(change));
}

void CodeFetch::add_summary(const Comparison& comparison, std::string_view base, std::string_view head) {
    const auto environment = argument("environment");
    std::string text = "deploy " + argument("deploy") + (environment.empty() ? "" : " to " + environment) + " brought ";
    text += std::to_string(comparison.total_commits) + (comparison.total_commits == 1 ? " commit" : " commits");
    if (!base.empty()) text += " (" + short_sha(base) + "..." + short_sha(head) + ")";
    text += ", " + std::string(comparison.files_capped ? "at least " : "") + std::to_string(comparison.files.size()) + " files changed";
    if (!path().empty()) {
        const auto below = std::ranges::count_if(comparison.files, [&](const std::string& file) { return lies_under(file, path()); });
        text += ", " + std::to_string(below) + " of them under " + path();
    }
    fetched.records.facts.push_back({query.entity, text, query.window.from, fetched.link});

    // The deploy itself with what it touched: in a repository of many services that tells whether it is this one's at all.
    Change deploy;
    deploy.id = argument("deploy");
    deploy.kind = "deploy";
    deploy.time = query.window.from;
    deploy.sha = head;
    deploy.environment = environment;
    deploy.deployed = true;
    for (const auto& file : comparison.files) {
        if (lies_under(file, path())) add_file(deploy, file, "");
    }
    if (deploy.files.empty() && !comparison.files_capped && !base.empty()) {  // only a whole range tells that nothing is here
        for (const auto& file : comparison.files) add_file(deploy, file, "");
    }
    add(std::move(deploy));
}

}  // namespace gumshoe
