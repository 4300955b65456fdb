// The section `gateway` and the exact words about its mistakes.
#include <catch2/catch.hpp>

#include "tests/unit/app/config_file.hpp"

using namespace gumshoe::test;

TEST_CASE("The gateway's section is checked against chains and teams") {
    const std::string target = "llm: {targets: [{name: a, provider: openai, model: m, api_key: {env: KEY_A}, price: {}}]}\n";
    const std::string head = target + "gateway:\n  tokens:\n    - ";
    check_all({
        {target + "gateway: {}\n", "c.yaml:2:10: gateway.tokens: is missing: without a token nobody may use the endpoint"},
        {head + "{name: x, token: {env: SHORT}}\n", "c.yaml:4:24: gateway.tokens[0].token: a token must have at least 16 bytes"},
        {head + "{token: {env: TOKEN}}\n", "c.yaml:4:7: gateway.tokens[0].name: is missing"},
        {head + "{name: x}\n", "c.yaml:4:7: gateway.tokens[0].token: is missing"},
        {head + "{name: x, token: {env: TOKEN}}\n    - {name: x, token: {env: TOKEN}}\n",
         "c.yaml:5:14: gateway.tokens[1].name: another token has this name"},
        {head + "{name: x, token: {env: TOKEN}, chain: defalt}\n",
         "c.yaml:4:45: gateway.tokens[0].chain: is not a chain; expected one of default; did you mean default?"},
        {head + "{name: x, token: {env: TOKEN}, team: payments}\n",
         "c.yaml:4:44: gateway.tokens[0].team: is not a team of llm.teams; there is none"},
        {head + "{name: x, token: {env: TOKEN}}\n  listen: canary\n",
         "c.yaml:5:11: gateway.listen: expected an address and port such as 0.0.0.0:8080 or [::1]:8081"},
        {head + "{name: x, token: {env: TOKEN}}\n  deadline: 1s\n", "c.yaml:5:13: gateway.deadline: must be from 5s to 10m"},
    });
}
