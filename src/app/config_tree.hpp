// The tree of a configuration document with the place of every value. YAML in its plain form: no anchors, aliases, tags or second document.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gumshoe {

/// Counted from 1; line 0 is a value that no file holds.
struct Place {
    int line = 0;
    int column = 0;
};

struct ConfigMember;

struct ConfigNode {
    enum class Kind { null, scalar, list, map };
    Kind kind = Kind::null;
    Place place;
    std::string text;     // of a scalar
    bool quoted = false;  // "8" is text, 8 is a number
    std::vector<ConfigNode> items;
    std::vector<ConfigMember> members;

    const ConfigMember* member(std::string_view key) const;
};

struct ConfigMember {
    std::string key;
    Place place;
    ConfigNode value;
};

struct Problem {
    Place place;
    std::string path;  // "llm.targets[0].model"
    std::string message;
};

/// Nothing when the text cannot be read on (the last problem says where). Duplicate keys are problems, and the first one counts.
/// No message holds any of the text.
std::optional<ConfigNode> parse_yaml(const std::string& text, std::vector<Problem>& problems);

/// The map at "a.b", made where it is missing.
ConfigNode& map_at(ConfigNode& root, std::string_view path);

}  // namespace gumshoe
