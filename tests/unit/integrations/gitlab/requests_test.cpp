// What GitLab is asked, and what may go into a path.
#include <catch2/catch.hpp>

#include "integrations/gitlab/codec.hpp"
#include "tests/support/result_printing.hpp"

namespace requests_test {

using namespace gumshoe;
using namespace gumshoe::gitlab;

namespace {
const std::string api = "https://gitlab.com/api/v4";
const Timestamp now = parse_rfc3339("2026-08-01T10:00:00Z").value();
}  // namespace

TEST_CASE("A project is all its groups and its name, or a number, and nothing that could leave the path") {
    for (const auto* good : {"team/shop", "team/sub/shop", "a/b/c/d/e/f", "team/shop.js", "_team/shop-2", "4711"}) {
        INFO(good);
        CHECK(parse_project(good).value() == good);
    }
    const std::string deep = "a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a";
    for (const std::string bad : {"", "shop", "team/", "/shop", "team//shop", "team/..", "../shop", "team/sh op", "team/shop?x=1",
                                  "team/shop#x", "team/%2e%2e", "team/sh\nop", "47 11", "-1", "1e3", "9999999999999999999", deep.c_str()}) {
        INFO(bad);
        CHECK(parse_project(bad).error().code == errc::invalid_argument);
    }
}

TEST_CASE("An instance may be named with or without the path of its API, below a path, too") {
    CHECK(api_root("https://gitlab.com") == "https://gitlab.com/api/v4");
    CHECK(api_root("https://gitlab.com/") == "https://gitlab.com/api/v4");
    CHECK(api_root("https://gitlab.com/api/v4") == "https://gitlab.com/api/v4");
    CHECK(api_root("https://gitlab.com/api/v4/") == "https://gitlab.com/api/v4");
    CHECK(api_root("https://git.example.com/gitlab") == "https://git.example.com/gitlab/api/v4");
    CHECK(web_root("https://git.example.com/gitlab/api/v4") == "https://git.example.com/gitlab");
    CHECK(project_page(api, "team/sub/shop") == "https://gitlab.com/team/sub/shop");
    CHECK(project_page(api, "4711") == "https://gitlab.com/projects/4711");
}

TEST_CASE("Every request percent-encodes what it carries, the slashes of a project first of all") {
    const std::string shop = "/projects/team%2Fsub%2Fshop";
    const Window window{now - std::chrono::hours(1) - milliseconds(250), now};
    struct Row {
        HttpRequest request;
        std::string url;
    };
    const std::vector<Row> rows{
        {user_request(api), "/user"},
        {deployments_request(api, "team/sub/shop", now),
         shop + "/deployments?order_by=updated_at&sort=desc&updated_after=2026-08-01T10%3A00%3A00Z&per_page=100"},
        {deployments_before_request(api, "team/sub/shop", now),
         shop + "/deployments?order_by=updated_at&sort=desc&status=success&updated_before=2026-08-01T10%3A00%3A00Z&per_page=100"},
        {deployments_request(api, "4711", now),
         "/projects/4711/deployments?order_by=updated_at&sort=desc&updated_after=2026-08-01T10%3A00%3A00Z&per_page=100"},
        {commits_request(api, "team/sub/shop", "", window),
         shop + "/repository/commits?since=2026-08-01T08%3A59%3A59Z&until=2026-08-01T10%3A00%3A00Z&per_page=100"},
        {commits_request(api, "team/sub/shop", "services/a&b=c", window),
         shop + "/repository/commits?since=2026-08-01T08%3A59%3A59Z&until=2026-08-01T10%3A00%3A00Z&path=services%2Fa%26b%3Dc&per_page=100"},
        {commit_request(api, "team/sub/shop", "4f1c2aa/../x"), shop + "/repository/commits/4f1c2aa%2F..%2Fx"},
        {diff_request(api, "team/sub/shop", "4f1c2aa"), shop + "/repository/commits/4f1c2aa/diff?per_page=100"},
        {merge_requests_of_commit_request(api, "team/sub/shop", "4f1c2aa"), shop + "/repository/commits/4f1c2aa/merge_requests"},
        {merged_request(api, "team/sub/shop", now),
         shop + "/merge_requests?state=merged&order_by=updated_at&sort=desc&updated_after=2026-08-01T10%3A00%3A00Z&per_page=100"},
        {compare_request(api, "team/sub/shop", "aaaaaaa", "bbbbbbb"), shop + "/repository/compare?from=aaaaaaa&to=bbbbbbb&straight=false"},
        {tag_request(api, "team/sub/shop", "checkout/v1"), shop + "/repository/tags/checkout%2Fv1"},
        {at_page(diff_request(api, "team/sub/shop", "4f1c2aa"), "2"), shop + "/repository/commits/4f1c2aa/diff?per_page=100&page=2"},
    };
    for (const auto& row : rows) {
        CHECK(row.request.url == api + row.url);
        CHECK(row.request.method == "GET");
        CHECK(row.request.headers.find("user-agent").value_or("").starts_with("gumshoe/"));
        CHECK_FALSE(row.request.headers.find("private-token"));
    }
}

TEST_CASE("An address is a project here when its host is the configured one") {
    struct Row {
        std::string api;
        std::string host;
        std::string name;
        std::string project;
    };
    const std::string below = "https://git.example.com/gitlab/api/v4";
    const std::string port = "https://git.example.com:8443/api/v4";
    const std::vector<Row> rows{
        {api, "gitlab.com", "team/sub/shop", "team/sub/shop"},
        {api, "gitlab.com", "shop", ""},
        {api, "gitlab.com", "4711", ""},  // a name that is a number is no project's number
        {api, "github.com", "team/shop", ""},
        {api, "gitlab.com.evil.example", "team/shop", ""},
        {api, "evil.example", "gitlab.com/team/shop", ""},
        {"https://GitLab.example.com:443/api/v4", "gitlab.example.com", "team/shop", "team/shop"},
        {below, "git.example.com", "gitlab/team/shop", "team/shop"},  // as browsers write it
        {below, "git.example.com", "team/shop", "team/shop"},         // as ssh does
        {below, "git.example.com", "gitlabber/shop", "gitlabber/shop"},
        {port, "git.example.com:8443", "team/shop", "team/shop"},
        {port, "git.example.com", "team/shop", "team/shop"},
        {port, "git.example.com:9999", "team/shop", ""},
    };
    for (const auto& row : rows) {
        INFO(row.api << " " << row.host << " " << row.name);
        CHECK(project_at(row.api, row.host, row.name) == row.project);
    }
}

}  // namespace requests_test
