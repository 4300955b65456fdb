// The source against the simulated GitHub: what is planned, fetched and compared, and what happens when GitHub refuses.
#include <algorithm>
#include <catch2/catch.hpp>

#include "integrations/github/codec.hpp"
#include "integrations/github/evidence.hpp"
#include "tests/support/result_printing.hpp"
#include "tests/unit/integrations/github/simulated.hpp"

namespace test_source {

using namespace gumshoe;
using namespace gumshoe::test;

namespace {

const std::string culprit = "4f1c2aa9d0b7e6358c1f42a6e9b3d57081c6f2e4";

struct Fixture : Simulated {
    std::unique_ptr<Source> source = github::make_source(github::token_credentials(Secret("ghp_sample")), http, clock, api);
    std::unique_ptr<EventLoop> loop = make_event_loop(clock);
    Subject subject = make_subject();

    Subject make_subject() const {
        Subject made;
        made.alert.service = "checkout";
        made.alert.environment = "prod";
        made.onset = clock.now() - std::chrono::minutes(6);
        made.incident = {made.onset - std::chrono::minutes(5), clock.now()};
        made.services = {"checkout", "payments", "storefront", "elsewhere"};
        made.repositories = {{"checkout", "github:acme/shop"},
                             {"payments", "github:acme/payments"},
                             {"storefront", "github:acme/shop"},
                             {"elsewhere", "gitlab:acme/x"}};
        made.paths = {{"checkout", "services/checkout"}, {"storefront", "services/storefront"}};
        return made;
    }

    result<Fetched> fetch(Query query, milliseconds within = seconds(20)) {
        return run(*loop, source->fetch(std::move(query), Deadline::after(clock, within)));
    }
    result<std::string> probe() { return run(*loop, source->probe(Deadline::after(clock, seconds(5)))); }

    Query planned(const std::string& id) const {
        for (auto& query : source->plan(subject)) {
            if (query.id == id) return query;
        }
        FAIL("not planned: " << id);
        return {};
    }
};

std::vector<std::string> ids(const std::vector<Query>& queries) {
    std::vector<std::string> out;
    for (const auto& query : queries) out.push_back(query.id);
    return out;
}

const Change* change_of(const Records& records, const std::string& id) {
    const auto found = std::ranges::find(records.changes, id, &Change::id);
    return found == records.changes.end() ? nullptr : &*found;
}

}  // namespace

TEST_CASE_METHOD(Fixture, "the plan asks each repository for deploys once and each path for its commits") {
    CHECK(ids(source->plan(subject)) == std::vector<std::string>{"github/commits/checkout", "github/deployments/checkout",
                                                                 "github/pull_requests/checkout", "github/commits/payments",
                                                                 "github/deployments/payments", "github/pull_requests/payments",
                                                                 "github/commits/storefront"});
    subject.repositories = {{"checkout", "github:acme/../../user"}};
    CHECK(source->plan(subject).empty());
}

TEST_CASE_METHOD(Fixture, "a deploy is live at its first success and carries commit, author and environment") {
    const auto fetched = fetch(planned("github/deployments/checkout")).value();
    REQUIRE(fetched.records.changes.size() == 2);
    const auto& newest = fetched.records.changes.front();
    CHECK(newest.id == "90412");
    CHECK(newest.kind == "deploy");
    CHECK(newest.sha == culprit);
    CHECK(newest.time == world.zero - seconds(660));
    CHECK(newest.environment == "production");
    CHECK(newest.author == "acme-deploy[bot]");
    CHECK(newest.repository == "github:acme/shop");
    CHECK(newest.service == "checkout");
    CHECK(newest.deployed == true);
    CHECK(newest.subject == "deploy v412 to production: checkout v412");
    CHECK_FALSE(fetched.truncated);
}

TEST_CASE_METHOD(Fixture, "deploys of another environment are not taken") {
    subject.alert.environment = "staging";
    CHECK(fetch(planned("github/deployments/checkout")).value().records.changes.empty());
}

TEST_CASE_METHOD(Fixture, "a deploy that never succeeded says so and is not compared") {
    auto scenario = *world.scenario;
    scenario["github"]["repositories"]["acme/shop"]["deployments"][1]["statuses"][1]["state"] = "failure";
    world.scenario = std::make_shared<const json>(std::move(scenario));
    const auto fetched = fetch(planned("github/deployments/checkout")).value();
    const auto* failed = change_of(fetched.records, "90412");
    REQUIRE(failed);
    CHECK(failed->deployed == false);
    CHECK_THAT(failed->subject, Catch::Contains("never live: failure"));
    CHECK(ids(source->follow_up(subject, fetched.records)) == std::vector<std::string>{"github/compare/90411"});
}

TEST_CASE_METHOD(Fixture, "commits are those under the service's path, with files and diff") {
    const auto fetched = fetch(planned("github/commits/checkout")).value();
    REQUIRE(fetched.records.changes.size() == 3);
    const auto& newest = fetched.records.changes.front();
    CHECK(newest.id == culprit);
    CHECK(newest.subject == "pool: lower max connections (#512)");
    CHECK(newest.author == "ana");
    CHECK(newest.files == std::vector<std::string>{"services/checkout/config/prod.yaml"});
    CHECK_THAT(newest.diff, Catch::Contains("-  POOL_MAX: 50\n+  POOL_MAX: 5\n"));
    CHECK(newest.link == api + "/acme/shop/commit/" + culprit);
    CHECK_FALSE(newest.deployed.has_value());
}

TEST_CASE_METHOD(Fixture, "merged pull requests elsewhere in a repository of many services are no suspects") {
    const auto fetched = fetch(planned("github/pull_requests/checkout")).value();
    std::vector<std::string> subjects;
    for (const auto& change : fetched.records.changes) subjects.push_back(change.subject);
    CHECK(subjects == std::vector<std::string>{"pool: lower max connections (#512)", "checkout: log the order id with every failure (#507)",
                                               "checkout: retry payment authorisation once (#501)"});
}

TEST_CASE_METHOD(Fixture, "the follow-up compares a suspect deploy with the one it replaced and marks what it brought as deployed") {
    Records found = fetch(planned("github/deployments/checkout")).value().records;
    found.append(fetch(planned("github/commits/checkout")).value().records);
    const auto queries = source->follow_up(subject, found);
    REQUIRE(ids(queries) == std::vector<std::string>{"github/compare/90412", "github/compare/90411"});
    CHECK(queries[0].arguments.at("base") == "71c3f0b8e5d2a9467c1e0f3b8a5d6297e4c0b1f3");
    CHECK(queries[0].arguments.at("head") == culprit);
    CHECK(queries[1].arguments.at("base").empty());

    http.requests.clear();
    const auto fetched = fetch(queries[0]).value();
    REQUIRE(fetched.records.changes.size() == 2);
    CHECK(fetched.records.changes[0].id == culprit);
    CHECK(fetched.records.changes[0].deployed == true);
    CHECK(fetched.records.changes[1].kind == "deploy");
    CHECK(fetched.records.changes[1].id == "90412");
    CHECK(fetched.records.changes[1].files == std::vector<std::string>{"services/checkout/config/prod.yaml"});  // those in its path
    REQUIRE(fetched.records.facts.size() == 1);
    CHECK(fetched.records.facts[0].text ==
          "deploy 90412 to production brought 3 commits (71c3f0b...4f1c2aa), 3 files changed, 1 of them under services/checkout");
    for (const auto& request : http.requests) CHECK_FALSE(request.url.ends_with("/commits/" + culprit));  // its files are known already
}

TEST_CASE_METHOD(Fixture, "deploys after the onset, before the look-back and of the same code are not compared") {
    const auto deploy = [&](std::string id, milliseconds before_onset, std::string sha) {
        Change change;
        change.id = std::move(id);
        change.kind = "deploy";
        change.time = subject.onset - before_onset;
        change.sha = std::move(sha);
        change.repository = "github:acme/shop";
        change.service = "checkout";
        change.environment = "production";
        change.deployed = true;
        return change;
    };
    Records found;
    found.changes = {deploy("late", -std::chrono::minutes(3), "aaaaaaa"),  deploy("again", std::chrono::minutes(1), "bbbbbbb"),
                     deploy("new", std::chrono::minutes(2), "bbbbbbb"),    deploy("first", std::chrono::hours(24), "ccccccc"),
                     deploy("old", std::chrono::hours(24 * 8), "ddddddd"), deploy("forged", std::chrono::hours(1), "../../user")};
    CHECK(ids(source->follow_up(subject, found)) == std::vector<std::string>{"github/compare/new", "github/compare/first"});
}

TEST_CASE_METHOD(Fixture, "a repository that is not there, or not for us, is an error in words") {
    subject.repositories = {{"checkout", "github:acme/secret"}};
    const auto fetched = fetch(planned("github/commits/checkout"));
    CHECK(fetched.error().code == errc::not_found);
    CHECK(fetched.error().message == "GitHub does not have the commits of acme/secret, or the token may not see it");
}

TEST_CASE_METHOD(Fixture, "a repository without commits is empty, not an error") {
    http.push(409, R"({"message":"Git Repository is empty."})");
    const auto fetched = fetch(planned("github/commits/checkout")).value();
    CHECK(fetched.records.empty());
}

TEST_CASE_METHOD(Fixture, "a told wait is kept within the deadline and refused beyond it") {
    const auto query = planned("github/commits/payments");
    http.push(403, R"({"message":"secondary rate limit"})", {{"retry-after", "5"}});
    const auto before = clock.now();
    CHECK(fetch(query).value().records.changes.size() == 2);
    CHECK(clock.now() - before == seconds(5));

    http.push(403, R"({"message":"secondary rate limit"})", {{"retry-after", "60"}});
    http.requests.clear();
    CHECK(fetch(query).error().code == errc::rate_limited);
    CHECK(http.requests.size() == 1);
}

TEST_CASE_METHOD(Fixture, "a renamed repository is followed once and only on the same host") {
    const auto query = planned("github/commits/payments");
    http.push(301, "{}", {{"Location", api + "/repos/acme/payments/commits?per_page=100"}});
    CHECK(fetch(query).value().records.changes.size() == 2);

    http.requests.clear();
    http.push(301, "{}", {{"Location", "https://evil.example/repos/acme/payments/commits"}});
    CHECK(fetch(query).error().code == errc::bad_reply);
    CHECK(http.requests.size() == 1);

    http.push(301, "{}", {{"Location", api + "/a"}});
    http.push(301, "{}", {{"Location", api + "/b"}});
    CHECK(fetch(query).error().code == errc::bad_reply);
}

TEST_CASE_METHOD(Fixture, "pages are read to the window's end and no further than three") {
    const auto page = [&](int n, const std::string& created) {
        http.push(200, R"([{"id":)" + std::to_string(n) + R"(,"sha":"4f1c2aa","environment":"staging","created_at":")" + created + "\"}]",
                  {{"Link", "<" + api + "/repos/acme/shop/deployments?page=" + std::to_string(n + 1) + ">; rel=\"next\""}});
    };
    for (int n = 1; n <= 3; ++n) page(n, "2026-08-01T09:00:00Z");
    const auto fetched = fetch(planned("github/deployments/checkout")).value();
    CHECK(fetched.truncated);
    CHECK(http.requests.size() == 3);
    CHECK(http.requests.back().url == api + "/repos/acme/shop/deployments?page=3");
}

TEST_CASE_METHOD(Fixture, "commits without their files are kept and marked as cut when GitHub stops answering") {
    http.push(200, simulation
                       ->handle({"GET",
                                 "/repos/acme/payments/commits",
                                 "",
                                 {{"User-Agent", "x"},
                                  {"X-GitHub-Api-Version", "2022-11-28"},
                                  {"Accept", "application/vnd.github+json"},
                                  {"Authorization", "Bearer x"}},
                                 "",
                                 ""},
                                world)
                       .body);
    http.push(Error{errc::timeout, "no answer"});
    const auto fetched = fetch(planned("github/commits/payments")).value();
    CHECK(fetched.records.changes.size() == 2);
    CHECK(fetched.records.changes[0].files.empty());
    CHECK(fetched.truncated);
}

TEST_CASE_METHOD(Fixture, "the probe says who we are and how many calls are left") {
    CHECK(probe().value() == "gumshoe-bot, 4999 calls left this hour");
    http.push(403, R"({"message":"Resource not accessible by integration"})");
    CHECK(probe().value() == "a token, 4990 calls left this hour");
    http.push(401, R"({"message":"Bad credentials"})");
    CHECK(probe().error().message == "GitHub refuses the credentials (the user): Bad credentials");
}

TEST_CASE_METHOD(Fixture, "an analyst may ask for a service and a window, of repositories that we know") {
    const Window window{clock.now() - std::chrono::hours(2), clock.now()};
    const auto query = source->ask(QueryKind::commits, "checkout", window, subject).value();
    CHECK(query.arguments.at("path") == "services/checkout");
    CHECK(fetch(query).value().records.changes.size() == 1);
    CHECK(source->ask(QueryKind::commits, "elsewhere", window, subject).error().code == errc::unsupported);
    CHECK(source->ask(QueryKind::logs, "checkout", window, subject).error().code == errc::unsupported);
}

TEST_CASE_METHOD(Fixture, "no token ever stands in an error or in what is kept") {
    http.push(401, R"({"message":"Bad credentials ghp"})");
    const auto failed = fetch(planned("github/commits/checkout"));
    CHECK(failed.error().message.find("ghp_sample") == std::string::npos);
    const auto fetched = fetch(planned("github/commits/checkout")).value();
    CHECK(fetched.raw.find("ghp_sample") == std::string::npos);
    CHECK(http.requests.back().headers.find("authorization") == "Bearer ghp_sample");
}

TEST_CASE_METHOD(Fixture, "a version that was seen without a commit is looked up by its tag, whatever form the tag has") {
    json scenario = *world.scenario;
    scenario["github"]["repositories"]["acme/shop"]["tags"] = {
        {"v412", culprit}, {"1.2.3", culprit}, {"checkout-4.0.0", culprit}, {"checkout@5.0.0", culprit}, {"v6.0.0", culprit}};
    world.scenario = std::make_shared<const json>(std::move(scenario));
    const auto resolved = [this](const std::string& version) {
        CodeLocation seen;
        seen.service = "checkout";
        seen.version = version;
        seen.seen_at = subject.onset;
        Records found;
        found.code = {seen};
        const auto queries = source->follow_up(subject, found);
        REQUIRE(ids(queries) == std::vector<std::string>{"github/code/checkout/" + version});
        return fetch(queries[0]).value().records.code;
    };
    for (const char* version : {"v412", "v1.2.3", "4.0.0", "5.0.0", "6.0.0"}) {
        INFO(version);
        const auto code = resolved(version);
        REQUIRE(code.size() == 1);
        CHECK(code[0].service == "checkout");
        CHECK(code[0].version == version);
        CHECK(code[0].revision == culprit);
        CHECK(code[0].repository == "github:acme/shop");
    }
    CHECK(resolved("9.9.9").empty());  // not tagged
    CHECK(http.requests.back().url == api + "/repos/acme/shop/commits/tags%2Fcheckout-v9.9.9");

    SECTION("a version whose commit is known is not") {
        CodeLocation seen;
        seen.service = "checkout";
        seen.version = "v412";
        seen.revision = culprit;
        seen.seen_at = subject.onset;
        Records found;
        found.code = {seen};
        CHECK(source->follow_up(subject, found).empty());
    }
}

TEST_CASE_METHOD(Fixture, "a repository that was only learned is asked about in a later round") {
    subject.repositories.clear();
    subject.paths.clear();
    CHECK(source->plan(subject).empty());
    subject.repositories["checkout"] = "github:acme/shop";
    subject.learned["checkout"] = "span tag git.repository_url";
    const auto queries = source->follow_up(subject, {});
    CHECK(ids(queries) ==
          std::vector<std::string>{"github/commits/checkout", "github/deployments/checkout", "github/pull_requests/checkout"});
}

TEST_CASE("a repository's address is GitHub's when its host is that of the configured API") {
    struct Row {
        const char* api;
        const char* address;
        const char* repository;
    };
    const Row rows[]{
        {"https://api.github.com", "https://github.com/acme/shop.git", "github:acme/shop"},
        {"https://api.github.com", "git@github.com:acme/shop.git", "github:acme/shop"},
        {"https://api.github.com", "ssh://git@ssh.github.com:443/acme/shop.git", "github:acme/shop"},
        {"https://api.github.com", "https://www.github.com/acme/shop", "github:acme/shop"},
        {"https://api.github.com", "https://github.com.evil.example/acme/shop", ""},
        {"https://api.github.com", "https://notgithub.com/acme/shop", ""},
        {"https://api.github.com", "https://gitlab.com/acme/shop", ""},
        {"https://api.github.com", "https://github.com/acme", ""},
        {"https://api.github.com", "https://github.com/acme/team/shop", ""},
        {"https://git.example.com/api/v3", "git@git.example.com:acme/shop.git", "github:acme/shop"},
        {"https://git.example.com:8443/api/v3", "https://git.example.com:8443/acme/shop", "github:acme/shop"},
        {"https://git.example.com/api/v3", "https://github.com/acme/shop", ""},
        {"https://api.acme.ghe.com", "https://acme.ghe.com/acme/shop", "github:acme/shop"},
        {"https://api.acme.ghe.com", "https://other.ghe.com/acme/shop", ""},
    };
    for (const Row& row : rows) {
        INFO(row.api << " " << row.address);
        const auto address = parse_repository_address(row.address);
        REQUIRE(address);
        CHECK(github::repository_at(github::web_url(row.api), *address) == row.repository);
    }
}

}  // namespace test_source
