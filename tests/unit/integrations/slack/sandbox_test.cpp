// The simulation is as strict as Slack: what it refuses, and with which words.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "simulated.hpp"
#include "tests/support/loop.hpp"

namespace gumshoe::sandbox_test {
namespace {

using namespace test;
using Catch::Contains;

constexpr std::string_view sandbox_scenario =
    R"({"slack":{"channels":[{"id":"C1","name":"incidents","messages":[{"t":-10,"user":"U1","text":"hi"}]},
  {"id":"C2","name":"old","archived":true},{"id":"C3","name":"secret","private":true,"member":false}]}})";

struct SandboxRig {
    SimulatedSlack slack{sandbox_scenario};

    json call(std::string_view method, const json& body, std::string type = "application/json",
              std::string token = "Bearer xoxb-test-token") {
        HttpRequest request;
        request.method = "POST";
        request.url = "https://slack.test/api/" + std::string(method);
        if (!type.empty()) request.headers.add("Content-Type", type);
        if (!token.empty()) request.headers.add("Authorization", token);
        request.body = body.is_string() ? body.get<std::string>() : body.dump();
        return json::parse(run(slack.http.send(std::move(request), Deadline{Monotonic::max()})).value().body);
    }
    json form(std::string_view method, std::string body) {
        return call(method, json(std::move(body)), "application/x-www-form-urlencoded");
    }
};

TEST_CASE("credentials and encodings are checked before anything else") {
    SandboxRig rig;
    const json message = {{"channel", "C1"}, {"text", "x"}};
    CHECK(rig.call("chat.postMessage", message, "application/json", "")["error"] == "not_authed");
    CHECK(rig.call("chat.postMessage", message, "application/json", "Bearer secret")["error"] == "invalid_auth");
    CHECK(rig.call("chat.postMessage", message, "application/json", "Bearer xoxp-1234")["error"] == "not_allowed_token_type");
    CHECK(rig.call("chat.postMessage", message, "text/plain")["error"] == "invalid_post_type");
    CHECK(rig.call("chat.postMessage", message, "")["error"] == "missing_post_type");
    CHECK(rig.call("chat.postMessage", json("{"))["error"] == "invalid_json");
    CHECK(rig.call("chat.nothing", message)["error"] == "unknown_method");
    CHECK(rig.call("conversations.history", {{"channel", "C1"}})["ok"] == false);
    CHECK(rig.form("conversations.history", "channel=C1")["ok"] == true);
    const auto in_form = [&](const std::string& body) { return rig.call("auth.test", body, "application/x-www-form-urlencoded", ""); };
    CHECK(in_form("token=xoxb-test-token")["ok"] == true);  // as Slack's own clients do
    CHECK(in_form("token=secret")["error"] == "invalid_auth");
    CHECK(rig.form("chat.postMessage", "channel=C1&text=a%26b&blocks=" + url_encode(R"([{"type":"divider"}])"))["ok"] == true);
}

TEST_CASE("a message that Slack would refuse is refused") {
    struct Row {
        const char* body;
        const char* error;
        const char* pointer;
    };
    const Row row = GENERATE(
        Row{R"({"channel":"C9","text":"x"})", "channel_not_found", ""}, Row{R"({"text":"x"})", "channel_not_found", ""},
        Row{R"({"channel":"C3","text":"x"})", "channel_not_found", ""}, Row{R"({"channel":"C2","text":"x"})", "is_archived", ""},
        Row{R"({"channel":"C1"})", "no_text", ""}, Row{R"({"channel":"C1","text":""})", "no_text", ""},
        Row{R"({"channel":"C1","txt":"x"})", "invalid_arguments", "txt"}, Row{R"({"channel":"C1","text":7})", "invalid_arguments", "/text"},
        Row{R"({"channel":"C1","text":"x","blocks":{}})", "invalid_blocks_format", ""},
        Row{R"({"channel":"C1","text":"x","blocks":[{"type":"sectoin"}]})", "invalid_blocks", "/blocks/0/type"},
        Row{R"({"channel":"C1","text":"x","blocks":[{"type":"section"}]})", "invalid_blocks", "/blocks/0"},
        Row{R"({"channel":"C1","text":"x","blocks":[{"type":"section","text":{"type":"mrkdwn","text":""}}]})", "invalid_blocks",
            "/blocks/0/text/text"},
        Row{R"({"channel":"C1","text":"x","blocks":[{"type":"section","text":{"type":"mrkdwn","text":"a","emoji":true}}]})",
            "invalid_blocks", "/blocks/0/text/emoji"},
        Row{R"({"channel":"C1","text":"x","blocks":[{"type":"header","text":{"type":"mrkdwn","text":"a"}}]})", "invalid_blocks",
            "/blocks/0/text/type"},
        Row{R"({"channel":"C1","text":"x","blocks":[{"type":"divider","colour":1}]})", "invalid_blocks", "/blocks/0/colour"},
        Row{R"({"channel":"C1","text":"x","blocks":[{"type":"context","elements":[]}]})", "invalid_blocks", "/blocks/0/elements"},
        Row{R"({"channel":"C1","text":"x","blocks":[{"type":"actions","elements":[{"type":"button","text":{"type":"plain_text","text":"a"},"url":"javascript:1"}]}]})",
            "invalid_blocks", "/blocks/0/elements/0/url"},
        Row{R"({"channel":"C1","text":"x","metadata":{"event_type":"a"}})", "invalid_metadata_format", ""});
    SandboxRig rig;
    const json reply = rig.call("chat.postMessage", json::parse(row.body));
    INFO(reply.dump());
    CHECK(reply["ok"] == false);
    CHECK(reply["error"] == row.error);
    CHECK_THAT(reply.dump(), Contains(row.pointer));
    CHECK(rig.slack.messages("C1").size() <= 1);
}

TEST_CASE("limits of Block Kit are held to the letter") {
    SandboxRig rig;
    const auto section = [](std::size_t n) {
        return json{{"type", "section"}, {"text", {{"type", "mrkdwn"}, {"text", std::string(n, 'x')}}}};
    };
    const auto post = [&](const json& blocks) {
        return rig.call("chat.postMessage", {{"channel", "C1"}, {"text", "x"}, {"blocks", blocks}});
    };
    CHECK(post(json::array({section(3000)}))["ok"] == true);
    CHECK(post(json::array({section(3001)}))["error"] == "invalid_blocks");
    json many = json::array();
    for (int i = 0; i < 50; ++i) many.push_back({{"type", "divider"}});
    CHECK(post(many)["ok"] == true);
    many.push_back({{"type", "divider"}});
    CHECK(post(many)["error"] == "invalid_blocks");
    CHECK(post(json::array({section(3000), section(3000), section(3000), section(3000), section(1201)}))["error"] == "msg_blocks_too_long");
    const auto header = [](std::size_t n) {
        return json{{"type", "header"}, {"text", {{"type", "plain_text"}, {"text", std::string(n, 'x')}}}};
    };
    CHECK(post(json::array({header(150)}))["ok"] == true);
    CHECK(post(json::array({header(151)}))["error"] == "invalid_blocks");
}

TEST_CASE("edits touch only our own messages, and their text is shorter") {
    SandboxRig rig;
    const json posted = rig.call("chat.postMessage", {{"channel", "#incidents"}, {"text", "x"}});
    CHECK(posted["channel"] == "C1");
    const std::string theirs = rig.slack.messages("C1").at(0)["ts"].get<std::string>();
    const auto update = [&](const json& ts, const json& text) {
        return rig.call("chat.update", {{"channel", "C1"}, {"ts", ts}, {"text", text}});
    };
    CHECK(update(posted["ts"], "y")["ok"] == true);
    CHECK(update(posted["ts"], std::string(4001, 'y'))["error"] == "msg_too_long");
    CHECK(update(theirs, "y")["error"] == "cant_update_message");
    CHECK(update("1.000001", "y")["error"] == "message_not_found");
    CHECK(rig.call("chat.update", {{"channel", "#incidents"}, {"ts", posted["ts"]}, {"text", "z"}})["error"] == "channel_not_found");
}

TEST_CASE("history has bounds, pages and no secrets of its own") {
    SandboxRig rig;
    for (int i = 0; i < 5; ++i)
        rig.call("chat.postMessage",
                 {{"channel", "C1"}, {"text", std::to_string(i)}, {"metadata", {{"event_type", "e"}, {"event_payload", {{"k", i}}}}}});
    json page = rig.form("conversations.history", "channel=C1&limit=4");
    CHECK(page["messages"].size() == 4);
    CHECK(page["messages"][0]["text"] == "4");
    CHECK_FALSE(page["messages"][0].contains("metadata"));
    CHECK(page["has_more"] == true);
    page = rig.form("conversations.history", "channel=C1&limit=4&include_all_metadata=true&cursor=" +
                                                 url_encode(page["response_metadata"]["next_cursor"].get<std::string>()));
    CHECK(page["messages"].size() == 2);
    CHECK(page["messages"][0]["metadata"]["event_payload"]["k"] == 0);
    CHECK(page["response_metadata"]["next_cursor"] == "");
    CHECK(rig.form("conversations.history", "channel=C1&cursor=zzz")["error"] == "invalid_cursor");
    CHECK(rig.form("conversations.history", "channel=C1&limit=1000")["error"] == "invalid_limit");
    CHECK(rig.form("conversations.history", "channel=C1&oldest=noon")["error"] == "invalid_ts_oldest");
    const std::string first = rig.slack.messages("C1").at(0)["ts"].get<std::string>();
    CHECK(rig.form("conversations.history", "channel=C1&latest=" + first)["messages"].empty());
    CHECK(rig.form("conversations.history", "channel=C1&inclusive=true&latest=" + first)["messages"].size() == 1);
}

TEST_CASE("two posts in one moment have two names, and a permalink") {
    SandboxRig rig;
    const json a = rig.call("chat.postMessage", {{"channel", "C1"}, {"text", "a"}});
    const json b = rig.call("chat.postMessage", {{"channel", "C1"}, {"text", "b"}});
    CHECK(a["ts"] != b["ts"]);
    const json permalink = rig.form("chat.getPermalink", "channel=C1&message_ts=" + a["ts"].get<std::string>());
    CHECK_THAT(permalink["permalink"].get<std::string>(), Contains("https://acme.slack.com/archives/C1/p1785578430"));
    CHECK(rig.form("chat.getPermalink", "channel=C1&message_ts=1.2")["error"] == "message_not_found");
}

}  // namespace
}  // namespace gumshoe::sandbox_test
