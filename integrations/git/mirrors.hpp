// The folder of mirrors: which names lead to a repository in it.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace gumshoe::git {

/// "shop", "team/shop". Errors: invalid_argument for anything but up to four segments of [A-Za-z0-9_.-] that begin with none of "._-".
result<std::string> parse_mirror(std::string_view name);

/// ROOT/shop or ROOT/shop.git. Errors: not_found; forbidden for what leads out of `root`.
result<std::filesystem::path> mirror_folder(const std::filesystem::path& root, const std::string& name);

/// Whether `inner`, links followed, lies in `outer`.
bool lies_in(const std::filesystem::path& inner, const std::filesystem::path& outer);

/// The mirrors' names in order: repositories in `root` and in its folders.
std::vector<std::string> list_mirrors(const std::filesystem::path& root);

}  // namespace gumshoe::git
