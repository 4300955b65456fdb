// A configuration document and the problems found while it is read. Its sections implement base/section.hpp.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "app/config_tree.hpp"
#include "base/section.hpp"

namespace gumshoe {

/// The value of an environment variable, if it is set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

class ConfigDocument {
public:
    /// A file's text. `name` stands before every problem; relative paths of {file: ..} start at `folder`.
    static ConfigDocument from_text(std::string name, std::string folder, const std::string& text, Environment environment);
    /// A tree made of environment variables. `variables`: path of a key -> the variable that sets it.
    static ConfigDocument from_variables(ConfigNode root, std::map<std::string, std::string> variables);

    /// False when the text is not YAML or too large: then there is nothing to read, and errors() says why.
    bool readable() const { return readable_; }

    /// The whole document; outlived by this object.
    std::unique_ptr<Section> root();

    /// Call once after everything is read: keys that nobody asked for become errors.
    void refuse_unknown_keys();

    /// One line each, in the order of the file: "gumshoe.yaml:12:7: llm.targets[0].model: is missing".
    std::vector<std::string> errors() const;
    std::vector<std::string> warnings() const;

    const std::vector<Secret>& secrets() const { return secrets_; }
    /// 12 hex digits over all keys and values but the secrets. Comments and layout do not count.
    std::string version() const;

private:
    friend class ConfigSection;

    std::vector<std::string> written(std::vector<Problem> problems) const;
    void fail(Place place, std::string path, std::string message);
    void hash_into(const ConfigNode& node, std::string& out) const;

    std::string name_;
    std::string folder_;
    Environment environment_;
    std::map<std::string, std::string> variables_;
    bool readable_ = true;
    std::unique_ptr<ConfigNode> root_ = std::make_unique<ConfigNode>();  // sections point into it
    struct Visited {
        std::string path;
        std::set<std::string> known;
    };
    std::map<const ConfigNode*, Visited> visited_;
    std::set<const ConfigNode*> secret_nodes_;
    std::vector<Secret> secrets_;
    std::vector<Problem> errors_;
    std::vector<Problem> warnings_;
};

}  // namespace gumshoe
