// What the router remembers from one request to the next, and over restarts.
#include <catch2/catch.hpp>

#include "tests/unit/llm/bench.hpp"

using namespace gumshoe;
using namespace gumshoe::llm;
using namespace std::chrono_literals;
using gumshoe::llm::test::Bench;
using gumshoe::llm::test::canary;

TEST_CASE("T-22: fifty requests call a dead account once, and none does after a restart") {
    Bench bench;
    bench.scenario["llm"]["openai"]["account"] = "deactivated";
    Chain chain = bench.chain();
    auto other_model = bench.target("main-mini", "openai", "gpt-4o-mini");  // same key, same account
    chain.insert(chain.begin() + 1, llm::Link{.target = other_model});
    for (int i = 0; i < 50; ++i) {
        const Answer answer = bench.answer(chain);
        CHECK(answer.target == "second");
        CHECK(answer.note == "3rd choice; main: the OpenAI account is deactivated; main-mini: the OpenAI account is deactivated");
    }
    CHECK(bench.calls()["gpt-4o"] == 1);
    CHECK(bench.calls()["gpt-4o-mini"] == 0);
    CHECK(bench.calls()["claude-sonnet-5"] == 50);

    bench.restart();
    REQUIRE(gumshoe::test::run(*bench.loop, bench.router->recover()).has_value());
    bench.http.requests.clear();
    for (int i = 0; i < 50; ++i) CHECK(bench.answer(chain).target == "second");
    CHECK(bench.calls()["gpt-4o"] == 0);
    CHECK(bench.calls()["models openai"] == 0);
    CHECK(bench.alarms.size() == 1);
}

TEST_CASE("every fault of account, key or model is remembered for its own scope") {
    const std::map<std::string, std::string> scopes{
        {"quota", "account:"}, {"billing-limit", "account:"}, {"bad-key", "key:"}, {"forbidden", "model:"}, {"no-model", "model:"}};
    for (const auto& [fault, prefix] : scopes) {
        INFO(fault);
        Bench bench;
        const Chain chain = bench.chain("fb-" + fault);
        for (int i = 0; i < 5; ++i) bench.answer(chain);
        CHECK(bench.calls()["fb-" + fault] == 1);
        REQUIRE(bench.router->quarantines().size() == 1);
        CHECK(bench.router->quarantines().front().scope.starts_with(prefix));
        CHECK(bench.store.quarantined.size() == 1);
        // Another model of that account is only out when account or key is.
        bench.answer(Targets{bench.target("other", "openai", "gpt-4o"), chain[1].target});
        CHECK(bench.calls()["gpt-4o"] == (prefix == "model:" ? 1 : 0));
    }
}

TEST_CASE("accounts of two vendors with one name do not die together") {
    Bench bench;
    auto main = bench.target("main", "openai", "fb-quota");
    auto second = bench.target("second", "anthropic", "claude-sonnet-5");
    main->account = second->account = "acme";
    CHECK(bench.answer(Targets{main, second}).target == "second");
    CHECK(bench.answer(Targets{main, second}).target == "second");
}

TEST_CASE("a dead account is looked at beside a request when its time has come, and used again when it is well") {
    Bench bench;
    bench.scenario["llm"]["openai"]["account"] = "deactivated";
    const Chain chain = bench.chain();
    bench.answer(chain);
    bench.clock.advance(10min);
    bench.answer(chain);
    CHECK(bench.calls()["models openai"] == 0);
    bench.clock.advance(9min);
    CHECK(bench.answer(chain).target == "second");  // does not wait for the look
    gumshoe::test::run_ready(*bench.loop);
    CHECK(bench.calls()["models openai"] == 1);
    CHECK(bench.calls()["gpt-4o"] == 1);
    CHECK(bench.router->quarantines().front().strikes == 2);

    bench.clock.advance(20min);  // the second pause is half an hour, give or take a fifth
    bench.answer(chain);
    gumshoe::test::run_ready(*bench.loop);
    CHECK(bench.calls()["models openai"] == 1);

    bench.scenario["llm"]["openai"]["account"] = "ok";
    bench.clock.advance(17min);
    CHECK(bench.answer(chain).target == "second");
    gumshoe::test::run_ready(*bench.loop);
    CHECK(bench.calls()["models openai"] == 2);
    CHECK(bench.answer(chain).target == "main");
    CHECK(bench.store.rows.back().purpose == "probe");
    CHECK(bench.router->quarantines().empty());
    CHECK(bench.store.quarantined.empty());
    CHECK(bench.answer(chain).target == "main");
}

TEST_CASE("T-62: a look at a dead account that gets no answer has no part in the breaker") {
    Bench bench;
    bench.scenario["llm"]["openai"]["account"] = "deactivated";
    const Chain chain = bench.chain();
    bench.answer(chain);
    bench.http.delay = [](const HttpRequest& request) { return request.method == "GET" ? 20s : 0s; };
    bench.clock.advance(19min);
    for (int i = 0; i < 8; ++i) {
        CHECK(bench.answer(chain).target == "second");
        gumshoe::test::run_ready(*bench.loop);
        bench.clock.advance(11s);  // its deadline
        gumshoe::test::run_ready(*bench.loop);
        CHECK(bench.state(chain[0].target).failures == 0);
        bench.clock.advance(10min);
    }
    CHECK(bench.calls()["models openai"] >= 5);
    const TargetState state = bench.state(chain[0].target);
    CHECK(state.breaker == "closed");
    CHECK(state.in_flight == 0);
    CHECK(bench.router->quarantines().front().strikes == 1);
}

TEST_CASE("an account whose list of models is well but whose calls are refused costs one call a turn") {
    Bench bench;
    bench.scenario["llm"]["openai"]["account"] = "quota";  // GET /models answers
    const Chain chain = bench.chain();
    bench.answer(chain);
    bench.clock.advance(19min);
    bench.answer(chain);
    gumshoe::test::run_ready(*bench.loop);
    for (int i = 0; i < 5; ++i) CHECK(bench.answer(chain).target == "second");
    CHECK(bench.calls()["gpt-4o"] == 2);
    CHECK(bench.router->quarantines().front().strikes == 2);
}

TEST_CASE("when nobody else is left a due account is called at once") {
    Bench bench;
    bench.scenario["llm"]["openai"]["account"] = "quota";
    const Chain lone = in_order({bench.target("main", "openai", "gpt-4o")});
    CHECK(std::holds_alternative<NoAnswer>(bench.ask(lone)));
    CHECK(std::holds_alternative<NoAnswer>(bench.ask(lone)));
    CHECK(bench.calls()["gpt-4o"] == 1);
    bench.scenario["llm"]["openai"]["account"] = "ok";
    bench.clock.advance(19min);
    CHECK(bench.answer(lone).target == "main");
}

TEST_CASE("people are told once in six hours, in words, with what to do") {
    Bench bench;
    bench.scenario["llm"]["openai"]["account"] = "deactivated";
    const Chain chain = bench.chain();
    for (int i = 0; i < 3; ++i) bench.answer(chain);
    REQUIRE(bench.alarms.size() == 1);
    CHECK(bench.alarms[0].find("the OpenAI account is deactivated") != std::string::npos);
    CHECK(bench.alarms[0].find("main") != std::string::npos);
    CHECK(bench.alarms[0].find("401, account_deactivated") != std::string::npos);
    CHECK(bench.alarms[0].find("billing") != std::string::npos);
}

TEST_CASE("an operator's release opens a quarantine at once") {
    Bench bench;
    bench.scenario["llm"]["openai"]["account"] = "quota";
    const Chain chain = bench.chain();
    bench.answer(chain);
    bench.scenario["llm"]["openai"]["account"] = "ok";
    const std::string scope = bench.router->quarantines().front().scope;
    CHECK(gumshoe::test::run(*bench.loop, bench.router->release(scope)).has_value());
    CHECK(bench.answer(chain).target == "main");
    CHECK(bench.store.quarantined.empty());
    CHECK(gumshoe::test::run(*bench.loop, bench.router->release("account:none")).error().code == errc::not_found);
}

TEST_CASE("a vendor's own date holds for the quarantine") {
    Bench bench;
    const Chain chain = in_order({bench.target("main", "anthropic", "fb-quota"), bench.target("second", "openai", "gpt-4o")});
    const std::string words = "You have reached your specified API usage limits. You will regain access on 2026-08-03 at 00:00 UTC.";
    bench.http.push(400, dump_json({{"type", "error"}, {"error", {{"type", "invalid_request_error"}, {"message", words}}}}));
    bench.answer(chain);
    CHECK(format_rfc3339(bench.router->quarantines().front().until) == "2026-08-03T00:00:00Z");
}

TEST_CASE("a rate limit closes the target for as long as it said, and not the others") {
    Bench bench;
    const Chain chain = bench.chain("fb-429-long");
    CHECK(bench.answer(chain).target == "second");
    for (int i = 0; i < 5; ++i) CHECK(bench.answer(chain).target == "second");
    CHECK(bench.calls()["fb-429-long"] == 1);
    bench.clock.advance(11min);  // an hour was asked for; ten minutes is the most we believe
    bench.answer(chain);
    CHECK(bench.calls()["fb-429-long"] == 2);
}

TEST_CASE("T-27: a failing endpoint is left alone after four failures and tried one call at a time") {
    Bench bench;
    const Chain chain = bench.chain("fb-500");
    for (int i = 0; i < 20; ++i) CHECK(bench.answer(chain).target == "second");
    CHECK(bench.calls()["fb-500"] == 4);
    CHECK(bench.store.rows.back().outcome == "ok");
    bench.clock.advance(19s);
    for (int i = 0; i < 5; ++i) bench.answer(chain);
    CHECK(bench.calls()["fb-500"] == 5);
}

TEST_CASE("T-25: failures that the request brought on itself leave the endpoint's health alone") {
    Bench bench;
    for (int i = 0; i < 10; ++i) bench.answer(bench.chain("fb-400"));
    CHECK(bench.calls()["fb-400"] == 10);
    for (int i = 0; i < 10; ++i) bench.answer(bench.chain("fb-refusal"));
    CHECK(bench.calls()["fb-refusal"] == 10);
}

TEST_CASE("T-17: with every breaker open one call is forced rather than none") {
    Bench bench;
    const Chain chain = bench.chain("fb-500", "fb-500");
    for (int i = 0; i < 3; ++i) bench.ask(chain);
    const auto before = bench.http.requests.size();
    CHECK(std::holds_alternative<NoAnswer>(bench.ask(chain, Bench::question(), 10s)));
    CHECK(bench.http.requests.size() > before);
}

TEST_CASE("T-60: a key is in the headers of a call and nowhere else") {
    Bench bench;
    const std::string echo = dump_json(
        {{"error", {{"message", std::string("odd key ") + canary + "openai"}, {"type", "x"}, {"code", std::string(canary) + "openai"}}}});
    bench.http.push(400, echo);
    const Answer answer = bench.answer(bench.chain());
    bench.http.push(
        401, dump_json({{"error", {{"message", std::string("Incorrect API key provided: ") + canary}, {"code", "invalid_api_key"}}}}));
    const Answer other = bench.answer(bench.chain());
    std::string seen = answer.note + other.note;
    for (const LlmAttempt& row : bench.store.rows) {
        seen += row.id + row.target + row.model + row.key_fingerprint + row.request_sha256 + row.reason + row.vendor_code + row.request_id +
                row.outcome;
    }
    for (const auto& [scope, entry] : bench.store.quarantined) seen += scope + entry.reason + entry.failure;
    for (const std::string& alarm : bench.alarms) seen += alarm;
    for (const Hop& hop : answer.hops) seen += hop.failure.reason + hop.failure.code;
    for (const HttpRequest& request : bench.http.requests) {
        seen += request.url + request.body;
        for (const auto& [name, value] : request.headers) {
            if (name != "Authorization" && name != "x-api-key") seen += value;
        }
    }
    CHECK(seen.size() > 500);
    CHECK(seen.find(canary) == std::string::npos);
    CHECK(seen.find("sk-canary") == std::string::npos);
    CHECK(bench.http.requests.front().headers.find("authorization") == std::string("Bearer ") + canary + "openai");
}

TEST_CASE("a quarantine that has stood for a while says since when, with the date where that was another day") {
    Bench bench;
    bench.scenario["llm"]["openai"]["account"] = "deactivated";
    const Chain chain = bench.chain();
    CHECK(bench.answer(chain).note == "2nd choice; main: the OpenAI account is deactivated");
    bench.clock.advance(5min);
    CHECK(bench.answer(chain).note == "2nd choice; main: the OpenAI account is deactivated since 10:00 UTC");
    Quarantine& stored = bench.store.quarantined.begin()->second;
    stored.since -= std::chrono::days(2);
    bench.restart();
    REQUIRE(gumshoe::test::run(*bench.loop, bench.router->recover()).has_value());
    CHECK(bench.answer(chain).note == "2nd choice; main: the OpenAI account is deactivated since 2026-07-30 10:00 UTC");
}
