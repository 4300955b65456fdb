// Where a request goes when its first choice fails, class by class: exact calls, time, journal, words.
#include <catch2/catch.hpp>

#include "tests/unit/llm/bench.hpp"

using namespace gumshoe;
using namespace gumshoe::llm;
using gumshoe::llm::test::Bench;

namespace {

struct Case {
    const char* fault;
    const char* failure;  // of the first call to main
    int main_calls;
    const char* answered_by = "second";
};

const std::vector<Case> openai_cases{
    {"deactivated", "account_dead", 1},
    {"account-deactivated", "account_dead", 1},
    {"quota", "account_dead", 1},
    {"billing-limit", "account_dead", 1},
    {"billing-inactive", "account_dead", 1},
    {"bad-key", "auth_bad", 1},
    {"forbidden", "forbidden", 1},
    {"no-model", "model_gone", 1},
    {"429", "rate_limit", 1},
    {"429-bare", "rate_limit", 1},
    {"429-long", "rate_limit", 1},
    {"500", "server_error", 1},
    {"503", "overloaded", 1},
    {"context", "context_overflow", 1},
    {"unsupported-param", "unsupported_param", 2, "main"},
    {"content-filter", "content_filter", 1},
    {"refusal", "refusal", 1},
    {"400", "bad_request_unknown", 1},
    {"413", "too_large", 1},
    {"html", "bad_body", 1},
    {"error-in-200", "server_error", 1},
    {"empty", "empty", 2},
    {"length", "output_truncated", 2},
    {"truncated-stream", "truncated_stream", 1},
    {"broken-json", "truncated_stream", 1},
    {"error-in-stream", "server_error", 1},
};

int number_of_sleeps(const Bench& bench, Timestamp start) {
    return bench.clock.now() == start ? 0 : 1;
}

}  // namespace

TEST_CASE("T-04, T-30: each fault of the first choice ends in an answer, streamed or whole, with exact calls and without a wait") {
    const bool stream = GENERATE(true, false);
    for (const Case& c : openai_cases) {
        const std::string fault = c.fault;
        if (!stream && fault == "error-in-stream") continue;
        INFO(fault << (stream ? " streamed" : " whole"));
        Bench bench(stream);
        const Timestamp start = bench.clock.now();
        const Chain chain = bench.chain("fb-" + fault);
        const Answer answer = bench.answer(chain);
        CHECK(answer.target == c.answered_by);
        CHECK(answer.reply.text == R"({"summary":"pool exhausted"})");
        CHECK(bench.calls()["fb-" + fault] == c.main_calls);
        CHECK(bench.calls()["claude-sonnet-5"] == (std::string(c.answered_by) == "second" ? 1 : 0));
        const std::string broken = !stream && std::string(c.failure) == "truncated_stream" ? "bad_body" : c.failure;
        CHECK(to_string(answer.hops.front().failure.failure) == broken);
        CHECK(answer.hops.back().failure.failure == FailureClass::none);
        CHECK(number_of_sleeps(bench, start) == 0);
        if (answer.target == "second") CHECK(answer.note.starts_with("2nd choice; main: "));
        if (answer.target == "main") CHECK(answer.note.empty());
        for (const LlmAttempt& row : bench.store.rows) CHECK(row.finished_at.has_value());
        CHECK(bench.store.rows.size() == answer.hops.size());
    }
}

TEST_CASE("the same with Anthropic as the first choice") {
    const std::map<std::string, std::string> classes{{"spend-limit", "account_dead"},
                                                     {"deactivated", "account_dead"},
                                                     {"529", "overloaded"},
                                                     {"bad-key", "auth_bad"},
                                                     {"context", "context_overflow"},
                                                     {"error-in-stream", "overloaded"},
                                                     {"truncated-stream", "truncated_stream"}};
    for (const auto& [fault, failure] : classes) {
        INFO(fault);
        Bench bench;
        const auto first = bench.target("main", "anthropic", "fb-" + fault);
        auto second = bench.target("second", "openai", "gpt-4o");
        second->context_window = 1'000'000;
        const Answer answer = bench.answer(Targets{first, second});
        CHECK(answer.target == "second");
        CHECK(bench.calls()["fb-" + fault] == 1);
        CHECK(to_string(answer.hops.front().failure.failure) == failure);
    }
}

TEST_CASE("a lone target is tried again where that can help, after a wait within the deadline") {
    const std::map<std::string, int> calls{
        {"500", 2},         {"503", 2}, {"429", 2},     {"429-long", 1}, {"html", 2}, {"truncated-stream", 2},
        {"deactivated", 1}, {"400", 1}, {"context", 1}, {"refusal", 1},  {"413", 1},  {"no-model", 1}};
    for (const auto& [fault, expected] : calls) {
        INFO(fault);
        Bench bench;
        const Timestamp start = bench.clock.now();
        const auto outcome = bench.ask(Targets{bench.target("main", "openai", "fb-" + fault)});
        REQUIRE(std::holds_alternative<NoAnswer>(outcome));
        CHECK(bench.calls()["fb-" + fault] == expected);
        CHECK(bench.clock.now() - start <= std::chrono::seconds(90));
        if (fault == "429") CHECK(bench.clock.now() - start >= std::chrono::seconds(2));
        CHECK(std::get<NoAnswer>(outcome).note.starts_with("no model answered; main: "));
    }
}

TEST_CASE("T-11: when all fail for a moment each is tried twice and no more than six calls are made") {
    Bench bench;
    const auto outcome = bench.ask(bench.chain("fb-500", "fb-500"));
    CHECK(std::holds_alternative<NoAnswer>(outcome));
    CHECK(bench.http.requests.size() == 4);
    Targets four;
    for (const std::string name : {"a", "b", "c", "d"}) {
        four.push_back(bench.target(name, "openai", name));
        bench.scenario["llm"]["openai"]["models"][name] = "503";
    }
    bench.http.requests.clear();
    CHECK(std::holds_alternative<NoAnswer>(bench.ask(four)));
    CHECK(bench.http.requests.size() == 6);
}

TEST_CASE("two vendors that refuse the same request end it: the request is at fault") {
    Bench bench;
    Chain chain = bench.chain("fb-400", "fb-400");
    chain.push_back({.target = bench.target("third", "openai", "gpt-4o")});
    const auto outcome = bench.ask(chain);
    REQUIRE(std::holds_alternative<NoAnswer>(outcome));
    CHECK(std::get<NoAnswer>(outcome).failure == FailureClass::caller_fault);
    CHECK(bench.http.requests.size() == 2);
    CHECK(bench.calls()["gpt-4o"] == 0);
}

TEST_CASE("a request that fits no window comes back with the largest one") {
    Bench bench;
    const auto outcome = bench.ask(bench.chain("fb-context", "fb-context"));
    REQUIRE(std::holds_alternative<NoAnswer>(outcome));
    CHECK(std::get<NoAnswer>(outcome).failure == FailureClass::context_overflow);
    CHECK(std::get<NoAnswer>(outcome).window == 200'000);
    CHECK(bench.http.requests.size() == 2);
}

TEST_CASE("T-07: a target whose window is too small is passed over without a call") {
    Bench bench;
    Request request = Bench::question();
    request.messages[1].text = std::string(450'000, 'x');
    const auto outcome = bench.ask(bench.chain(), request);
    REQUIRE(std::holds_alternative<Answer>(outcome));
    CHECK(std::get<Answer>(outcome).target == "second");
    CHECK(bench.http.requests.size() == 1);
    REQUIRE(bench.store.rows.size() == 2);
    CHECK(bench.store.rows[0].purpose == "skip");
    CHECK(bench.store.rows[0].outcome == "skipped");
    CHECK(bench.store.rows[0].reason.find("window") != std::string::npos);
}

TEST_CASE("T-45: silence, stalls and endless pings end by their own clocks and the next target answers") {
    using gumshoe::test::FakeAnswer;
    using gumshoe::test::FakePiece;
    const std::string start = R"(data: {"choices":[{"index":0,"delta":{"content":"{"},"finish_reason":null}]})"
                              "\n\n";
    const auto run = [&](std::vector<FakePiece> pieces, milliseconds before, milliseconds expected) {
        Bench bench;
        const Timestamp began = bench.clock.now();
        bench.http.push(
            FakeAnswer{gumshoe::test::http_response(200, "", {{"content-type", "text/event-stream"}}), before, std::move(pieces)});
        const Answer answer = bench.answer(bench.chain());
        CHECK(answer.target == "second");
        CHECK(answer.hops.front().failure.failure == FailureClass::timeout);
        CHECK(bench.calls()["gpt-4o"] == 1);
        CHECK(bench.clock.now() - began == expected);
    };
    run({}, std::chrono::hours(1), std::chrono::seconds(30));                                                  // accepts, says nothing
    run({{milliseconds(0), start}, {std::chrono::hours(1), "x"}}, milliseconds(0), std::chrono::seconds(15));  // begins, then stalls
    run(std::vector<FakePiece>(300, {std::chrono::seconds(1), ": ping\n\n"}), milliseconds(0), std::chrono::seconds(30));
    const std::string role_only = R"(data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]})"
                                  "\n\n";
    run(std::vector<FakePiece>(300, {std::chrono::seconds(1), role_only}), milliseconds(0), std::chrono::seconds(30));
    // Drips content for ever: the attempt's share of the deadline ends it, 60 % of (90 s - 2 s).
    run(std::vector<FakePiece>(3000, {std::chrono::seconds(1), start}), milliseconds(0), milliseconds(52'800));
}

TEST_CASE("T-21: whatever hangs, the deadline holds") {
    for (const int deadline : {5, 20, 90, 300}) {
        Bench bench;
        const Timestamp began = bench.clock.now();
        for (int i = 0; i < 10; ++i) bench.http.push_hang();
        const auto outcome = bench.ask(bench.chain(), Bench::question(), std::chrono::seconds(deadline));
        CHECK(std::holds_alternative<NoAnswer>(outcome));
        CHECK(bench.clock.now() - began <= std::chrono::seconds(deadline));
        CHECK(bench.http.requests.size() <= 2);
    }
}

TEST_CASE("T-50: an answer that the caller refuses gets one turn to be mended, then the next target is asked") {
    Bench bench;
    int checks = 0;
    const Router::Check check = [&](const Reply&) -> result<void> {
        ++checks;
        if (checks <= 2) return Error{errc::bad_reply, "the summary is too short"};
        return {};
    };
    const auto outcome = bench.ask(bench.chain(), Bench::question(), std::chrono::seconds(90), check);
    REQUIRE(std::holds_alternative<Answer>(outcome));
    CHECK(std::get<Answer>(outcome).target == "second");
    CHECK(bench.calls()["gpt-4o"] == 2);
    CHECK(bench.calls()["claude-sonnet-5"] == 1);
    const json repaired = bench.body(1)["messages"];
    CHECK(repaired.size() == 4);
    CHECK(repaired[2]["role"] == "assistant");
    CHECK(repaired[3]["content"].get<std::string>().find("the summary is too short") != std::string::npos);
    CHECK(bench.body(2)["messages"].size() == 1);  // the next target knows nothing of it
    CHECK(bench.store.rows[1].purpose == "repair");
    CHECK(std::get<Answer>(outcome).cost_usd > 0);  // refused answers were paid too
}

TEST_CASE("T-20: an unsupported parameter is dropped at the same target, once, and remembered") {
    Bench bench;
    const Chain chain = bench.chain("fb-unsupported-param");
    CHECK(bench.answer(chain).target == "main");
    CHECK(bench.body(0).contains("response_format"));
    CHECK_FALSE(bench.body(1).contains("response_format"));
    CHECK(bench.answer(chain).target == "main");
    CHECK(bench.http.requests.size() == 3);
    CHECK_FALSE(bench.body(2).contains("response_format"));
}

TEST_CASE("a model that takes tools only without reasoning is asked so, once refused and from then on") {
    Bench bench;
    const Chain chain = bench.chain("gpt-6-sol");
    Request request = Bench::question();
    request.tools.push_back({"get", "Gets.", R"({"type":"object","properties":{},"required":[],"additionalProperties":false})"});
    for (int i = 0; i < 2; ++i) {
        const auto outcome = bench.ask(chain, request);
        REQUIRE(std::holds_alternative<Answer>(outcome));
        CHECK(std::get<Answer>(outcome).target == "main");
    }
    REQUIRE(bench.http.requests.size() == 3);
    CHECK_FALSE(bench.body(0).contains("reasoning_effort"));
    CHECK(bench.body(1)["reasoning_effort"] == "none");
    CHECK(bench.body(2)["reasoning_effort"] == "none");
}

TEST_CASE("a cut answer is asked for once more with twice the room") {
    Bench bench;
    bench.answer(bench.chain("fb-length"));
    CHECK(bench.body(0)["max_tokens"] == 4096);
    CHECK(bench.body(1)["max_tokens"] == 8192);
    CHECK(bench.body(2)["max_tokens"] == 4096);  // of the next target
}

TEST_CASE("the answer is made smaller where only prompt and answer together were too long") {
    Bench bench;
    const std::string words =
        "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000, decrease input length or `max_tokens` and try again";
    bench.http.push(400, dump_json({{"type", "error"}, {"error", {{"type", "invalid_request_error"}, {"message", words}}}}));
    const Answer answer = bench.answer(Targets{bench.target("main", "anthropic", "claude-sonnet-5")});
    CHECK(answer.target == "main");
    CHECK(bench.body(1)["max_tokens"] == 9999);
}

TEST_CASE("T-31, T-61: a budget that is spent is not overdrawn by falling back") {
    Bench bench;
    auto free_of_charge = bench.target("local", "openai", "gpt-4o-local");
    free_of_charge->price = {};
    Chain chain = bench.chain();
    chain.push_back({.target = free_of_charge});
    auto outcome = bench.ask(chain, Bench::question(), std::chrono::seconds(90), {}, {.run = "run_1", .step = "s", .budget_usd = 0.000001});
    REQUIRE(std::holds_alternative<Answer>(outcome));
    CHECK(std::get<Answer>(outcome).target == "local");
    CHECK(bench.http.requests.size() == 1);
    chain.pop_back();
    outcome = bench.ask(chain, Bench::question(), std::chrono::seconds(90), {}, {.run = "run_1", .step = "s", .budget_usd = 0.000001});
    REQUIRE(std::holds_alternative<NoAnswer>(outcome));
    CHECK(std::get<NoAnswer>(outcome).failure == FailureClass::budget_exceeded);
    CHECK(bench.http.requests.size() == 1);
}

TEST_CASE("the day's budget counts what the store says was spent") {
    Bench bench;
    bench.options.per_day_usd = 1;
    bench.restart();
    CHECK(bench.answer(bench.chain()).target == "main");
    bench.store.spent = 0.999999;
    bench.clock.advance(std::chrono::seconds(10));
    CHECK(std::holds_alternative<NoAnswer>(bench.ask(bench.chain())));
    CHECK(bench.http.requests.size() == 1);
}

TEST_CASE("T-15: a store that is down takes no answer away and nothing that was learned, and the note says so") {
    Bench bench;
    bench.store.broken = true;
    const Answer answer = bench.answer(bench.chain("fb-deactivated"));
    CHECK(answer.target == "second");
    CHECK(answer.note.find("could not all be journaled") != std::string::npos);
    CHECK(answer.note.find("the OpenAI account is deactivated") != std::string::npos);
    bench.answer(bench.chain("fb-deactivated"));
    CHECK(bench.calls()["fb-deactivated"] == 1);  // remembered all the same
}

TEST_CASE("each attempt is journaled before the call and after it") {
    Bench bench;
    bench.http.handle_with([&](const HttpRequest&) -> result<HttpResponse> {
        CHECK(bench.store.rows.size() == bench.http.requests.size());
        CHECK_FALSE(bench.store.rows.back().finished_at.has_value());
        CHECK(bench.store.rows.back().request_sha256.size() == 64);
        return Error{errc::network, "connection refused"};
    });
    CHECK(std::holds_alternative<NoAnswer>(bench.ask(bench.chain())));
    CHECK(bench.http.requests.size() == 4);
    const std::vector<std::string> purposes{"primary", "hop", "retry", "retry"};
    for (std::size_t i = 0; i < purposes.size(); ++i) {
        CHECK(bench.store.rows[i].purpose == purposes[i]);
        CHECK(bench.store.rows[i].number == static_cast<int>(i) + 1);
        CHECK(bench.store.rows[i].outcome == "network");
        CHECK(bench.store.rows[i].run == "run_1");
    }
}

TEST_CASE("an empty chain answers nothing and says why") {
    Bench bench;
    const auto outcome = bench.ask(Chain{});
    REQUIRE(std::holds_alternative<NoAnswer>(outcome));
    CHECK(std::get<NoAnswer>(outcome).note == "no model is configured");
}
