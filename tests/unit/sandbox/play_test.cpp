// A scenario's "play": what is meant is read, what cannot be meant is named.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "sandbox/play.hpp"
#include "sandbox/scenario.hpp"
#include "tests/support/result_printing.hpp"

using namespace gumshoe;
using namespace gumshoe::sandbox;
using After = PlayedMoment::After;

TEST_CASE("a scenario without a play is its trigger") {
    const auto play = read_play(json::object());
    REQUIRE(play);
    REQUIRE(play->size() == 1);
    CHECK(play->front().moment == "trigger");
    CHECK(play->front().after == After::pause);
    CHECK(play->front().pause == milliseconds(0));
}

TEST_CASE("moments wait for the card, for the finding, or for some seconds") {
    const json scenario = json::parse(R"({"play": [
        {"moment": "trigger", "stagger": 0.25}, {"moment": "renotify", "after": "card"},
        {"moment": "annotated", "after": "finding"}, {"moment": "recovery", "after": 1.5}]})");
    const auto play = read_play(scenario);
    REQUIRE(play);
    REQUIRE(play->size() == 4);
    CHECK(play->at(0).stagger == milliseconds(250));
    CHECK(play->at(1).after == After::card);
    CHECK(play->at(2).after == After::finding);
    CHECK(play->at(3).after == After::pause);
    CHECK(play->at(3).pause == milliseconds(1500));
    CHECK(play->at(3).stagger == milliseconds(0));
}

TEST_CASE("a play that cannot be meant is refused, with its place") {
    struct Row {
        const char* play;
        const char* says;
    };
    const Row row = GENERATE(values<Row>({
        {R"({})", "play is not a list"},
        {R"([])", "play is not a list"},
        {R"(["trigger"])", "play[0] is not an object"},
        {R"([{}])", "play[0].moment is missing"},
        {R"([{"moment": "tigger"}])", "play[0].moment is none of trigger, renotify, recovery, annotated"},
        {R"([{"moment": 1}])", "play[0].moment is none of"},
        {R"([{"moment": "trigger"}, {"moment": "recovery", "when": 1}])", "play[1].when is not a field"},
        {R"([{"moment": "trigger"}, {"moment": "recovery", "after": "lunch"}])", "play[1].after is neither"},
        {R"([{"moment": "trigger"}, {"moment": "recovery", "after": -1}])", "play[1].after is not a number of seconds"},
        {R"([{"moment": "trigger"}, {"moment": "recovery", "after": 61}])", "play[1].after is not a number of seconds"},
        {R"([{"moment": "trigger"}, {"moment": "recovery", "after": true}])", "play[1].after is not a number of seconds"},
        {R"([{"moment": "trigger", "stagger": "1"}])", "play[0].stagger is not a number of seconds"},
        {R"([{"moment": "trigger", "after": "card"}])", "play[0].after waits for what only"},
    }));
    CAPTURE(row.play);
    const auto play = read_play({{"play", json::parse(row.play)}});
    REQUIRE_FALSE(play);
    CHECK(play.error().code == errc::parse);
    CHECK(play.error().message.find(row.says) != std::string::npos);
}

TEST_CASE("every scenario that is built in has a play that can be read") {
    for (const ScenarioTitle& title : list_scenarios()) {
        CAPTURE(title.name);
        CHECK_FALSE(title.title.empty());
        const auto scenario = load_scenario(title.name);
        REQUIRE(scenario);
        CHECK(read_play(**scenario));
    }
}
