// The answer leaves the house whatever fails: an account, every model, an API that hangs, Slack losing its answer.
#include <catch2/catch.hpp>

#include "tests/support/stage.hpp"

using namespace gumshoe;
using namespace gumshoe::test;

TEST_CASE("a deactivated account at the first vendor: the second one answers and the message says why") {
    Stage stage("account-deactivated");
    stage.start_service();
    const std::string id = investigation_of(stage.send_webhook());
    stage.finished(id);
    REQUIRE(stage.message_says("CONFIRMED cause"));
    CHECK(stage.message_says("deactivated"));
    const json attempts = stage.admin_json("/api/v1/investigations/" + id + "/attempts").at("attempts");
    REQUIRE(attempts.size() >= 2);
    CHECK(attempts[0].at("outcome") == "account_dead");
    CHECK(stage.requests("openai", "/chat").size() == 1);  // a dead account is called once
    CHECK_FALSE(stage.admin_json("/api/v1/llm/targets").at("quarantines").empty());

    stage.kill_service();
    stage.start_service();
    REQUIRE(stage.admin("POST", "/api/v1/investigations/" + id + "/replay", "{}", "again").status == 202);
    REQUIRE(eventually([&] { return stage.runs(id).back().at("state") == "done"; }));
    CHECK(stage.requests("openai", "/chat").size() == 1);  // and not again after a restart
}

TEST_CASE("all models down: the built-in analyst's finding stands, and says so") {
    Stage stage;
    stage.set_faults(
        {{{"vendor", "openai"}, {"kind", "status"}, {"status", 500}}, {{"vendor", "anthropic"}, {"kind", "status"}, {"status", 529}}});
    stage.start_service();
    const std::string id = investigation_of(stage.send_webhook());
    const json shown = stage.finished(id);
    CHECK(shown.at("state") == "done");
    REQUIRE(stage.message_says("No model answered"));
    CHECK(stage.message_says("4f1c2aa"));
    CHECK(stage.messages().size() == 1);
    CHECK(stage.runs(id)[0].at("finding").at("degraded") == true);
}

TEST_CASE("an API that hangs costs its part and no more: the finding is in time and names what was not checked") {
    Stage stage;
    stage.set_faults({{{"vendor", "datadog"}, {"path_prefix", "/api/v2/spans"}, {"kind", "hang"}}});
    stage.start_service();
    const auto began = std::chrono::steady_clock::now();
    const std::string id = investigation_of(stage.send_webhook());
    const json shown = stage.finished(id, std::chrono::seconds(60));
    CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(45));
    CHECK(shown.at("state") == "done");
    REQUIRE(stage.message_says("Not checked"));
    bool timed_out = false;
    const json evidence = stage.admin_json("/api/v1/investigations/" + id + "/evidence");
    for (const json& coverage : evidence.at("coverage")) {
        const bool spans = coverage.at("query").get<std::string>().find("spans") != std::string::npos;
        if (spans) CHECK(coverage.at("status") == "timeout");
        timed_out = timed_out || spans;
    }
    CHECK(timed_out);
}

TEST_CASE("every evidence API refuses: coverage says so and the message still stands") {
    Stage stage;
    stage.set_faults({{{"vendor", "datadog"}, {"kind", "status"}, {"status", 403}, {"body", R"({"errors":["Forbidden"]})"}},
                      {{"vendor", "github"}, {"kind", "malformed"}}});
    stage.start_service();
    const std::string id = investigation_of(stage.send_webhook());
    CHECK(stage.finished(id).at("state") == "done");
    CHECK(stage.message_says("Not checked"));
}

TEST_CASE("Slack loses its answer after it posted: still one message, found again by its key") {
    Stage stage;
    stage.set_faults({{{"vendor", "slack"}, {"path_prefix", "/chat.postMessage"}, {"kind", "lost_response"}, {"times", 1}}});
    stage.start_service();
    const std::string id = investigation_of(stage.send_webhook());
    stage.finished(id);
    REQUIRE(stage.message_says("CONFIRMED cause", std::chrono::seconds(90)));
    CHECK(stage.messages().size() == 1);
    CHECK(stage.requests("slack", "/chat.postMessage").size() == 1);
}
