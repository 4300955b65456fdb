// What we know ourselves, as a source: what happened before and what it turned out to be; which other alerts belong to this.
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "finding/finding.hpp"
#include "investigation/own_sources.hpp"

namespace gumshoe {

namespace {

constexpr auto look_back = std::chrono::hours(24 * 90);
constexpr std::size_t most = 500;
constexpr std::string_view joined_id = "history/joined-alerts";

class PastInvestigations final : public Source {
public:
    explicit PastInvestigations(InvestigationStore& store) : store_(store) {}

    std::string_view name() const override { return "history"; }

    std::vector<Query> plan(const Subject& subject) const override {
        Query query;
        query.source = "history";
        query.id = "history/past-investigations";
        query.kind = QueryKind::history;
        query.entity = subject.alert.service;
        query.window = {subject.onset - look_back, subject.incident.from};
        return {query};
    }

    /// Asked late, in a storm most alerts come while the first one is looked into.
    std::vector<Query> follow_up(const Subject& subject, const Records&) const override {
        if (subject.investigation.empty()) return {};
        Query query;
        query.source = "history";
        query.id = joined_id;
        query.kind = QueryKind::history;
        query.entity = subject.alert.service;
        query.window = subject.incident;
        query.arguments = {{"investigation", subject.investigation}};
        return {query};
    }

    task<Fetched> fetch(Query query, Deadline) override {
        if (query.id == joined_id) {
            co_return co_await joined_alerts(query.arguments["investigation"]);
        }
        co_return co_await past(std::move(query));
    }

    task<std::string> probe(Deadline) override { co_return std::string("own database"); }

private:
    task<Fetched> joined_alerts(std::string investigation) {
        auto members = co_await store_.members(std::move(investigation));
        if (!members) co_return members.error();
        Fetched fetched;
        fetched.query_text = "alerts of other monitors that joined this investigation";
        fetched.truncated = members->alerts > static_cast<int>(members->shown.size());
        for (const Member& member : members->shown) {
            if (member.why.empty()) continue;
            std::string text = "another alert, by " + member.source + ": " + member.title + " (" + std::string(to_string(member.severity));
            text += member.alerts > 1 ? ", fired " + std::to_string(member.alerts) + " times" : "";
            text += member.open ? ")" : ", recovered)";
            fetched.records.facts.push_back({member.service, std::move(text), member.joined_at, ""});
        }
        co_return fetched;
    }

    task<Fetched> past(Query query) {
        auto runs = co_await store_.finished(query.window.from, most);
        if (!runs) co_return runs.error();
        Fetched fetched;
        fetched.query_text = "investigations finished since " + format_rfc3339(query.window.from);
        for (const RunRow& run : *runs) {
            // Its own earlier runs are not a precedent, nor is one that came to no cause.
            if (run.created_at >= query.window.to) continue;
            auto value = parse_json(run.finding);
            if (!value) continue;
            auto finding = finding_from_json(*value);
            if (!finding || finding->status == FindingStatus::inconclusive) continue;
            PastIncident incident;
            incident.id = run.investigation;
            incident.title = finding->summary;
            incident.service = finding->cause.entity;
            incident.cause = finding->cause.statement;
            if (!finding->next_steps.empty()) incident.resolution = finding->next_steps.front().action;
            incident.at = run.created_at;
            fetched.records.incidents.push_back(std::move(incident));
        }
        co_return fetched;
    }

    InvestigationStore& store_;
};

}  // namespace

std::unique_ptr<Source> make_past_investigations(InvestigationStore& store) {
    return std::make_unique<PastInvestigations>(store);
}

}  // namespace gumshoe
