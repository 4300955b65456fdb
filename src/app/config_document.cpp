// The document's bookkeeping: problems, unknown keys, version.
#include <algorithm>
#include <tuple>

#include "app/section.hpp"
#include "base/digest.hpp"
#include "base/text.hpp"

namespace gumshoe {

namespace {

constexpr std::size_t max_config_bytes = 1024 * 1024;

// A key may be shown when it looks like one of ours: {sk-123} is a map with a secret for a key.
bool presentable(std::string_view key) {
    return key.size() <= 32 && std::all_of(key.begin(), key.end(),
                                           [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-'; });
}

std::string unknown_key(std::string_view key, const std::set<std::string>& known) {
    std::string message = presentable(key) ? "unknown key " + std::string(key) : "unknown key";
    std::vector<std::string> names(known.begin(), known.end());
    std::string near = nearest_word(key, names);
    if (!near.empty()) return message + "; did you mean " + near + "?";
    return message + "; known here: " + join(names, ", ");
}

}  // namespace

ConfigDocument ConfigDocument::from_text(std::string name, std::string folder, const std::string& text, Environment environment) {
    ConfigDocument document;
    document.name_ = std::move(name);
    document.folder_ = std::move(folder);
    document.environment_ = std::move(environment);
    document.root_->kind = ConfigNode::Kind::map;
    if (text.size() > max_config_bytes) {
        document.fail({1, 1}, "", "the file is larger than 1 MiB");
        document.readable_ = false;
        return document;
    }
    auto root = parse_yaml(text, document.errors_);
    document.readable_ = root.has_value();
    if (root) *document.root_ = std::move(*root);
    return document;
}

ConfigDocument ConfigDocument::from_variables(ConfigNode root, std::map<std::string, std::string> variables) {
    ConfigDocument document;
    document.name_ = "environment";
    document.variables_ = std::move(variables);
    *document.root_ = std::move(root);
    return document;
}

void ConfigDocument::refuse_unknown_keys() {
    for (const auto& [node, visited] : visited_) {
        for (const ConfigMember& member : node->members) {
            if (!visited.known.contains(member.key)) fail(member.place, visited.path, unknown_key(member.key, visited.known));
        }
    }
}

void ConfigDocument::fail(Place place, std::string path, std::string message) {
    errors_.push_back({place, std::move(path), std::move(message)});
}

std::vector<std::string> ConfigDocument::errors() const {
    return written(errors_);
}

std::vector<std::string> ConfigDocument::warnings() const {
    return written(warnings_);
}

std::vector<std::string> ConfigDocument::written(std::vector<Problem> problems) const {
    std::sort(problems.begin(), problems.end(), [](const Problem& a, const Problem& b) {
        return std::tie(a.place.line, a.place.column, a.path, a.message) < std::tie(b.place.line, b.place.column, b.path, b.message);
    });
    std::vector<std::string> all;
    for (const Problem& problem : problems) {
        std::string line = name_;
        if (problem.place.line > 0) line += ":" + std::to_string(problem.place.line) + ":" + std::to_string(problem.place.column);
        auto variable = variables_.find(problem.path);
        if (variable != variables_.end()) line = variable->second;
        if (!problem.path.empty()) line += variable != variables_.end() ? " (" + problem.path + ")" : ": " + problem.path;
        line += ": " + problem.message;
        if (all.empty() || all.back() != line) all.push_back(std::move(line));
    }
    return all;
}

std::string ConfigDocument::version() const {
    std::string canonical;
    hash_into(*root_, canonical);
    return sha256_hex(canonical).substr(0, 12);
}

// Every text with its length before it, so that no two trees look alike.
void ConfigDocument::hash_into(const ConfigNode& node, std::string& out) const {
    auto put = [&](const std::string& text) { out += std::to_string(text.size()) + ":" + text; };
    if (secret_nodes_.contains(&node)) {
        out += "*";
        return;
    }
    out += "0s[{"[static_cast<int>(node.kind)];
    if (node.kind == ConfigNode::Kind::scalar) put(node.text);
    for (const ConfigNode& item : node.items) hash_into(item, out);
    std::map<std::string, const ConfigNode*> members;
    for (const ConfigMember& member : node.members) members[member.key] = &member.value;
    for (const auto& [key, value] : members) {
        put(key);
        hash_into(*value, out);
    }
    out += ".";
}

}  // namespace gumshoe
