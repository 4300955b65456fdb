#include "app/case_source.hpp"

#include <nlohmann/json.hpp>

#include "base/json.hpp"

namespace gumshoe {

namespace {

class CaseSource final : public Source {
public:
    explicit CaseSource(CaseFile file) : file_(std::move(file)) {}

    std::string_view name() const override { return "case"; }

    std::vector<Query> plan(const Subject& subject) const override {
        Query records;
        records.source = "case";
        records.id = "case/records";
        records.entity = subject.alert.service;
        records.window = subject.incident;
        std::vector<Query> queries = {records};
        for (std::size_t i = 0; i < file_.coverage.size(); ++i) {
            const Coverage& coverage = file_.coverage[i];
            if (coverage.status == CoverageStatus::ok || coverage.status == CoverageStatus::empty) continue;
            Query failed = records;
            failed.source = coverage.source;
            failed.id = "case/" + coverage.query;
            failed.arguments["coverage"] = std::to_string(i);
            queries.push_back(std::move(failed));
        }
        return queries;
    }

    task<Fetched> fetch(Query query, Deadline) override {
        if (const auto at = query.arguments.find("coverage"); at != query.arguments.end()) {
            const Coverage& coverage = file_.coverage.at(std::stoul(at->second));
            co_return Error{coverage.status == CoverageStatus::timeout ? errc::timeout : errc::unavailable, coverage.reason};
        }
        Fetched fetched;
        fetched.records = file_.records;
        fetched.query_text = "case file " + file_.id;
        co_return fetched;
    }

    task<std::string> probe(Deadline) override { co_return "case " + file_.id; }

private:
    CaseFile file_;
};

}  // namespace

std::unique_ptr<Source> make_case_source(CaseFile file) {
    return std::make_unique<CaseSource>(std::move(file));
}

}  // namespace gumshoe
