// What sources return, in one neutral form: the record types of a case file (docs/case-files.md). Names follow OpenTelemetry.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"

namespace gumshoe {

struct MetricSeries {
    std::string entity;    // service, or what the metric is about
    std::string instance;  // "" when not per instance
    std::string name;
    std::string unit;                                     // UCUM: "ms", "%", "1", "By"
    std::vector<std::pair<std::int64_t, double>> points;  // unix seconds, ascending; gaps are absent
    std::string link;
};

struct LogRecord {
    std::int64_t time_unix_nano = 0;
    std::string service;
    std::string instance;
    std::string severity_text;
    std::string body;
    std::map<std::string, std::string> attributes;
    std::string trace_id;
    std::string span_id;
};

struct SpanRecord {
    std::string trace_id;
    std::string span_id;
    std::string parent_span_id;
    std::string service;
    std::string instance;
    std::string name;
    std::int64_t start_time_unix_nano = 0;
    std::int64_t end_time_unix_nano = 0;
    bool error = false;
};

struct Edge {
    std::string caller;
    std::string callee;
};

struct Change {
    std::string id;    // sha, deployment id
    std::string kind;  // commit, deploy, flag, config
    Timestamp time{};  // a deploy: when it became live; a commit: its committer date
    std::string service;
    std::string repository;  // "github:acme/shop"; a monitoring tool gives the address that it was told
    std::string subject;
    std::string author;
    std::string environment;
    std::string sha;  // a deploy's commit
    std::vector<std::string> files;
    std::string diff;              // cut to limits
    std::optional<bool> deployed;  // a commit: whether a deploy that holds it was seen
    std::string link;
};

struct ChatMessage {
    std::string channel;
    std::string ts;  // Slack's, a string for ever
    std::string user;
    std::string text;
    std::string thread_ts;
    std::string link;
};

struct PastIncident {
    std::string id;
    std::string title;
    std::string service;
    std::string cause;
    std::string resolution;
    Timestamp at{};
    std::string link;
};

/// A plain statement of a source: a monitor's definition, an event.
struct Fact {
    std::string entity;
    std::string text;
    Timestamp at{};
    std::string link;
};

/// Which code a service runs, as telemetry or a catalogue says it.
struct CodeLocation {
    std::string service;
    std::string url;       // of the repository, as it was found (evidence/code_location.hpp reads it); "" when only the version is known
    std::string path;      // in the repository
    std::string revision;  // commit, "" when not known
    std::string version;   // "v412", "" when not known
    Timestamp seen_at{};   // when this revision or version was first seen running in the window; none: stated, not seen (a catalogue)
    std::string origin;    // "span tag git.repository_url", "service catalogue"
    std::string repository = {};  // "github:acme/shop" when a configured source holds what `url` names: gathering fills it in
};

struct Records {
    std::vector<MetricSeries> metrics;
    std::vector<LogRecord> logs;
    std::vector<SpanRecord> spans;
    std::vector<Edge> edges;
    std::vector<Change> changes;
    std::vector<ChatMessage> messages;
    std::vector<PastIncident> incidents;
    std::vector<Fact> facts;
    std::vector<CodeLocation> code;

    bool empty() const;
    std::size_t size() const;
    void append(Records other);
};

/// One JSON object a record, with `type` first: the lines of a case file.
std::vector<json> to_json_lines(const Records& records);
/// Adds one line's record; unknown types are ignored. Errors: parse (names the field).
result<void> add_json_line(Records& records, const json& line);

}  // namespace gumshoe
