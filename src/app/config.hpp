// The configuration as the rest of the process sees it: plain values, checked once at start-up. config.example.yaml describes every key.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "admin/tokens.hpp"
#include "alert/alert.hpp"
#include "app/section.hpp"
#include "gateway/gateway.hpp"
#include "integrations/vendor.hpp"
#include "investigation/subject.hpp"
#include "llm/classify.hpp"
#include "llm/target.hpp"

namespace gumshoe {

struct ServerConfig {
    std::string listen = "0.0.0.0:8080";
    std::string public_url;                    // "" when not said; no trailing slash
    std::vector<std::string> trusted_proxies;  // CIDR
};

struct AdminConfig {
    std::string listen = "127.0.0.1:8081";
    std::vector<AdminToken> tokens;
};

struct StoreConfig {
    std::string sqlite = "gumshoe.db";  // relative to the working directory
    milliseconds keep_deliveries = std::chrono::hours(24 * 30);
    milliseconds keep_evidence = std::chrono::hours(24 * 90);
};

/// A vendor whose section the configuration has.
struct ConnectedVendor {
    std::string name;
    VendorRoles roles;
};

struct LlmConfig {
    milliseconds deadline = limits::llm_deadline;
    double per_investigation_usd = 0.50;                            // 0: no limit
    double per_day_usd = 50;                                        // 0: no limit
    std::map<std::string, std::unique_ptr<llm::Dialect>> dialects;  // by provider; the targets point to them
    llm::Targets targets;                                           // in the order of the file; one with several keys once for each
    std::map<std::string, llm::Chain> chains;                       // "default" is always there; empty without targets
    std::map<std::string, std::string> tasks;                       // the chain of a task (model_tasks) that has one of its own
    std::map<std::string, double> teams;                            // what each may spend a day, US dollars; 0: no limit
    std::vector<llm::ConfiguredClass> classes;                      // asked before the built-in ones
    bool hedge = false;
};

struct GatewayConfig {
    std::string listen = "127.0.0.1:8090";
    std::vector<gateway::Token> tokens;
    milliseconds deadline = limits::llm_deadline;  // of one answer
};

/// What an alert must be like. Within a list one suffices; an empty list asks nothing.
struct RouteMatch {
    std::vector<std::string> services;
    std::vector<std::string> environments;
    std::vector<std::string> sources;
    std::vector<Severity> severities;
    std::vector<std::string> tags;  // "team:payments", or a bare key
};

struct RouteRule {
    std::string name;  // its number, counted from 1
    RouteMatch match;
    std::string channel;                       // "": the default channel
    std::string chain;                         // "": the task's
    std::string team;                          // "": nobody's
    std::shared_ptr<const llm::Target> keyed;  // a target of the chain with the route's own key, or null
    bool investigate = true;
};

struct LimitsConfig {
    int concurrent_investigations = 8;
    milliseconds group_window = std::chrono::seconds(300);
    milliseconds cooldown = std::chrono::minutes(30);
    int storm_investigations = gumshoe::limits::storm_investigations;
};

struct Config {
    ServerConfig server;
    AdminConfig admin;
    StoreConfig store;
    std::vector<ConnectedVendor> vendors;
    std::string default_channel;  // of the vendor with a channel; "" without one
    std::string ops_channel;      // the default channel when not said
    std::vector<ServiceInfo> services;
    std::string runbooks;  // directory; "" without
    LlmConfig llm;
    std::optional<GatewayConfig> gateway;  // absent: no endpoint
    std::vector<RouteRule> routes;
    LimitsConfig limits;
    std::vector<Secret> secrets;  // every one of the document, for redaction
    std::string version;          // 12 hex digits; the same for the same settings, whatever the secrets
};

struct Loaded {
    Config config;
    std::vector<std::string> warnings;
};

/// Reads a file, or with file "" the environment alone. The error's message has one line for each problem found.
result<Loaded> load_config(const std::string& file, Environment environment, VendorServices services);

Environment process_environment();

/// For --help: the variables that stand in for a file, and the keys they set.
std::string environment_help();

/// The first route that matches, null when none does (then the defaults of RouteRule hold).
const RouteRule* find_route(const std::vector<RouteRule>& routes, const Alert& alert);

/// Whom a task asks, with the route's key in it: the chain of that name, else the route's own, else the task's, else `default`.
/// `route` may be null. An unknown name is the empty chain.
llm::Chain chain_of(const LlmConfig& llm, const RouteRule* route, const std::string& name, const std::string& task);

}  // namespace gumshoe
