#include "analysis/answer.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "analysis/prompts.hpp"
#include "tests/support/result_printing.hpp"

using namespace gumshoe;

namespace {

json good() {
    return json::parse(R"({"summary":"Checkout fails.","status":"likely","confidence":0.7,
      "cause":{"statement":"Pool cut","entity":"checkout","kind":"deploy","mechanism":"Requests wait","evidence":["E1","E1","E2"]},
      "impact":{"statement":"18 % fail","evidence":["E1"]},
      "claims":[{"text":"pool exhausted","kind":"observation","cites":["E1"]}],
      "hypotheses":[{"statement":"traffic","verdict":"ruled_out","for":[],"against":["E2"]}],
      "timeline":[{"at":"2026-08-01T10:00:00Z","what":"deploy","evidence":["E2"]},{"at":"around ten","what":"x","evidence":[]}],
      "next_steps":[{"action":"Roll back","command":null,"risk":"low","undo":null,"evidence":["E2"]}]})");
}

}  // namespace

TEST_CASE("an answer is laid over the built-in finding and leaves its evidence alone") {
    Finding builtin;
    builtin.degraded = true;
    builtin.evidence.resize(2);
    const auto laid = lay_answer("Here it is:\n```json\n" + good().dump() + "\n```", builtin);
    REQUIRE(laid);
    CHECK(laid->status == FindingStatus::likely);
    CHECK_FALSE(laid->degraded);
    CHECK(laid->cause.evidence == Citations{"E1", "E2"});
    CHECK(laid->evidence.size() == 2);
    CHECK(laid->timeline.size() == 1);  // the unreadable time is dropped, the answer is not
    CHECK(laid->next_steps[0].command.empty());
}

TEST_CASE("a wrong shape is named so that the model can mend it") {
    struct Case {
        const char* name;
        std::function<void(json&)> spoil;
        const char* expected;
    };
    const Case cases[] = {
        {"no summary", [](json& a) { a["summary"] = ""; }, "summary is empty"},
        {"status unknown", [](json& a) { a["status"] = "certain"; }, "status has the unknown value"},
        {"confidence a word", [](json& a) { a["confidence"] = "high"; }, "confidence must be a number"},
        {"cause a string", [](json& a) { a["cause"] = "pool"; }, "cause must be an object"},
        {"cites a string", [](json& a) { a["claims"][0]["cites"] = "E1"; }, "claims[].cites must be an array"},
        {"claims missing", [](json& a) { a.erase("claims"); }, "claims must be an array"},
        {"risk unknown", [](json& a) { a["next_steps"][0]["risk"] = "none"; }, "next_steps[].risk has the unknown value"},
        {"id a number", [](json& a) { a["impact"]["evidence"] = json::array({1}); }, "impact.evidence must hold strings"},
    };
    for (const Case& c : cases) {
        CAPTURE(c.name);
        json answer = good();
        c.spoil(answer);
        const auto laid = lay_answer(answer.dump(), Finding{});
        REQUIRE_FALSE(laid);
        CHECK(laid.error().message.find(c.expected) != std::string::npos);
    }
    CHECK_FALSE(lay_answer("I cannot help with that.", Finding{}));
    CHECK_FALSE(lay_answer("{\"summary\": ", Finding{}));
}

TEST_CASE("text of an answer is cut and cleaned of what hides from a reader") {
    json answer = good();
    answer["summary"] = std::string("a\u202Eb") + std::string(5000, 'x');
    const auto laid = lay_answer(answer.dump(), Finding{});
    REQUIRE(laid);
    CHECK(laid->summary.size() <= 700);
    CHECK(laid->summary.find("\u202E") == std::string::npos);
}

TEST_CASE("prompts are built in, hashed, and filled in one pass") {
    const auto prompts = load_prompts();
    REQUIRE(prompts);
    CHECK(prompts->hash.size() == 12);
    Prompt prompt{"p", "1", "a {{one}} b {{two}}"};
    const auto filled = fill(prompt, {{"one", "{{two}}"}, {"two", "2"}});
    REQUIRE(filled);
    CHECK(*filled == "a {{two}} b 2");  // a value is data: its braces stay
    CHECK_FALSE(fill(prompt, {{"one", "1"}}));
    CHECK_FALSE(fill(prompt, {{"one", "1"}, {"two", "2"}, {"three", "3"}}));
}
