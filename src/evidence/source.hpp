// Role: a place where evidence is. A source plans its own queries from the alert's typed fields and fetches them; it never takes a URL
// or a query string from outside.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "alert/alert.hpp"
#include "base/task.hpp"
#include "evidence/code_location.hpp"
#include "evidence/records.hpp"

namespace gumshoe {

/// What an investigation is about: all that a plan may depend on.
struct Subject {
    std::string investigation;  // "" outside of one
    Alert alert;
    Timestamp onset{};                                // our best estimate of when it began
    Window incident{};                                // onset - a little .. now
    Window baseline{};                                // the quiet time before it
    std::vector<Window> more_baseline;                // further quiet times, where one is not enough
    std::vector<std::string> services;                // the alert's service first, then its configured neighbours
    std::map<std::string, std::string> repositories;  // service -> "github:acme/shop"
    std::map<std::string, std::string> paths;         // service -> path in its repository, for monorepos
    std::map<std::string, std::string> learned;       // service -> who told its repository ("span tag git.repository_url"); not configured
};

enum class QueryKind { monitor, logs, metrics, spans, events, deployments, commits, pull_requests, compare, history, code };
std::string_view to_string(QueryKind kind);

struct Query {
    std::string source;  // "datadog"
    std::string id;      // stable and unique in a run: "datadog/logs/incident"
    QueryKind kind = QueryKind::logs;
    std::string entity;  // the service it is about
    Window window{};
    std::map<std::string, std::string> arguments;  // of the source's own making: a monitor id, a channel, two commits
};

enum class CoverageStatus { ok, empty, error, timeout, skipped };
std::string_view to_string(CoverageStatus status);

/// "No errors found" and "the query failed" never look alike.
struct Coverage {
    std::string source;
    std::string query;  // Query::id
    CoverageStatus status = CoverageStatus::ok;
    std::string reason;
    milliseconds duration{};
};

struct Fetched {
    Records records;
    std::string query_text;  // the query as the vendor's own interface would take it
    std::string link;        // deep link with the exact window
    bool truncated = false;  // there was more than we took
    std::string raw;         // response bytes, cut to limits::raw_bytes_per_query
    /// Names that this outage has elsewhere (alert/references.hpp): another tool's alert that bears one joins the investigation.
    std::vector<std::string> references;
};

class Source {
public:
    virtual ~Source() = default;
    virtual std::string_view name() const = 0;
    /// First round: from typed fields only, before any untrusted text is read. Pure.
    virtual std::vector<Query> plan(const Subject& subject) const = 0;
    /// Further rounds: what the records so far call for (the compare of a suspect deploy; the commits of a repository that only telemetry
    /// told of, then in `subject`). Asked again after each round, at most limits::gather_rounds in all; known ids are not run twice. Pure.
    virtual std::vector<Query> follow_up(const Subject& subject, const Records& found) const {
        (void)subject;
        (void)found;
        return {};
    }
    /// The repository of this source that an address found in telemetry names: "github:acme/shop"; "" when it is none of this source's
    /// (another host than the configured one). Pure; nothing is called because a payload names it.
    virtual std::string repository_at(const RepositoryAddress& address) const {
        (void)address;
        return {};
    }
    /// Kinds that an analyst may ask for later, by service and window only.
    virtual std::vector<QueryKind> on_demand() const { return {}; }
    /// The query for such a request; a source may refuse (unsupported).
    virtual result<Query> ask(QueryKind kind, std::string service, Window window, const Subject& subject) const {
        (void)kind;
        (void)service;
        (void)window;
        (void)subject;
        return Error{errc::unsupported, "this source takes no questions"};
    }
    /// Runs one query within the deadline, pages included. Errors carry what coverage should say.
    virtual task<Fetched> fetch(Query query, Deadline deadline) = 0;
    /// The cheapest authenticated read, for `gumshoe check`. The text says who we are there.
    virtual task<std::string> probe(Deadline deadline) = 0;
};

json to_json_value(const Query& query);
json to_json_value(const Coverage& coverage);
result<Coverage> coverage_from_json(const json& value);

}  // namespace gumshoe
