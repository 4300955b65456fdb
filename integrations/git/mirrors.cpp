// Names become paths here and nowhere else: each is checked before, and where it leads is checked after.
#include "integrations/git/mirrors.hpp"

#include <algorithm>
#include <set>
#include <system_error>

#include "base/text.hpp"

namespace gumshoe::git {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t deepest = 4;
constexpr std::size_t most_mirrors = 2000;

bool is_segment(std::string_view text) {
    const auto plain = [](unsigned char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); };
    const auto allowed = [&](unsigned char c) { return plain(c) || c == '_' || c == '.' || c == '-'; };
    return !text.empty() && text.size() <= 100 && plain(static_cast<unsigned char>(text.front())) && std::ranges::all_of(text, allowed);
}

// Bare, or with a working copy. What is in it is checked by whoever opens it.
bool is_repository(const fs::path& folder) {
    std::error_code ignored;
    return (fs::exists(folder / "HEAD", ignored) && fs::is_directory(folder / "objects", ignored)) || fs::exists(folder / ".git", ignored);
}

void list_into(const fs::path& folder, const std::string& prefix, int depth, std::set<std::string>& names) {
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end && names.size() < most_mirrors; entry.increment(error)) {
        auto name = prefix + entry->path().filename().string();
        std::error_code ignored;
        if (!parse_mirror(name) || !entry->is_directory(ignored)) continue;
        if (is_repository(entry->path())) {
            if (name.ends_with(".git")) name.resize(name.size() - 4);
            names.insert(std::move(name));
        } else if (depth > 0) {
            list_into(entry->path(), name + "/", depth - 1, names);
        }
    }
}

}  // namespace

result<std::string> parse_mirror(std::string_view name) {
    const auto segments = split(name, '/');
    if (segments.size() > deepest || !std::ranges::all_of(segments, is_segment)) {
        return Error{errc::invalid_argument, "a mirror is written git:NAME, the name of a repository in the folder of mirrors"};
    }
    return std::string(name);
}

bool lies_in(const fs::path& inner, const fs::path& outer) {
    std::error_code error;
    const auto real_inner = fs::canonical(inner, error);
    if (error) return false;
    const auto real_outer = fs::canonical(outer, error);
    if (error) return false;
    return std::mismatch(real_outer.begin(), real_outer.end(), real_inner.begin(), real_inner.end()).first == real_outer.end();
}

result<fs::path> mirror_folder(const fs::path& root, const std::string& name) {
    const auto parsed = parse_mirror(name);
    if (!parsed) return parsed.error();
    for (const auto* ending : {"", ".git"}) {
        const auto folder = root / (name + ending);
        if (!is_repository(folder)) continue;
        if (!lies_in(folder, root)) return Error{errc::forbidden, "the mirror " + name + " leads out of the folder of mirrors"};
        return folder;
    }
    return Error{errc::not_found, "the folder of mirrors has no repository " + name + " or " + name + ".git"};
}

std::vector<std::string> list_mirrors(const fs::path& root) {
    std::set<std::string> names;
    list_into(root, "", 1, names);
    return {names.begin(), names.end()};
}

}  // namespace gumshoe::git
