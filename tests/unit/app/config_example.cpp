// Configurations that are right: the example, the environment alone, and what becomes of their values.
#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <map>
#include <sstream>

#include "app/config.hpp"
#include "base/text.hpp"
#include "integrations/registry.hpp"

using namespace gumshoe;
using namespace std::chrono_literals;

namespace {

using Variables = std::map<std::string, std::string>;

Environment environment_of(Variables variables) {
    return [variables = std::move(variables)](const std::string& name) -> std::optional<std::string> {
        auto found = variables.find(name);
        return found == variables.end() ? std::nullopt : std::optional<std::string>(found->second);
    };
}

Variables example_variables() {
    return {{"GUMSHOE_ADMIN_TOKEN", "admin-token-0123456789"},
            {"ALERTMANAGER_WEBHOOK_TOKEN", "alertmanager-token-0123"},
            {"GUMSHOE_GATEWAY_TOKEN", "gateway-token-0123456789"},
            {"DD_API_KEY", "dd-api-key-0123"},
            {"DD_APP_KEY", "dd-app-key-0123"},
            {"DD_WEBHOOK_TOKEN", "webhook-token-0123456"},
            {"GITHUB_TOKEN", "github-token-0123"},
            {"GITLAB_TOKEN", "gitlab-token-0123"},
            {"NEW_RELIC_USER_KEY", "newrelic-key-0123"},
            {"NR_WEBHOOK_TOKEN", "newrelic-webhook-token"},
            {"PAGERDUTY_TOKEN", "pagerduty-token-0123"},
            {"PAGERDUTY_WEBHOOK_SECRET", "pagerduty-secret-0123"},
            {"SIGNOZ_API_KEY", "signoz-key-0123"},
            {"SIGNOZ_WEBHOOK_TOKEN", "signoz-webhook-token-0123"},
            {"SLACK_BOT_TOKEN", "xoxb-0123"},
            {"SLACK_SIGNING_SECRET", "signing-secret-0123"},
            {"OPENAI_API_KEY", "openai-key-0123"},
            {"ANTHROPIC_API_KEY", "anthropic-key-0123"},
            {"ANTHROPIC_SPARE_KEY", "anthropic-spare-key-0123"},
            {"PAYMENTS_OPENAI_KEY", "payments-key-0123"}};
}

const std::string example = GUMSHOE_SOURCE_DIR "/config.example.yaml";

Loaded load(const std::string& file, Variables variables) {
    auto loaded = load_config(file, environment_of(std::move(variables)), {});
    if (!loaded) FAIL(loaded.error().message);
    return std::move(*loaded);
}

Alert alert_of(const std::string& service, const std::string& environment, Severity severity = Severity::error) {
    Alert alert;
    alert.source = "datadog";
    alert.service = service;
    alert.environment = environment;
    alert.severity = severity;
    return alert;
}

bool receives(const Config& config, std::string_view vendor) {
    return std::any_of(config.vendors.begin(), config.vendors.end(),
                       [vendor](const auto& connected) { return connected.name == vendor && connected.roles.receiver; });
}

std::string names_of(const llm::Chain& chain) {
    std::vector<std::string> names;
    for (const llm::Link& link : chain) names.push_back(link.target->name);
    return join(names, " ");
}

std::string text_of(const std::string& path) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

}  // namespace

TEST_CASE("The example file loads without a warning, and says what it means") {
    Loaded loaded = load(example, example_variables());
    CHECK(loaded.warnings.empty());
    const Config& config = loaded.config;
    CHECK(config.server.listen == "0.0.0.0:8080");
    CHECK(config.server.public_url == "https://gumshoe.example.com");
    CHECK(config.server.trusted_proxies == std::vector<std::string>{"10.0.0.0/8"});
    REQUIRE(config.admin.tokens.size() == 1);
    CHECK(authenticate(config.admin.tokens, "Bearer admin-token-0123456789")->name == "ops");
    CHECK(config.store.keep_deliveries == 24h * 30);
    CHECK(config.store.keep_evidence == 24h * 90);
    for (const char* name : {"alertmanager", "datadog", "pagerduty", "signoz"}) CHECK(receives(config, name));
    CHECK_FALSE(receives(config, "github"));
    CHECK(config.default_channel == "C0123456789");
    CHECK(config.ops_channel == "C0987654321");
    REQUIRE(config.services.size() == 1);
    CHECK(config.services[0].repository == "github:acme/shop");
    CHECK(config.services[0].aliases == std::vector<std::string>{"Shop till"});
    CHECK(config.services[0].depends_on == std::vector<std::string>{"payments", "inventory"});
    CHECK(config.llm.deadline == 90s);
    CHECK(config.llm.per_investigation_usd == 0.5);
    CHECK(config.llm.per_day_usd == 50);
    CHECK(names_of(llm::in_order(config.llm.targets)) == "main second second local");
    CHECK(names_of(config.llm.chains.at("default")) == "main second second local");
    CHECK(names_of(config.llm.chains.at("cheap")) == "local second second");
    CHECK(config.llm.teams.at("payments") == 5);
    CHECK(config.llm.tasks.at("repair") == "default");
    CHECK(config.llm.classes.size() == 1);
    const llm::Target& main = *config.llm.targets[0];
    CHECK(main.dialect->provider() == "openai");
    CHECK(main.api_url == main.dialect->default_api_url());
    CHECK(main.api_key.reveal() == "openai-key-0123");
    CHECK(main.account == llm::key_fingerprint(main));
    CHECK(main.price.output_per_million == 10);
    CHECK(config.llm.targets[1]->overrides.max_output_tokens == 8192);
    CHECK(config.llm.targets[1]->price.output_per_million == 10);  // of the price table
    CHECK(config.llm.targets[2]->account == "spare");
    CHECK(config.llm.targets[3]->api_key.empty());
    CHECK(config.llm.targets[3]->account == "local");
    REQUIRE(config.gateway);
    REQUIRE(config.gateway->tokens.size() == 1);
    CHECK(config.gateway->tokens[0].name == "support-bot");
    CHECK(config.gateway->tokens[0].sha256.reveal() == gateway::hash_of(Secret("gateway-token-0123456789")).reveal());
    CHECK(config.gateway->tokens[0].chain == "cheap");
    CHECK(config.gateway->tokens[0].team == "payments");
    CHECK(config.gateway->tokens[0].team_per_day_usd == 5);
    CHECK(config.limits.concurrent_investigations == 8);
    CHECK(config.limits.group_window == 300s);
    CHECK(config.limits.storm_investigations == limits::storm_investigations);
    CHECK(config.limits.cooldown == 30min);
    CHECK(config.secrets.size() == example_variables().size());
}

TEST_CASE("The example says the defaults where it says so") {
    Config example_config = load(example, example_variables()).config;
    Config defaults;
    CHECK(example_config.server.listen == defaults.server.listen);
    CHECK(example_config.admin.listen == defaults.admin.listen);
    CHECK(example_config.store.sqlite == defaults.store.sqlite);
    CHECK(example_config.store.keep_deliveries == defaults.store.keep_deliveries);
    CHECK(example_config.store.keep_evidence == defaults.store.keep_evidence);
    CHECK(example_config.llm.deadline == defaults.llm.deadline);
    CHECK(example_config.llm.per_investigation_usd == defaults.llm.per_investigation_usd);
    CHECK(example_config.llm.per_day_usd == defaults.llm.per_day_usd);
    CHECK(example_config.llm.hedge == defaults.llm.hedge);
    CHECK(example_config.gateway->listen == GatewayConfig().listen);
    CHECK(example_config.gateway->deadline == GatewayConfig().deadline);
    CHECK_FALSE(defaults.gateway);
    CHECK(example_config.limits.concurrent_investigations == defaults.limits.concurrent_investigations);
    CHECK(example_config.limits.group_window == defaults.limits.group_window);
    CHECK(example_config.limits.cooldown == defaults.limits.cooldown);
}

TEST_CASE("The first route that matches an alert wins") {
    Config config = load(example, example_variables()).config;
    auto channel = [&](const Alert& alert) {
        const RouteRule* route = find_route(config.routes, alert);
        return !route ? "default" : route->investigate ? route->channel : "not investigated";
    };
    CHECK(channel(alert_of("checkout", "prod")) == "C0CHECKOUT");
    CHECK(channel(alert_of("checkout", "prod", Severity::info)) == "C0CHECKOUT");
    CHECK(channel(alert_of("checkout", "staging")) == "default");
    CHECK(channel(alert_of("cart", "prod", Severity::warning)) == "not investigated");
    Alert tagged = alert_of("cart", "prod");
    tagged.labels = {{"team", "payments"}};
    CHECK(channel(tagged) == "C0PAYMENTS");
    tagged.labels = {{"team", "shipping"}};
    CHECK(channel(tagged) == "default");
    CHECK(find_route(config.routes, alert_of("checkout", "prod"))->name == "1");
}

TEST_CASE("A bare tag matches any value, and a source its vendor") {
    std::vector<RouteRule> routes(2);
    routes[0].match.tags = {"canary"};
    routes[1].match.sources = {"datadog"};
    Alert alert = alert_of("cart", "prod");
    CHECK(find_route(routes, alert) == &routes[1]);
    alert.labels = {{"canary", ""}};
    CHECK(find_route(routes, alert) == &routes[0]);
    alert = {};
    CHECK(find_route(routes, alert) == nullptr);
}

TEST_CASE("A route's own key replaces the target's, on an account of its own") {
    Config config = load(example, example_variables()).config;
    Alert alert = alert_of("cart", "prod");
    alert.labels = {{"team", "payments"}};
    const RouteRule* route = find_route(config.routes, alert);
    llm::Chain chain = chain_of(config.llm, route, "", "analysis");
    CHECK(route->team == "payments");
    CHECK(names_of(chain) == "main second second local");
    CHECK(chain[0].target->api_key.reveal() == "payments-key-0123");
    CHECK(chain[0].target->account != config.llm.targets[0]->account);
    CHECK(chain[1].target == config.llm.targets[1]);
    CHECK(config.llm.targets[0]->api_key.reveal() == "openai-key-0123");
    CHECK(names_of(chain_of(config.llm, route, "cheap", "analysis")) == "local second second");
    CHECK(names_of(chain_of(config.llm, nullptr, "", "analysis")) == "main second second local");
    CHECK(chain_of(config.llm, nullptr, "no-such-chain", "analysis").empty());
}

TEST_CASE("The version is of the settings: not of secrets, comments or layout") {
    Variables variables = example_variables();
    std::string version = load(example, variables).config.version;
    CHECK(version.size() == 12);
    variables["OPENAI_API_KEY"] = "another-key-0123";
    CHECK(load(example, variables).config.version == version);

    auto version_of = [](const std::string& text) { return ConfigDocument::from_text("", "", text, environment_of({})).version(); };
    std::string base = version_of("limits: {cooldown: 1m, group_window: 2m}\n");
    CHECK(version_of("# a comment\nlimits:\n  group_window: 2m\n  cooldown: 1m\n") == base);
    CHECK(version_of("limits: {cooldown: 2m, group_window: 2m}\n") != base);
    CHECK(version_of("limits: {cooldown: 1m}\ngroup_window: 2m\n") != base);

    auto literal = [](const std::string& token) {
        std::string text = "admin: {tokens: [{name: a, token: " + token + "}]}\n";
        ConfigDocument document = ConfigDocument::from_text("", "", text, environment_of({}));
        document.root()->child("admin")->children("tokens").at(0)->secret("token");
        return document.version();
    };
    CHECK(literal("one-literal") == literal("another-literal"));
}

TEST_CASE("Without a file the environment is the configuration") {
    Variables variables = example_variables();
    variables.insert({{"GUMSHOE_LISTEN", "127.0.0.1:9000"},
                      {"GUMSHOE_PUBLIC_URL", "https://g.example.com/"},
                      {"GUMSHOE_TRUSTED_PROXIES", "10.0.0.0/8, fd00::/8"},
                      {"GUMSHOE_DB", "/data/gumshoe.db"},
                      {"GUMSHOE_RUNBOOKS", ""},
                      {"GUMSHOE_LLM_CHAIN", "openai,anthropic"},
                      {"NEW_RELIC_ACCOUNT_ID", "1234567"},
                      {"SIGNOZ_API_URL", "https://signoz.internal:8080"},
                      {"SLACK_CHANNEL", "C0123456789"},
                      {"OPENAI_MODEL", "gpt-5.9"}});
    Loaded loaded = load("", variables);
    const Config& config = loaded.config;
    CHECK(config.server.listen == "127.0.0.1:9000");
    CHECK(config.server.public_url == "https://g.example.com");
    CHECK(config.server.trusted_proxies == std::vector<std::string>{"10.0.0.0/8", "fd00::/8"});
    CHECK(config.store.sqlite == "/data/gumshoe.db");
    CHECK(config.runbooks.empty());
    CHECK(allows(*authenticate(config.admin.tokens, "Bearer admin-token-0123456789"), "admin"));
    CHECK(receives(config, "alertmanager"));
    CHECK(receives(config, "datadog"));
    CHECK(config.default_channel == "C0123456789");
    CHECK(config.ops_channel == "C0123456789");
    CHECK(names_of(config.llm.chains.at("default")) == "openai anthropic");
    CHECK(config.llm.chains.at("default")[0].target->model == "gpt-5.9");
    CHECK(config.llm.chains.at("default")[1].target->model == "claude-sonnet-5");
    for (const std::string& warning : loaded.warnings) CHECK(warning.find("is missing: its calls count as free") != std::string::npos);
}

TEST_CASE("A key alone connects Chat Completions, a model the Responses API beside it") {
    Variables variables{{"OPENAI_API_KEY", "openai-key-0123"}, {"ANTHROPIC_API_KEY", "anthropic-key-0123"}};
    for (const auto& target : load("", variables).config.llm.targets) CHECK(target->provider != "openai_responses");
    variables.insert({{"OPENAI_RESPONSES_MODEL", "gpt-6-sol"}, {"GUMSHOE_LLM_CHAIN", "openai_responses,anthropic"}});
    const Loaded loaded = load("", variables);
    const auto& first = loaded.config.llm.chains.at("default")[0].target;
    CHECK(first->provider == "openai_responses");
    CHECK(first->model == "gpt-6-sol");
    CHECK(first->api_key.reveal() == variables.at("OPENAI_API_KEY"));
}

TEST_CASE("Problems of the environment name the variable and hold no value") {
    auto loaded = load_config("",
                              environment_of({{"GUMSHOE_LISTEN", "canary"},
                                              {"GUMSHOE_ADMIN_TOKEN", "canary"},
                                              {"DD_WEBHOOK_TOKEN", "canary"},
                                              {"DATABASE_URL", "postgres://canary"},
                                              {"GUMSHOE_LLM_CHAIN", "openai"}}),
                              {});
    REQUIRE(loaded.has_error());
    CHECK(loaded.error().message ==
          "GUMSHOE_ADMIN_TOKEN (admin.tokens[0].token): an admin token must have at least 16 bytes\n"
          "DD_WEBHOOK_TOKEN (datadog.webhook.token): a webhook secret must have at least 16 bytes\n"
          "GUMSHOE_LLM_CHAIN (llm.chains.default): is not a target; there is none\n"
          "GUMSHOE_LISTEN (server.listen): expected an address and port such as 0.0.0.0:8080 or [::1]:8081\n"
          "DATABASE_URL (store.postgres): this build does not support PostgreSQL yet; use sqlite: PATH");
}

TEST_CASE("An empty environment is a configuration too, with warnings") {
    Loaded loaded = load("", {});
    CHECK(join(loaded.warnings, "\n") ==
          "environment: has no vendor's section: no webhook is taken\n"
          "environment: admin: has no tokens: the admin API refuses every call\n"
          "environment: llm: has no targets: the built-in analyst answers alone");
}

TEST_CASE("The help lists every variable, and the example names each") {
    std::string help = environment_help();
    std::string text = text_of(example);
    for (const std::string& line : lines(help)) {
        std::string variable(trim(line).substr(0, trim(line).find(' ')));
        CAPTURE(variable);
        CHECK(text.find(variable) != std::string::npos);
    }
    for (const Vendor& vendor : vendors()) {
        for (const EnvironmentKey& key : vendor.environment) CHECK(help.find("  " + std::string(key.variable) + " ") != std::string::npos);
    }
    CHECK(help.find("  GUMSHOE_ADMIN_TOKEN ") != std::string::npos);
}

TEST_CASE("every environment variable stands in the guide for operators") {
    std::ifstream file(GUMSHOE_SOURCE_DIR "/docs/operating.md");
    std::stringstream guide;
    guide << file.rdbuf();
    for (const std::string& line : split(environment_help(), '\n')) {
        const std::string variable(trim(line).substr(0, trim(line).find(' ')));
        CAPTURE(variable);
        if (variable != "DATABASE_URL") CHECK(guide.str().find("`" + variable + "`") != std::string::npos);  // refused by this build
    }
}
