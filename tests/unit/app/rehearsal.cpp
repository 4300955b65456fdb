// What `gumshoe llm test` finds out: the real router under a fault at a target, without a network and without waiting.
#include "app/rehearsal.hpp"

#include <catch2/catch.hpp>

using namespace gumshoe;

namespace {

std::shared_ptr<llm::Target> target(std::string name, std::string provider, std::string account, std::string key = "") {
    auto one = std::make_shared<llm::Target>();
    one->name = std::move(name);
    one->api_url = "https://" + provider + ".test";
    one->provider = std::move(provider);
    one->model = "m";
    one->account = std::move(account);
    one->api_key = Secret(key.empty() ? "canary-key-of-" + one->name : key);
    return one;
}

RehearsedFault fault(std::string_view name) {
    for (const RehearsedFault& one : rehearsed_faults()) {
        if (one.name == name) return one;
    }
    throw std::runtime_error("no such fault");
}

Rehearsal play(const llm::Chain& chain, const char* name, const std::string& at) {
    const RehearsedFault what = fault(name);
    return rehearse(chain, hit_by(chain, at, what.reach), what, seconds(90));
}

}  // namespace

TEST_CASE("T-09: a fault injected at the first target shows who answers, in how many calls, after how long, and what people are told") {
    const llm::Chain chain = llm::in_order({target("main", "openai", "a"), target("second", "anthropic", "b")});
    struct Case {
        const char* fault;
        const char* words;
    };
    const Case cases[] = {{"account closed", "2nd choice; main: OpenAI asks for a payment"},
                          {"key refused", "2nd choice; main: OpenAI does not accept the API key"},
                          {"rate limit", "2nd choice; main: OpenAI limits our rate"},
                          {"overloaded", "2nd choice; main: OpenAI is overloaded"},
                          {"silent", "2nd choice; main: OpenAI sent nothing in time"}};
    REQUIRE(std::size(cases) == rehearsed_faults().size());
    for (const Case& c : cases) {
        CAPTURE(c.fault);
        const Rehearsal told = play(chain, c.fault, "main");
        CHECK(told.answered_by == "second");
        CHECK(told.calls == 2);
        CHECK(told.note == c.words);
        const bool silent = std::string(c.fault) == "silent";
        CHECK((told.waited > seconds(1)) == silent);
        CHECK(told.waited < seconds(60));
    }
    const Rehearsal well = rehearse(chain, {}, fault("silent"), seconds(90));
    CHECK(well.answered_by == "main");
    CHECK(well.note.empty());
    CHECK(play(chain, "silent", "second").answered_by == "main");
}

TEST_CASE("T-09: targets that share an account, a key or an address fail together, and a chain of them has a single point of failure") {
    struct Case {
        const char* fault;
        llm::Targets targets;
        bool answered;
    };
    const Case cases[] = {
        {"account closed", {target("main", "openai", "a"), target("cheap", "openai", "a")}, false},
        {"account closed", {target("main", "openai", "a"), target("cheap", "openai", "b")}, true},
        {"key refused", {target("main", "openai", "a", "canary-one-key"), target("cheap", "openai", "b", "canary-one-key")}, false},
        {"key refused", {target("main", "openai", "a"), target("main", "openai", "b", "canary-second")}, true},
        {"overloaded", {target("main", "openai", "a"), target("cheap", "openai", "b")}, false},
        {"rate limit", {target("main", "openai", "a"), target("cheap", "openai", "b")}, true},
        {"silent", {target("main", "openai", "a")}, false},
    };
    for (const Case& c : cases) {
        CAPTURE(c.fault, c.targets.size());
        const Rehearsal told = play(llm::in_order(c.targets), c.fault, "main");
        CHECK(told.answered_by.empty() != c.answered);
        CHECK(told.waited <= seconds(90));
        CHECK(told.note.find("canary") == std::string::npos);
    }
}
