// The models seen from outside, on the real binary: a fire drill in a running service, a dry run, a pasted error, and the rehearsal.
#include <catch2/catch.hpp>
#include <regex>

#include "tests/support/stage.hpp"

using namespace gumshoe;
using namespace gumshoe::test;

namespace {

json post(Stage& stage, const std::string& path, const json& body) {
    const HttpResponse answer = stage.admin("POST", path, body.dump());
    INFO(answer.body);
    REQUIRE(answer.status == 200);
    return json::parse(answer.body);
}

json route_of_last_run(Stage& stage, const std::string& investigation) {
    return stage.runs(investigation).back().at("finding").at("route");
}

}  // namespace

TEST_CASE("a drill at the first choice: the second one answers and the footer says so; after the reset the first one is asked again") {
    Stage stage;
    stage.start_service();
    post(stage, "/api/v1/llm/drill", {{"target", "openai"}, {"class", "account_dead"}, {"times", 100}});
    CHECK(stage.admin_json("/api/v1/llm/targets").at("targets")[0].at("state") == "drill");
    const std::string id = investigation_of(stage.send_webhook());
    stage.finished(id);
    REQUIRE(stage.message_says("answered by anthropic (2nd choice; openai:"));
    CHECK(stage.requests("openai", "/chat").empty());
    CHECK(stage.admin_json("/api/v1/llm/targets").at("quarantines").empty());  // a drill breaks nothing
    const std::string metrics = stage.admin("GET", "/metrics").body;
    CHECK(metrics.find(R"(gumshoe_llm_fallback_total{from="openai",to="anthropic",class="account_dead"})") != std::string::npos);
    CHECK(metrics.find(R"(gumshoe_llm_answers_total{route="fallback"})") != std::string::npos);
    CHECK(
        metrics.find(R"(gen_ai_server_time_to_first_token_seconds_count{gen_ai_operation_name="chat",gen_ai_provider_name="anthropic")") !=
        std::string::npos);

    post(stage, "/api/v1/llm/targets/openai/reset", json::object());
    REQUIRE(stage.admin("POST", "/api/v1/investigations/" + id + "/replay", "{}", "again").status == 202);
    REQUIRE(eventually([&] { return stage.runs(id).back().at("state") == "done"; }));
    CHECK(route_of_last_run(stage, id).at("answered_by") == "openai");
    CHECK(route_of_last_run(stage, id).at("note") == "");
    CHECK_FALSE(stage.requests("openai", "/chat").empty());
}

TEST_CASE("a dead account: who would be asked now, and what to do; a vendor's own bytes are understood when they are pasted") {
    Stage stage("account-deactivated");
    stage.start_service();
    const std::string id = investigation_of(stage.send_webhook());
    stage.finished(id);
    const json candidates = post(stage, "/api/v1/llm/dry-run", {{"prompt_tokens", 5000}}).at("candidates");
    REQUIRE(candidates.size() == 2);
    CHECK(candidates[0].at("viable") == false);
    CHECK(candidates[0].at("skip") == "quarantine");
    CHECK(candidates[1].at("viable") == true);
    const json first = stage.admin_json("/api/v1/llm/targets").at("targets")[0];
    CHECK(first.at("state") == "quarantined");
    CHECK_FALSE(first.at("quarantine").at("what_to_do").get<std::string>().empty());
    REQUIRE(stage.admin("POST", "/api/v1/investigations/" + id + "/replay", "{}", "again").status == 202);
    REQUIRE(eventually([&] { return stage.runs(id).back().at("state") == "done"; }));
    CHECK(route_of_last_run(stage, id).at("note").get<std::string>().find("2nd choice; openai: the OpenAI account is deactivated") == 0);

    const json verdict = post(stage, "/api/v1/llm/classify",
                              {{"provider", "anthropic"},
                               {"status", 529},
                               {"body", {{"type", "error"}, {"error", {{"type", "overloaded_error"}, {"message", "Overloaded"}}}}}});
    CHECK(verdict.at("class") == "overloaded");
    CHECK(verdict.at("scope") == "endpoint");
}

TEST_CASE("a token that is replaced in its file is taken up without a restart, and written nowhere") {
    const Scratch lent;
    const std::string file = (lent / "token").string();
    write_file(file, "canary-old-0123456789");
    const json patch{{"llm", {{"openai", {{"api_key", "canary-new-0123456789"}}}}}};
    Stage stage("bad-deploy", patch, [&](json& config) { config["llm"]["targets"][0]["api_key"] = {{"file", file}}; });
    stage.start_service();
    write_file(file, "canary-new-0123456789\n");
    const std::string id = investigation_of(stage.send_webhook());
    stage.finished(id);
    CHECK(route_of_last_run(stage, id).at("answered_by") == "openai");
    CHECK(route_of_last_run(stage, id).at("note") == "");
    CHECK(stage.admin_json("/api/v1/llm/targets").at("quarantines").empty());
    CHECK(stage.service_log().find("llm key renewed") != std::string::npos);

    // What an alert quotes of it is taken out as that of any configured secret; a delivery's raw bytes stay as they came.
    json quoting = stage.webhook("recovery");
    quoting["body"] = std::regex_replace(quoting.at("body").get<std::string>(), std::regex("checkout"), "checkout canary-new-0123456789");
    REQUIRE(stage.send(quoting).status / 100 == 2);
    const std::string shown = stage.admin_json("/api/v1/investigations/" + id).dump();
    CHECK(shown.find("checkout <secret>") != std::string::npos);
    CHECK(shown.find("canary") == std::string::npos);
    CHECK(stage.stop_service() == 0);
    CHECK(stage.service_log().find("canary") == std::string::npos);
}
