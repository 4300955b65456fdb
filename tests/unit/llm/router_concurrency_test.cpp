// Many requests at once: permits, throttles, hedges, and calls that are stopped in the middle.
#include <catch2/catch.hpp>

#include "tests/unit/llm/bench.hpp"

using namespace gumshoe;
using namespace gumshoe::llm;
using namespace std::chrono_literals;
using gumshoe::llm::test::Bench;

namespace {

/// `count` requests side by side; the names of who answered.
std::vector<std::string> crowd(Bench& bench, const Chain& chain, int count) {
    std::vector<std::string> answered;
    std::vector<awaitable<void>> work;
    for (int i = 0; i < count; ++i) work.push_back(bench.ask_in_passing(chain, &answered));
    gumshoe::test::run(*bench.loop, bench.loop->all(std::move(work)));
    return answered;
}

/// main's breaker half-open, main well again and slow.
Chain half_open(Bench& bench) {
    bench.scenario["llm"]["openai"]["models"] = {{"gpt-4o", "500"}};
    const Chain chain = bench.chain();
    for (int i = 0; i < 4; ++i) bench.answer(chain);
    bench.scenario["llm"]["openai"].erase("models");
    bench.clock.advance(19s);
    bench.http.requests.clear();
    bench.http.delay = [](const HttpRequest&) { return 2s; };
    REQUIRE(bench.state(chain[0].target).breaker == "half-open");
    return chain;
}

/// main begins to answer after `main`, second after `second`; hedges are on and affordable.
Chain hedged(Bench& bench, milliseconds main, milliseconds second) {
    bench.options.hedge = true;
    bench.restart();
    const Chain chain = bench.chain();
    bench.http.delay = [](const HttpRequest&) { return 1s; };
    for (int i = 0; i < 25; ++i) bench.answer(chain);
    bench.http.requests.clear();
    bench.store.rows.clear();
    bench.http.delay = [=](const HttpRequest& request) { return request.url.find("openai") != std::string::npos ? main : second; };
    return chain;
}

}  // namespace

TEST_CASE("T-26: two hundred requests at a half-open breaker make one probe") {
    Bench bench;
    const Chain chain = half_open(bench);
    const auto answered = crowd(bench, chain, 200);
    CHECK(bench.calls()["gpt-4o"] == 1);
    CHECK(std::ranges::count(answered, "main") == 1);
    CHECK(std::ranges::count(answered, "second") == 199);
    CHECK(bench.state(chain[0].target).in_flight == 0);
    bench.answer(chain);
    CHECK(bench.calls()["gpt-4o"] == 2);  // the second probe
    CHECK(bench.state(chain[0].target).breaker == "ramp");
}

TEST_CASE("T-26: where there is nobody else two hundred requests wait for the probes") {
    Bench bench;
    const Chain lone{half_open(bench).front()};
    std::vector<int> in_flight;
    bench.http.delay = [&](const HttpRequest&) {
        in_flight.push_back(bench.http.in_flight);
        return milliseconds(2s);
    };
    const auto answered = crowd(bench, lone, 200);
    CHECK(std::ranges::count(answered, "main") == 200);
    REQUIRE(in_flight.size() == 200);
    CHECK(in_flight[0] == 1);
    CHECK(in_flight[1] == 1);
    CHECK(in_flight[2] == 1);  // then the breaker is no longer half-open
}

TEST_CASE("T-26: a permit comes back from a call that is dropped, throws or times out") {
    Bench bench;
    const Chain chain = half_open(bench);
    bench.http.delay = [](const HttpRequest&) { return 20s; };
    awaitable<void> dropped = bench.ask_in_passing(chain, nullptr);
    CHECK_FALSE(gumshoe::test::run(*bench.loop, bench.loop->within(Deadline::after(bench.clock, 1s), std::move(dropped))));
    CHECK(bench.state(chain[0].target).breaker == "half-open");
    CHECK(bench.state(chain[0].target).breaker_opens_in == 0s);
    CHECK(bench.state(chain[0].target).in_flight == 0);
    CHECK(bench.http.in_flight == 0);
    CHECK(bench.store.rows.back().outcome == "cancelled");  // no row stays open but by a crash
    CHECK(bench.store.rows.back().took == 1s);
    CHECK(bench.store.rows.back().cost_usd > 0);

    bench.http.delay = {};
    const Router::Check bug = [](const Reply&) -> result<void> { throw std::logic_error("a bug"); };
    CHECK_THROWS_AS(bench.ask(chain, Bench::question(), 90s, bug), std::logic_error);
    CHECK(bench.state(chain[0].target).breaker_opens_in == 0s);
    CHECK(bench.state(chain[0].target).in_flight == 0);

    bench.http.delay = [](const HttpRequest&) { return 1h; };
    CHECK(std::holds_alternative<NoAnswer>(bench.ask(Chain{chain[0]})));
    CHECK(bench.state(chain[0].target).breaker == "open");
    CHECK(bench.state(chain[0].target).in_flight == 0);
}

TEST_CASE("T-17: through open breakers one call a second is forced, one a request") {
    Bench bench;
    const Chain chain = bench.chain("fb-500", "fb-500");
    for (int i = 0; i < 3; ++i) bench.ask(chain, Bench::question(), 5s);
    REQUIRE(bench.state(chain[0].target).breaker == "open");
    REQUIRE(bench.state(chain[1].target).breaker == "open");
    bench.clock.advance(2s);
    bench.http.requests.clear();
    std::vector<std::string> answered;
    std::vector<awaitable<void>> work;
    for (int i = 0; i < 50; ++i) work.push_back(bench.ask_in_passing(chain, &answered));
    bench.clock.auto_advance = false;
    awaitable<void> all = bench.loop->all(std::move(work));
    boost::asio::co_spawn(bench.loop->executor(), std::move(all), [](std::exception_ptr) {});
    for (int half_seconds = 1; half_seconds <= 8; ++half_seconds) {
        gumshoe::test::run_ready(*bench.loop);
        CHECK(static_cast<int>(bench.http.requests.size()) <= half_seconds / 2 + 1);
        bench.clock.advance(500ms);
    }
    CHECK(bench.http.requests.size() >= 4);
    bench.clock.auto_advance = true;
    gumshoe::test::run_until(*bench.loop, [&] { return answered.size() == 50; });
    CHECK(answered.size() == 50);
}

TEST_CASE("T-28: after recovery the target gets a tenth of the requests at first, and all of them where it is alone") {
    Bench bench;
    const Chain chain = half_open(bench);
    bench.http.delay = {};
    bench.answer(chain);
    bench.answer(chain);
    REQUIRE(bench.state(chain[0].target).breaker == "ramp");
    bench.http.requests.clear();
    for (int i = 0; i < 400; ++i) bench.answer(chain);
    CHECK(bench.calls()["gpt-4o"] == Approx(40).margin(25));
    bench.clock.advance(31s);
    bench.http.requests.clear();
    for (int i = 0; i < 400; ++i) bench.answer(chain);
    CHECK(bench.calls()["gpt-4o"] == Approx(200).margin(50));
    for (int i = 0; i < 20; ++i) CHECK(bench.answer(Chain{chain[0]}).target == "main");
    bench.clock.advance(30s);
    CHECK(bench.state(chain[0].target).breaker == "closed");
    CHECK(bench.answer(chain).target == "main");
}

TEST_CASE("a model that is overloaded by several calls gets half as many at a time") {
    Bench bench;
    bench.scenario["llm"]["openai"]["models"] = {{"gpt-4o", "503"}};
    const Chain chain = bench.chain();
    bench.http.delay = [](const HttpRequest&) { return 1s; };
    crowd(bench, chain, 3);
    CHECK(bench.state(chain[0].target).most_calls == 1);
    bench.scenario["llm"]["openai"].erase("models");
    int most = 0;
    bench.http.delay = [&](const HttpRequest& request) {
        if (request.url.find("openai") != std::string::npos) most = std::max(most, bench.state(chain[0].target).in_flight);
        return milliseconds(1s);
    };
    const auto answered = crowd(bench, chain, 10);
    CHECK(most == 1);
    CHECK(std::ranges::count(answered, "main") == 1);
    CHECK(std::ranges::count(answered, "second") == 9);
    // Where there is nobody else they come one after the other.
    CHECK(std::ranges::count(crowd(bench, Chain{chain[0]}, 10), "main") == 10);
    CHECK(most == 1);
}

TEST_CASE("a second vendor is asked beside a first that is silent for longer than usual, and the first answer stands") {
    Bench bench;
    const Chain chain = hedged(bench, 4s, 500ms);
    const Timestamp start = bench.clock.now();
    const Answer answer = bench.answer(chain);
    CHECK(answer.target == "second");
    CHECK(bench.clock.now() - start == 1500ms);  // P95 is 1 s
    CHECK(answer.note == "2nd choice; main: it was silent for long, another answered first");
    CHECK(bench.http.in_flight == 0);
    REQUIRE(bench.store.rows.size() == 2);
    CHECK(bench.store.rows[0].outcome == "cancelled");
    CHECK(bench.store.rows[0].cost_usd > 0);
    CHECK(bench.store.rows[0].finished_at.has_value());
    CHECK(bench.store.rows[1].purpose == "hedge");
    CHECK(bench.store.rows[1].outcome == "ok");
    CHECK(answer.cost_usd == Approx(bench.store.rows[0].cost_usd + bench.store.rows[1].cost_usd));
    const TargetState main = bench.state(chain[0].target);
    CHECK(main.failures == 0);
    CHECK(main.in_flight == 0);
    CHECK(main.breaker == "closed");
    // One in twenty requests may have one.
    bench.http.requests.clear();
    CHECK(bench.answer(chain).target == "main");
    CHECK(bench.http.requests.size() == 1);
}

TEST_CASE("T-47: of two calls the one that loses is stopped and paid once, whichever it is") {
    Bench bench;
    const Chain chain = hedged(bench, 3s, 10s);
    const Timestamp start = bench.clock.now();
    const Answer answer = bench.answer(chain);
    CHECK(answer.target == "main");
    CHECK(answer.note.empty());
    CHECK(bench.clock.now() - start == 3s);
    REQUIRE(bench.store.rows.size() == 2);
    CHECK(bench.store.rows[1].purpose == "hedge");
    CHECK(bench.store.rows[1].outcome == "cancelled");
    CHECK(bench.store.rows[1].cost_usd > 0);
    CHECK(bench.state(chain[1].target).calls == 0);
    CHECK(std::ranges::count(bench.store.order, "outcome second") == 1);
}

TEST_CASE("a hedge wins by an answer that stands, not by being first") {
    Bench bench;
    const Chain chain = hedged(bench, 3s, 500ms);
    int seen = 0;
    const Router::Check check = [&](const Reply&) -> result<void> {
        if (++seen == 1) return Error{errc::bad_reply, "it cites nothing"};
        return {};
    };
    const auto outcome = bench.ask(chain, Bench::question(), 90s, check);
    REQUIRE(std::holds_alternative<Answer>(outcome));
    CHECK(std::get<Answer>(outcome).target == "main");
    CHECK(bench.store.rows[1].outcome == "schema_invalid");
}

TEST_CASE("no hedge where the first fails at once, where only its own vendor is left, or where hedges are off") {
    Bench bench;
    Chain chain = hedged(bench, 4s, 500ms);
    bench.http.delay = {};
    chain[0].target = bench.target("main", "openai", "fb-500");
    CHECK(bench.answer(chain).target == "second");
    CHECK(bench.store.rows[1].purpose == "hop");

    Bench same;
    Chain one_vendor = hedged(same, 4s, 500ms);
    one_vendor[1].target = same.target("twin", "openai", "gpt-4o-mini");
    CHECK(same.answer(one_vendor).target == "main");
    CHECK(same.http.requests.size() == 1);

    Bench off;
    const Chain plain = off.chain();
    for (int i = 0; i < 25; ++i) off.answer(plain);
    off.http.delay = [](const HttpRequest&) { return 4s; };
    off.http.requests.clear();
    off.answer(plain);
    CHECK(off.http.requests.size() == 1);
}

TEST_CASE("what a model usually takes sets how long it may be silent") {
    Bench bench;
    const Chain chain = bench.chain();
    bench.http.delay = [](const HttpRequest&) { return 3s; };
    for (int i = 0; i < 20; ++i) bench.answer(chain);
    CHECK(bench.state(chain[0].target).first_content->p95 == 3s);
    bench.http.delay = [](const HttpRequest& request) { return request.url.find("openai") != std::string::npos ? 1h : 1s; };
    const Timestamp start = bench.clock.now();
    CHECK(bench.answer(chain).target == "second");
    CHECK(bench.clock.now() - start == 10s);  // three times as long, and what the second takes
}
