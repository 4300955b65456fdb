// A folder of mirrors, filled with the git command: commits with dates of our choosing.
#pragma once

#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "integrations/git/repository.hpp"
#include "tests/support/process.hpp"
#include "tests/support/result_printing.hpp"

namespace gumshoe::test {

inline git::Until in_time() {
    return std::chrono::steady_clock::now() + std::chrono::seconds(60);
}

struct Mirrors {
    Scratch scratch;
    std::filesystem::path root = scratch / "mirrors";
    Timestamp now = parse_rfc3339("2026-08-01T10:00:00Z").value();

    Mirrors() { std::filesystem::create_directories(root); }

    std::filesystem::path folder(const std::string& name = "shop") const { return root / name; }

    /// What the command prints, without the last line break.
    std::string git(const std::vector<std::string>& arguments, const std::string& name = "shop", Timestamp at = {}) const {
        const auto output = scratch / "output";
        std::filesystem::remove(output);
        std::vector<std::string> command{"/usr/bin/env", "git", "-C", folder(name).string()};
        command.insert(command.end(), arguments.begin(), arguments.end());
        const auto date = "@" + std::to_string(to_seconds(at)) + " +0000";
        Process process(command, output,
                        {{"HOME", scratch.path().string()},
                         {"GIT_CONFIG_NOSYSTEM", "1"},
                         {"GIT_AUTHOR_NAME", "Ana"},
                         {"GIT_AUTHOR_EMAIL", "ana@acme.example"},
                         {"GIT_COMMITTER_NAME", "Forge"},
                         {"GIT_COMMITTER_EMAIL", "forge@acme.example"},
                         {"GIT_AUTHOR_DATE", "@1 +0000"},
                         {"GIT_COMMITTER_DATE", date}});
        const auto code = process.wait();
        const auto text = read_file(output);
        INFO(join(arguments, " ") << ": " << text);
        REQUIRE(code == 0);
        return std::string(trim(text));
    }

    void create(const std::string& name = "shop") const {
        std::filesystem::create_directories(folder(name));
        git({"init", "-q", "-b", "main"}, name);
    }

    void write(const std::string& file, const std::string& text, const std::string& name = "shop") const {
        const auto path = folder(name) / file;
        std::filesystem::create_directories(path.parent_path());
        write_file(path, text);
    }

    /// Commits all that was written; its sha.
    std::string commit(const std::string& message, milliseconds before, const std::string& name = "shop") const {
        git({"add", "-A"}, name);
        git({"commit", "-q", "--allow-empty", "-m", message}, name, now - before);
        return git({"rev-parse", "HEAD"}, name);
    }

    result<git::Repository> open(const std::string& name = "shop", git::Until until = in_time()) const {
        return git::Repository::open(root, name, until);
    }

    Window last(milliseconds span) const { return {now - span, now}; }
};

inline std::vector<std::string> subjects(const std::vector<Change>& changes) {
    std::vector<std::string> out;
    for (const auto& change : changes) out.push_back(change.subject);
    return out;
}

}  // namespace gumshoe::test
