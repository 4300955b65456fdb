// A finding and its situation with every field set: what the tests of rendering and JSON share.
#pragma once

#include <string>

#include "finding/finding.hpp"
#include "finding/render.hpp"

namespace gumshoe::sample {

inline Timestamp at(std::string_view text) {
    return parse_rfc3339(text).value();
}

inline Evidence item(std::string id, EvidenceKind kind, std::string text, std::string link) {
    Evidence e;
    e.id = std::move(id);
    e.kind = kind;
    e.entity = "checkout";
    e.text = std::move(text);
    e.from = at("2026-08-01T13:50:00Z");
    e.to = at("2026-08-01T14:03:00Z");
    e.numbers = {{"count", 4812}};
    e.mass = 0.9;
    e.signal = "new";
    e.source = "datadog";
    e.query = "service:checkout status:error";
    e.link = std::move(link);
    e.quotes = {"pool exhausted after 5 connections"};
    return e;
}

inline Finding finding() {
    Finding f;
    f.investigation = "inv_01";
    f.run = "run_01";
    f.status = FindingStatus::likely;
    f.confidence = 0.74;
    f.summary = "p99 rose from 0.4 s to 3.4 s at 13:58; 18 % of checkouts time out.";
    f.cause = {
        "DB pool cut from 50 to 5 by PR #982 (deployed 13:51)", "checkout", "config", "Requests queue for a connection.", {"E2", "E4"}};
    f.impact = {"18 % of checkouts fail", {"E1"}};
    f.claims = {{"The pool is exhausted", "observation", {"E1"}, true, ""},
                {"Redis is slow", "inference", {"E9"}, false, "unknown evidence id"}};
    f.suspects = {{"checkout", "service", 0.9, {"E1"}}};
    f.changes = {{"v412", "deploy", "checkout v412", 0.8, {"11 m before"}, true, "https://ci.example.com/412"},
                 {"abc", "commit", "pool size", 0.3, {}, std::nullopt, ""}};
    f.hypotheses = {{"traffic spike", "ruled_out", {}, {"E5"}}, {"pool size", "leading", {"E2"}, {}}};
    f.timeline = {{at("2026-08-01T13:51:00Z"), "deploy v412", {"E2"}}};
    f.similar = {{"inv_00", "pool exhausted in May", 0.6, "rolled back"}};
    f.next_steps = {{"Roll back v412", "deploy rollback checkout v411", "low", "redeploy v412", {"E2"}},
                    {"Watch the pool wait", "", "low", "", {}},
                    {"Tell payments", "", "low", "", {}},
                    {"A fourth step", "", "low", "", {}}};
    f.not_checked = {{"Redis", "no integration is configured"}};
    f.asides = {{"p99 rose.", "the pool was cut", {"E2"}, "main", "inv_00", std::chrono::hours(3)}};
    f.evidence = {item("E1", EvidenceKind::log, "\"pool exhausted\" 4,812 times since 13:57, none the hour before",
                       "https://app.example.com/logs?a=1&b=2"),
                  item("E2", EvidenceKind::change, "PR #982 changes POOL_MAX 50 -> 5", "https://git.example.com/982"),
                  item("E4", EvidenceKind::trace, "db wait share of the trace 4 % -> 91 %", "https://app.example.com/trace"),
                  item("E5", EvidenceKind::metric, "requests per second flat", "https://app.example.com/metric")};
    f.coverage = {{"datadog", "datadog/logs/incident", CoverageStatus::ok, "", milliseconds{900}},
                  {"datadog", "datadog/spans/incident", CoverageStatus::timeout, "deadline", milliseconds{15000}},
                  {"slack", "slack/history/C1", CoverageStatus::error, "the app is not in the channel", milliseconds{80}},
                  {"github", "github/commits/shop", CoverageStatus::empty, "", milliseconds{300}}};
    f.answered_by = "second";
    f.route_note = "2nd choice; main: the OpenAI account is deactivated";
    f.attempts = {{"main", "account_dead", milliseconds{320}, 0}, {"second", "", milliseconds{21000}, 0.04}};
    f.cost_usd = 0.04;
    f.duration = milliseconds{38000};
    f.binary_version = "0.1.0";
    f.prompt_version = "analyst-3";
    f.config_version = "c0ffee";
    return f;
}

inline Situation situation() {
    Situation s;
    s.titles = {{"newrelic", "New Relic"}, {"pagerduty", "PagerDuty"}};
    s.alert.source = "datadog";
    s.alert.title = "p99 latency > 2 s";
    s.alert.service = "checkout";
    s.alert.environment = "prod";
    s.alert.severity = Severity::critical;
    s.alert.started_at = at("2026-08-01T14:02:11Z");
    s.alert.labels = {{"value", "3.4 s"}, {"threshold", "2.0 s"}};
    s.alert.links = {{"monitor", "https://app.example.com/monitors/8123"}};
    s.investigation = "inv_01";
    s.report_url = "https://gumshoe.example.com/investigations/inv_01";
    s.state = "done";
    return s;
}

/// The text that a reader sees, a line each.
inline std::string visible(const Document& document) {
    std::string out;
    for (const auto& block : document.blocks)
        for (const auto& line : block.lines) {
            for (const auto& span : line) out += span.text;
            out += "\n";
        }
    return out;
}

}  // namespace gumshoe::sample
