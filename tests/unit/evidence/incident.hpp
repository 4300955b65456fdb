// A small incident: a deploy shrinks checkout's connection pool, checkout slows down and logs a new error; payment is well.
#pragma once

#include <string>

#include "evidence/source.hpp"

namespace gumshoe::test {

inline constexpr std::int64_t incident_begin = 1785578280;  // 2026-08-01T09:58:00Z

inline Subject pool_subject() {
    Subject subject;
    subject.alert.source = "datadog";
    subject.alert.title = "checkout p95 latency > 2 s";
    subject.alert.service = "checkout";
    subject.alert.metric = "latency.p95";
    subject.alert.started_at = from_seconds(incident_begin + 120);
    subject.onset = subject.alert.started_at;
    subject.incident = {from_seconds(incident_begin - 300), from_seconds(incident_begin + 600)};
    subject.baseline = {from_seconds(incident_begin - 4200), from_seconds(incident_begin - 600)};
    subject.services = {"checkout", "payment"};
    return subject;
}

inline MetricSeries series(const std::string& entity, const std::string& name, const std::string& unit, double before, double after) {
    MetricSeries one{entity, "", name, unit, {}, "https://metrics.example/" + entity};
    for (std::int64_t t = incident_begin - 4200; t < incident_begin + 600; t += 60) {
        const double wave = 1 + 0.02 * static_cast<double>((t / 60) % 5);
        one.points.emplace_back(t, (t < incident_begin ? before : after) * wave);
    }
    return one;
}

inline LogRecord line(const std::string& service, std::int64_t at, const std::string& level, const std::string& body) {
    LogRecord log;
    log.time_unix_nano = at * 1'000'000'000;
    log.service = service;
    log.severity_text = level;
    log.body = body;
    return log;
}

inline Change deploy(const std::string& id, std::int64_t at, const std::string& sha) {
    Change change;
    change.id = id;
    change.kind = "deploy";
    change.time = from_seconds(at);
    change.service = "checkout";
    change.sha = sha;
    change.subject = "shrink the connection pool";
    change.author = "ana";
    change.deployed = true;
    return change;
}

inline Records pool_records() {
    Records records;
    records.metrics = {series("checkout", "latency.p95", "s", 0.4, 3.4), series("payment", "latency.p95", "s", 0.1, 0.1),
                       series("checkout", "requests.rate", "1/s", 100, 100)};
    for (std::int64_t t = incident_begin - 4200; t < incident_begin + 600; t += 5) {
        records.logs.push_back(line("checkout", t, "INFO", "order " + std::to_string(t) + " placed"));
        if (t >= incident_begin) {
            records.logs.push_back(line("checkout", t, "ERROR", "connection pool exhausted after " + std::to_string(t % 7) + " tries"));
        }
    }
    records.edges = {{"checkout", "payment"}};
    records.changes = {deploy("v412", incident_begin - 420, "4f1c2aa0000000000000000000000000000000aa"),
                       deploy("v411", incident_begin - 90000, "1111111000000000000000000000000000000bbb")};
    Change commit;
    commit.id = "4f1c2aa0000000000000000000000000000000aa";
    commit.kind = "commit";
    commit.time = from_seconds(incident_begin - 900);
    commit.service = "checkout";
    commit.subject = "shrink the connection pool";
    commit.files = {"config/pool.yaml"};
    commit.diff = "-pool_max: 50\n+pool_max: 5\n";
    records.changes.push_back(commit);
    return records;
}

}  // namespace gumshoe::test
