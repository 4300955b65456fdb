// The source over real repositories, on the loop's pool.
#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "integrations/git/evidence.hpp"
#include "tests/support/loop.hpp"
#include "tests/unit/integrations/git/mirror.hpp"

namespace source_test {

using namespace gumshoe;
using namespace gumshoe::test;
using std::chrono::hours;
using std::chrono::minutes;

namespace {

struct Fixture : Mirrors {
    std::string before, culprit;
    std::unique_ptr<EventLoop> loop = make_event_loop();
    Subject subject;
    std::unique_ptr<Source> source;

    Fixture() {
        create();
        write("services/checkout/pool.yaml", "max: 50\n");
        write("services/storefront/a.ts", "a\n");
        before = commit("everything", hours(48));
        write("services/storefront/a.ts", "b\n");
        commit("storefront: b", hours(3));
        write("services/checkout/pool.yaml", "max: 5\n");
        culprit = commit("pool: lower it", hours(1));
        git({"tag", "v411", before});
        git({"tag", "v412", culprit});
        git({"remote", "add", "origin", "git@git.example.com:Team/sub/shop.git"});
        subject.alert.service = "checkout";
        subject.onset = now - minutes(6);
        subject.incident = {now - minutes(20), now};
        subject.services = {"checkout", "elsewhere"};
        subject.repositories = {{"checkout", "git:shop"}, {"elsewhere", "github:acme/x"}};
        subject.paths = {{"checkout", "services/checkout"}};
        source = git::make_source(root, *loop);
    }

    result<Fetched> fetch(Query query, milliseconds within = seconds(30)) {
        return run(*loop, source->fetch(std::move(query), Deadline::after(loop->clock(), within)));
    }
    result<std::string> probe() { return run(*loop, source->probe(Deadline::after(loop->clock(), seconds(30)))); }
};

std::vector<std::string> ids(const std::vector<Query>& queries) {
    std::vector<std::string> out;
    for (const auto& query : queries) out.push_back(query.id);
    return out;
}

CodeLocation seen(const std::string& version, const std::string& revision, Timestamp at) {
    CodeLocation location;
    location.service = "checkout";
    location.version = version;
    location.revision = revision;
    location.seen_at = at;
    return location;
}

}  // namespace

TEST_CASE_METHOD(Fixture, "commits are those of the window under the service's path") {
    const auto queries = source->plan(subject);
    REQUIRE(ids(queries) == std::vector<std::string>{"git/commits/checkout"});
    const auto fetched = fetch(queries[0]).value();
    REQUIRE(subjects(fetched.records.changes) == std::vector<std::string>{"pool: lower it", "everything"});
    CHECK(fetched.records.changes[0].repository == "git:shop");
    CHECK(fetched.records.changes[0].service == "checkout");
    CHECK(fetched.records.changes[0].link.empty());
    CHECK(fetched.query_text == "git log --since=2026-07-25T09:54:00Z --until=2026-08-01T10:00:00Z -- services/checkout");
    CHECK_FALSE(fetched.truncated);
}

TEST_CASE_METHOD(Fixture, "versions that were seen become commits, and a deploy is compared with what ran before it") {
    Records found;
    found.code = {seen("v411", "", now - hours(2)), seen("v412", "", now - minutes(10))};
    const auto lookups = source->follow_up(subject, found);
    REQUIRE(ids(lookups) == std::vector<std::string>{"git/code/checkout/v411", "git/code/checkout/v412"});
    const auto named = fetch(lookups[1]).value().records.code;
    REQUIRE(named.size() == 1);
    CHECK(named[0].revision == culprit);
    CHECK(named[0].repository == "git:shop");

    found.code = {seen("v411", before, now - hours(2)), seen("v412", culprit, now - minutes(10))};
    Change deploy;
    deploy.id = "checkout@v412";
    deploy.kind = "deploy";
    deploy.service = "checkout";
    deploy.time = now - minutes(10);
    deploy.sha = culprit;
    deploy.environment = "prod";
    found.changes = {deploy};
    const auto queries = source->follow_up(subject, found);
    REQUIRE(ids(queries) == std::vector<std::string>{"git/compare/checkout@v412"});
    const auto fetched = fetch(queries[0]).value();
    const auto commit = std::ranges::find(fetched.records.changes, "commit", &Change::kind);
    REQUIRE(commit != fetched.records.changes.end());
    CHECK(commit->id == culprit);
    CHECK(commit->deployed == true);
    CHECK(commit->environment == "prod");
    REQUIRE(fetched.records.facts.size() == 1);
    CHECK(fetched.records.facts[0].text == "deploy checkout@v412 to prod brought 2 commits (" + before.substr(0, 7) + "..." +
                                               culprit.substr(0, 7) + "), 2 files changed, 1 of them under services/checkout");
}

TEST_CASE_METHOD(Fixture, "a version without a tag is nothing, not an error") {
    Records found;
    found.code = {seen("nightly", "", now - minutes(10))};
    CHECK(fetch(source->follow_up(subject, found)[0]).value().records.empty());
}

TEST_CASE_METHOD(Fixture, "an address is a mirror here when its origin is the same, however it is written") {
    CHECK(source->repository_at({"git.example.com", "team/sub/shop", ""}) == "git:shop");
    CHECK(source->repository_at({"git.example.com", "Team/Sub/Shop", ""}) == "git:shop");
    CHECK(source->repository_at({"git.example.com", "team/shop", ""}).empty());
    CHECK(source->repository_at({"evil.example", "team/sub/shop", ""}).empty());
}

TEST_CASE_METHOD(Fixture, "a mirror that is not there is an error, and a question that git cannot answer is refused") {
    subject.repositories = {{"checkout", "git:nothing"}};
    CHECK(fetch(source->plan(subject)[0]).error().code == errc::not_found);
    subject.repositories = {{"checkout", "git:../../etc"}};
    CHECK(source->plan(subject).empty());
    subject.repositories = {{"checkout", "git:shop"}};
    CHECK(source->ask(QueryKind::deployments, "checkout", subject.incident, subject).error().code == errc::unsupported);
    CHECK(source->ask(QueryKind::commits, "elsewhere", subject.incident, subject).error().code == errc::unsupported);
    auto query = source->ask(QueryKind::commits, "checkout", {now - hours(2), now}, subject).value();
    CHECK(fetch(query).value().records.changes.size() == 1);
    query.arguments["repository"] = "../mirrors/shop";
    CHECK(fetch(query).error().code == errc::invalid_argument);
    query.kind = QueryKind::logs;
    CHECK(fetch(query).error().code == errc::unsupported);
}

TEST_CASE_METHOD(Fixture, "a fetch ends with its deadline") {
    CHECK(fetch(source->plan(subject)[0], milliseconds(0)).error().code == errc::timeout);
}

TEST_CASE_METHOD(Fixture, "the probe names the mirrors, or the one that cannot be read") {
    CHECK(probe().value() == "1 mirror: shop");
    for (int i = 0; i < 11; ++i) create("m" + std::to_string(i));
    CHECK(probe().value() == "12 mirrors: m0, m1, m10, m2, m3, m4, m5, m6, m7, m8, ...");
    write_file(folder("m3") / ".git/config", "[garbage");
    CHECK_THAT(probe().error().message, Catch::Contains("the mirror m3 cannot be read"));
    std::filesystem::remove_all(root);
    std::filesystem::create_directories(root);
    CHECK(probe().error().code == errc::not_found);
}

}  // namespace source_test
