// A configuration file in a folder of its own, and what is said about it.
#pragma once

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "app/config.hpp"
#include "base/text.hpp"

namespace gumshoe::test {

inline const std::map<std::string, std::string> config_variables{
    {"TOKEN", "canary-admin-token-0123"}, {"SHORT", "canary-short"},         {"EMPTY", ""},
    {"KEY_A", "canary-key-a-0123456"},    {"KEY_B", "canary-key-b-0123456"},
};

inline Environment config_environment() {
    return [](const std::string& name) -> std::optional<std::string> {
        auto found = config_variables.find(name);
        return found == config_variables.end() ? std::nullopt : std::optional<std::string>(found->second);
    };
}

/// A configuration file in a folder of its own.
class ConfigFile {
public:
    explicit ConfigFile(const std::string& text) {
        std::string pattern = (std::filesystem::temp_directory_path() / "gumshoe-config-XXXXXX").string();
        folder_ = mkdtemp(pattern.data());
        write("c.yaml", text);
    }
    ~ConfigFile() { std::filesystem::remove_all(folder_); }
    ConfigFile(const ConfigFile&) = delete;
    ConfigFile& operator=(const ConfigFile&) = delete;

    void write(const std::string& name, const std::string& text) { std::ofstream(folder_ / name, std::ios::binary) << text; }
    std::filesystem::path operator/(const std::string& name) const { return folder_ / name; }
    result<Loaded> load() const { return load_config((folder_ / "c.yaml").string(), config_environment(), {}); }
    /// The folder's name is of no interest.
    std::string plain(const std::string& text) const { return replace_all(text, (folder_ / "c.yaml").string(), "c.yaml"); }

private:
    std::filesystem::path folder_;
};

inline std::string errors_of(const std::string& text) {
    ConfigFile file(text);
    auto loaded = file.load();
    return loaded ? "no error" : file.plain(loaded.error().message);
}

inline std::string warnings_of(const std::string& text) {
    ConfigFile file(text);
    auto loaded = file.load();
    return loaded ? file.plain(join(loaded->warnings, "\n")) : "error: " + file.plain(loaded.error().message);
}

struct ConfigCase {
    std::string text;
    std::string errors;
};

inline void check_all(const std::vector<ConfigCase>& cases) {
    for (const ConfigCase& c : cases) {
        CAPTURE(c.text.substr(0, 500));
        std::string errors = errors_of(c.text);
        CHECK(errors == c.errors);
        CHECK(errors.find("canary") == std::string::npos);
    }
}

}  // namespace gumshoe::test
