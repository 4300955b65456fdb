// Posting, editing and looking up: first what each answer means, then against the simulation.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "integrations/slack/channel.hpp"
#include "simulated.hpp"
#include "tests/support/loop.hpp"

namespace gumshoe::channel_test {
namespace {

using namespace test;
using Catch::Contains;
using Kind = PostOutcome::Kind;

const Deadline forever{Monotonic::max()};
const char* const key = "4f6d9a52-1d0b-4c53-9a77-0d6f9a1b2c3d";

Document hello(std::string words = "hello <world>") {
    return {words, {{Block::Kind::section, {{plain(words)}}}}};
}

struct ChannelRig {
    SimulatedSlack slack;
    std::unique_ptr<Channel> channel;

    explicit ChannelRig(std::string_view scenario = "{}", std::string token = "xoxb-test-token") : slack(scenario) {
        channel = gumshoe::slack::make_channel(slack.http, Secret(std::move(token)), "https://slack.test/api");
    }
    PostOutcome post(std::string to, bool plain_only = false, std::string thread = "") {
        return run(channel->post(std::move(to), std::move(thread), hello(), key, plain_only, forever));
    }
    result<std::vector<FoundMessage>> find(std::string in, std::string thread = "") {
        return run(channel->find(std::move(in), std::move(thread), key, slack.world.now - seconds(600), forever));
    }
};

TEST_CASE("each answer to a post is classified as what it says about the message") {
    struct Row {
        int status;
        const char* body;
        Kind kind;
        bool retryable;
        bool bad_blocks;
        bool gone;
    };
    const Row row =
        GENERATE(Row{200, R"({"ok":true,"channel":"C1","ts":"1.2"})", Kind::posted, false, false, false},
                 Row{200, R"({"ok":true})", Kind::unknown, false, false, false}, Row{200, "<html>", Kind::unknown, false, false, false},
                 Row{200, "", Kind::unknown, false, false, false}, Row{200, R"({"ok":false})", Kind::unknown, false, false, false},
                 Row{200, R"({"ok":false,"error":"fatal_error"})", Kind::unknown, false, false, false},
                 Row{200, R"({"ok":false,"error":"internal_error"})", Kind::unknown, false, false, false},
                 Row{200, R"({"ok":false,"error":"service_unavailable"})", Kind::unknown, false, false, false},
                 Row{200, R"({"ok":false,"error":"request_timeout"})", Kind::unknown, false, false, false},
                 Row{200, R"({"ok":false,"error":"duplicate_message_not_found"})", Kind::unknown, false, false, false},
                 Row{500, R"({"ok":false,"error":"channel_not_found"})", Kind::unknown, false, false, false},
                 Row{503, "upstream", Kind::unknown, false, false, false}, Row{502, "", Kind::unknown, false, false, false},
                 Row{408, "", Kind::unknown, false, false, false},
                 Row{429, R"({"ok":false,"error":"ratelimited"})", Kind::refused, true, false, false},
                 Row{429, "slow down", Kind::refused, true, false, false},
                 Row{200, R"({"ok":false,"error":"rate_limited"})", Kind::refused, true, false, false},
                 Row{200, R"({"ok":false,"error":"channel_not_found"})", Kind::refused, false, false, false},
                 Row{200, R"({"ok":false,"error":"is_archived"})", Kind::refused, false, false, false},
                 Row{200, R"({"ok":false,"error":"invalid_auth"})", Kind::refused, false, false, false},
                 Row{200, R"({"ok":false,"error":"something_new"})", Kind::refused, false, false, false},
                 Row{200, R"({"ok":false,"error":"team_added_to_org"})", Kind::refused, true, false, false},
                 Row{200, R"({"ok":false,"error":"invalid_blocks"})", Kind::refused, true, true, false},
                 Row{200, R"({"ok":false,"error":"invalid_blocks_format"})", Kind::refused, true, true, false},
                 Row{200, R"({"ok":false,"error":"msg_blocks_too_long"})", Kind::refused, true, true, false},
                 Row{200, R"({"ok":false,"error":"message_not_found"})", Kind::refused, false, false, true},
                 Row{200, R"({"ok":false,"error":"cant_update_message"})", Kind::refused, false, false, true},
                 Row{200, R"({"ok":false,"error":"edit_window_closed"})", Kind::refused, false, false, true},
                 Row{404, "<html>not found</html>", Kind::refused, false, false, false}, Row{302, "", Kind::refused, false, false, false});
    INFO(row.status << " " << row.body);
    const PostOutcome outcome = slack::classify(http_response(row.status, row.body, {{"Retry-After", "17"}}));
    CHECK(outcome.kind == row.kind);
    CHECK(outcome.retryable == row.retryable);
    CHECK(outcome.bad_blocks == row.bad_blocks);
    CHECK(outcome.gone == row.gone);
    CHECK(outcome.detail.empty() == (row.kind == Kind::posted));
    if (row.status == 429) CHECK(outcome.retry_after == seconds(17));
}

TEST_CASE("only what failed before the request left counts as not sent") {
    struct Row {
        errc code;
        Kind kind;
    };
    const Row row = GENERATE(Row{errc::network, Kind::not_sent}, Row{errc::tls, Kind::not_sent}, Row{errc::timeout, Kind::unknown},
                             Row{errc::bad_reply, Kind::unknown}, Row{errc::cancelled, Kind::unknown}, Row{errc::too_large, Kind::unknown},
                             Row{errc::invalid_argument, Kind::refused});
    CHECK(slack::classify(Error{row.code, "words"}).kind == row.kind);
}

TEST_CASE("a missing Retry-After waits a while, an absurd one not for ever") {
    CHECK(slack::classify(http_response(429, "")).retry_after == seconds(30));
    CHECK(slack::classify(http_response(429, "", {{"Retry-After", "soon"}})).retry_after == seconds(30));
    CHECK(slack::classify(http_response(429, "", {{"Retry-After", "0"}})).retry_after == seconds(1));
    CHECK(slack::classify(http_response(429, "", {{"Retry-After", "99999999"}})).retry_after == seconds(3600));
}

TEST_CASE("a refusal says what a person should do") {
    const auto words = [](const char* body) { return slack::classify(http_response(200, body)).detail; };
    CHECK_THAT(words(R"({"ok":false,"error":"not_in_channel"})"), Contains("/invite") && Contains("not_in_channel"));
    CHECK_THAT(words(R"({"ok":false,"error":"missing_scope","needed":"chat:write","provided":"x"})"),
               Contains("add chat:write") && Contains("reinstall"));
    CHECK_THAT(words(R"({"ok":false,"error":"token_revoked"})"), Contains("slack.bot_token"));
    CHECK_THAT(
        words(R"({"ok":false,"error":"invalid_blocks","response_metadata":{"messages":["[ERROR] x [json-pointer:/blocks/0/text]"]}})"),
        Contains("json-pointer:/blocks/0/text"));
}

TEST_CASE("a post stands there as it was meant") {
    ChannelRig rig;
    const PostOutcome outcome = rig.post("C0INCIDENTS");
    REQUIRE(outcome.kind == Kind::posted);
    CHECK(outcome.channel == "C0INCIDENTS");
    const json message = rig.slack.messages("C0INCIDENTS").at(0);
    CHECK(message["ts"] == outcome.ts);
    CHECK(message["text"] == "hello &lt;world&gt;");
    CHECK(message["metadata"]["event_payload"]["k"] == key);
    const json sent = json::parse(rig.slack.http.requests.at(0).body);
    CHECK(sent["unfurl_links"] == false);
    CHECK(sent["unfurl_media"] == false);
    CHECK(sent["client_msg_id"] == key);
    CHECK_FALSE(sent.contains("parse"));
    CHECK_FALSE(sent.contains("link_names"));
    CHECK_FALSE(sent.contains("thread_ts"));
}

TEST_CASE("an edit carries text and blocks, and plain text takes the blocks away") {
    ChannelRig rig;
    const PostOutcome posted = rig.post("C0INCIDENTS");
    PostOutcome edited = run(rig.channel->update("C0INCIDENTS", posted.ts, hello("new"), false, forever));
    CHECK(edited.kind == Kind::posted);
    json message = rig.slack.messages("C0INCIDENTS").at(0);
    CHECK(message["text"] == "new");
    CHECK(message["blocks"][0]["text"]["text"] == "new");
    CHECK(message["metadata"]["event_payload"]["k"] == key);
    CHECK(message["edits"] == 1);
    edited = run(rig.channel->update("C0INCIDENTS", posted.ts, hello("newer"), true, forever));
    message = rig.slack.messages("C0INCIDENTS").at(0);
    CHECK(message["text"] == "newer");
    CHECK_FALSE(message.contains("blocks"));
    CHECK(run(rig.channel->update("C0INCIDENTS", "1.000001", hello(), false, forever)).gone);
}

TEST_CASE("a message is found by its key, among pages of others, and only if it is ours") {
    ChannelRig rig;
    const PostOutcome posted = rig.post("C0INCIDENTS");
    for (int i = 0; i < 450; ++i) run(rig.channel->post("C0INCIDENTS", "", hello(), "other", false, forever));
    auto found = rig.find("C0INCIDENTS");
    REQUIRE(found.has_value());
    REQUIRE(found->size() == 1);
    CHECK(found->front().ts == posted.ts);
    CHECK(rig.slack.http.requests.back().headers.find("Content-Type") == "application/x-www-form-urlencoded");

    ChannelRig forged(R"({"slack":{"channels":[{"id":"C1","name":"x"}]}})");
    forged.slack.before = [](const HttpRequest& request) -> std::optional<result<HttpResponse>> {
        if (request.url.find("history") == std::string::npos) return std::nullopt;
        return http_response(
            200,
            std::string(
                R"({"ok":true,"messages":[{"ts":"1.2","user":"U9","bot_id":"B9","metadata":{"event_type":"gumshoe_message","event_payload":{"k":")") +
                key + R"("}}}]})");
    };
    CHECK(forged.find("C1").value().empty());
}

TEST_CASE("a reply is found in its thread") {
    ChannelRig rig;
    const PostOutcome parent = run(rig.channel->post("C0INCIDENTS", "", hello(), "parent", false, forever));
    const PostOutcome reply = rig.post("C0INCIDENTS", false, parent.ts);
    CHECK(rig.find("C0INCIDENTS").value().empty());
    const auto found = rig.find("C0INCIDENTS", parent.ts);
    REQUIRE(found.value().size() == 1);
    CHECK(found.value().front().ts == reply.ts);
}

TEST_CASE("a history that cannot be read is an error, not an absence") {
    ChannelRig no_scope(R"({"slack":{"scopes":"chat:write"}})");
    const auto found = no_scope.find("C0INCIDENTS");
    REQUIRE_FALSE(found.has_value());
    CHECK_THAT(found.error().message, Contains("add channels:history"));
    ChannelRig outside(R"({"slack":{"channels":[{"id":"C1","name":"x","member":false}]}})");
    CHECK(outside.post("C1").kind == Kind::posted);
    CHECK(outside.find("C1").error().code == errc::forbidden);
}

TEST_CASE("removing a message that is gone is not an error") {
    ChannelRig rig;
    const PostOutcome posted = rig.post("C0INCIDENTS");
    CHECK(run(rig.channel->remove("C0INCIDENTS", posted.ts, forever)).has_value());
    CHECK(rig.slack.messages("C0INCIDENTS").empty());
    CHECK(run(rig.channel->remove("C0INCIDENTS", posted.ts, forever)).has_value());
}

TEST_CASE("the probe says who we are and which scopes are missing") {
    ChannelRig rig;
    CHECK(run(rig.channel->probe(forever)).value() == "acme as gumshoe (U0GUMSHOE)");
    ChannelRig reads(R"({"slack":{"scopes":"chat:write,channels:history"}})");
    CHECK_THAT(run(reads.channel->probe(forever)).value(), Contains("without the scope groups:history"));
    ChannelRig mute(R"({"slack":{"scopes":"channels:history"}})");
    CHECK_THAT(run(mute.channel->probe(forever)).error().message, Contains("chat:write"));
    ChannelRig wrong("{}", "xoxp-user-token");
    const Error error = run(wrong.channel->probe(forever)).error();
    CHECK_THAT(error.message, Contains("bot token (xoxb-...)") && !Contains("xoxp-user-token"));
}

}  // namespace
}  // namespace gumshoe::channel_test
