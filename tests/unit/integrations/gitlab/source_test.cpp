// The source against the simulated GitLab: what is planned, fetched and compared, and what happens when GitLab refuses.
#include <algorithm>
#include <catch2/catch.hpp>

#include "integrations/gitlab/evidence.hpp"
#include "tests/unit/integrations/gitlab/simulated.hpp"

namespace source_test {

using namespace gumshoe;
using namespace gumshoe::test;

namespace {

const std::string culprit = "4f1c2aa9d0b7e6358c1f42a6e9b3d57081c6f2e4";
const std::string replaced = "71c3f0b8e5d2a9467c1e0f3b8a5d6297e4c0b1f3";

struct Fixture : Simulated {
    std::unique_ptr<Source> source = gitlab::make_source(Secret("glpat-sandboxtoken0123456789"), http, clock, api);
    std::unique_ptr<EventLoop> loop = make_event_loop(clock);
    Subject subject = make_subject();

    Subject make_subject() const {
        Subject made;
        made.alert.service = "checkout";
        made.alert.environment = "prod";
        made.onset = clock.now() - std::chrono::minutes(6);
        made.incident = {made.onset - std::chrono::minutes(5), clock.now()};
        made.services = {"checkout", "payments", "elsewhere"};
        made.repositories = {{"checkout", "gitlab:team/sub/shop"}, {"payments", "gitlab:team/payments"}, {"elsewhere", "github:acme/x"}};
        made.paths = {{"checkout", "services/checkout"}};
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

using Ids = std::vector<std::string>;

}  // namespace

TEST_CASE_METHOD(Fixture, "GitLab is asked for deploys and merge requests of a project, and commits of a path") {
    CHECK(ids(source->plan(subject)) == Ids{"gitlab/commits/checkout", "gitlab/deployments/checkout", "gitlab/pull_requests/checkout",
                                            "gitlab/commits/payments", "gitlab/deployments/payments", "gitlab/pull_requests/payments"});
    subject.repositories = {{"checkout", "gitlab:team/../../user"}};
    CHECK(source->plan(subject).empty());
}

TEST_CASE_METHOD(Fixture, "a deployment is live when it finished and carries commit, user and environment") {
    const auto fetched = fetch(planned("gitlab/deployments/checkout")).value();
    REQUIRE(fetched.records.changes.size() == 2);
    const auto& newest = fetched.records.changes.front();
    CHECK(newest.id == "90412");
    CHECK(newest.kind == "deploy");
    CHECK(newest.sha == culprit);
    CHECK(newest.time == world.zero - seconds(660));
    CHECK(newest.environment == "production");
    CHECK(newest.author == "acme-deploy[bot]");
    CHECK(newest.repository == "gitlab:team/sub/shop");
    CHECK(newest.service == "checkout");
    CHECK(newest.deployed == true);
    CHECK(newest.subject == "deploy v412 to production");
    CHECK(newest.link == web + "/team/sub/shop/-/environments");
    CHECK_FALSE(fetched.truncated);
}

TEST_CASE_METHOD(Fixture, "an older GitLab and a deployment without a job tell less, and the times are the same") {
    change_shop([](json& project) { project["finished_at"] = false; });
    CHECK(fetch(planned("gitlab/deployments/checkout")).value().records.changes[0].time == world.zero - seconds(660));
    change_shop([](json& project) { project["deployments"][1]["job"] = false; });
    CHECK(fetch(planned("gitlab/deployments/checkout")).value().records.changes[0].time == world.zero - seconds(660));
}

TEST_CASE_METHOD(Fixture, "the deployment that ran when the window began is found however long ago it was") {
    change_shop([](json& project) {
        auto& old = project["deployments"][0];
        old["t"] = -86400 * 30;
        old["statuses"] = json::array({{{"t", -86400 * 30 + 60}, {"state", "success"}}});
        auto staging = old;
        staging["id"] = 90000;
        staging["environment"] = "staging";
        staging["t"] = -86400 * 20;
        staging["statuses"][0]["t"] = -86400 * 20 + 60;
        auto older = old;
        project["deployments"].push_back(staging);
        older["id"] = 89000;
        older["t"] = -86400 * 40;
        older["statuses"][0]["t"] = -86400 * 40 + 60;
        project["deployments"].push_back(older);
    });
    const auto fetched = fetch(planned("gitlab/deployments/checkout")).value();
    REQUIRE(fetched.records.changes.size() == 2);
    CHECK(fetched.records.changes[1].id == "90411");
    CHECK(ids(source->follow_up(subject, fetched.records)) == Ids{"gitlab/compare/90412"});
}

TEST_CASE_METHOD(Fixture, "deployments of another environment are not taken") {
    subject.alert.environment = "staging";
    CHECK(fetch(planned("gitlab/deployments/checkout")).value().records.changes.empty());
}

TEST_CASE_METHOD(Fixture, "a deployment that is not live says why and is not compared") {
    change_shop([](json& project) { project["deployments"][1]["statuses"][1]["state"] = "failure"; });
    const auto fetched = fetch(planned("gitlab/deployments/checkout")).value();
    CHECK(fetched.records.changes[0].id == "90412");
    CHECK(fetched.records.changes[0].deployed == false);
    CHECK(fetched.records.changes[0].subject == "deploy v412 to production (not live: failed)");
    CHECK(ids(source->follow_up(subject, fetched.records)) == Ids{"gitlab/compare/90411"});
}

TEST_CASE_METHOD(Fixture, "commits are those under the service's path, with files and diff") {
    const auto fetched = fetch(planned("gitlab/commits/checkout")).value();
    REQUIRE(fetched.records.changes.size() == 3);
    const auto& newest = fetched.records.changes.front();
    CHECK(newest.id == culprit);
    CHECK(newest.subject == "pool: lower max connections (#512)");
    CHECK(newest.author == "ana");
    CHECK(newest.files == std::vector<std::string>{"services/checkout/config/prod.yaml"});
    CHECK_THAT(newest.diff, Catch::Contains("-  POOL_MAX: 50\n+  POOL_MAX: 5"));
    CHECK(newest.link == web + "/team/sub/shop/-/commit/" + culprit);
    CHECK_FALSE(newest.deployed.has_value());
}

TEST_CASE_METHOD(Fixture, "merge requests elsewhere in a repository of many services are no suspects") {
    const auto fetched = fetch(planned("gitlab/pull_requests/checkout")).value();
    std::vector<std::string> subjects;
    for (const auto& change : fetched.records.changes) subjects.push_back(change.subject);
    CHECK(subjects == std::vector<std::string>{"pool: lower max connections (!512)", "checkout: log the order id with every failure (!507)",
                                               "checkout: retry payment authorisation once (!501)"});
    CHECK(fetched.records.changes[0].id == culprit);
}

TEST_CASE_METHOD(Fixture, "the follow-up compares a suspect deploy with the one it replaced and marks what it brought as deployed") {
    change_shop([](json& project) {
        for (auto& commit : project["commits"]) {
            if (commit["sha"] == culprit) commit["message"] = "pool: lower max connections";
        }
    });
    Records found = fetch(planned("gitlab/deployments/checkout")).value().records;
    found.append(fetch(planned("gitlab/commits/checkout")).value().records);
    const auto queries = source->follow_up(subject, found);
    REQUIRE(ids(queries) == Ids{"gitlab/compare/90412", "gitlab/compare/90411"});
    CHECK(queries[0].arguments.at("base") == replaced);
    CHECK(queries[1].arguments.at("base").empty());

    http.requests.clear();
    const auto fetched = fetch(queries[0]).value();
    const auto commit = std::ranges::find(fetched.records.changes, "commit", &Change::kind);
    REQUIRE(commit != fetched.records.changes.end());
    CHECK(commit->id == culprit);
    CHECK(commit->deployed == true);
    CHECK(commit->subject == "pool: lower max connections (!512)");  // found by its commit
    REQUIRE(fetched.records.facts.size() == 1);
    CHECK(fetched.records.facts[0].text ==
          "deploy 90412 to production brought 3 commits (71c3f0b...4f1c2aa), 3 files changed, 1 of them under services/checkout");
    CHECK(fetched.link == web + "/team/sub/shop/-/compare/" + replaced + "..." + culprit);
    for (const auto& request : http.requests)
        CHECK(request.url.find(culprit + "/diff") == std::string::npos);  // its files are known already

    const auto alone = fetch(queries[1]).value();
    CHECK(alone.records.facts[0].text == "deploy 90411 to production brought 1 commit, 1 files changed, 1 of them under services/checkout");
}

TEST_CASE_METHOD(Fixture, "a version that was seen without a commit is looked up among the tags") {
    change_shop([](json& project) { project["tags"] = {{"checkout-412", culprit}, {"v411", replaced}}; });
    Records found;
    for (const auto* version : {"v411", "v412", "nightly"}) {
        CodeLocation seen;
        seen.service = "checkout";
        seen.version = version;
        seen.seen_at = clock.now() - std::chrono::hours(1) + std::chrono::minutes(found.code.size());
        found.code.push_back(seen);
    }
    const auto queries = source->follow_up(subject, found);
    REQUIRE(ids(queries) == Ids{"gitlab/code/checkout/v411", "gitlab/code/checkout/v412", "gitlab/code/checkout/nightly"});
    const auto old = fetch(queries[0]).value().records.code;
    REQUIRE(old.size() == 1);
    CHECK(old[0].revision == replaced);
    CHECK(old[0].version == "v411");
    CHECK(old[0].repository == "gitlab:team/sub/shop");
    CHECK(fetch(queries[1]).value().records.code[0].revision == culprit);
    CHECK(fetch(queries[1]).value().records.code[0].origin == "tag checkout-412");
    CHECK(fetch(queries[2]).value().records.empty());
}

TEST_CASE_METHOD(Fixture, "a comparison that GitLab gave up on is marked as cut") {
    change_shop([](json& project) { project["compare_timeout"] = true; });
    const auto found = fetch(planned("gitlab/deployments/checkout")).value().records;
    const auto fetched = fetch(source->follow_up(subject, found)[0]).value();
    CHECK(fetched.truncated);
    CHECK_THAT(fetched.records.facts[0].text, Catch::Contains("at least 1 files changed"));
}

TEST_CASE_METHOD(Fixture, "a project may be named by its number, and then links go no further than the project") {
    subject.repositories = {{"checkout", "gitlab:4711"}};
    const auto fetched = fetch(planned("gitlab/commits/checkout")).value();
    CHECK(fetched.records.changes.size() == 3);
    CHECK(fetched.link == web + "/projects/4711");
    CHECK(fetched.records.changes[0].link.empty());
}

TEST_CASE_METHOD(Fixture, "a project that is not there, or not for us, is an error in words") {
    subject.repositories = {{"checkout", "gitlab:team/secret"}};
    const auto fetched = fetch(planned("gitlab/commits/checkout"));
    CHECK(fetched.error().code == errc::not_found);
    CHECK(fetched.error().message == "GitLab does not have the commits of team/secret, or the token may not see it: 404 Project Not Found");
}

TEST_CASE_METHOD(Fixture, "a told wait is kept within the deadline and refused beyond it; an untold one is a minute") {
    const auto query = planned("gitlab/commits/payments");
    http.push(429, "Retry later", {{"Retry-After", "5"}});
    const auto before = clock.now();
    CHECK(fetch(query).value().records.changes.size() == 2);
    CHECK(clock.now() - before == seconds(5));

    for (const auto& headers : {Headers{{"Retry-After", "60"}}, Headers{}}) {
        http.push(429, "Retry later", headers);
        http.requests.clear();
        CHECK(fetch(query).error().code == errc::rate_limited);
        CHECK(http.requests.size() == 1);
    }
    http.push(429, "Retry later");
    CHECK(fetch(query, std::chrono::minutes(2)).value().records.changes.size() == 2);
}

TEST_CASE_METHOD(Fixture, "a moved project is followed once and only on the same host, and the token goes nowhere else") {
    const auto query = planned("gitlab/commits/payments");
    http.push(301, "{}", {{"Location", api + "/projects/team%2Fpayments/repository/commits?per_page=100"}});
    CHECK(fetch(query).value().records.changes.size() == 2);

    http.requests.clear();
    http.push(301, "{}", {{"Location", "https://evil.example/projects/1/repository/commits"}});
    CHECK(fetch(query).error().code == errc::bad_reply);
    CHECK(http.requests.size() == 1);

    http.push(301, "{}", {{"Location", api + "/a"}});
    http.push(301, "{}", {{"Location", api + "/b"}});
    CHECK(fetch(query).error().code == errc::bad_reply);
}

TEST_CASE_METHOD(Fixture, "pages are read up to three") {
    const auto page = [&](int n) {
        http.push(
            200,
            R"([{"id":)" + std::to_string(n) + R"(,"sha":"4f1c2aa","environment":{"name":"prod"},"created_at":"2026-08-01T09:00:00Z"}])",
            {{"X-Next-Page", std::to_string(n + 1)}});
    };
    for (int n = 1; n <= 3; ++n) page(n);
    const auto fetched = fetch(planned("gitlab/deployments/checkout")).value();
    CHECK(fetched.truncated);
    REQUIRE(http.requests.size() == 4);
    CHECK(http.requests[2].url.ends_with("&per_page=100&page=3"));
    CHECK(http.requests[3].url.find("updated_before=") != std::string::npos);
}

TEST_CASE_METHOD(Fixture, "commits without their files are kept and marked as cut when GitLab stops answering") {
    http.push(200, get("/projects/team%2Fpayments/repository/commits").body);
    http.push(Error{errc::timeout, "no answer"});
    const auto fetched = fetch(planned("gitlab/commits/payments")).value();
    CHECK(fetched.records.changes.size() == 2);
    CHECK(fetched.records.changes[0].files.empty());
    CHECK(fetched.truncated);
}

TEST_CASE_METHOD(Fixture, "an answer that is no JSON is a bad reply") {
    http.push(200, "<html>Sign in</html>");
    CHECK(fetch(planned("gitlab/commits/payments")).error().message ==
          "GitLab answered the commits of team/payments with something that is not JSON");
}

TEST_CASE_METHOD(Fixture, "the probe says who we are and how many calls are left, or what is wrong with the token") {
    CHECK(probe().value() == "gumshoe-bot, 1999 calls left for now");
    http.push(401, R"({"error":"invalid_token","error_description":"Token is expired."})");
    CHECK(probe().error().message == "GitLab refuses the token (the user): invalid_token Token is expired.");
}

TEST_CASE_METHOD(Fixture, "an address on the configured host is a project here") {
    CHECK(source->repository_at({"git.sandbox.example", "gitlab/team/sub/shop", ""}) == "gitlab:team/sub/shop");
    CHECK(source->repository_at({"gitlab.com", "team/sub/shop", ""}).empty());
}

TEST_CASE_METHOD(Fixture, "an analyst may ask for a service and a window, of projects that we know") {
    const Window window{clock.now() - std::chrono::hours(2), clock.now()};
    const auto query = source->ask(QueryKind::commits, "checkout", window, subject).value();
    CHECK(fetch(query).value().records.changes.size() == 1);
    CHECK(source->ask(QueryKind::commits, "elsewhere", window, subject).error().code == errc::unsupported);
    CHECK(source->ask(QueryKind::logs, "checkout", window, subject).error().code == errc::unsupported);
}

TEST_CASE_METHOD(Fixture, "what is compared are commits, whatever a query says") {
    auto query = planned("gitlab/commits/checkout");
    query.kind = QueryKind::compare;
    query.arguments["head"] = "main&x=1";
    CHECK(fetch(query).error().code == errc::invalid_argument);
    query.kind = QueryKind::logs;
    CHECK(fetch(query).error().code == errc::unsupported);
    query.arguments["repository"] = "../user";
    CHECK(fetch(query).error().code == errc::invalid_argument);
}

TEST_CASE_METHOD(Fixture, "no token ever stands in an error, an address or in what is kept") {
    http.push(401, R"({"message":"401 Unauthorized"})");
    const auto failed = fetch(planned("gitlab/commits/checkout"));
    CHECK(failed.error().message.find("glpat") == std::string::npos);
    const auto fetched = fetch(planned("gitlab/commits/checkout")).value();
    CHECK(fetched.raw.find("glpat") == std::string::npos);
    for (const auto& request : http.requests) {
        CHECK(request.url.find("glpat") == std::string::npos);
        CHECK(request.headers.find("private-token") == "glpat-sandboxtoken0123456789");
    }
}

}  // namespace source_test
