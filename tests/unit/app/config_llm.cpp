// The section `llm`: keys, groups, tasks, teams, prices and classes; what is wrong with them, and what becomes of them.
#include <catch2/catch.hpp>

#include "llm/classify.hpp"
#include "tests/unit/app/config_file.hpp"

using namespace gumshoe;
using namespace gumshoe::test;

namespace {

const std::string three_targets =
    "llm:\n"
    "  targets:\n"
    "    - {name: main, provider: openai, model: gpt-5.1, api_key: {env: KEY_A}}\n"
    "    - {name: spare, provider: anthropic, model: claude-sonnet-5, api_key: {env: KEY_B}}\n"
    "    - {name: local, provider: openai, model: qwen3, api_url: 'http://h'}\n";

Config config_of(const ConfigFile& file) {
    auto loaded = file.load();
    if (!loaded) FAIL(loaded.error().message);
    return std::move(loaded->config);
}

/// "1 main; 2 spare 0.75 weighted": group, name, and what is not the default.
std::string written(const llm::Chain& chain) {
    std::vector<std::string> links;
    for (const llm::Link& link : chain) {
        std::string text = std::to_string(link.group) + " " + link.target->name;
        if (link.weight != 1) text += " " + std::to_string(link.weight).substr(0, 4);
        if (link.strategy != llm::Strategy::ordered) text += " " + std::string(to_string(link.strategy));
        links.push_back(std::move(text));
    }
    return join(links, "; ");
}

Alert alert_of(const std::string& service) {
    Alert alert;
    alert.service = service;
    return alert;
}

}  // namespace

TEST_CASE("A chain's groups have their members, strategy and weights") {
    const ConfigFile file(three_targets +
                          "  chains:\n"
                          "    default: [main, {any_of: [spare, local], strategy: weighted, weights: {spare: 3}}]\n"
                          "    fast: [{any_of: [local, main], strategy: least_latency}]\n"
                          "    thrifty: [{any_of: main, strategy: least_cost}, {any_of: [spare, local]}]\n");
    const Config config = config_of(file);
    CHECK(written(config.llm.chains.at("default")) == "1 main; 2 spare 3.00 weighted; 2 local weighted");
    CHECK(written(config.llm.chains.at("fast")) == "1 local least_latency; 1 main least_latency");
    CHECK(written(config.llm.chains.at("thrifty")) == "1 main least_cost; 2 spare; 2 local");
}

TEST_CASE("A deployment is warned of by the model behind it, not by its own name") {
    const auto warned = [](const std::string& models) {
        const ConfigFile file("llm: {targets: [{name: a, provider: azure, api_url: https://acme.openai.azure.com, " + models +
                              ", api_key: {env: KEY_A}}]}\n");
        auto loaded = file.load();
        REQUIRE(loaded.has_value());
        return join(loaded->warnings, "\n").find("openai_responses is where gpt-6-sol reasons") != std::string::npos;
    };
    CHECK(warned("model: prod, base_model: gpt-6-sol"));
    CHECK_FALSE(warned("model: gpt-6-sol, base_model: gpt-5.1"));
}

TEST_CASE("Keys out of files know where they came from, and tokens that end elsewhere are warned of") {
    ConfigFile file("");
    for (const char* name : {"id", "key", "session", "token"}) {
        file.write(name, "canary-" + std::string(name) + "-0123456\n");
        std::filesystem::permissions(file / name, std::filesystem::perms(0600));
    }
    const std::string aws = "{name: aws, provider: bedrock, model: m, price: {output_per_million: 1}, ";
    const std::string azure =
        "{name: azure, provider: azure, api_url: https://acme.openai.azure.com, model: m, base_model: gpt-5.1, entra: true, ";
    const auto load = [&](const std::string& pair, const std::string& token) {
        file.write("c.yaml", "llm: {targets: [" + aws + pair + "}, " + azure + token + "}]}\n");
        auto loaded = file.load();
        INFO((loaded ? "" : loaded.error().message));
        REQUIRE(loaded.has_value());
        return std::move(*loaded);
    };
    const auto lent =
        load("access_key_id: {file: id}, secret_access_key: {file: key}, session_token: {file: session}", "api_key: {file: token}");
    CHECK(join(lent.warnings, "\n").find("ends within hours") == std::string::npos);
    REQUIRE(lent.config.llm.targets.size() == 2);
    const llm::Target& signs = *lent.config.llm.targets[0];
    CHECK(signs.access_key_id.reveal() == "canary-id-0123456");
    CHECK(signs.access_key_id.file() == (file / "id").string());
    CHECK(signs.api_key.file() == (file / "key").string());
    CHECK(signs.session_token.file() == (file / "session").string());
    CHECK(lent.config.llm.targets[1]->api_key.file() == (file / "token").string());

    const auto fixed =
        load("access_key_id: AKIAEXAMPLE, secret_access_key: {env: KEY_A}, session_token: {env: KEY_B}", "api_key: {env: KEY_A}");
    const std::string warnings = join(fixed.warnings, "\n");
    CHECK(warnings.find("session_token: ends within hours") != std::string::npos);
    CHECK(warnings.find("api_key: is a token of Entra ID, which ends within hours") != std::string::npos);
    CHECK(warnings.find("access_key_id") == std::string::npos);  // written out it is no mistake
    CHECK(fixed.config.llm.targets[0]->access_key_id.reveal() == "AKIAEXAMPLE");
    CHECK(fixed.config.llm.targets[0]->api_key.file().empty());

    CHECK(errors_of("llm: {targets: [" + aws + "access_key_id: '', secret_access_key: {env: KEY_A}}]}\n").find("api_key: is missing") !=
          std::string::npos);
}

TEST_CASE("A group that says nothing sensible is refused with its place") {
    check_all({
        {three_targets + "  chains: {default: [main, {any_of: [spare, main, lokal]}]}\n",
         "c.yaml:6:45: llm.chains.default[1].any_of[1]: stands in this chain a second time\n"
         "c.yaml:6:51: llm.chains.default[1].any_of[2]: is not a target; expected one of main, spare, local; did you mean local?"},
        {three_targets + "  chains: {default: [{strategy: fastest}]}\n",
         "c.yaml:6:22: llm.chains.default[0].any_of: is missing: a list of targets\n"
         "c.yaml:6:33: llm.chains.default[0].strategy: expected one of ordered, weighted, least_latency, least_cost"},
        {three_targets + "  chains: {default: [{any_of: [main, local], weights: {main: 0, lokal: 1}, wieght: 1}]}\n",
         "c.yaml:6:55: llm.chains.default[0].weights: goes together with strategy: weighted\n"
         "c.yaml:6:62: llm.chains.default[0].weights.main: expected a number from 0.001 to 1000\n"
         "c.yaml:6:65: llm.chains.default[0].weights: unknown key lokal; did you mean local?\n"
         "c.yaml:6:76: llm.chains.default[0]: unknown key wieght; did you mean weights?"},
        {three_targets + "  chains: {default: [[main]]}\n", "c.yaml:6:22: llm.chains.default[0]: expected text or a map, found a list"},
        {three_targets + "  chains: {default: [main, \"\"]}\n", "c.yaml:6:28: llm.chains.default[1]: is empty"},
    });
}

TEST_CASE("A target with several keys stands in a chain once for each, under its own account") {
    const ConfigFile file(
        "llm:\n"
        "  targets:\n"
        "    - name: main\n"
        "      provider: openai\n"
        "      model: gpt-5.1\n"
        "      account: acme\n"
        "      keys: [{api_key: {env: KEY_A}}, {api_key: {env: KEY_B}, account: spare}]\n"
        "    - {name: local, provider: openai, model: qwen3, api_url: 'http://h'}\n"
        "routes:\n"
        "  - {llm_key: {target: main, api_key: {env: TOKEN}}}\n");
    const Config config = config_of(file);
    CHECK(written(config.llm.chains.at("default")) == "0 main; 0 main; 0 local");
    const auto& targets = config.llm.targets;
    REQUIRE(targets.size() == 3);
    CHECK(targets[0]->account == "acme");
    CHECK(targets[1]->account == "spare");
    CHECK(targets[0]->api_key.reveal() == "canary-key-a-0123456");
    CHECK(targets[1]->api_key.reveal() == "canary-key-b-0123456");

    // A team's own key stands for all of them.
    const llm::Chain keyed = chain_of(config.llm, &config.routes[0], "", "analysis");
    CHECK(written(keyed) == "0 main; 0 local");
    CHECK(keyed[0].target->api_key.reveal() == "canary-admin-token-0123");
    CHECK(keyed[0].target->account == llm::key_fingerprint(*keyed[0].target));
}

TEST_CASE("A target's keys are checked") {
    const std::string head = "llm:\n  targets:\n    - {name: main, provider: openai, model: gpt-5.1, ";
    check_all({
        {head + "keys: [{api_key: {env: KEY_A}}, {api_key: {env: KEY_A}, account: b}]}\n",
         "c.yaml:3:96: llm.targets[0].keys[1].api_key: stands in this list a second time"},
        {head + "keys: []}\n",
         "c.yaml:3:7: llm.targets[0].api_key: is missing; only a target with an api_url of its own may do without\n"
         "c.yaml:3:60: llm.targets[0].keys: holds no key"},
        {head + "api_key: {env: KEY_A}, keys: [{api_key: {env: KEY_B}}]}\n", "c.yaml:3:83: llm.targets[0].keys: excludes api_key"},
        {head + "keys: [{acount: b}]}\n",
         "c.yaml:3:61: llm.targets[0].keys[0].api_key: is missing\n"
         "c.yaml:3:62: llm.targets[0].keys[0]: unknown key acount; did you mean account?"},
    });
    CHECK(warnings_of(head + "keys: [{api_key: {env: KEY_A}}, {api_key: {env: KEY_B}}]}\n").find("fail together") == std::string::npos);
}

TEST_CASE("A task's chain is asked where neither replay nor route names one") {
    const ConfigFile file(three_targets +
                          "  chains: {default: [main, spare], cheap: [local], careful: [spare, main]}\n"
                          "  tasks: {repair: cheap}\n"
                          "routes:\n"
                          "  - {match: {service: checkout}, chain: careful}\n"
                          "  - {channel: C1}\n");
    const Config config = config_of(file);
    const RouteRule* named = find_route(config.routes, alert_of("checkout"));
    const RouteRule* other = find_route(config.routes, alert_of("cart"));
    CHECK(written(chain_of(config.llm, nullptr, "", "analysis")) == "1 main; 2 spare");
    CHECK(written(chain_of(config.llm, nullptr, "", "repair")) == "1 local");
    CHECK(written(chain_of(config.llm, other, "", "repair")) == "1 local");
    CHECK(written(chain_of(config.llm, named, "", "repair")) == "1 spare; 2 main");
    CHECK(written(chain_of(config.llm, named, "default", "repair")) == "1 main; 2 spare");
    check_all({
        {three_targets + "  tasks: {repair: chaep, summary: default}\n",
         "c.yaml:6:19: llm.tasks.repair: is not a chain; expected one of default\n"
         "c.yaml:6:26: llm.tasks: unknown key summary; known here: analysis, repair"},
    });
}

TEST_CASE("A route's team is one of those with a budget") {
    const ConfigFile file(three_targets +
                          "  teams: {payments: {per_day_usd: 5}, search: {per_day_usd: 0}}\n"
                          "routes: [{team: payments}]\n");
    const Config config = config_of(file);
    CHECK(config.llm.teams == std::map<std::string, double>{{"payments", 5}, {"search", 0}});
    CHECK(config.routes[0].team == "payments");
    check_all({
        {three_targets + "  teams: {payments: {}, search: {per_day_usd: -1}}\nroutes: [{team: paymnets}]\n",
         "c.yaml:6:21: llm.teams.payments.per_day_usd: is missing\n"
         "c.yaml:6:47: llm.teams.search.per_day_usd: expected a number from 0 to 1000000\n"
         "c.yaml:7:17: routes[0].team: is not a team of llm.teams; expected one of payments, search; did you mean payments?"},
        {"routes: [{team: payments}]\n", "c.yaml:1:17: routes[0].team: is not a team of llm.teams; there is none"},
    });
}

TEST_CASE("T-61: a price is the target's own, else the file's, else this build's, and of the model that answered") {
    ConfigFile file("");
    file.write("prices.yaml",
               "openai:\n"
               "  gpt-5.1: {input_per_million: 7, cached_per_million: 1, output_per_million: 70}\n"
               "  qwen*: {output_per_million: 2}\n");
    file.write("c.yaml",
               "llm:\n"
               "  prices: prices.yaml\n"
               "  targets:\n"
               "    - {name: own, provider: openai, model: gpt-5.1, api_key: {env: KEY_A}, price: {input_per_million: 9}}\n"
               "    - {name: files, provider: openai, model: gpt-5.1, api_key: {env: KEY_A}}\n"
               "    - {name: local, provider: openai, model: qwen3, api_url: 'http://h'}\n"
               "    - {name: builds, provider: anthropic, model: claude-haiku-4-5-20251001, api_key: {env: KEY_B}}\n"
               "    - {name: nobodys, provider: anthropic, model: claude-0, api_key: {env: KEY_B}}\n");
    auto loaded = file.load();
    REQUIRE(loaded.has_value());
    const auto& targets = loaded->config.llm.targets;
    CHECK(targets[0]->price.input_per_million == 9);
    CHECK(targets[0]->price.cached_per_million == 9);
    CHECK(targets[1]->price.output_per_million == 70);
    CHECK(targets[2]->price.output_per_million == 2);
    CHECK(targets[3]->price.output_per_million == 5);
    CHECK(targets[4]->price.output_per_million == 0);
    CHECK(file.plain(join(loaded->warnings, "\n")).find("c.yaml:8:7: llm.targets[4].price: is missing") != std::string::npos);
    CHECK(file.plain(join(loaded->warnings, "\n")).find("targets[3]") == std::string::npos);

    llm::Reply reply;
    reply.usage.output_tokens = 1'000'000;
    const auto cost = [&](std::size_t target, const std::string& model) {
        reply.model = model;
        return llm::cost_usd(*targets[target], reply);
    };
    CHECK(cost(1, "gpt-5.1-2025-11-13") == 70);
    CHECK(cost(1, "gpt-4.1-mini") == 1.6);  // another one answered: its price
    CHECK(cost(1, "gpt-5.1-codex") == 70);  // no table knows it: that of the one asked
    CHECK(cost(0, "gpt-4.1-mini") == 0);    // its own price holds whoever answers
    CHECK(cost(3, "claude-opus-4-5") == 25);
}

TEST_CASE("A price table that is wrong is refused with its own place") {
    ConfigFile file("");
    file.write("prices.yaml", "opnai:\n  m: {input_per_million: -1, outptu_per_million: 1}\n");
    file.write("c.yaml", "llm: {prices: prices.yaml}\n");
    auto loaded = file.load();
    REQUIRE(loaded.has_error());
    CHECK(file.plain(loaded.error().message) ==
          "c.yaml:1:15: llm.prices: prices.yaml:2:3: opnai: is not a provider of this build; expected one of anthropic, azure, bedrock, "
          "gemini, groq, llamacpp, ollama, openai, openai_responses, openrouter, vllm; did you mean openai?; "
          "prices.yaml:2:26: opnai.m.input_per_million: expected a number from 0 to 1000000; "
          "prices.yaml:2:30: opnai.m: unknown key outptu_per_million; did you mean output_per_million?");
    CHECK(errors_of("llm: {prices: nowhere.yaml}\n") == "c.yaml:1:15: llm.prices: the file cannot be read");
}

TEST_CASE("The price table of this build has no mistake, and knows the models that the environment alone would take") {
    const ConfigFile file(three_targets);
    const Config config = config_of(file);
    CHECK(config.llm.targets[0]->price.output_per_million > 0);
    CHECK(config.llm.targets[1]->price.output_per_million > 0);
    CHECK(warnings_of(three_targets).find("price") == std::string::npos);
    for (const auto& target : config.llm.targets) {
        for (const llm::ModelPrice& row : target->prices) {
            CAPTURE(row.model);
            CHECK(row.price.input_per_million > 0);
            CHECK(row.price.cached_per_million < row.price.input_per_million);
            CHECK(row.price.output_per_million > row.price.input_per_million);
        }
    }
}

TEST_CASE("Rows of errors are read, and turn a vendor's error into another class") {
    const ConfigFile file(
        "llm:\n"
        "  classes:\n"
        "    - {provider: openai, status: 429, code: project_paused, class: account_dead, words: 'the {vendor} project is paused'}\n"
        "    - {message: 'try * tomorrow', type: later, class: overloaded}\n"
        "  hedge: true\n");
    const Config config = config_of(file);
    CHECK(config.llm.hedge);
    REQUIRE(config.llm.classes.size() == 2);
    CHECK(config.llm.classes[0].failure == FailureClass::account_dead);
    CHECK(config.llm.classes[1].message == "try * tomorrow");
    CHECK(config.llm.classes[1].type == "later");

    const llm::VendorError error{.code = "project_paused", .message = "Your project is paused."};
    CHECK(llm::classify_error("openai", 429, error, {}).failure == FailureClass::rate_limit);
    llm::set_configured_classes(config.llm.classes);
    const Failure configured = llm::classify_error("openai", 429, error, {});
    const Failure of_another = llm::classify_error("anthropic", 429, error, {});
    llm::set_configured_classes({});
    CHECK(configured.failure == FailureClass::account_dead);
    CHECK(configured.reason == "the OpenAI project is paused");
    CHECK(of_another.failure == FailureClass::rate_limit);
}

TEST_CASE("Rows of errors that match everything, nothing or an unknown class are refused") {
    check_all({
        {"llm: {classes: [{class: overloaded}]}\n",
         "c.yaml:1:17: llm.classes[0]: matches every error: expected status, code, type or message"},
        {"llm: {classes: [{provider: opnai, status: 42, class: none}]}\n",
         "c.yaml:1:28: llm.classes[0].provider: is not a provider of this build; expected one of anthropic, azure, bedrock, gemini, groq, "
         "llamacpp, ollama, openai, openai_responses, openrouter, vllm; did you mean openai?\n"
         "c.yaml:1:43: llm.classes[0].status: expected an HTTP status, or 4 for every 4xx\n"
         "c.yaml:1:54: llm.classes[0].class: is not a class of errors; expected one of rate_limit, overloaded, server_error, timeout, "
         "account_dead, auth_bad, forbidden, model_gone, context_overflow, content_filter, unsupported_param, too_large, "
         "bad_request_unknown"},
        {"llm: {classes: [{status: 418, clas: overloaded}]}\n",
         "c.yaml:1:17: llm.classes[0].class: is missing\n"
         "c.yaml:1:31: llm.classes[0]: unknown key clas; did you mean class?"},
    });
}
