// A document out of environment variables, so that both ways of configuring are checked by the same code.
#include <algorithm>
#include <array>

#include "app/config_read.hpp"
#include "base/text.hpp"
#include "integrations/registry.hpp"

namespace gumshoe {

namespace {

struct OwnVariable {
    const char* name;
    const char* key;
    bool list = false;  // separated by commas
};

constexpr const char* admin_token = "GUMSHOE_ADMIN_TOKEN";
constexpr const char* admin_token_key = "admin.tokens[0].token";

constexpr std::array own_variables{
    OwnVariable{"GUMSHOE_LISTEN", "server.listen"},
    OwnVariable{"GUMSHOE_PUBLIC_URL", "server.public_url"},
    OwnVariable{"GUMSHOE_TRUSTED_PROXIES", "server.trusted_proxies", true},
    OwnVariable{"GUMSHOE_ADMIN_LISTEN", "admin.listen"},
    OwnVariable{"GUMSHOE_DB", "store.sqlite"},
    OwnVariable{"DATABASE_URL", "store.postgres"},
    OwnVariable{"GUMSHOE_RUNBOOKS", "runbooks"},
    OwnVariable{"GUMSHOE_LLM_CHAIN", "llm.chains.default", true},
};

ConfigNode scalar(std::string text) {
    ConfigNode node;
    node.kind = ConfigNode::Kind::scalar;
    node.text = std::move(text);
    return node;
}

ConfigNode list_of(const std::vector<std::string>& words) {
    ConfigNode node;
    node.kind = ConfigNode::Kind::list;
    for (const std::string& word : words) node.items.push_back(scalar(std::string(trim(word))));
    return node;
}

void put(ConfigNode& root, std::string_view path, ConfigNode value) {
    std::size_t dot = path.rfind('.');
    ConfigNode& parent = dot == path.npos ? map_at(root, "") : map_at(root, path.substr(0, dot));
    parent.members.push_back({std::string(dot == path.npos ? path : path.substr(dot + 1)), {}, std::move(value)});
}

class Builder {
public:
    explicit Builder(const Environment& environment) : environment_(environment) { root_.kind = ConfigNode::Kind::map; }

    ConfigDocument build() {
        for (const OwnVariable& own : own_variables) {
            variables_[own.key] = own.name;
            auto value = value_of(own.name);
            if (value) put(root_, own.key, own.list ? list_of(split(*value, ',')) : scalar(*value));
        }
        add_admin_token();
        for (const Vendor& vendor : vendors()) {
            if (vendor.dialect) {
                add_target(vendor);
            } else {
                add_section(vendor);
            }
        }
        if (!targets_.items.empty()) put(root_, "llm.targets", std::move(targets_));
        return ConfigDocument::from_variables(std::move(root_), std::move(variables_));
    }

private:
    // An empty variable counts as absent: compose files set them so.
    std::optional<std::string> value_of(std::string_view name) {
        auto value = environment_(std::string(name));
        while (value && (value->ends_with('\n') || value->ends_with('\r'))) value->pop_back();
        return value && !value->empty() ? value : std::nullopt;
    }

    void add_admin_token() {
        auto value = value_of(admin_token);
        if (!value) return;
        variables_[admin_token_key] = admin_token;
        ConfigNode token;
        put(token, "name", scalar("environment"));
        put(token, "token", scalar(*value));
        put(token, "scopes", list_of({"read", "replay", "admin"}));
        ConfigNode tokens;
        tokens.kind = ConfigNode::Kind::list;
        tokens.items.push_back(std::move(token));
        put(root_, "admin.tokens", std::move(tokens));
    }

    void add_section(const Vendor& vendor) {
        for (const EnvironmentKey& key : vendor.environment) {
            std::string path = std::string(vendor.name) + "." + std::string(key.key);
            variables_[path] = key.variable;
            if (auto value = value_of(key.variable)) put(root_, path, scalar(*value));
        }
    }

    void add_target(const Vendor& vendor) {
        ConfigNode target;
        bool has_key = false;
        std::string path = "llm.targets[" + std::to_string(targets_.items.size()) + "].";
        for (const EnvironmentKey& key : vendor.environment) {
            auto value = value_of(key.variable);
            if (!value) continue;
            has_key |= key.secret;
            put(target, key.key, scalar(*value));
        }
        if (!has_key) return;  // a model alone asks for nothing
        for (const EnvironmentKey& key : vendor.environment) variables_[path + std::string(key.key)] = key.variable;
        put(target, "name", scalar(std::string(vendor.name)));
        put(target, "provider", scalar(std::string(vendor.name)));
        if (!target.member("model")) put(target, "model", scalar(std::string(vendor.default_model)));
        targets_.kind = ConfigNode::Kind::list;
        targets_.items.push_back(std::move(target));
    }

    const Environment& environment_;
    ConfigNode root_;
    ConfigNode targets_;
    std::map<std::string, std::string> variables_;
};

std::string help_line(std::string_view variable, const std::string& key) {
    std::string line = "  " + std::string(variable);
    line.resize(std::max<std::size_t>(line.size() + 1, 28), ' ');
    return line + key + "\n";
}

}  // namespace

ConfigDocument environment_document(const Environment& environment) {
    return Builder(environment).build();
}

std::string environment_help() {
    std::string text;
    for (const OwnVariable& own : own_variables)
        text += help_line(own.name, own.key + std::string(own.list ? " (separated by commas)" : ""));
    text += help_line(admin_token, "admin.tokens: one token with every scope");
    for (const Vendor& vendor : vendors()) {
        std::string place = vendor.dialect ? "llm.targets: " + std::string(vendor.name) + ", " : std::string(vendor.name) + ".";
        for (const EnvironmentKey& key : vendor.environment) text += help_line(key.variable, place + std::string(key.key));
    }
    return text;
}

}  // namespace gumshoe
