// Bugs that users of other routers reported, as tests of ours; the table is in the research on LLM layers.
#include <catch2/catch.hpp>
#include <set>

#include "base/log.hpp"
#include "integrations/anthropic/sandbox_check.hpp"
#include "tests/support/standard_error.hpp"
#include "tests/unit/llm/bench.hpp"

using namespace gumshoe;
using namespace gumshoe::llm;
using namespace std::chrono_literals;
using gumshoe::llm::test::Bench;

namespace {

std::string openai_error(const char* code, const std::string& message, const char* param = "") {
    return dump_json({{"error", {{"message", message}, {"type", "invalid_request_error"}, {"code", code}, {"param", param}}}});
}

/// Calls to a provider, looks at its models not counted.
int calls_to(const Bench& bench, const std::string& provider) {
    return static_cast<int>(std::ranges::count_if(bench.http.requests, [&](const HttpRequest& request) {
        return request.method == "POST" && request.url.find(provider) != std::string::npos;
    }));
}

}  // namespace

TEST_CASE("T-03: a model that refuses one parameter after the other ends the attempts, not the deadline") {
    Bench bench;
    int refused = 0;
    bench.http.handle_with([&](const HttpRequest&) -> result<HttpResponse> {
        const std::vector<const char*> params{"reasoning_effort", "temperature", "response_format", "stream_options", "max_tokens", "x"};
        const char* param = params[static_cast<std::size_t>(refused++) % params.size()];
        return gumshoe::test::http_response(400, openai_error("unsupported_parameter", "Unsupported parameter", param));
    });
    const auto outcome = bench.ask(Targets{bench.target("main", "openai", "gpt-4o")});
    CHECK(std::holds_alternative<NoAnswer>(outcome));
    CHECK(refused >= 2);
    CHECK(refused <= limits::llm_attempts);
}

TEST_CASE("T-05: a chain of one target reaches no other vendor, however it fails") {
    for (const char* fault : {"500", "truncated-stream", "error-in-stream", "deactivated", "refusal", "html"}) {
        INFO(fault);
        Bench bench;
        CHECK(std::holds_alternative<NoAnswer>(bench.ask(Targets{bench.target("main", "openai", std::string("fb-") + fault)})));
        CHECK(calls_to(bench, "anthropic") == 0);
    }
}

TEST_CASE("T-06: what a model babbles reaches neither the journal nor the log") {
    Bench bench(false);
    const json call = {{"id", "c"}, {"type", "function"}, {"function", {{"name", "get"}, {"arguments", std::string(3'000'000, '{')}}}};
    const json message = {{"role", "assistant"}, {"content", nullptr}, {"tool_calls", json::array({call})}};
    const json body = {{"choices", json::array({{{"index", 0}, {"finish_reason", "tool_calls"}, {"message", message}}})}};
    for (int i = 0; i < 2; ++i) bench.http.push(200, dump_json(body));
    Request request = Bench::question();
    request.tools.push_back({"get", "Gets.", R"({"type":"object","properties":{},"required":[],"additionalProperties":false})"});
    std::variant<Answer, NoAnswer> outcome;
    log::set_level(log::Level::debug);
    const std::string logged = gumshoe::test::standard_error_of([&] { outcome = bench.ask(bench.chain(), request); });
    log::set_level(log::Level::info);
    CHECK(logged.size() < 10'000);
    REQUIRE(std::holds_alternative<Answer>(outcome));
    CHECK(std::get<Answer>(outcome).hops.front().failure.failure == FailureClass::schema_invalid);
    std::size_t journaled = 0;
    for (const LlmAttempt& row : bench.store.rows) journaled += row.reason.size() + row.vendor_code.size() + row.request_id.size();
    CHECK(journaled < 2000);
    CHECK(bench.http.requests.at(1).body.size() < 100'000);  // nor the turn that asks to mend it
}

TEST_CASE("T-09: a drill shows the route, costs no call, and leaves no trace in health") {
    Bench bench;
    const Chain chain = bench.chain();
    for (const FailureClass failure : {FailureClass::account_dead, FailureClass::rate_limit, FailureClass::server_error,
                                       FailureClass::content_filter, FailureClass::timeout}) {
        INFO(to_string(failure));
        bench.http.requests.clear();
        bench.router->drill("main", failure, 1);
        CHECK(bench.state(chain[0].target).drills == 1);
        const Answer answer = bench.answer(chain);
        CHECK(answer.target == "second");
        CHECK(answer.hops.front().failure.failure == failure);
        CHECK(answer.note == "2nd choice; main: a drill: " + std::string(to_string(failure)));
        CHECK(bench.calls().count("gpt-4o") == 0);
        CHECK(bench.answer(chain).target == "main");  // as if nothing had been
    }
    CHECK(bench.alarms.empty());
    CHECK(bench.router->quarantines().empty());
    CHECK(bench.store.quarantined.empty());
    CHECK(bench.state(chain[0].target).failures == 0);
    const auto drilled = std::ranges::count(bench.store.rows, "drill", &LlmAttempt::purpose);
    CHECK(drilled == 5);
    bench.router->drill("main", FailureClass::server_error, 5);
    bench.router->drill("main", FailureClass::server_error, 0);
    CHECK(bench.answer(chain).target == "main");
}

TEST_CASE("T-09: a drill of a dead account passes over all its targets") {
    Bench bench;
    Chain chain = bench.chain();
    chain.insert(chain.begin() + 1, llm::Link{.target = bench.target("main-mini", "openai", "gpt-4o-mini")});
    bench.router->drill("main", FailureClass::account_dead, 1);
    CHECK(bench.answer(chain).target == "second");
    CHECK(calls_to(bench, "openai") == 0);
}

TEST_CASE("T-13, T-32: a bare 429 sends the request on at once, without a wait") {
    for (const char* fault : {"429", "429-bare", "429-long"}) {
        INFO(fault);
        Bench bench;
        const Timestamp start = bench.clock.now();
        const Chain chain = bench.chain(std::string("fb-") + fault);
        CHECK(bench.answer(chain).target == "second");
        CHECK(bench.clock.now() == start);
        CHECK(bench.state(chain[0].target).gate >= 1s);
        CHECK(bench.state(chain[1].target).gate == 0s);  // T-23: what one was told holds for that one
    }
}

TEST_CASE("T-14: a fallback has a breaker of its own, and a caller that gives up is no failure") {
    Bench bench;
    const Chain chain = bench.chain("fb-500", "fb-500");
    for (int i = 0; i < 3; ++i) bench.ask(chain, Bench::question(), 5s);
    CHECK(bench.state(chain[1].target).breaker == "open");

    Bench calm;
    const Chain well = calm.chain();
    calm.http.delay = [](const HttpRequest&) { return 10s; };
    for (int i = 0; i < 6; ++i) {
        awaitable<void> asked = calm.ask_in_passing(well, nullptr);
        CHECK_FALSE(gumshoe::test::run(*calm.loop, calm.loop->within(Deadline::after(calm.clock, 1s), std::move(asked))));
    }
    const TargetState state = calm.state(well[0].target);
    CHECK(state.breaker == "closed");
    CHECK(state.calls == 0);
    CHECK(state.in_flight == 0);
    CHECK(calm.http.in_flight == 0);
}

TEST_CASE("T-23: the fallback's failure is the fallback's own") {
    Bench bench;
    const Chain chain = bench.chain("fb-500", "fb-429-long");
    bench.ask(chain, Bench::question(), 5s);
    CHECK(bench.state(chain[0].target).gate == 0s);
    CHECK(bench.state(chain[1].target).gate > 1min);
    CHECK(bench.state(chain[1].target).failures == 0);
}

TEST_CASE("T-24: no quarantine is for ever: each is looked at within 75 minutes") {
    for (const char* fault : {"quota", "deactivated", "bad-key", "forbidden", "no-model"}) {
        INFO(fault);
        Bench bench;
        bench.scenario["llm"]["openai"]["models"] = {{"gpt-4o", fault}};
        const Chain chain = bench.chain();
        bench.answer(chain);
        CHECK(bench.state(chain[0].target).quarantine.has_value());
        bench.scenario["llm"]["openai"].erase("models");
        bench.clock.advance(75min);
        bench.answer(chain);
        gumshoe::test::run_ready(*bench.loop);
        CHECK(bench.answer(chain).target == "main");
        CHECK(bench.router->quarantines().empty());
    }
}

TEST_CASE("T-25: a request-shaped refusal of the probe neither opens nor closes a half-open breaker") {
    Bench bench;
    bench.scenario["llm"]["openai"]["models"] = {{"gpt-4o", "500"}};
    const Chain chain = bench.chain();
    for (int i = 0; i < 4; ++i) bench.answer(chain);
    CHECK(bench.state(chain[0].target).breaker == "open");
    bench.clock.advance(19s);
    bench.scenario["llm"]["openai"]["models"] = {{"gpt-4o", "400"}};
    for (int i = 0; i < 3; ++i) {
        bench.http.requests.clear();
        CHECK(bench.answer(chain).target == "second");
        CHECK(calls_to(bench, "openai") == 1);
        CHECK(bench.state(chain[0].target).breaker == "half-open");
        CHECK(bench.state(chain[0].target).breaker_opens_in == 0s);
    }
    CHECK(bench.state(chain[0].target).trips == 1);
}

TEST_CASE("T-29: keys of one target are tried one after the other, three at most, and count as one choice") {
    Bench bench;
    Chain chain;
    for (int i = 0; i < 4; ++i) {
        auto keyed = bench.target("main", "openai", "fb-bad-key");
        keyed->api_key = Secret("sk-key-number-" + std::to_string(i));
        chain.push_back({.target = keyed});
    }
    chain.push_back({.target = bench.target("second", "anthropic", "claude-sonnet-5")});
    bench.options.max_attempts_per_target = 1;
    bench.restart();
    const Answer answer = bench.answer(chain);
    CHECK(answer.target == "second");
    CHECK(calls_to(bench, "openai") == 3);
    CHECK(answer.note.starts_with("2nd choice; main: "));
    CHECK(answer.note.find("main", answer.note.find("main") + 1) == std::string::npos);
    std::set<std::string> keys;
    for (const LlmAttempt& row : bench.store.rows) keys.insert(row.key_fingerprint);
    CHECK(keys.size() == 5);  // the fourth was passed over, and that is journaled too
    CHECK(bench.store.rows.back().hop == 1);
    const auto good = bench.target("main", "openai", "gpt-4o");
    chain[3].target = good;
    CHECK(bench.answer(chain).note.empty());  // three keys are quarantined, the fourth is asked: still the first choice
}

TEST_CASE("T-29: a dead account takes its other keys along") {
    Bench bench;
    Chain chain;
    for (int i = 0; i < 2; ++i) {
        auto keyed = bench.target("main", "openai", "fb-quota");
        keyed->api_key = Secret("sk-key-number-" + std::to_string(i));
        keyed->account = "acme";
        chain.push_back({.target = keyed});
    }
    chain.push_back({.target = bench.target("second", "anthropic", "claude-sonnet-5")});
    CHECK(bench.answer(chain).target == "second");
    CHECK(calls_to(bench, "openai") == 1);
}

TEST_CASE("T-31: what we deny ourselves nobody is asked for") {
    Bench bench;
    const auto outcome = bench.ask(bench.chain(), Bench::question(), 90s, {}, {.run = "run_1", .step = "s", .budget_usd = 0.000001});
    REQUIRE(std::holds_alternative<NoAnswer>(outcome));
    CHECK(std::get<NoAnswer>(outcome).failure == FailureClass::budget_exceeded);
    CHECK(bench.http.requests.empty());
}

TEST_CASE("T-61: a team's day is its own") {
    Bench bench;
    const RouteContext payments{.run = "r", .step = "s", .team = "payments", .team_per_day_usd = 1};
    const RouteContext search{.run = "r", .step = "s", .team = "search", .team_per_day_usd = 1};
    bench.store.spent_of["payments"] = 0.999999;
    CHECK(std::holds_alternative<NoAnswer>(bench.ask(bench.chain(), Bench::question(), 90s, {}, payments)));
    CHECK(std::holds_alternative<Answer>(bench.ask(bench.chain(), Bench::question(), 90s, {}, search)));
    CHECK(bench.store.rows.back().team == "search");
    bench.clock.advance(24h);
    bench.store.spent_of.clear();
    CHECK(std::holds_alternative<Answer>(bench.ask(bench.chain(), Bench::question(), 90s, {}, payments)));
}

TEST_CASE("T-52, T-53: after a tool loop's target fails the next one gets the same results under ids of its own") {
    Bench bench;
    Request request = Bench::question();
    const std::string id = "functions.get:0/" + std::string(60, 'x');
    request.tools.push_back({"get", "Gets.", R"({"type":"object","properties":{},"required":[],"additionalProperties":false})"});
    // The signed blocks hold the call as their target made it.
    const json signed_turn = json::array({{{"type", "thinking"}, {"thinking", "x"}, {"signature", anthropic::simulated_signature}},
                                          {{"type", "tool_use"}, {"id", "toolu_1"}, {"name", "get"}, {"input", json::object()}}});
    request.messages.push_back(
        {.role = Role::assistant, .tool_calls = {{"toolu_1", "get", "{}"}}, .opaque = dump_json(signed_turn), .opaque_target = "main"});
    request.messages.push_back({.role = Role::tool, .text = "pool is full", .tool_call_id = "toolu_1"});
    request.messages.push_back({.role = Role::assistant, .tool_calls = {{id, "get", "{}"}}});
    request.messages.push_back({.role = Role::tool, .text = "deploy at 09:58", .tool_call_id = id});
    bench.scenario["llm"]["anthropic"]["models"] = {{"claude-main", "529"}, {"claude-sonnet-5", "ok"}};
    const Chain chain = in_order({bench.target("main", "anthropic", "claude-main"), bench.target("other", "anthropic", "claude-sonnet-5"),
                                  bench.target("third", "openai", "gpt-4o")});
    const auto outcome = bench.ask(chain, request);
    REQUIRE(std::holds_alternative<Answer>(outcome));
    CHECK(std::get<Answer>(outcome).target == "other");
    REQUIRE(bench.http.requests.size() == 2);
    CHECK(bench.http.requests[0].body.find(anthropic::simulated_signature) != std::string::npos);
    CHECK(bench.http.requests[1].body.find(anthropic::simulated_signature) == std::string::npos);
    for (const HttpRequest& sent : bench.http.requests) {
        CHECK(sent.body.find(id) == std::string::npos);
        CHECK(sent.body.find("pool is full") != std::string::npos);
        CHECK(sent.body.find("deploy at 09:58") != std::string::npos);
    }
}

TEST_CASE("what was learned of a model outlives the process, until it expires") {
    Bench bench;
    const Chain chain = bench.chain("fb-unsupported-param");
    CHECK(bench.answer(chain).target == "main");
    CHECK(calls_to(bench, "openai") == 2);
    REQUIRE(bench.store.facts.size() == 1);
    CHECK(bench.state(chain[0].target).repairs == std::vector<std::string>{"response_format"});

    bench.restart();
    REQUIRE(gumshoe::test::run(*bench.loop, bench.router->recover()).has_value());
    bench.http.requests.clear();
    CHECK(bench.answer(chain).target == "main");
    CHECK(calls_to(bench, "openai") == 1);

    bench.clock.advance(25h);
    bench.http.requests.clear();
    CHECK(bench.answer(chain).target == "main");
    CHECK(calls_to(bench, "openai") == 2);
}

TEST_CASE("a window that a vendor told is kept over a restart; a reset forgets it") {
    Bench bench;
    const Chain chain = bench.chain();
    bench.http.push(400,
                    openai_error("context_length_exceeded",
                                 "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens."));
    CHECK(bench.answer(chain).target == "second");
    bench.restart();
    CHECK(gumshoe::test::run(*bench.loop, bench.router->recover()).has_value());
    CHECK(bench.state(chain[0].target).window == 8192);
    Request request = Bench::question();
    request.messages[1].text = std::string(20'000, 'x');
    bench.http.requests.clear();
    bench.ask(chain, request);
    CHECK(calls_to(bench, "openai") == 0);
    CHECK(gumshoe::test::run(*bench.loop, bench.router->reset(chain[0].target)).has_value());
    CHECK(bench.state(chain[0].target).window == 128'000);
    CHECK(bench.store.facts.empty());
}

TEST_CASE("the best of the refused answers is handed back when nobody's stands") {
    Bench bench;
    const Router::Check check = [](const Reply&) -> result<void> { return Error{errc::bad_reply, "it cites nothing"}; };
    auto outcome = bench.ask(bench.chain(), Bench::question(), 90s, check);
    REQUIRE(std::holds_alternative<NoAnswer>(outcome));
    REQUIRE(std::get<NoAnswer>(outcome).best_rejected);
    CHECK(std::get<NoAnswer>(outcome).best_rejected->reply.text == R"({"summary":"pool exhausted"})");
    CHECK(std::get<NoAnswer>(outcome).best_rejected->failure.reason == "it cites nothing");
    // A well-formed one is better than a later one that is not.
    Bench mixed;
    mixed.http.handle_with([](const HttpRequest& request) -> result<HttpResponse> {
        if (request.url.find("anthropic") == std::string::npos) {
            const json message = {{"role", "assistant"}, {"content", R"({"summary":"x"})"}};
            const json choice = {{"index", 0}, {"finish_reason", "stop"}, {"message", message}};
            return gumshoe::test::http_response(200, dump_json({{"choices", json::array({choice})}}));
        }
        const json prose = json::array({{{"type", "text"}, {"text", "prose"}}});
        return gumshoe::test::http_response(
            200, dump_json({{"type", "message"}, {"role", "assistant"}, {"content", prose}, {"stop_reason", "end_turn"}}));
    });
    outcome = mixed.ask(mixed.chain(), Bench::question(), 90s, check);
    CHECK(calls_to(mixed, "anthropic") == 2);
    REQUIRE(std::get<NoAnswer>(outcome).best_rejected);
    CHECK(std::get<NoAnswer>(outcome).best_rejected->target == "main");
    mixed.restart();
    mixed.http.handle_with([](const HttpRequest&) -> result<HttpResponse> { return Error{errc::network, "refused"}; });
    outcome = mixed.ask(mixed.chain(), Bench::question(), 90s, check);
    CHECK_FALSE(std::get<NoAnswer>(outcome).best_rejected);
}

TEST_CASE("a dry run says where a request would go, calls nobody and changes nothing") {
    Bench bench;
    bench.scenario["llm"]["openai"]["account"] = "deactivated";
    const Chain chain = bench.chain();
    bench.answer(chain);
    bench.http.requests.clear();
    const auto rows = bench.store.rows.size();
    const auto before = bench.state(chain[1].target);
    const auto prospects =
        gumshoe::test::run(*bench.loop, bench.router->dry_run(Bench::question(), chain, RouteContext{.run = "r", .step = "s"}));
    REQUIRE(prospects.size() == 2);
    CHECK(prospects[0].skip == "quarantine");
    CHECK(prospects[0].reason == "the OpenAI account is deactivated");
    CHECK_FALSE(prospects[0].viable);
    CHECK(prospects[1].viable);
    CHECK(prospects[1].most_usd > 0);
    CHECK(bench.http.requests.empty());
    CHECK(bench.store.rows.size() == rows);
    CHECK(bench.state(chain[1].target).calls == before.calls);
}

TEST_CASE("an attempt's row says how far the request had come, how long it took and what went over the wire") {
    Bench bench;
    bench.http.delay = [](const HttpRequest&) { return 2s; };
    const Chain chain = bench.chain("fb-500");
    bench.answer(chain);
    REQUIRE(bench.store.rows.size() == 2);
    const LlmAttempt& failed = bench.store.rows[0];
    const LlmAttempt& good = bench.store.rows[1];
    CHECK(failed.hop == 0);
    CHECK(good.hop == 1);
    CHECK(failed.took == 2s);
    CHECK_FALSE(failed.first_content);
    CHECK(good.first_content == 2s);
    CHECK(good.took == 2s);
    CHECK(failed.deadline_left == 88s);
    CHECK(good.deadline_left == 86s);
    CHECK(good.bytes_out == static_cast<std::int64_t>(bench.http.requests[1].body.size()));
    CHECK(good.bytes_in > 0);
    CHECK(failed.bytes_in > 0);
    CHECK(good.answered_model == "claude-sonnet-5");
    CHECK(good.breaker_before == "closed");
    CHECK(good.cost_usd > 0);
}
