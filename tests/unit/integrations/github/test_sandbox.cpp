// The simulation refuses what GitHub refuses: a request that passes here is one that GitHub takes.
#include <catch2/catch.hpp>

#include "integrations/github/codec.hpp"
#include "tests/unit/integrations/github/simulated.hpp"

namespace test_sandbox {

using namespace gumshoe;
using namespace gumshoe::test;

namespace {

HttpRequest request(const Simulated& github, const std::string& path) {
    HttpRequest made = github::user_request(github.api);
    made.url = github.api + path;
    made.headers.add("Authorization", "Bearer ghp_sample");
    return made;
}

HttpRequest without(const HttpRequest& from, std::string_view name) {
    HttpRequest made = from;
    made.headers = {};
    for (const auto& [key, value] : from.headers) {
        if (key != name) made.headers.add(key, value);
    }
    return made;
}

}  // namespace

TEST_CASE("the simulated GitHub wants every header that GitHub wants") {
    Simulated github;
    const auto good = request(github, "/repos/acme/shop/commits");
    CHECK(github.answer(good).status == 200);
    CHECK(github.answer(without(good, "User-Agent")).status == 403);
    CHECK(github.answer(without(good, "Authorization")).status == 401);
}

TEST_CASE("the simulated GitHub takes a request without version or media type, and refuses wrong ones") {
    Simulated github;
    const auto good = request(github, "/repos/acme/shop/commits");
    CHECK(good.headers.find("X-GitHub-Api-Version") == "2022-11-28");  // ours are pinned
    CHECK(good.headers.find("Accept") == "application/vnd.github+json");
    const auto changed = [&](const std::string& name, const std::string& value) {
        auto made = without(good, name);
        if (!value.empty()) made.headers.add(name, value);
        return github.answer(made).status;
    };
    CHECK(changed("X-GitHub-Api-Version", "") == 200);
    CHECK(changed("X-GitHub-Api-Version", "2019-01-01") == 400);
    CHECK(changed("Accept", "") == 200);
    CHECK(changed("Accept", "text/html") == 415);
}

TEST_CASE("the simulated GitHub refuses what it does not know") {
    Simulated github;
    const std::vector<std::pair<std::string, int>> rows{
        {"/repos/acme/shop/commits?since=yesterday", 422},
        {"/repos/acme/shop/commits?before=x", 422},
        {"/repos/acme/shop/commits?per_page=101", 422},
        {"/repos/acme/shop/commits?page=0", 422},
        {"/repos/acme/shop/commits/ffffffff", 422},
        {"/repos/acme/shop/compare/aaaaaaa...4f1c2aa", 404},
        {"/repos/acme/nothing/commits", 404},
        {"/repos/acme/shop/secrets", 404},
        {"/repos/acme/shop/deployments/1/statuses", 404},
        {"/repos/acme/shop/pulls?state=merged", 422},
        {"/repos/acme/shop/pulls/1/files", 404},
    };
    for (const auto& [path, status] : rows) {
        INFO(path);
        CHECK(github.answer(request(github, path)).status == status);
    }
}

TEST_CASE("the simulated GitHub shows nothing that has not happened yet") {
    Simulated github;
    const auto commits = [&] { return json::parse(github.answer(request(github, "/repos/acme/shop/commits")).body).size(); };
    CHECK(commits() == 8);
    github.world.now = github.world.zero - seconds(3000);
    CHECK(commits() == 6);
    CHECK(github.answer(request(github, "/repos/acme/shop/commits/4f1c2aa9")).status == 422);
}

TEST_CASE("the simulated GitHub pages with links to itself") {
    Simulated github;
    const auto first = github.answer(request(github, "/repos/acme/shop/commits?per_page=5"));
    CHECK(json::parse(first.body).size() == 5);
    const auto next = github::next_page(first, github.api);
    REQUIRE(next);
    const auto second = github.answer(request(github, next->substr(github.api.size())));
    CHECK(json::parse(second.body).size() == 3);
    CHECK_FALSE(github::next_page(second, github.api));
}

}  // namespace test_sandbox
