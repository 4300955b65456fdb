// From webhook to message, and what may happen to it afterwards.
#include <catch2/catch.hpp>

#include <set>

#include "base/text.hpp"
#include "tests/support/stage.hpp"

using namespace gumshoe;
using namespace gumshoe::test;

TEST_CASE("a webhook becomes one Slack message with a cited finding") {
    Stage stage;
    stage.start_service();
    const HttpResponse answer = stage.send_webhook();
    REQUIRE(answer.status == 202);
    const std::string id = investigation_of(answer);
    const json shown = stage.finished(id);
    CHECK(shown.at("state") == "done");
    REQUIRE(stage.message_says("CONFIRMED cause"));
    const auto messages = stage.messages();
    REQUIRE(messages.size() == 1);
    const std::string words = Stage::words(messages[0]);
    CHECK(words.find("4f1c2aa") != std::string::npos);
    CHECK(words.find("pool exhausted") != std::string::npos);
    CHECK(words.find("built-in") == std::string::npos);
    const json evidence = stage.admin_json("/api/v1/investigations/" + id + "/evidence");
    CHECK(evidence.at("evidence").size() > 5);
    for (const json& coverage : evidence.at("coverage")) {
        CAPTURE(coverage.dump());
        CHECK((coverage.at("status") == "ok" || coverage.at("status") == "empty"));
    }

    SECTION("the same delivery again is a duplicate") {
        CHECK(stage.send_webhook().status == 200);
        CHECK(stage.messages().size() == 1);
    }
    SECTION("a later alert and the recovery edit the same message and start nothing") {
        CHECK(stage.send_webhook("renotify").status == 202);
        CHECK(stage.send_webhook("recovery").status == 202);
        CHECK(stage.message_says("esolved"));
        CHECK(stage.messages().size() == 1);
        CHECK(stage.runs(id).size() == 1);
    }
    SECTION("everything recorded can be read, and exported as a case file that investigates to the same cause") {
        CHECK(stage.admin_json("/api/v1/investigations/" + id + "/steps").at("steps").size() > 5);
        CHECK_FALSE(stage.admin_json("/api/v1/investigations/" + id + "/attempts").at("attempts").empty());
        CHECK_FALSE(stage.admin_json("/api/v1/deliveries").at("items").empty());
        const HttpResponse metrics = stage.admin("GET", "/metrics");
        CHECK(metrics.body.find("gumshoe_resident_bytes ") != std::string::npos);
        std::set<std::string> lines;  // the same sample twice would make Prometheus refuse the page
        for (const std::string& line : split(metrics.body, '\n')) {
            CAPTURE(line);
            if (!line.empty()) CHECK(lines.insert(line.substr(0, line.rfind(' '))).second);
        }
        const HttpResponse exported = stage.admin("GET", "/api/v1/investigations/" + id + "/case");
        REQUIRE(exported.status == 200);
        const auto file = stage.scratch() / "exported.case.jsonl";
        write_file(file, exported.body);
        Process again({GUMSHOE_BINARY, "investigate", "--case", file.string(), "--no-llm", "--json"}, stage.scratch() / "again.json");
        const auto code = again.wait();
        REQUIRE(code);
        CHECK((*code == 0 || *code == 4));
        Process shown_too({GUMSHOE_BINARY, "show", id, "--database", stage.database().string()}, stage.scratch() / "shown.md");
        CHECK(shown_too.wait() == 0);  // beside the running service
        CHECK(read_file(stage.scratch() / "shown.md").find("4f1c2aa") != std::string::npos);
        const json finding = json::parse(read_file(stage.scratch() / "again.json"));
        CHECK(finding.at("degraded") == true);
        CHECK(finding.dump().find("4f1c2aa") != std::string::npos);
    }
    SECTION("stopped, it ends cleanly and within its time") {
        CHECK(stage.stop_service() == 0);
    }
}

TEST_CASE("a frozen replay is a new run that asks nobody but the models") {
    Stage stage;
    stage.start_service();
    const std::string id = investigation_of(stage.send_webhook());
    stage.finished(id);
    REQUIRE(stage.message_says("CONFIRMED cause"));
    const std::size_t datadog = stage.requests("datadog").size();
    const std::size_t github = stage.requests("github").size();
    const std::size_t slack = stage.requests("slack").size();
    const std::size_t models = stage.requests("openai").size();

    CHECK(stage.admin("POST", "/api/v1/investigations/" + id + "/replay", "{}").status == 400);  // no Idempotency-Key
    const HttpResponse queued = stage.admin("POST", "/api/v1/investigations/" + id + "/replay", "{}", "once");
    REQUIRE(queued.status == 202);
    REQUIRE(eventually([&] { return stage.runs(id).size() == 2 && stage.runs(id)[1].at("state") == "done"; }));
    const auto runs = stage.runs(id);
    CHECK(runs[1].at("mode") == "frozen");
    CHECK(runs[1].at("parent") == runs[0].at("id"));
    CHECK(runs[1].at("finding").at("cause").at("entity") == runs[0].at("finding").at("cause").at("entity"));
    CHECK(stage.requests("datadog").size() == datadog);
    CHECK(stage.requests("github").size() == github);
    CHECK(stage.requests("slack").size() == slack);
    CHECK(stage.requests("openai").size() > models);

    const HttpResponse same = stage.admin("POST", "/api/v1/investigations/" + id + "/replay", "{}", "once");
    CHECK(json::parse(same.body).at("id") == runs[1].at("id"));

    const std::size_t asked = stage.requests("openai").size();
    REQUIRE(stage.admin("POST", "/api/v1/investigations/" + id + "/replay", R"({"mode":"exact"})", "exact").status == 202);
    REQUIRE(eventually([&] { return stage.runs(id).size() == 3 && stage.runs(id)[2].at("state") == "done"; }));
    CHECK(stage.requests("openai").size() == asked);
    const json diff = stage.admin_json("/api/v1/investigations/" + id + "/diff?from=" + runs[0].at("id").get<std::string>() +
                                       "&to=" + stage.runs(id)[2].at("id").get<std::string>());
    CHECK(diff.at("claims").at("only_first").empty());
    CHECK(diff.at("claims").at("only_second").empty());
    CHECK(diff.at("same_cause") == true);
}
