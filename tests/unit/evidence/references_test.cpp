// Names that a source tells of an outage go the way of its records: bounded, cleaned, journaled, read back.
#include <catch2/catch.hpp>
#include <map>
#include <nlohmann/json.hpp>

#include "base/limits.hpp"
#include "evidence/gather.hpp"
#include "evidence/redact.hpp"
#include "tests/support/loop.hpp"
#include "tests/support/result_printing.hpp"

using namespace gumshoe;

namespace {

class RecordedSteps final : public Steps {
public:
    std::map<std::string, StepOutput> done;
    task<std::shared_ptr<const json>> step(std::string name, json, std::function<task<StepOutput>()> work) override {
        if (done.count(name) == 0) {
            auto output = co_await work();
            if (!output) co_return output.error();
            done[name] = *output;
        }
        co_return done[name].value;
    }
};

class Pager final : public Source {
public:
    int fetched = 0;
    std::string_view name() const override { return "pager"; }
    std::vector<Query> plan(const Subject&) const override {
        Query query;
        query.source = "pager";
        query.id = "pager/alerts";
        return {query};
    }
    task<Fetched> fetch(Query, Deadline) override {
        ++fetched;
        Fetched found;
        found.references = {"app.example.com/monitors/8123", "key:holds-a-known-secret-0123"};
        for (int i = 0; i < 100; ++i) found.references.push_back("key:" + std::to_string(100'000 + i));
        co_return found;
    }
    task<std::string> probe(Deadline) override { co_return std::string(); }
};

}  // namespace

TEST_CASE("references of a source are bounded, cleaned and read back from the journal") {
    test::FakeClock clock;
    auto loop = make_event_loop(clock);
    const Redactor redactor({Secret("known-secret-0123")});
    RecordedSteps steps;
    Pager pager;
    for (int round = 0; round < 2; ++round) {  // the second is a resumed run
        const auto gathered = test::run(*loop, gather({}, {&pager}, steps, *loop, clock, redactor, Deadline::after(clock, seconds(20))));
        REQUIRE(gathered);
        REQUIRE(gathered->results.size() == 1);
        const auto& references = gathered->results[0].fetched.references;
        REQUIRE(references.size() == limits::references_per_query);
        CHECK(references[0] == "app.example.com/monitors/8123");
        CHECK(references[1].find("known-secret") == std::string::npos);
    }
    CHECK(pager.fetched == 1);
}
