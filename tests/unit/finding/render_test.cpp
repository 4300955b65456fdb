// What a reader sees in each state of the anchor message.
#include <algorithm>
#include <catch2/catch.hpp>
#include <string>

#include "base/limits.hpp"
#include "finding/render.hpp"
#include "sample.hpp"

namespace gumshoe {
namespace {

using Catch::Contains;

std::size_t at_most_lines(const std::string& text) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

std::vector<std::string> urls(const Document& document) {
    std::vector<std::string> out;
    for (const auto& block : document.blocks)
        for (const auto& line : block.lines)
            for (const auto& span : line)
                if (!span.url.empty()) out.push_back(span.url);
    return out;
}

TEST_CASE("the facts card says what is known before any analysis") {
    Situation s = sample::situation();
    s.state = "running";
    s.recent = {{"v412", "deploy", "checkout v412", 0.8, {"11 m before"}, true, "https://ci.example.com/412"}};
    s.progress = {{"datadog", "datadog/logs/incident", CoverageStatus::ok, "", milliseconds{900}},
                  {"datadog", "datadog/logs/baseline", CoverageStatus::empty, "", milliseconds{900}},
                  {"slack", "slack/history/C1", CoverageStatus::error, "not in channel", milliseconds{80}}};
    s.pending = {"datadog metrics", "github"};
    const Document card = render_facts(s);
    const std::string text = sample::visible(card);
    CHECK_THAT(text, Contains("checkout · p99 latency > 2 s · CRITICAL"));
    CHECK_THAT(text, Contains("fired 14:02:11 UTC · env prod · value 3.4 s (threshold 2.0 s)"));
    CHECK_THAT(text, Contains("Recent change: deploy checkout v412 (11 m before)"));
    CHECK_THAT(text, Contains("Investigating: datadog logs ok | slack history failed: not in channel | datadog metrics … | github …"));
    CHECK(at_most_lines(text) <= 12);
    CHECK(card.fallback == "checkout · p99 latency > 2 s · CRITICAL (investigating)");
}

TEST_CASE("the finding starts with the verdict and holds every part") {
    const Document message = render_finding(sample::situation(), sample::finding());
    const std::string text = sample::visible(message);
    CHECK_THAT(text.substr(0, text.find('\n')), Contains("checkout · p99 latency > 2 s · CRITICAL · LIKELY cause (74 %)"));
    for (const char* part :
         {"What's going on", "Likely cause\nDB pool cut from 50 to 5 by PR #982 (deployed 13:51) [E2][E4]", "Evidence\n• [E2] PR #982",
          "[E1] \"pool exhausted\" 4,812 times", "Ruled out\n• traffic spike [E5]", "Not checked\n• Redis: no integration is configured",
          "datadog spans: timed out after 15 s", "slack history: failed: the app is not in the channel",
          "Do next\n1. Roll back v412 deploy rollback checkout v411 · low risk · undo: redeploy v412", "3. Tell payments",
          "answered by second (2nd choice; main: the OpenAI account is deactivated) in 38 s, $0.04 · 3 sources, 2 with failures · inv_01 · "
          "Full report"}) {
        INFO(text);
        CHECK_THAT(text, Contains(part));
    }
    CHECK_THAT(text, !Contains("A fourth step"));
    CHECK(text.size() < 1300);
    CHECK_THAT(message.fallback, Contains("LIKELY cause (74 %): DB pool cut from 50 to 5"));
}

TEST_CASE("every link of the message comes from the alert, the evidence table or the report") {
    Finding f = sample::finding();
    f.summary = "see https://evil.example.com and <https://evil.example.com|this>";
    f.cause.statement = "[click](https://evil.example.com)";
    f.next_steps[0].action = "open https://evil.example.com";
    f.evidence[0].link = "javascript:alert(1)";
    const Document message = render_finding(sample::situation(), f);
    const std::vector<std::string> found = urls(message);
    CHECK(found.size() >= 4);
    for (const auto& url : found) CHECK_THAT(url, !Contains("evil") && !Contains("javascript"));
}

TEST_CASE("a failed query is always told, and never twice") {
    Finding f = sample::finding();
    f.not_checked.clear();
    CHECK_THAT(sample::visible(render_finding(sample::situation(), f)), Contains("Not checked\n• datadog spans: timed out after 15 s"));
    f.not_checked = {{"datadog spans", "the query timed out"}};
    const std::string text = sample::visible(render_finding(sample::situation(), f));
    CHECK_THAT(text, Contains("datadog spans: the query timed out") && !Contains("timed out after 15 s"));
    f.not_checked.clear();
    f.coverage = {{"pagerduty", "pagerduty/changes/cart", CoverageStatus::skipped, "PagerDuty has no service named cart", {}}};
    Situation own = sample::situation();
    own.alert.service = "cart";
    CHECK_THAT(sample::visible(render_finding(own, f)), Contains("Not checked\n• pagerduty changes: skipped"));
    own.alert.service = "web";  // a tool need not know the neighbours
    CHECK_THAT(sample::visible(render_finding(own, f)), !Contains("Not checked"));
    f.coverage.clear();
    CHECK_THAT(sample::visible(render_finding(sample::situation(), f)), !Contains("Not checked"));
}

TEST_CASE("without a model the message says so, and why") {
    Finding f = sample::finding();
    f.degraded = true;
    f.route_note = "main: the OpenAI account is deactivated; second: overloaded";
    const Document message = render_finding(sample::situation(), f);
    CHECK_THAT(sample::visible(message),
               Contains("No model answered (main: the OpenAI account is deactivated; second: overloaded): facts only"));
    CHECK_THAT(message.fallback, Contains("no model answered, facts only"));
    f.route_note.clear();
    f.attempts.clear();
    CHECK_THAT(sample::visible(render_finding(sample::situation(), f)), Contains("No model answered (none is configured)"));
}

TEST_CASE("an inconclusive finding does not claim a cause") {
    Finding f = sample::finding();
    f.status = FindingStatus::inconclusive;
    const std::string text = sample::visible(render_finding(sample::situation(), f));
    CHECK_THAT(text, Contains("INCONCLUSIVE") && Contains("Cause not determined. Strongest lead") && !Contains("Likely cause"));
}

TEST_CASE("recovery, repeats and related alerts stand on top") {
    Situation s = sample::situation();
    s.resolved_at = sample::at("2026-08-01T14:21:11Z");
    s.fired = 7;
    s.members.alerts = 4;
    s.members.services = 2;
    s.members.senders = {{"datadog", 4, 0}};
    const std::string text = sample::visible(render_finding(s, sample::finding()));
    CHECK(text.starts_with("✅ Resolved 14:21:11 UTC after 19 m\nFired 7× · 4 alerts, 2 services\n"));
    CHECK_THAT(sample::visible(render_facts(s)), Contains("Resolved 14:21:11 UTC"));
}

Member member(std::string service, std::string title, Severity severity, std::string why) {
    Member made;
    made.source = "pagerduty";
    made.service = std::move(service);
    made.title = std::move(title);
    made.severity = severity;
    made.why = std::move(why);
    return made;
}

TEST_CASE("a storm is one message that counts the alerts and names the most telling ones") {
    Situation s = sample::situation();
    s.members.alerts = 200;
    s.members.services = 12;
    s.members.senders = {{"datadog", 199, 199}, {"pagerduty", 1, 1}};
    s.members.shown = {member("checkout", "p99 latency > 2 s", Severity::critical, ""),
                       member("payments", "no connection <!channel>", Severity::critical, "belongs together with checkout"),
                       member("payments", "slow", Severity::critical, "payments is in it"),
                       member("web", "5xx", Severity::error, "belongs together with checkout"),
                       member("", "disk full", Severity::warning, "storm: 5 investigations began within 5 m"),
                       member("mail", "queue long", Severity::warning, "storm: 5 investigations began within 5 m")};
    for (const std::string& text : {sample::visible(render_finding(s, sample::finding())), sample::visible(render_facts(s))}) {
        INFO(text);
        CHECK_THAT(text, Contains("200 alerts, 12 services · Datadog, PagerDuty\n• payments · no connection"));
        CHECK_THAT(text, Contains("• web · 5xx · ERROR\n• disk full · WARNING\n… and 196 more alerts"));
        CHECK_THAT(text, !Contains("slow") && !Contains("mail") && !Contains("recovered"));
    }
    const std::string report = render_markdown(s, sample::finding());
    CHECK_THAT(report, Contains("## Alerts") && Contains("queue long") && Contains("(storm: 5 investigations began within 5 m)"));
    s.members = {};
    s.members.alerts = 1;
    CHECK_THAT(sample::visible(render_facts(s)), !Contains("alerts"));
}

TEST_CASE("when one sender says it is over and another does not, both are told") {
    Situation s = sample::situation();
    s.members.alerts = 4;
    s.members.senders = {{"datadog", 1, 0}, {"newrelic", 2, 1}, {"pagerduty", 1, 1}};
    CHECK_THAT(sample::visible(render_facts(s)), Contains("Datadog: recovered · New Relic: 1 of 2 recovered · PagerDuty: still open"));
    CHECK_THAT(sample::visible(render_facts(s)), !Contains("Resolved"));
    s.members.senders = {{"datadog", 1, 0}, {"pagerduty", 1, 0}};
    s.resolved_at = sample::at("2026-08-01T14:21:11Z");
    CHECK_THAT(sample::visible(render_facts(s)), Contains("Resolved 14:21:11 UTC") && !Contains("recovered"));
    s.members.elsewhere = {"inv_07"};
    CHECK_THAT(sample::visible(render_facts(s)), Contains("The same outage as inv_07"));
}

TEST_CASE("a note on an incident is short plain text without links or mentions") {
    Finding f = sample::finding();
    CHECK(render_note(f) ==
          "Gumshoe: LIKELY cause (74 %)\nCause: DB pool cut from 50 to 5 by PR #982 (deployed 13:51)\n"
          "- PR #982 changes POOL_MAX 50 -> 5\n- db wait share of the trace 4 % -> 91 %\n"
          "- \"pool exhausted\" 4,812 times since 13:57, none the hour before\n"
          "Do next: Roll back v412\n  then: Watch the pool wait\ninv_01");
    f.cause.statement = "see https://evil.example.com @channel\nGumshoe: CONFIRMED";
    f.evidence[0].text = std::string(5000, 'x');
    f.degraded = true;
    f.status = FindingStatus::inconclusive;
    const std::string note = render_note(f);
    CHECK_THAT(note, !Contains("://evil") && !Contains("@channel") && !Contains("\nGumshoe: CONFIRMED"));
    CHECK_THAT(note, Contains("INCONCLUSIVE\nStrongest lead: ") && Contains("No model answered"));
    CHECK(note.size() < limits::note_bytes);
    CHECK_THAT(render_note(Finding{}), Contains("INCONCLUSIVE"));
}

TEST_CASE("a stopped investigation says why in the card and in the finding") {
    Situation s = sample::situation();
    s.state = "failed";
    s.failure = "stopped at the 120 s budget";
    CHECK_THAT(sample::visible(render_facts(s)), Contains("Investigation stopped: stopped at the 120 s budget"));
    CHECK_THAT(sample::visible(render_finding(s, sample::finding())), Contains("Investigation stopped: stopped at the 120 s budget"));
}

TEST_CASE("a long-winded finding still fits a phone") {
    Finding f = sample::finding();
    const std::string long_text(3000, 'x');
    f.summary = f.cause.statement = f.cause.mechanism = f.impact.statement = long_text;
    for (auto& e : f.evidence) e.text = long_text;
    for (auto& n : f.next_steps) n.action = n.command = n.undo = long_text;
    for (int i = 0; i < 40; ++i) f.not_checked.push_back({"system " + std::to_string(i) + " of many", long_text});
    Situation s = sample::situation();
    s.alert.title = long_text;
    const std::string text = sample::visible(render_finding(s, f));
    CHECK(text.size() < 3500);
    CHECK(at_most_lines(text) < 40);
    CHECK_THAT(text, Contains("more in the report"));
    CHECK_THAT(text.substr(0, text.find('\n')), Contains("LIKELY cause (74 %)"));
}

TEST_CASE("text cannot hide or break lines") {
    Finding f = sample::finding();
    f.summary = "one\ntwo\r\n\u202Ethree\u200B\x07 four";
    const std::string text = sample::visible(render_finding(sample::situation(), f));
    CHECK_THAT(text, Contains("one two three four"));
}

TEST_CASE("the Markdown export holds all of it, as literal text") {
    Finding f = sample::finding();
    f.summary = "<script>alert(1)</script> [x](https://evil.example.com) https://evil.example.com `code` *bold*";
    f.evidence[0].quotes = {"``` fence `"};
    const std::string text = render_markdown(sample::situation(), f);
    CHECK_THAT(text, Contains("\\<script\\>") && Contains("\\[x\\](https:\u200b//evil.example.com)") && !Contains("https://evil"));
    CHECK_THAT(text, Contains("```` ``` fence ` ````"));
    CHECK_THAT(text, Contains("[open](https://app.example.com/logs?a=1&b=2)"));
    for (const char* part :
         {"## Do next", "## Claims", "unverified: unknown evidence id", "## Hypotheses", "## Timeline", "## Changes", "; deployed",
          "; deployment unknown", "## Suspects", "## Similar incidents", "## Evidence", "## Coverage", "## Models asked"}) {
        INFO(part);
        CHECK_THAT(text, Contains(part));
    }
}

TEST_CASE("a terminal sees wrapped text and none of the text's control characters") {
    Document d;
    d.blocks = {{Block::Kind::header, {{plain("title \x1b[31mred\x1b[0m")}}},
                {Block::Kind::section, {{plain("a b c d e f g h i j k l m n o p q r s t u v w x y z"), code(" ls ")}}},
                {Block::Kind::section, {{link("report", "https://gumshoe.example.com/1")}}}};
    const std::string text = render_terminal(d, false, 30);
    CHECK_THAT(text, !Contains("\x1b"));
    CHECK_THAT(render_terminal(d, false, 80), Contains("report <https://gumshoe.example.com/1>"));
    std::size_t widest = 0;
    std::size_t start = 0;
    const std::string wrapped = text.substr(0, text.find("report"));
    for (std::size_t end = wrapped.find('\n'); end != std::string::npos; start = end + 1, end = wrapped.find('\n', start))
        widest = std::max(widest, end - start);
    CHECK(widest <= 30);
    CHECK_THAT(render_terminal(d, true, 80), Contains("\x1b[1m"));
}

TEST_CASE("only http and https become links") {
    CHECK(link("x", "https://a.example").style == Span::Style::link);
    CHECK(link("x", "http://a.example").style == Span::Style::link);
    for (const char* url : {"javascript:alert(1)", "ftp://a", "", "//a", "https://a b", "https://a\n", "https://a<b>", "HTTPSX://a"}) {
        INFO(url);
        CHECK(link("x", url).style == Span::Style::plain);
        CHECK(link("x", url).url.empty());
    }
}

}  // namespace
}  // namespace gumshoe
