// What comes in from outside: wrong credentials, broken bodies, and secrets that must not come out anywhere.
#include <catch2/catch.hpp>

#include "tests/support/stage.hpp"

using namespace gumshoe;
using namespace gumshoe::test;

TEST_CASE("each kind of bad delivery gets the answer its sender needs, and is kept as it should be") {
    Stage stage;
    stage.start_service();
    struct Case {
        const char* name;
        std::function<void(json&)> spoil;
        int status;
        const char* verdict;  // "" when nothing is stored
    };
    const Case cases[] = {
        {"wrong credential", [](json& w) { w["headers"]["Authorization"] = "Bearer not-the-webhook-token"; }, 401, "refused"},
        {"no credential", [](json& w) { w["headers"].erase("Authorization"); }, 401, "refused"},
        {"truncated JSON", [](json& w) { w["body"] = w["body"].get<std::string>().substr(0, 200); }, 202, "quarantined"},
        {"not JSON at all", [](json& w) { w["body"] = "\xff\xfe hello"; }, 202, "quarantined"},
        {"10 MB body", [](json& w) { w["body"] = std::string(10 * 1024 * 1024, 'x'); }, 413, ""},
        {"compressed body", [](json& w) { w["headers"]["Content-Encoding"] = "gzip"; }, 415, ""},
    };
    for (const Case& c : cases) {
        CAPTURE(c.name);
        json webhook = stage.webhook();
        c.spoil(webhook);
        CHECK(stage.send(webhook).status == c.status);
        const json stored = stage.admin_json("/api/v1/deliveries").at("items");
        if (*c.verdict != '\0') {
            REQUIRE_FALSE(stored.empty());
            CHECK(stored[0].at("verdict") == c.verdict);
        }
    }
    CHECK(stage.admin_json("/api/v1/investigations").at("items").empty());
    CHECK(stage.messages().empty());

    json unknown = stage.webhook();
    json body = json::parse(unknown["body"].get<std::string>());
    body["alert_transition"] = "Sideways";
    unknown["body"] = body.dump();
    CHECK(stage.send(unknown).status == 202);  // an unknown transition is treated as firing
    CHECK(stage.admin_json("/api/v1/investigations").at("items").size() == 1);
    json elsewhere = stage.webhook();
    elsewhere["url"] = elsewhere["url"].get<std::string>() + "x";
    CHECK(stage.send(elsewhere).status == 404);
}

TEST_CASE("a webhook without a secret is refused at start, with the place in the file") {
    Stage stage("bad-deploy", json::object(), [](json& config) { config["datadog"]["webhook"]["token"] = ""; });
    Process service({GUMSHOE_BINARY, "serve", "--config", (stage.scratch() / "gumshoe.yaml").string()}, stage.scratch() / "refused.log");
    CHECK(service.wait() == 3);
    const std::string said = read_file(stage.scratch() / "refused.log");
    CHECK(said.find("datadog.webhook") != std::string::npos);
    CHECK(said.find("gumshoe.yaml:") != std::string::npos);
}

TEST_CASE("no secret comes out anywhere: log, database, Slack, admin API, prompts") {
    const std::vector<std::string> canaries = {"canary-dd-api-key-7731",   "canary-dd-app-key-7732",
                                               "canary-openai-key-7733",   "canary-anthropic-7734",
                                               "xoxb-canary-slack-7735",   "ghp_canarygithubtoken7736777677767776",
                                               "canary-in-a-log-line-7737"};
    // One of them stands in a log line, as a leaked credential would.
    json patch = json::object();
    patch["llm"]["openai"]["api_key"] = canaries[2];
    patch["llm"]["anthropic"]["api_key"] = canaries[3];
    Stage stage("bad-deploy", patch, [&](json& config) {
        config["datadog"]["api_key"] = canaries[0];
        config["datadog"]["application_key"] = canaries[1];
        config["slack"]["bot_token"] = canaries[4];
        config["github"]["token"] = canaries[5];
    });
    stage.start_service();
    json webhook = stage.webhook();
    json body = json::parse(webhook["body"].get<std::string>());
    body["text"] = "connect failed: postgres://app:" + canaries[6] + "@db/checkout password=" + canaries[6] + " key " + canaries[0];
    body["body"] = body["text"];
    webhook["body"] = body.dump();
    const std::string id = investigation_of(stage.send(webhook));
    stage.finished(id);
    REQUIRE(stage.message_says("ause"));
    const std::string everything =
        stage.service_log() + stage.sandbox("GET", "/_sandbox/state/slack").body + stage.sandbox("GET", "/_sandbox/requests").body +
        stage.admin("GET", "/api/v1/investigations/" + id).body + stage.admin("GET", "/api/v1/investigations/" + id + "/case").body +
        stage.admin("GET", "/api/v1/investigations/" + id + "/attempts").body + stage.admin("GET", "/metrics").body;
    CHECK(stage.stop_service() == 0);
    const std::string database = read_file(stage.database());
    for (const std::string& canary : canaries) {
        CAPTURE(canary);
        CHECK(everything.find(canary) == std::string::npos);
        // The raw delivery is kept as it came: what its sender wrote into it stands there, and nowhere else.
        if (canary != canaries[6] && canary != canaries[0]) CHECK(database.find(canary) == std::string::npos);
    }
}
