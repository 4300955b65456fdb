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

TEST_CASE("all models down when an alert fires again: facts, and beside them what a model said the last time, marked as stale") {
    Stage stage("bad-deploy", json::object(), [](json& config) { config["limits"] = {{"cooldown", "0s"}, {"group_window", "0s"}}; });
    stage.start_service();
    const std::string first = investigation_of(stage.send_webhook());
    stage.finished(first);
    REQUIRE(stage.message_says("CONFIRMED cause"));

    stage.set_faults(
        {{{"vendor", "openai"}, {"kind", "status"}, {"status", 500}}, {{"vendor", "anthropic"}, {"kind", "status"}, {"status", 529}}});
    REQUIRE(stage.send_webhook("recovery").status == 202);
    json again = stage.webhook();
    json body = json::parse(again.at("body").get<std::string>());
    body["id"] = "7960211200000000099";
    body["alert_cycle_key"] = "another-cycle";
    again["body"] = body.dump();
    const std::string second = investigation_of(stage.send(again));
    REQUIRE(second != first);
    stage.finished(second);
    REQUIRE(stage.message_says("What a model said of the same alert"));
    CHECK(stage.message_says("(stale)"));
    CHECK(stage.message_says(first));
    CHECK(stage.message_says("facts only"));
    const json finding = stage.runs(second)[0].at("finding");
    CHECK(finding.at("degraded") == true);
    CHECK(finding.at("asides").at(0).at("investigation") == first);
}

TEST_CASE("a row of the configuration decides what a vendor's error means, before the built-in table") {
    Stage stage("account-deactivated", json::object(), [](json& config) {
        config["llm"]["classes"] = {{{"provider", "openai"},
                                     {"message", "account * deactivated"},
                                     {"class", "overloaded"},
                                     {"words", "the {vendor} account takes a nap"}}};
    });
    stage.start_service();
    const std::string id = investigation_of(stage.send_webhook());
    stage.finished(id);
    REQUIRE(stage.message_says("the OpenAI account takes a nap"));
    const json attempts = stage.admin_json("/api/v1/investigations/" + id + "/attempts").at("attempts");
    REQUIRE_FALSE(attempts.empty());
    CHECK(attempts[0].at("outcome") == "overloaded");
    CHECK(stage.admin_json("/api/v1/llm/targets").at("quarantines").empty());
}
