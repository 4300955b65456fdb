// Slack's history as evidence.
#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "integrations/slack/channel.hpp"
#include "integrations/slack/evidence.hpp"
#include "simulated.hpp"
#include "tests/support/loop.hpp"

namespace gumshoe::evidence_test {
namespace {

using namespace test;
using Catch::Contains;

const Deadline no_end{Monotonic::max()};

constexpr std::string_view evidence_scenario = R"({"slack":{"channels":[
  {"id":"C0DEPLOYS","name":"deploys","messages":[
    {"t":-90000,"user":"U1","text":"far too old"},
    {"t":-8000,"user":"U1","text":"an old thread"},
    {"t":-660,"bot":"deployer","text":"","attachments":[{"fallback":"f","title":"checkout v412 is live","fields":[{"title":"Commit","value":"4f1c2aa"}]}]},
    {"t":-300,"user":"U2","text":"checkout < 5 connections & counting","reply_to":1},
    {"t":-200,"user":"U3","subtype":"channel_join","text":"joined"},
    {"t":500,"user":"U2","text":"not yet written"}]},
  {"id":"C0QUIET","name":"quiet"},
  {"id":"C0CLOSED","name":"closed","member":false}]}})";

struct EvidenceRig {
    SimulatedSlack slack{evidence_scenario};
    std::unique_ptr<Source> source;
    Subject subject;

    explicit EvidenceRig(std::vector<std::string> channels = {"C0DEPLOYS", "C0QUIET", "C0CLOSED"}) {
        source = gumshoe::slack::make_source(slack.http, Secret("xoxb-test-token"), "https://slack.test/api", std::move(channels));
        subject.alert.service = "checkout";
        subject.onset = slack.world.zero - seconds(300);
        subject.incident = {subject.onset, slack.world.now};
    }
    result<Fetched> fetch(std::size_t query) { return run(source->fetch(source->plan(subject).at(query), no_end)); }
};

TEST_CASE("the plan asks each configured channel for two hours before the onset until now") {
    EvidenceRig rig;
    const auto plan = rig.source->plan(rig.subject);
    REQUIRE(plan.size() == 3);
    CHECK(plan[0].id == "slack/history/C0DEPLOYS");
    CHECK(plan[0].kind == QueryKind::history);
    CHECK(plan[0].window.from == rig.subject.onset - seconds(7200));
    CHECK(plan[0].window.to == rig.slack.world.now);
}

TEST_CASE("history becomes messages: attachments flattened, joins, our own posts and other times left out") {
    EvidenceRig rig;
    const auto channel = slack::make_channel(rig.slack.http, Secret("xoxb-test-token"), "https://slack.test/api");
    run(channel->post("C0DEPLOYS", "", Document{"our own finding", {}}, "key", false, no_end));
    const auto fetched = rig.fetch(0);
    REQUIRE(fetched.has_value());
    const auto& messages = fetched->records.messages;
    REQUIRE(messages.size() == 1);
    CHECK(messages[0].text == "checkout v412 is live\nCommit: 4f1c2aa");
    CHECK(messages[0].user == "deployer");
    CHECK(messages[0].channel == "C0DEPLOYS");
    CHECK(messages[0].link == "https://acme.slack.com/archives/C0DEPLOYS/p" + messages[0].ts.substr(0, 10) + messages[0].ts.substr(11));
    CHECK_FALSE(fetched->truncated);
    CHECK(fetched->link == "https://acme.slack.com/archives/C0DEPLOYS");
}

TEST_CASE("a thread that is alive inside the window is read, its parent only if it is inside too") {
    EvidenceRig rig;
    rig.subject.onset -= seconds(1800);  // now the old thread's parent is inside
    const auto fetched = rig.fetch(0);
    REQUIRE(fetched.has_value());
    const auto& messages = fetched->records.messages;
    REQUIRE(messages.size() == 3);
    CHECK(std::ranges::is_sorted(messages, {}, &ChatMessage::ts));
    CHECK(messages[2].text == "checkout < 5 connections & counting");
    CHECK(messages[2].thread_ts == messages[0].ts);
    CHECK_THAT(messages[2].link, Contains("?thread_ts=") && Contains("&cid=C0DEPLOYS"));
}

TEST_CASE("pages are followed to the end by their cursor") {
    EvidenceRig rig({"C0QUIET"});
    const auto other = [&](int i) {
        return json{{"type", "message"},
                    {"user", "U1"},
                    {"text", "message " + std::to_string(i)},
                    {"ts", std::to_string(to_seconds(rig.slack.world.zero) - 1000 + i) + ".000100"}};
    };
    rig.slack.before = [&](const HttpRequest& request) -> std::optional<result<HttpResponse>> {
        if (request.url.find("history") == std::string::npos) return std::nullopt;
        int page = 0;
        for (const auto& [key, value] : parse_form(request.body))
            if (key == "cursor") page = std::stoi(value);
        json body = {
            {"ok", true}, {"messages", json::array()}, {"response_metadata", {{"next_cursor", page < 2 ? std::to_string(page + 1) : ""}}}};
        for (int i = 0; i < 3; ++i) body["messages"].push_back(other(page * 3 + i));
        return http_response(200, body.dump());
    };
    CHECK(rig.fetch(0).value().records.messages.size() == 9);
}

TEST_CASE("an endless history is cut and marked") {
    EvidenceRig rig({"C0QUIET"});
    int calls = 0;
    rig.slack.before = [&](const HttpRequest& request) -> std::optional<result<HttpResponse>> {
        if (request.url.find("history") == std::string::npos) return std::nullopt;
        ++calls;
        json body = {{"ok", true}, {"messages", json::array()}, {"response_metadata", {{"next_cursor", "again"}}}};
        body["messages"].push_back({{"user", "U1"},
                                    {"text", "m"},
                                    {"ts", std::to_string(to_seconds(rig.slack.world.zero)) + "." + std::to_string(100000 + calls)}});
        return http_response(200, body.dump());
    };
    const auto fetched = rig.fetch(0);
    CHECK(fetched.value().truncated);
    CHECK(calls <= 10);
}

TEST_CASE("an unreadable channel is an error with words, a quiet one is just empty") {
    EvidenceRig rig;
    CHECK(rig.fetch(1).value().records.empty());
    const auto closed = rig.fetch(2);
    REQUIRE_FALSE(closed.has_value());
    CHECK_THAT(closed.error().message, Contains("/invite"));
    Query foreign = rig.source->plan(rig.subject)[0];
    foreign.arguments["channel"] = "C0SECRETS";
    CHECK(run(rig.source->fetch(foreign, no_end)).error().code == errc::invalid_argument);
    CHECK_THAT(run(rig.source->probe(no_end)).error().message, Contains("C0CLOSED"));
    EvidenceRig open({"C0DEPLOYS"});
    CHECK(run(open.source->probe(no_end)).value() == "acme: reads 1 channel");
}

TEST_CASE("a ts is a time of our age or none") {
    CHECK(slack::from_ts("1733020800.123000") == from_millis(1733020800123));
    for (const char* ts : {"", "x", "-1.0", "555555555555555555", "9223372036854775807.000100"}) CHECK(slack::from_ts(ts) == Timestamp{});
}

TEST_CASE("Slack's markup is decoded once") {
    struct Row {
        const char* text;
        const char* plain;
    };
    const Row row =
        GENERATE(Row{"a &lt; b &amp;&amp; c &gt; d", "a < b && c > d"}, Row{"&amp;lt;", "&lt;"}, Row{"<@U1> and <@U2|ana>", "@U1 and @ana"},
                 Row{"<#C1|deploys> <#C2>", "#deploys #C2"},
                 Row{"<https://x.example/?a=1&amp;b=2|the graph>", "the graph (https://x.example/?a=1&b=2)"},
                 Row{"<https://x.example>", "https://x.example"}, Row{"<!here> <!channel|all>", "@here all"},
                 Row{"<!subteam^S1|@oncall> <!subteam^S2>", "@oncall @subteam"}, Row{"<!date^1733020800^{date}|1 Dec>", "1 Dec"},
                 Row{"unclosed <https://x", "unclosed <https://x"}, Row{"&nbsp; &", "&nbsp; &"}, Row{"<>", ""}, Row{"", ""});
    CHECK(slack::decode_text(row.text) == row.plain);
}

TEST_CASE("a message's words are found wherever the sender put them") {
    const auto words = [](const char* text) { return slack::message_text(json::parse(text)); };
    CHECK(
        words(
            R"({"text":"","blocks":[{"type":"section","text":{"type":"mrkdwn","text":"*v1* &amp; up"},"fields":[{"type":"mrkdwn","text":"a"}]},
                    {"type":"context","elements":[{"type":"plain_text","text":"b &amp; c"}]},{"type":"header","text":{"type":"plain_text","text":"h"}}]})") ==
        "*v1* & up\na\nb &amp; c\nh");
    CHECK(
        words(
            R"({"text":"","blocks":[{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"rolling "},
                    {"type":"user","user_id":"U1"},{"type":"link","url":"https://x.example"}]}]}]})") == "rolling @U1https://x.example");
    CHECK(words(R"({"text":"","attachments":[{"fallback":"only this"}]})") == "only this");
    CHECK(words(R"({"text":"said once","attachments":[{"text":"said once","title":"more"}]})") == "said once\nmore");
    CHECK(words(R"({"text":5,"blocks":"x","attachments":[3,{"fields":[1]}]})").empty());
    CHECK(words("{}").empty());
    std::string deep = R"({"type":"rich_text_section","elements":[)";
    std::string text;
    for (int i = 0; i < 50; ++i) text += deep;
    text += R"({"type":"text","text":"x"})";
    for (int i = 0; i < 50; ++i) text += "]}";
    CHECK(words((R"({"blocks":[{"type":"rich_text","elements":[)" + text + "]}]}").c_str()).empty());
}

}  // namespace
}  // namespace gumshoe::evidence_test
