// Runs the plans of all sources side by side, each query a journaled step, everything redacted before it is written anywhere.
#include "evidence/gather.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "evidence/redact.hpp"
#include "evidence/running_versions.hpp"
#include "evidence/service_code.hpp"

namespace gumshoe {

namespace {

/// All that a query needs, alive until gather() ends.
struct Work {
    Query query;
    Source* source = nullptr;
    std::string step;
};

struct Tools {
    Steps* steps;
    Scheduler* scheduler;
    Clock* clock;
    const Redactor* redactor;
    std::vector<Source*> sources;  // who may know a repository's address
};

template <class T>
std::size_t cut(std::vector<T>& list, std::size_t room) {
    if (list.size() > room) {
        list.resize(room);
    }
    return room - list.size();
}

/// At most limits::records_per_query. True when something was left out.
bool cap(Records& records) {
    const auto before = records.size();
    auto room = limits::records_per_query;
    room = cut(records.changes, room);
    room = cut(records.edges, room);
    room = cut(records.facts, room);
    room = cut(records.code, room);
    room = cut(records.messages, room);
    room = cut(records.incidents, room);
    room = cut(records.metrics, room);
    room = cut(records.logs, room);
    cut(records.spans, room);
    return records.size() < before;
}

Coverage coverage_of(const Query& query, const std::optional<result<Fetched>>& outcome, const Redactor& redactor) {
    Coverage coverage{query.source, query.id, CoverageStatus::ok, "", {}};
    if (!outcome) {
        coverage.status = CoverageStatus::timeout;
        coverage.reason = "no answer in time";
    } else if (!*outcome) {
        const auto& error = outcome->error();
        coverage.status = error.code == errc::timeout       ? CoverageStatus::timeout
                          : error.code == errc::unsupported ? CoverageStatus::skipped
                                                            : CoverageStatus::error;
        coverage.reason = truncate(redactor.redact(error.message), 300);
    } else if ((*outcome)->records.empty()) {
        coverage.status = CoverageStatus::empty;
    } else if ((*outcome)->truncated) {
        coverage.reason = "more than was taken";
    }
    return coverage;
}

StepOutput output_of(const Coverage& coverage, const Fetched& fetched) {
    auto value = std::make_shared<json>(json{{"records", to_json_lines(fetched.records)},
                                             {"query_text", fetched.query_text},
                                             {"link", fetched.link},
                                             {"truncated", fetched.truncated},
                                             {"coverage", to_json_value(coverage)}});
    if (!fetched.references.empty()) (*value)["references"] = fetched.references;
    return {std::move(value), fetched.raw};
}

awaitable<void> fetch_into(Work work, Deadline deadline, std::shared_ptr<std::optional<result<Fetched>>> slot) {
    auto fetched = co_await work.source->fetch(std::move(work.query), deadline);
    slot->emplace(std::move(fetched));
}

task<StepOutput> fetch_step(Work work, Tools tools, Deadline deadline) {
    const auto begun = tools.clock->monotonic();
    const auto own = deadline.earlier(Deadline::after(*tools.clock, limits::fetch_total));
    const auto slot = std::make_shared<std::optional<result<Fetched>>>();
    if (!own.passed(*tools.clock)) {
        auto fetching = fetch_into(work, own, slot);
        const bool ended = co_await tools.scheduler->within(own, std::move(fetching));
        // An answer to the cancellation is no answer to the query; nor is a call that was not made for want of time.
        const bool too_late = ended && *slot && !**slot && (*slot)->error().code == errc::network && own.passed(*tools.clock);
        if (!ended || too_late) slot->reset();
    }
    Fetched fetched;
    if (*slot && **slot) {
        auto& taken = (**slot).value();
        taken.truncated = cap(taken.records) || taken.truncated;
        recognise(taken.records, tools.sources);
        tools.redactor->redact(taken.records);
        taken.query_text = tools.redactor->redact(taken.query_text);
        taken.link = tools.redactor->redact_known(taken.link);
        cut(taken.references, limits::references_per_query);
        for (auto& reference : taken.references) reference = tools.redactor->redact_known(reference);
        taken.raw = tools.redactor->redact(std::string_view(taken.raw).substr(0, limits::raw_bytes_per_query));
    }
    auto coverage = coverage_of(work.query, *slot, *tools.redactor);
    coverage.duration = std::chrono::duration_cast<milliseconds>(tools.clock->monotonic() - begun);
    if (*slot && **slot) {
        fetched = std::move((**slot).value());
    }
    co_return output_of(coverage, fetched);
}

Gathered gathered_from(const Query& query, const json& value) {
    Gathered gathered{query, {}, {query.source, query.id, CoverageStatus::error, "the journaled result cannot be read", {}}};
    if (const json* recorded = find(value, "coverage")) {
        if (auto coverage = coverage_from_json(*recorded)) {
            gathered.coverage = std::move(*coverage);
        }
    }
    gathered.fetched.query_text = string_or_empty(value, "query_text");
    gathered.fetched.link = string_or_empty(value, "link");
    gathered.fetched.truncated = get_bool(value, "truncated").value_or(false);
    if (const json* references = find(value, "references"); references != nullptr && references->is_array()) {
        for (const auto& reference : *references) {
            if (reference.is_string()) gathered.fetched.references.push_back(reference.get<std::string>());
        }
    }
    if (const json* records = find(value, "records"); records != nullptr && records->is_array()) {
        for (const auto& line : *records) {
            if (auto added = add_json_line(gathered.fetched.records, line); !added) {
                gathered.coverage.status = CoverageStatus::error;
                gathered.coverage.reason = "the journaled result cannot be read: " + added.error().message;
            }
        }
    }
    return gathered;
}

task<Gathered> run_query(Work work, Tools tools, Deadline deadline) {
    json input = to_json_value(work.query);
    const Query query = work.query;
    std::string step = work.step;
    std::function<task<StepOutput>()> fetch = [work = std::move(work), tools, deadline]() { return fetch_step(work, tools, deadline); };
    auto value = co_await tools.steps->step(std::move(step), std::move(input), std::move(fetch));
    if (!value) {
        co_return value.error();
    }
    co_return gathered_from(query, **value);
}

awaitable<void> run_into(Work work, Tools tools, Deadline deadline, std::optional<result<Gathered>>* slot) {
    auto gathered = co_await run_query(std::move(work), tools, deadline);
    slot->emplace(std::move(gathered));
}

/// All of `work` side by side, appended to `into` in its order.
task<void> run_all(std::vector<Work> work, Tools tools, Deadline deadline, Gathering* into) {
    std::vector<std::optional<result<Gathered>>> slots(work.size());
    std::vector<awaitable<void>> running;
    for (std::size_t i = 0; i < work.size(); ++i) {
        running.push_back(run_into(std::move(work[i]), tools, deadline, &slots[i]));
    }
    co_await tools.scheduler->all(std::move(running));
    for (auto& slot : slots) {
        if (!slot) {
            co_return Error{errc::cancelled, "gathering was cancelled"};
        }
        if (!*slot) {
            co_return slot->error();
        }
        into->results.push_back(std::move(slot->value()));
    }
    co_return result<void>{};
}

void add_new(std::vector<Query> queries, Source* source, std::set<std::string>& known, std::vector<Work>& work) {
    for (auto& query : queries) {
        if (known.insert(query.id).second) {
            auto step = "gather/" + query.id;
            work.push_back({std::move(query), source, std::move(step)});
        }
    }
}

/// Adds what an earlier query did not return already; doubles within one query are real.
class Merge {
public:
    void add(const Records& from) {
        add_metrics(from.metrics);
        add_unseen(from.logs, merged_.logs, logs_, [](const LogRecord& r) {
            return std::to_string(r.time_unix_nano) + '\n' + r.service + '\n' + r.span_id + '\n' + r.body;
        });
        add_unseen(from.spans, merged_.spans, spans_, [](const SpanRecord& r) { return r.trace_id + '\n' + r.span_id; });
        add_unseen(from.edges, merged_.edges, edges_, [](const Edge& r) { return r.caller + '\n' + r.callee; });
        add_unseen(from.messages, merged_.messages, messages_, [](const ChatMessage& r) { return r.channel + '\n' + r.ts; });
        add_unseen(from.incidents, merged_.incidents, incidents_, [](const PastIncident& r) { return r.id + '\n' + r.title; });
        add_unseen(from.facts, merged_.facts, facts_, [](const Fact& r) { return r.entity + '\n' + r.text; });
        add_code(from.code);
        add_changes(from.changes);
    }
    Records take() { return std::move(merged_); }

private:
    template <class T, class Key>
    static void add_unseen(const std::vector<T>& from, std::vector<T>& to, std::unordered_set<std::string>& seen, Key key) {
        std::vector<std::string> fresh;
        for (const auto& record : from) {
            auto name = key(record);
            if (!seen.contains(name)) {
                to.push_back(record);
                fresh.push_back(std::move(name));
            }
        }
        seen.insert(fresh.begin(), fresh.end());
    }

    void add_metrics(const std::vector<MetricSeries>& from) {
        for (const auto& series : from) {
            const auto same = std::find_if(merged_.metrics.begin(), merged_.metrics.end(), [&series](const MetricSeries& other) {
                return std::tie(other.entity, other.instance, other.name, other.unit) ==
                       std::tie(series.entity, series.instance, series.name, series.unit);
            });
            if (same == merged_.metrics.end()) {
                merged_.metrics.push_back(series);
                continue;
            }
            auto& points = same->points;
            points.insert(points.end(), series.points.begin(), series.points.end());
            std::sort(points.begin(), points.end());
            points.erase(std::unique(points.begin(), points.end(), [](const auto& a, const auto& b) { return a.first == b.first; }),
                         points.end());
        }
    }

    /// Of several sightings of a version the first counts, and what is only stated gets its sighting's time.
    void add_code(const std::vector<CodeLocation>& from) {
        for (const auto& code : from) {
            const auto name =
                code.service + '\n' + code.url + '\n' + code.path + '\n' + code.revision + '\n' + code.version + '\n' + code.repository;
            const auto [at, fresh] = code_.try_emplace(name, merged_.code.size());
            if (fresh) {
                merged_.code.push_back(code);
                continue;
            }
            auto& seen_at = merged_.code[at->second].seen_at;
            const bool earlier = seen_at == Timestamp{} || code.seen_at < seen_at;
            seen_at = code.seen_at != Timestamp{} && earlier ? code.seen_at : seen_at;
        }
    }

    /// The same change from two queries is one: what the second knows more fills the gaps of the first.
    void add_changes(const std::vector<Change>& from) {
        for (const auto& change : from) {
            const auto same = std::find_if(merged_.changes.begin(), merged_.changes.end(),
                                           [&change](const Change& other) { return other.id == change.id && other.kind == change.kind; });
            if (same == merged_.changes.end()) {
                merged_.changes.push_back(change);
                continue;
            }
            const auto fill = [](auto& mine, const auto& theirs) {
                if (mine.empty()) {
                    mine = theirs;
                }
            };
            fill(same->service, change.service);
            fill(same->subject, change.subject);
            fill(same->author, change.author);
            fill(same->sha, change.sha);
            fill(same->files, change.files);
            fill(same->diff, change.diff);
            fill(same->link, change.link);
            if (change.deployed) {
                same->deployed = same->deployed.value_or(false) || *change.deployed;
            }
        }
    }

    Records merged_;
    std::unordered_set<std::string> logs_, spans_, edges_, messages_, incidents_, facts_;
    std::unordered_map<std::string, std::size_t> code_;  // place in merged_.code
};

}  // namespace

Records Gathering::records() const {
    Merge merge;
    Records stated;
    stated.code = told;
    merge.add(stated);
    for (const auto& one : results) {
        merge.add(one.fetched.records);
    }
    auto all = merge.take();
    add_observed_deploys(subject, all);
    return all;
}

std::vector<Coverage> Gathering::coverage() const {
    std::vector<Coverage> all;
    for (const auto& one : results) {
        all.push_back(one.coverage);
    }
    return all;
}

task<Gathering> gather(Subject subject, std::vector<Source*> sources, Steps& steps, Scheduler& scheduler, Clock& clock,
                       const Redactor& redactor, Deadline deadline) {
    const Tools tools{&steps, &scheduler, &clock, &redactor, sources};
    Gathering gathering;
    gathering.subject = std::move(subject);
    gathering.told = code_told_by(gathering.subject.alert, sources);
    std::set<std::string> known;
    for (int round = 0; round < limits::gather_rounds; ++round) {
        const auto found = gathering.records();
        learn(gathering.subject, found);
        std::vector<Work> work;
        for (auto* source : sources) {
            add_new(round == 0 ? source->plan(gathering.subject) : source->follow_up(gathering.subject, found), source, known, work);
        }
        if (work.empty()) {
            break;
        }
        auto done = co_await run_all(std::move(work), tools, deadline, &gathering);
        if (!done) {
            co_return done.error();
        }
    }
    const auto found = gathering.records();
    learn(gathering.subject, found);
    co_return gathering;
}

task<Gathered> gather_one(Query query, Source& source, std::string step_name, Steps& steps, Scheduler& scheduler, Clock& clock,
                          const Redactor& redactor, Deadline deadline) {
    const Tools tools{&steps, &scheduler, &clock, &redactor, {&source}};
    Work work{std::move(query), &source, std::move(step_name)};
    co_return co_await run_query(std::move(work), tools, deadline);
}

}  // namespace gumshoe
