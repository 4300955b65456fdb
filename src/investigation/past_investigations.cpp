// Past investigations as a source: what happened before, what it turned out to be.
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "finding/finding.hpp"
#include "investigation/own_sources.hpp"

namespace gumshoe {

namespace {

constexpr auto look_back = std::chrono::hours(24 * 90);
constexpr std::size_t most = 500;

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

    task<Fetched> fetch(Query query, Deadline) override {
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

    task<std::string> probe(Deadline) override { co_return std::string("own database"); }

private:
    InvestigationStore& store_;
};

}  // namespace

std::unique_ptr<Source> make_past_investigations(InvestigationStore& store) {
    return std::make_unique<PastInvestigations>(store);
}

}  // namespace gumshoe
