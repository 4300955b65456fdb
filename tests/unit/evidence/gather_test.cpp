// Gathering: side by side, under one deadline, every outcome as coverage, nothing fetched twice.
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <nlohmann/json.hpp>

#include "base/limits.hpp"
#include "evidence/gather.hpp"
#include "evidence/redact.hpp"
#include "tests/support/loop.hpp"
#include "tests/support/result_printing.hpp"

using namespace gumshoe;
using gumshoe::test::FakeClock;

namespace {

class JournalledSteps final : public Steps {
public:
    std::map<std::string, StepOutput> done;

    task<std::shared_ptr<const json>> step(std::string name, json, std::function<task<StepOutput>()> work) override {
        if (const auto at = done.find(name); at != done.end()) {
            co_return at->second.value;
        }
        auto output = co_await work();
        if (!output) {
            co_return output.error();
        }
        done[name] = *output;
        co_return output->value;
    }
};

Query query_of(const std::string& source, const std::string& id) {
    Query query;
    query.source = source;
    query.id = source + "/" + id;
    return query;
}

class ScriptedSource final : public Source {
public:
    explicit ScriptedSource(Clock& clock) : clock_(clock) {}
    int fetches = 0;

    std::string_view name() const override { return "scripted"; }
    std::vector<Query> plan(const Subject&) const override {
        return {query_of("scripted", "good"), query_of("scripted", "hangs"), query_of("scripted", "fails"),
                query_of("scripted", "nothing")};
    }
    std::vector<Query> follow_up(const Subject&, const Records& found) const override {
        return found.logs.empty() ? std::vector<Query>{} : std::vector<Query>{query_of("scripted", "more")};
    }
    task<Fetched> fetch(Query query, Deadline deadline) override {
        ++fetches;
        if (query.id.ends_with("uncalled")) {
            const auto just_before = deadline.at - milliseconds(5);
            co_await clock_.sleep_until(just_before);
            while (!deadline.passed(clock_)) continue;  // the loop is busy and sees its timers only afterwards
            co_return Error{errc::network, "no time left to call"};
        }
        if (query.id.ends_with("hangs")) {
            const auto long_after = clock_.monotonic() + std::chrono::hours(1);
            co_await clock_.sleep_until(long_after);
        }
        if (query.id.ends_with("late")) {
            try {
                const auto long_after = clock_.monotonic() + std::chrono::hours(1);
                co_await clock_.sleep_until(long_after);
            } catch (const std::exception&) {  // answers its cancellation as if all were well
            }
        }
        if (query.id.ends_with("fails")) {
            co_return Error{errc::forbidden, "403 for key Tr0ub4dor"};
        }
        Fetched fetched;
        if (!query.id.ends_with("nothing")) {
            LogRecord log;
            log.body = "login with Tr0ub4dor";
            fetched.records.logs.push_back(log);
            fetched.query_text = "service:checkout Tr0ub4dor";
            fetched.raw = "{\"body\":\"Tr0ub4dor\"}";
        }
        co_return fetched;
    }
    task<std::string> probe(Deadline) override { co_return std::string("me"); }

private:
    Clock& clock_;
};

const Coverage& coverage_of(const Gathering& gathering, std::string_view id) {
    for (const auto& one : gathering.results) {
        if (one.coverage.query.ends_with(id)) {
            return one.coverage;
        }
    }
    throw std::runtime_error("no such query");
}

}  // namespace

TEST_CASE("a gathering says of every query whether it answered, was empty, failed or hung") {
    FakeClock clock;
    auto loop = make_event_loop(clock);
    ScriptedSource source(clock);
    JournalledSteps steps;
    const Redactor redactor({Secret("Tr0ub4dor")});
    const auto begun = clock.monotonic();
    const auto deadline = Deadline::after(clock, limits::gather_deadline);
    const auto gathering = test::run(*loop, gather({}, {&source}, steps, *loop, clock, redactor, deadline));
    REQUIRE(gathering);
    CHECK(coverage_of(*gathering, "good").status == CoverageStatus::ok);
    CHECK(coverage_of(*gathering, "nothing").status == CoverageStatus::empty);
    CHECK(coverage_of(*gathering, "fails").status == CoverageStatus::error);
    CHECK(coverage_of(*gathering, "fails").reason == "403 for key <secret>");
    CHECK(coverage_of(*gathering, "hangs").status == CoverageStatus::timeout);
    CHECK(coverage_of(*gathering, "more").status == CoverageStatus::ok);
    CHECK(clock.monotonic() - begun <= limits::gather_deadline + std::chrono::seconds(1));

    SECTION("nothing that was journaled holds the secret") {
        CHECK(steps.done.size() == 5);
        for (const auto& [name, output] : steps.done) {
            CHECK(dump_json(*output.value).find("Tr0ub4dor") == std::string::npos);
            CHECK(output.raw.find("Tr0ub4dor") == std::string::npos);
        }
    }
    SECTION("a resumed run reads the journal and asks nobody") {
        const int asked = source.fetches;
        const auto again = test::run(*loop, gather({}, {&source}, steps, *loop, clock, redactor, deadline));
        REQUIRE(again);
        CHECK(source.fetches == asked);
        REQUIRE(again->results.size() == gathering->results.size());
        CHECK(again->records().size() == gathering->records().size());
        CHECK(again->results[0].fetched.query_text == "service:checkout <secret>");
        CHECK(coverage_of(*again, "hangs").status == CoverageStatus::timeout);
    }
}

TEST_CASE("what a source says when it is cancelled is no answer") {
    FakeClock clock;
    auto loop = make_event_loop(clock);
    ScriptedSource source(clock);
    JournalledSteps steps;
    const Redactor redactor({});
    const auto deadline = Deadline::after(clock, limits::gather_deadline);
    const auto one =
        test::run(*loop, gather_one(query_of("scripted", "late"), source, "tool/1-1", steps, *loop, clock, redactor, deadline));
    REQUIRE(one);
    CHECK(one->coverage.status == CoverageStatus::timeout);
    CHECK(one->fetched.records.empty());
    CHECK(one->coverage.duration == std::chrono::duration_cast<milliseconds>(limits::fetch_total));
}

TEST_CASE("a call that was not made for want of time is a timeout") {
    auto loop = make_event_loop();  // a clock that runs: with a fake one the deadline is always seen first
    ScriptedSource source(loop->clock());
    JournalledSteps steps;
    const Redactor redactor({});
    const auto deadline = Deadline::after(loop->clock(), milliseconds(20));
    const auto one =
        test::run(*loop, gather_one(query_of("scripted", "uncalled"), source, "tool/1-1", steps, *loop, loop->clock(), redactor, deadline));
    REQUIRE(one);
    CHECK(one->coverage.status == CoverageStatus::timeout);
    CHECK(one->coverage.reason == "no answer in time");
}

TEST_CASE("a query that comes after the deadline is a timeout, not a wait") {
    FakeClock clock;
    auto loop = make_event_loop(clock);
    ScriptedSource source(clock);
    JournalledSteps steps;
    const Redactor redactor({});
    const auto passed = Deadline{clock.monotonic()};
    const auto one = test::run(*loop, gather_one(query_of("scripted", "good"), source, "tool/1-1", steps, *loop, clock, redactor, passed));
    REQUIRE(one);
    CHECK(one->coverage.status == CoverageStatus::timeout);
    CHECK(source.fetches == 0);
}

namespace {

const Timestamp onset = from_seconds(1785578400);
const std::string bad_sha = "4f1c2aa9d0b7e6358c1f42a6e9b3d57081c6f2e4";

/// A monitoring tool whose spans carry what runs and where its code is.
class Tagged final : public Source {
public:
    std::string url = "https://github.com/acme/shop";
    std::string_view name() const override { return "tagged"; }
    std::vector<Query> plan(const Subject&) const override { return {query_of("tagged", "spans")}; }
    task<Fetched> fetch(Query, Deadline) override {
        Fetched fetched;
        fetched.records.code = {
            {"checkout", url, "services/checkout", "71c3f0b8e5d2a9467c1e0f3b8a5d6297e4c0b1f3", "v411", onset - std::chrono::minutes(80),
             "span tag git.repository_url"},
            {"checkout", url, "services/checkout", bad_sha, "v412", onset - std::chrono::minutes(11), "span tag git.repository_url"}};
        co_return fetched;
    }
    task<std::string> probe(Deadline) override { co_return std::string(); }
};

/// A code host: commits of every known repository, then what each deploy of them brought.
class ScriptedHost final : public Source {
public:
    std::vector<std::string> asked;
    std::string_view name() const override { return "github"; }
    std::vector<Query> plan(const Subject& subject) const override {
        std::vector<Query> queries;
        for (const auto& [service, repository] : subject.repositories) {
            queries.push_back(query_of("github", "commits/" + repository + "/" + subject.paths.at(service)));
        }
        return queries;
    }
    std::vector<Query> follow_up(const Subject& subject, const Records& found) const override {
        auto queries = plan(subject);
        const bool has_commits = std::ranges::any_of(found.changes, [](const Change& change) { return change.kind == "commit"; });
        for (const auto& change : found.changes) {
            if (change.kind == "deploy" && has_commits) queries.push_back(query_of("github", "compare/" + change.sha));
        }
        return queries;
    }
    std::string repository_at(const RepositoryAddress& address) const override {
        return address.host == "github.com" ? "github:" + address.name : "";
    }
    task<Fetched> fetch(Query query, Deadline) override {
        asked.push_back(query.id);
        Fetched fetched;
        Change commit;
        commit.id = commit.sha = bad_sha;
        commit.kind = "commit";
        commit.service = "checkout";
        commit.subject = "pool: lower max connections";
        if (query.id.find("compare") != std::string::npos) commit.deployed = true;
        fetched.records.changes.push_back(commit);
        co_return fetched;
    }
    task<std::string> probe(Deadline) override { co_return std::string(); }
};

Subject about_checkout() {
    Subject subject;
    subject.alert.service = "checkout";
    subject.services = {"checkout"};
    subject.onset = onset;
    subject.incident = {onset - std::chrono::minutes(15), onset + std::chrono::minutes(5)};
    subject.baseline = {onset - std::chrono::minutes(80), onset - std::chrono::minutes(20)};
    return subject;
}

}  // namespace

TEST_CASE("a repository that only telemetry told of is read in the next round, and its deploy's range in the one after") {
    FakeClock clock;
    auto loop = make_event_loop(clock);
    Tagged tagged;
    ScriptedHost host;
    JournalledSteps steps;
    const Redactor redactor({});
    const auto deadline = Deadline::after(clock, limits::gather_deadline);
    const auto gathered = [&] {
        return test::run(*loop, gather(about_checkout(), {&tagged, &host}, steps, *loop, clock, redactor, deadline));
    };

    SECTION("each query once, and no fourth round") {
        const auto gathering = gathered();
        REQUIRE(gathering);
        CHECK(host.asked == std::vector<std::string>{"github/commits/github:acme/shop/services/checkout", "github/compare/" + bad_sha});
        CHECK(gathering->subject.repositories.at("checkout") == "github:acme/shop");
        CHECK(gathering->subject.learned.at("checkout") == "span tag git.repository_url");
        const auto changes = gathering->records().changes;
        REQUIRE(changes.size() == 2);
        CHECK(changes[0].deployed == true);
        CHECK(changes[1].kind == "deploy");
        CHECK(changes[1].sha == bad_sha);

        // Resumed from the journal, it learns the same and asks nobody.
        host.asked.clear();
        const auto again = gathered();
        REQUIRE(again);
        CHECK(host.asked.empty());
        CHECK(again->subject.repositories == gathering->subject.repositories);
        CHECK(to_json_lines(again->records()) == to_json_lines(gathering->records()));
    }
    SECTION("another host's repository is never asked for") {
        tagged.url = "https://github.com.evil.example/acme/shop";
        const auto gathering = gathered();
        REQUIRE(gathering);
        CHECK(host.asked.empty());
        CHECK(gathering->subject.repositories.empty());
        CHECK(gathering->records().changes.size() == 1);  // that it was deployed is known all the same
    }
    SECTION("an alert that tells its repository saves a round") {
        auto subject = about_checkout();
        subject.alert.labels = {{"git.repository_url", "git@github.com:acme/shop.git"}};
        subject.paths = {{"checkout", "services/checkout"}};
        tagged.url = "";
        const auto gathering = test::run(*loop, gather(std::move(subject), {&tagged, &host}, steps, *loop, clock, redactor, deadline));
        REQUIRE(gathering);
        CHECK(steps.done.size() == 3);
        CHECK(gathering->subject.learned.at("checkout") == "alert label git.repository_url");
        CHECK(host.asked.size() == 2);
    }
}
