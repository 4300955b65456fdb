// Files built into the binary (prompts, migrations, scenarios), by their path in the repository.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gumshoe {

struct EmbeddedFile {
    std::string_view path;  // "migrations/sqlite/0001_init.sql"
    std::string_view bytes;
};

std::vector<EmbeddedFile> embedded_files();  // sorted by path
std::optional<std::string_view> embedded_file(std::string_view path);
std::vector<EmbeddedFile> embedded_below(std::string_view folder);  // "migrations/sqlite/"

}  // namespace gumshoe
