// The whole way of the anchor message: delivery over the channel over the simulated Slack, with answers lost on the way back.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "delivery/delivery.hpp"
#include "integrations/slack/channel.hpp"
#include "simulated.hpp"
#include "tests/support/loop.hpp"
#include "tests/unit/delivery/memory_outbox.hpp"

namespace gumshoe::delivery_test {
namespace {

using namespace test;

TEST_CASE("an answer lost after Slack took the post leads to one message and no repeat") {
    const result<HttpResponse> lost =
        GENERATE(result<HttpResponse>(http_response(500, "oops")), result<HttpResponse>(http_response(200, "<html>")),
                 result<HttpResponse>(Error{errc::timeout, "no answer"}), result<HttpResponse>(Error{errc::bad_reply, "reset"}));
    FakeClock clock;
    clock.idle_before_advance = milliseconds(0);
    auto loop = make_event_loop(clock);
    SimulatedSlack slack;
    int posts = 0;
    slack.before = [&](const HttpRequest&) -> std::optional<result<HttpResponse>> {
        slack.world.now = clock.now();
        return std::nullopt;
    };
    slack.after = [&](const HttpRequest& request) -> std::optional<result<HttpResponse>> {
        const bool first = request.url.ends_with("chat.postMessage") && ++posts == 1;
        return first ? std::optional(lost) : std::nullopt;
    };
    const auto channel = gumshoe::slack::make_channel(slack.http, Secret("xoxb-test-token"), "https://slack.test/api");
    MemoryOutbox outbox;
    const auto delivery = make_delivery(outbox, *channel, *loop, clock, {seconds(10), seconds(30), seconds(900), seconds(1), ""});
    for (const char* words : {"facts", "finding"}) {
        Document document{words, {{Block::Kind::section, {{plain(words)}}}}};
        REQUIRE(run(*loop, delivery->publish("inv_1", "anchor", "C0INCIDENTS", "", std::move(document))).has_value());
    }
    const auto row = run(*loop, delivery->settled("inv_1", "anchor", Deadline::after(clock, seconds(600)))).value();
    CHECK(row.state == MessageState::anchored);
    CHECK(posts == 1);
    const json messages = slack.messages("C0INCIDENTS");
    REQUIRE(messages.size() == 1);
    CHECK(messages[0]["ts"] == row.ts);
    CHECK(messages[0]["text"] == "finding");
}

}  // namespace
}  // namespace gumshoe::delivery_test
