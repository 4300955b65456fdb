// From the document to the Config: every section read, every problem collected.
#include "app/config.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <system_error>

#include "app/config_read.hpp"
#include "app/config_values.hpp"
#include "base/text.hpp"
#include "integrations/registry.hpp"

namespace gumshoe {

namespace {

using std::chrono::hours;

constexpr std::size_t admin_token_bytes = 16;

void read_listen(Section& section, std::string& listen) {
    listen = section.text("listen", listen);
    if (!is_listen_address(listen)) section.error("listen", "expected " + std::string(listen_form));
}

ServerConfig read_server(Section* section) {
    ServerConfig server;
    if (!section) return server;
    read_listen(*section, server.listen);
    server.public_url = section->url("public_url");
    server.trusted_proxies = section->texts("trusted_proxies");
    for (std::size_t i = 0; i < server.trusted_proxies.size(); ++i) {
        if (is_network(server.trusted_proxies[i])) continue;
        section->error(item_key("trusted_proxies", i, server.trusted_proxies.size()), "expected " + std::string(network_form));
    }
    return server;
}

AdminToken read_token(Section& section, std::set<std::string>& names) {
    std::string name = section.required_text("name");
    if (!name.empty() && !names.insert(name).second) section.error("name", "another token has this name");
    if (!section.has("token")) section.error("token", "is missing");
    Secret token = section.secret("token");
    if (!token.empty() && token.reveal().size() < admin_token_bytes) {
        section.error("token", "an admin token must have at least " + std::to_string(admin_token_bytes) + " bytes");
    }
    const std::vector<std::string> known{"read", "replay", "admin"};
    std::vector<std::string> scopes = section.texts("scopes");
    for (std::size_t i = 0; i < scopes.size(); ++i) {
        refuse_unknown_word(section, item_key("scopes", i, scopes.size()), "a scope", scopes[i], known);
    }
    if (!section.has("scopes")) section.error("scopes", "is missing: a list of read, replay, admin");
    return make_admin_token(std::move(name), token, {scopes.begin(), scopes.end()});
}

AdminConfig read_admin(Section* section) {
    AdminConfig admin;
    if (!section) return admin;
    read_listen(*section, admin.listen);
    std::set<std::string> names;
    for (const auto& token : section->children("tokens")) admin.tokens.push_back(read_token(*token, names));
    return admin;
}

void read_retention(Section& section, std::string_view key, milliseconds& span) {
    span = section.duration(key, span);
    if (span < hours(1)) section.error(key, "must be at least 1h");
}

StoreConfig read_store(Section* section) {
    StoreConfig store;
    if (!section) return store;
    if (section->has("sqlite")) store.sqlite = section->required_text("sqlite");
    if (section->has("postgres")) {
        section->secret("postgres");
        section->error("postgres", "this build does not support PostgreSQL yet; use sqlite: PATH");
    }
    if (auto retention = section->child("retention")) {
        read_retention(*retention, "deliveries", store.keep_deliveries);
        read_retention(*retention, "evidence", store.keep_evidence);
    }
    return store;
}

std::vector<ConnectedVendor> connect_vendors(Section& root, VendorServices services) {
    std::vector<ConnectedVendor> connected;
    for (const Vendor& vendor : vendors()) {
        if (!vendor.connect) continue;
        auto section = root.child(vendor.name);
        if (section) connected.push_back({std::string(vendor.name), vendor.connect(*section, services)});
    }
    return connected;
}

void check_repository(Section& section, const ServiceInfo& service) {
    std::size_t colon = service.repository.find(':');
    std::string host = service.repository.substr(0, colon);
    if (colon == std::string::npos || !find_vendor(host) || colon + 1 == service.repository.size()) {
        section.error("repository", "expected a code host's section, a colon and a repository, such as github:acme/shop");
    }
}

std::vector<ServiceInfo> read_services(Section& root) {
    std::vector<ServiceInfo> services;
    std::set<std::string> names;
    for (const auto& section : root.children("services")) {
        ServiceInfo service;
        service.name = section->required_text("name");
        if (!service.name.empty() && !names.insert(service.name).second) section->error("name", "another service has this name");
        service.repository = section->text("repository");
        if (section->has("repository")) check_repository(*section, service);
        service.path = section->text("path");
        auto steps = split(service.path, '/');
        if (service.path.starts_with('/') || std::find(steps.begin(), steps.end(), "..") != steps.end()) {
            section->error("path", "expected a path inside the repository, such as services/checkout");
        }
        service.depends_on = section->texts("depends_on");
        service.aliases = section->texts("aliases");
        for (std::size_t i = 0; i < service.aliases.size(); ++i) {
            if (names.insert(service.aliases[i]).second) continue;
            section->error(item_key("aliases", i, service.aliases.size()), "another service, or this one, has this name");
        }
        services.push_back(std::move(service));
    }
    return services;
}

std::string read_runbooks(Section& root, const std::string& folder) {
    if (!root.has("runbooks")) return {};
    std::string name = root.required_text("runbooks");
    std::filesystem::path path = std::filesystem::path(folder) / name;
    std::error_code ignored;
    if (!name.empty() && !std::filesystem::is_directory(path, ignored)) root.error("runbooks", "is not a directory");
    return path.string();
}

LimitsConfig read_limits(Section* section) {
    LimitsConfig limits;
    if (!section) return limits;
    limits.concurrent_investigations = static_cast<int>(section->integer("concurrent_investigations", 8, 1, 256));
    limits.group_window = section->duration("group_window", limits.group_window);
    if (limits.group_window > hours(1)) section->error("group_window", "must be at most 1h");
    limits.storm_investigations = static_cast<int>(section->integer("storm_investigations", limits.storm_investigations, 1, 1000));
    limits.cooldown = section->duration("cooldown", limits.cooldown);
    if (limits.cooldown > hours(24 * 7)) section->error("cooldown", "must be at most 7d");
    return limits;
}

Config read_config(ConfigDocument& document, const std::string& folder, VendorServices services) {
    auto root = document.root();
    Config config;
    config.server = read_server(root->child("server").get());
    config.admin = read_admin(root->child("admin").get());
    config.store = read_store(root->child("store").get());
    config.vendors = connect_vendors(*root, services);
    for (const ConnectedVendor& vendor : config.vendors) {
        if (config.default_channel.empty()) config.default_channel = vendor.roles.default_channel;
        if (config.ops_channel.empty()) config.ops_channel = vendor.roles.ops_channel;
    }
    if (config.ops_channel.empty()) config.ops_channel = config.default_channel;
    config.services = read_services(*root);
    config.runbooks = read_runbooks(*root, folder);
    config.llm = read_llm(root->child("llm").get(), folder);
    config.gateway = read_gateway(root->child("gateway").get(), config.llm);
    config.routes = read_routes(*root, config.llm);
    config.limits = read_limits(root->child("limits").get());
    if (config.admin.tokens.empty()) root->warning("admin", "has no tokens: the admin API refuses every call");
    if (config.vendors.empty()) root->warning("", "has no vendor's section: no webhook is taken");
    if (config.llm.targets.empty()) root->warning("llm", "has no targets: the built-in analyst answers alone");
    return config;
}

}  // namespace

void refuse_unknown_word(Section& section, const std::string& key, const std::string& what, const std::string& word,
                         const std::vector<std::string>& known) {
    if (std::find(known.begin(), known.end(), word) != known.end()) return;
    std::string near = nearest_word(word, known);
    std::string message = "is not " + what;
    message += known.empty() ? "; there is none" : "; expected one of " + join(known, ", ");
    if (!near.empty()) message += "; did you mean " + near + "?";
    section.error(key, std::move(message));
}

std::string item_key(const std::string& key, std::size_t index, std::size_t count) {
    return count > 1 ? key + "[" + std::to_string(index) + "]" : key;
}

result<std::string> read_text_file(const std::string& path) {
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored)) return Error{errc::not_found, path + ": is a directory"};
    errno = 0;
    std::ifstream file(path, std::ios::binary);
    std::string text(2 * 1024 * 1024, '\0');  // over the document's cap, which reports it
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (!file.is_open() || file.bad())
        return Error{errc::not_found, path + ": cannot read the file: " + std::generic_category().message(errno)};
    text.resize(static_cast<std::size_t>(file.gcount()));
    return text;
}

result<Loaded> load_config(const std::string& file, Environment environment, VendorServices services) {
    std::string folder = std::filesystem::path(file).parent_path().string();
    ConfigDocument document;
    if (file.empty()) {
        document = environment_document(environment);
    } else {
        auto text = read_text_file(file);
        if (!text) return text.error();
        document = ConfigDocument::from_text(file, folder, *text, std::move(environment));
    }
    Loaded loaded;
    if (document.readable()) {
        loaded.config = read_config(document, folder, services);
        document.refuse_unknown_keys();
    }
    auto errors = document.errors();
    if (!errors.empty()) return Error{errc::invalid_argument, join(errors, "\n")};
    loaded.config.secrets = document.secrets();
    loaded.config.version = document.version();
    loaded.warnings = document.warnings();
    return loaded;
}

Environment process_environment() {
    return [](const std::string& name) -> std::optional<std::string> {
        const char* value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): nobody sets variables
        return value ? std::optional<std::string>(value) : std::nullopt;
    };
}

}  // namespace gumshoe
