// Bad configurations and the exact words about them. Every case is whole: all problems of the text, in its order, and nothing else.
#include <catch2/catch.hpp>

#include "tests/unit/app/config_file.hpp"

using namespace gumshoe;
using namespace gumshoe::test;

TEST_CASE("What is not plain YAML is refused with its place") {
    check_all({
        {"server: {listen: ", "c.yaml:1:18: not YAML: end of map flow not found"},
        {"server:\n\tlisten: x", "c.yaml:2:8: not YAML: illegal map value"},
        {"store: {sqlite: 'it''s'}\nserver: \"canary \\\"\nadmin: {}\n", "c.yaml:2:9: not YAML: this quote is never closed"},
        {"store:\n  sqlite: 'g''db\nadmin: {}\n", "c.yaml:2:11: not YAML: this quote is never closed"},
        {"- a\n- b\n", "c.yaml:1:1: expected a map of sections"},
        {"canary", "c.yaml:1:1: expected a map of sections"},
        {"server: {}\n---\nadmin: {}\n", "c.yaml:3:1: a second document; one is expected"},
        {"server: &canary {}\n", "c.yaml:1:9: anchors are not supported; a value that begins with & needs quotes"},
        {"admin:\n  tokens:\n    - {name: a, token: *canary, scopes: read}\n",
         "c.yaml:3:24: not YAML: aliases are not supported; a value that begins with * needs quotes"},
        {"admin: !canary {}\n", "c.yaml:1:8: tags are not supported; a value that begins with ! needs quotes"},
        {"? [canary]\n: x\n", "c.yaml:1:3: a key must be text"},
        {std::string(40, '[') + std::string(40, ']'), "c.yaml:1:17: nests deeper than 16"},
        {"# " + std::string(1024 * 1024, 'x'), "c.yaml:1:1: the file is larger than 1 MiB"},
        {"admin: {}\nserver: {listen: 0.0.0.0:1}\nadmin: {}\n", "c.yaml:3:1: this key stands here a second time"},
    });
}

TEST_CASE("A file made to cost time or memory is refused") {
    for (const std::string& bomb :
         {std::string(100'000, '['), std::string(100'000, '{'), replace_all(std::string(20'000, '-'), "-", "- ")}) {
        CHECK_THAT(errors_of(bomb), Catch::StartsWith("c.yaml:1:"));
    }
}

TEST_CASE("An unknown key is refused and the one that may be meant is named") {
    check_all({
        {"sever: {}\n", "c.yaml:1:1: unknown key sever; did you mean server?"},
        {"server:\n  lisen: 0.0.0.0:80\n", "c.yaml:2:3: server: unknown key lisen; did you mean listen?"},
        {"limits:\n  speed: 9\n",
         "c.yaml:2:3: limits: unknown key speed; known here: concurrent_investigations, cooldown, group_window, storm_investigations"},
        {"store:\n  retention: {evidense: 1d}\n", "c.yaml:2:15: store.retention: unknown key evidense; did you mean evidence?"},
        // Not like a key of ours: it may be a secret.
        {"store: {canary1234: }\n", "c.yaml:1:9: store: unknown key; known here: postgres, retention, sqlite"},
    });
}

TEST_CASE("Values of a wrong type or form are refused and never shown") {
    check_all({
        {"server: canary\n", "c.yaml:1:9: server: expected a map"},
        {"server:\n", "c.yaml:1:1: server: expected a map, found nothing"},
        {"server: {listen: [canary]}\n", "c.yaml:1:18: server.listen: expected text, found a list"},
        {"server: {listen: canary}\n", "c.yaml:1:18: server.listen: expected an address and port such as 0.0.0.0:8080 or [::1]:8081"},
        {"server: {public_url: canary.example.com}\n",
         "c.yaml:1:22: server.public_url: expected a URL such as https://host:8080/path, without user, query or fragment"},
        {"server: {public_url: 'https://canary:pw@host'}\n",
         "c.yaml:1:22: server.public_url: expected a URL such as https://host:8080/path, without user, query or fragment, found quoted "
         "text"},
        {"server: {trusted_proxies: [10.0.0.0/8, 10.0.0.1, canary]}\n",
         "c.yaml:1:40: server.trusted_proxies[1]: expected a network such as 10.0.0.0/8 or fd00::/8\n"
         "c.yaml:1:50: server.trusted_proxies[2]: expected a network such as 10.0.0.0/8 or fd00::/8"},
        {"limits: {concurrent_investigations: 0}\n",
         "c.yaml:1:37: limits.concurrent_investigations: expected a whole number from 1 to 256"},
        {"limits: {concurrent_investigations: \"8\"}\n",
         "c.yaml:1:37: limits.concurrent_investigations: expected a whole number from 1 to 256, found quoted text"},
        {"limits: {cooldown: 90}\n", "c.yaml:1:20: limits.cooldown: expected a duration such as 250ms, 90s, 5m, 2h or 30d"},
        {"limits: {cooldown: 8d}\n", "c.yaml:1:20: limits.cooldown: must be at most 7d"},
        {"limits: {group_window: 99999999999999999999d}\n",
         "c.yaml:1:24: limits.group_window: expected a duration such as 250ms, 90s, 5m, 2h or 30d"},
        {"llm: {budget: {per_day_usd: -1}}\n", "c.yaml:1:29: llm.budget.per_day_usd: expected a number from 0 to 1000000"},
        {"llm: {budget: {per_day_usd: .nan}}\n", "c.yaml:1:29: llm.budget.per_day_usd: expected a number from 0 to 1000000"},
        {"llm: {deadline: 1s}\n", "c.yaml:1:17: llm.deadline: must be from 5s to 10m"},
        {"routes: [{investigate: yes}]\n", "c.yaml:1:24: routes[0].investigate: expected true or false"},
        {"routes: {match: {}}\n", "c.yaml:1:9: routes: expected a list of maps, found a map"},
        {"routes: [canary]\n", "c.yaml:1:10: routes[0]: expected a map"},
        {"runbooks: ./no-such-folder\n", "c.yaml:1:11: runbooks: is not a directory"},
    });
}

TEST_CASE("Secrets that do not resolve are refused, and the secret is not in the words") {
    const std::string head = "admin:\n  tokens:\n    - name: ops\n      scopes: admin\n      token: ";
    const std::string at = "c.yaml:5:14: admin.tokens[0].token: ";
    const std::string inside = "c.yaml:5:20: admin.tokens[0].token: ";
    check_all({
        {head + "{env: MISSING}\n", inside + "the environment variable MISSING is not set"},
        {head + "{env: EMPTY}\n", inside + "the environment variable EMPTY is empty"},
        {head + "{env: canary-secret-in-the-wrong-place}\n", inside + "the environment variable named here is not set"},
        {head + "{env: SHORT}\n", at + "an admin token must have at least 16 bytes"},
        {head + "canary\n", at + "an admin token must have at least 16 bytes"},
        {head + "\"\"\n", at + "is empty"},
        {head + "{canary}\n", at + "expected {env: NAME} or {file: PATH}, found a map"},
        {head + "{env: A, file: canary}\n", at + "expected {env: NAME} or {file: PATH}, found a map"},
        {head + "[canary]\n", at + "expected {env: NAME} or {file: PATH}, found a list"},
        {head + "\n", "c.yaml:5:7: admin.tokens[0].token: expected {env: NAME} or {file: PATH}, found nothing"},
        {head + "{file: canary.txt}\n", "c.yaml:5:21: admin.tokens[0].token: cannot read the file: No such file or directory"},
        {head + "{file: /}\n", "c.yaml:5:21: admin.tokens[0].token: not a regular file"},
        {head + "{file: /dev/zero}\n", "c.yaml:5:21: admin.tokens[0].token: not a regular file"},
    });
}

TEST_CASE("Admin, store and services are checked for sense") {
    check_all({
        {"admin:\n  tokens:\n    - {name: a, token: {env: TOKEN}, scopes: [reed]}\n    - {name: a, token: {env: TOKEN}}\n",
         "c.yaml:3:46: admin.tokens[0].scopes: is not a scope; expected one of read, replay, admin; did you mean read?\n"
         "c.yaml:4:7: admin.tokens[1].scopes: is missing: a list of read, replay, admin\n"
         "c.yaml:4:14: admin.tokens[1].name: another token has this name"},
        {"store: {postgres: {env: TOKEN}}\n", "c.yaml:1:19: store.postgres: this build does not support PostgreSQL yet; use sqlite: PATH"},
        {"store: {retention: {evidence: 10m}}\n", "c.yaml:1:31: store.retention.evidence: must be at least 1h"},
        {"services:\n  - {name: a, repository: acme/shop}\n  - {name: a, path: ../etc}\n  - {path: x}\n",
         "c.yaml:2:27: services[0].repository: expected a code host's section, a colon and a repository, such as github:acme/shop\n"
         "c.yaml:3:12: services[1].name: another service has this name\n"
         "c.yaml:3:21: services[1].path: expected a path inside the repository, such as services/checkout\n"
         "c.yaml:4:5: services[2].name: is missing"},
        {"services:\n  - {name: a, aliases: [b]}\n  - {name: c, aliases: [b, c]}\n",
         "c.yaml:3:25: services[1].aliases[0]: another service, or this one, has this name\n"
         "c.yaml:3:28: services[1].aliases[1]: another service, or this one, has this name"},
        {"newrelic: {region: us, user_key: {env: TOKEN}}\n",
         "c.yaml:1:11: newrelic.account_id: is missing: reading needs both the account and a user key"},
        {"pagerduty: {notes: true}\n",
         "c.yaml:1:12: pagerduty.api_token: is needed for notes: an API key with write access\n"
         "c.yaml:1:12: pagerduty.from: is needed for notes: the e-mail address of the PagerDuty user who writes them"},
        {"pagerduty: {notes: true, api_token: {env: TOKEN}, from: ana}\n",
         "c.yaml:1:57: pagerduty.from: is the e-mail address of a PagerDuty user"},
        {"pagerduty: {webhook: {}}\n", "c.yaml:1:22: pagerduty.webhook.secrets: holds no secret: every delivery would be refused"},
    });
}

TEST_CASE("Targets, chains and routes are checked against each other") {
    const std::string targets =
        "llm:\n"
        "  targets:\n"
        "    - {name: main, provider: openai, model: m, api_key: {env: KEY_A}, price: {}}\n"
        "    - {name: spare, provider: anthropic, model: m, api_key: {env: KEY_B}, price: {}}\n";
    check_all({
        {"llm: {targets: [{name: a, provider: opnai, model: m}]}\n",
         "c.yaml:1:37: llm.targets[0].provider: is not a provider of this build; expected one of anthropic, azure, bedrock, gemini, groq, "
         "llamacpp, ollama, openai, openai_responses, openrouter, vllm; did you mean openai?"},
        {"llm: {targets: [{name: a, provider: datadog, model: m}]}\n",
         "c.yaml:1:37: llm.targets[0].provider: is not a provider of this build; expected one of anthropic, azure, bedrock, gemini, groq, "
         "llamacpp, ollama, openai, openai_responses, openrouter, vllm"},
        {"llm: {targets: [{name: a, provider: openai}]}\n",
         "c.yaml:1:17: llm.targets[0].api_key: is missing; only a target with an api_url of its own may do without\n"
         "c.yaml:1:17: llm.targets[0].model: is missing"},
        {targets +
             "    - {name: main, provider: openai, model: m, api_url: 'http://h', overrides: {temprature: 1, reasoning_effort: huge}}\n",
         "c.yaml:5:14: llm.targets[2].name: another target has this name\n"
         "c.yaml:5:81: llm.targets[2].overrides: unknown key temprature; did you mean temperature?\n"
         "c.yaml:5:114: llm.targets[2].overrides.reasoning_effort: expected one of none, minimal, low, medium, high"},
        {targets + "  chains:\n    default: [main, mian, main]\n    cheap: sparee\n",
         "c.yaml:6:21: llm.chains.default[1]: is not a target; expected one of main, spare; did you mean main?\n"
         "c.yaml:6:27: llm.chains.default[2]: stands in this chain a second time\n"
         "c.yaml:7:12: llm.chains.cheap: is not a target; expected one of main, spare; did you mean spare?"},
        {targets + "  chains: {cheap: [main]}\n", "c.yaml:5:11: llm.chains.default: is missing"},
        {targets + "routes:\n  - {chain: defautl}\n  - {llm_key: {target: mian, api_key: {env: KEY_B}}}\n  - {llm_key: {target: main}}\n",
         "c.yaml:6:13: routes[0].chain: is not a chain; expected one of default; did you mean default?\n"
         "c.yaml:7:24: routes[1].llm_key.target: is not a target of the route's chain; expected one of main, spare; did you mean main?\n"
         "c.yaml:8:15: routes[2].llm_key.api_key: is missing"},
        {"routes:\n  - {match: {severity: [warn, info], source: datadogg, team: x}}\n",
         "c.yaml:2:25: routes[0].match.severity[0]: is not a severity; expected one of critical, error, warning, info; did you mean "
         "warning?\n"
         "c.yaml:2:46: routes[0].match.source: is not a source of this build; expected one of alertmanager, datadog, github, gitlab, git, "
         "newrelic, pagerduty, signoz, slack; did you mean "
         "datadog?\n"
         "c.yaml:2:56: routes[0].match: unknown key team; known here: environment, service, severity, source, tag"},
    });
}

TEST_CASE("A webhook without proper credentials is refused") {
    const std::string head = "datadog:\n  webhook: ";
    check_all({
        {head + "{}\n", "c.yaml:2:12: datadog.webhook: holds no credentials: expected token, basic or header"},
        {head + "{token: {env: SHORT}}\n", "c.yaml:2:20: datadog.webhook.token: a webhook secret must have at least 16 bytes"},
        {head + "{token: \"\"}\n", "c.yaml:2:20: datadog.webhook.token: is empty"},
        {head + "{token: {env: EMPTY}}\n", "c.yaml:2:26: datadog.webhook.token: the environment variable EMPTY is empty"},
        {head + "{token: []}\n", "c.yaml:2:20: datadog.webhook.token: holds no secret: every delivery would be refused"},
        {head + "{basic: {user: 'a:b'}}\n",
         "c.yaml:2:20: datadog.webhook.basic.password: is missing\nc.yaml:2:27: datadog.webhook.basic.user: must not contain ':'"},
        {head + "{header: {name: 'X Y', value: {env: KEY_A}}}\n",
         "c.yaml:2:28: datadog.webhook.header.name: is not the name of an HTTP header"},
        {head + "{token: {env: KEY_A}, header: {name: X, value: {env: KEY_A}}}\n",
         "c.yaml:2:12: datadog.webhook: holds several credentials: expected one of token, basic and header"},
        {head + "{secret: {env: KEY_A}}\n",
         "c.yaml:2:12: datadog.webhook: holds no credentials: expected token, basic or header\n"
         "c.yaml:2:13: datadog.webhook: unknown key secret; known here: basic, header, token"},
    });
}

TEST_CASE("All problems of a file are reported at once, in its order") {
    CHECK(errors_of("server: {lisen: x, public_url: no}\n"
                    "admin:\n"
                    "  tokens:\n"
                    "    - {token: {env: MISSING}}\n"
                    "limits: {cooldown: soon}\n"
                    "rutes: []\n") ==
          "c.yaml:1:10: server: unknown key lisen; did you mean listen?\n"
          "c.yaml:1:32: server.public_url: expected a URL such as https://host:8080/path, without user, query or fragment\n"
          "c.yaml:4:7: admin.tokens[0].name: is missing\n"
          "c.yaml:4:7: admin.tokens[0].scopes: is missing: a list of read, replay, admin\n"
          "c.yaml:4:21: admin.tokens[0].token: the environment variable MISSING is not set\n"
          "c.yaml:5:20: limits.cooldown: expected a duration such as 250ms, 90s, 5m, 2h or 30d\n"
          "c.yaml:6:1: unknown key rutes; did you mean routes?");
}

TEST_CASE("Warnings name their place too, and hold no secret") {
    ConfigFile file("");
    file.write("open.txt", "canary-file-0123456\n\n");
    file.write("closed.txt", "canary-file-0123456\r\n");
    std::filesystem::permissions(file / "open.txt", std::filesystem::perms(0644));
    std::filesystem::permissions(file / "closed.txt", std::filesystem::perms(0600));
    file.write("c.yaml",
               "admin:\n"
               "  tokens:\n"
               "    - {name: a, token: canary-literal-0123, scopes: read}\n"
               "    - {name: b, token: {file: open.txt}, scopes: read}\n"
               "    - {name: c, token: {file: closed.txt}, scopes: read}\n"
               "llm:\n"
               "  targets:\n"
               "    - {name: x, provider: openai, model: m, api_key: {env: KEY_A}}\n"
               "    - {name: y, provider: openai, model: n, api_key: {env: KEY_A}, price: {output_per_million: 1}}\n"
               "    - {name: z, provider: openai, model: gpt-6-sol, api_key: {env: KEY_B}}\n"
               "  chains: {default: [x, y], other: [x, z], single: x, none: []}\n"
               "routes:\n"
               "  - {channel: C1}\n"
               "  - {channel: C2}\n");
    auto loaded = file.load();
    REQUIRE(loaded.has_value());
    CHECK(file.plain(join(loaded->warnings, "\n")) ==
          "c.yaml:1:1: has no vendor's section: no webhook is taken\n"
          "c.yaml:3:24: admin.tokens[0].token: is written out in this file; {env: NAME} or {file: PATH} keeps it elsewhere\n"
          "c.yaml:4:31: admin.tokens[1].token: every user of this machine can read the file\n"
          "c.yaml:8:7: llm.targets[0].price: is missing: its calls count as free in the budget\n"
          "c.yaml:10:27: llm.targets[2].provider: openai_responses is where gpt-6-sol reasons in a request with tools, which every "
          "investigation has; here it will not\n"
          "c.yaml:11:21: llm.chains.default: all its targets share one account: they fail together\n"
          "c.yaml:11:36: llm.chains.other: all its targets are of one provider: they fail together\n"
          "c.yaml:14:5: routes[1]: is never reached: the route before it matches every alert");
    const auto& secrets = loaded->config.secrets;
    auto holds = [&](std::string_view text) {
        return std::any_of(secrets.begin(), secrets.end(), [&](const Secret& secret) { return secret.reveal() == text; });
    };
    CHECK(holds("canary-literal-0123"));
    CHECK(holds("canary-file-0123456"));
    CHECK(holds("canary-key-b-0123456"));
    CHECK(warnings_of("") ==
          "c.yaml:1:1: has no vendor's section: no webhook is taken\n"
          "c.yaml:1:1: admin: has no tokens: the admin API refuses every call\n"
          "c.yaml:1:1: llm: has no targets: the built-in analyst answers alone");
}

TEST_CASE("A file that cannot be read is an error that names it") {
    auto missing = load_config("/nowhere/gumshoe.yaml", config_environment(), {});
    REQUIRE(missing.has_error());
    CHECK(missing.error().message == "/nowhere/gumshoe.yaml: cannot read the file: No such file or directory");
    CHECK(load_config("/", config_environment(), {}).error().message == "/: is a directory");
}
