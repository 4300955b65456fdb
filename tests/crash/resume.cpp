// kill -9 in the middle of a run: it goes on where it was, gathers nothing twice, pays no answer twice, and leaves one message.
#include <catch2/catch.hpp>

#include <map>

#include "tests/support/stage.hpp"

using namespace gumshoe;
using namespace gumshoe::test;

namespace {

/// The first model's answers come late, so that there is a middle to be killed in.
const json slow_models = {{{"vendor", "openai"}, {"kind", "slow"}, {"delay_ms", 1500}}};

/// The models answer without asking for more: whatever is fetched is fetched by the plan.
json without_tools() {
    const json scenario = json::parse(read_file(GUMSHOE_SOURCE_DIR "/sandbox/scenarios/bad-deploy.json"));
    json answers = json::array();
    for (const json& turn : scenario.at("llm").at("script")) {
        if (turn.contains("answer")) answers.push_back(turn);
    }
    return {{"llm", {{"script", answers}}}};
}

std::map<std::string, int> gathering_calls(Stage& stage) {
    std::map<std::string, int> calls;
    for (const char* vendor : {"datadog", "github"}) {
        for (const json& request : stage.requests(vendor)) {
            ++calls[vendor + request.at("method").get<std::string>() + request.at("path").get<std::string>() + "?" +
                    request.value("query", std::string())];
        }
    }
    return calls;
}

}  // namespace

TEST_CASE("killed while a model thinks: resumed, nothing gathered twice, one message") {
    Stage stage("bad-deploy", without_tools());
    stage.set_faults(slow_models);
    stage.start_service();
    const std::string id = investigation_of(stage.send_webhook());
    REQUIRE(eventually([&] { return !stage.requests("openai", "/chat").empty(); }, std::chrono::seconds(60)));
    const auto before = gathering_calls(stage);
    REQUIRE_FALSE(before.empty());
    stage.kill_service();

    const auto restarted = std::chrono::steady_clock::now();
    stage.start_service();
    REQUIRE(eventually([&] { return stage.requests("openai", "/chat").size() >= 2; }, std::chrono::seconds(20)));
    CHECK(std::chrono::steady_clock::now() - restarted < std::chrono::seconds(5));
    CHECK(stage.finished(id).at("state") == "done");
    REQUIRE(stage.message_says("CONFIRMED cause"));
    CHECK(stage.messages().size() == 1);
    CHECK(gathering_calls(stage) == before);
    CHECK(stage.runs(id).size() == 1);
}

TEST_CASE("killed again and again at different moments: every acknowledged alert ends with one message") {
    for (const int after_ms : {0, 15, 60, 150, 400, 900}) {
        CAPTURE(after_ms);
        Stage stage;
        stage.set_faults(slow_models);
        stage.start_service();
        const HttpResponse answer = stage.send_webhook();
        REQUIRE(answer.status == 202);
        const auto moment = std::chrono::steady_clock::now() + std::chrono::milliseconds(after_ms);
        eventually([&] { return std::chrono::steady_clock::now() >= moment; });
        stage.kill_service();
        stage.start_service();
        CHECK(stage.finished(investigation_of(answer)).at("state") == "done");
        // A post whose answer was lost with the process is looked for once it must be visible.
        REQUIRE(stage.message_says("CONFIRMED cause", std::chrono::seconds(120)));
        CHECK(stage.messages().size() == 1);
    }
}

TEST_CASE("stopped in the middle of a run: given back, and finished by the next process") {
    Stage stage;
    stage.set_faults({{{"vendor", "openai"}, {"kind", "hang"}}, {{"vendor", "anthropic"}, {"kind", "hang"}}});
    stage.start_service();
    const std::string id = investigation_of(stage.send_webhook());
    REQUIRE(eventually([&] { return !stage.requests("openai", "/chat").empty(); }, std::chrono::seconds(60)));
    const auto began = std::chrono::steady_clock::now();
    CHECK(stage.stop_service() == 0);
    CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(15));
    stage.set_faults(json::array());
    stage.start_service();
    CHECK(stage.finished(id).at("state") == "done");
    REQUIRE(stage.message_says("CONFIRMED cause"));
    CHECK(stage.messages().size() == 1);
}
