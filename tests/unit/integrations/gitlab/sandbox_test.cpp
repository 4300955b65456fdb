// The simulated GitLab refuses what GitLab refuses, ignores what it ignores, and pages as it does.
#include <catch2/catch.hpp>

#include "base/text.hpp"
#include "tests/unit/integrations/gitlab/simulated.hpp"

namespace sandbox_test {

using namespace gumshoe;
using namespace gumshoe::test;

namespace {

const std::string shop = "/projects/team%2Fsub%2Fshop";

std::vector<std::string> ids(const HttpResponse& response) {
    std::vector<std::string> out;
    for (const auto& item : json::parse(response.body)) {
        const auto& id = item.at("id");
        out.push_back(id.is_string() ? id.get<std::string>().substr(0, 7) : id.dump());
    }
    return out;
}

using Ids = std::vector<std::string>;

}  // namespace

TEST_CASE_METHOD(Simulated, "the simulated GitLab knows one token") {
    CHECK(get("/user").status == 200);
    CHECK(get("/user", "glpat-another").status == 401);
    CHECK(get(shop + "/deployments", "").status == 401);
    CHECK(get("/user", "glpat-another").body == R"({"message":"401 Unauthorized"})");
}

TEST_CASE_METHOD(Simulated, "the simulated GitLab finds a project by its encoded path or its number, and hides all others") {
    CHECK(get(shop + "/deployments").status == 200);
    CHECK(get("/projects/4711/deployments").status == 200);
    const std::vector<std::pair<std::string, std::string>> rows{
        {"/projects/team%2Fnothing/deployments", R"({"message":"404 Project Not Found"})"},
        {"/projects/1/deployments", R"({"message":"404 Project Not Found"})"},
        {"/projects/team/sub/shop/deployments", R"({"message":"404 Project Not Found"})"},
        {shop + "/secrets", R"({"error":"404 Not Found"})"},
        {"/nothing", R"({"error":"404 Not Found"})"},
        {shop + "/repository/commits/aaaaaaa", R"({"message":"404 Commit Not Found"})"},
        {shop + "/repository/commits/main/diff", R"({"message":"404 Commit Not Found"})"},
        {shop + "/repository/compare?from=aaaaaaa&to=4f1c2aa", R"({"message":"404 Ref Not Found"})"},
    };
    for (const auto& [path, body] : rows) {
        INFO(path);
        const auto answer = get(path);
        CHECK(answer.status == 404);
        CHECK(answer.body == body);
    }
}

TEST_CASE_METHOD(Simulated, "the simulated GitLab lists deployments oldest first unless it is asked otherwise") {
    CHECK(ids(get(shop + "/deployments")) == Ids{"90411", "90412"});
    CHECK(ids(get(shop + "/deployments?sort=desc")) == Ids{"90412", "90411"});
    CHECK(ids(get(shop + "/deployments?unknown=ignored&status=failed")).empty());
    CHECK(ids(get(shop + "/deployments?environment=prod")).empty());
    CHECK(ids(get(shop + "/deployments?environment=production")).size() == 2);
}

TEST_CASE_METHOD(Simulated, "the simulated GitLab takes a filter by time only with the same order") {
    const auto after = "after=" + url_encode(format_rfc3339(world.zero - std::chrono::hours(1)));
    struct Row {
        std::string query;
        int status;
    };
    const std::vector<Row> rows{
        {"updated_" + after, 400},
        {"order_by=updated_at", 400},
        {"order_by=updated_at&updated_" + after, 200},
        {"order_by=created_at&updated_" + after, 400},
        {"order_by=finished_at&finished_" + after, 400},
        {"order_by=finished_at&status=failed&finished_" + after, 400},
        {"order_by=finished_at&status=success&finished_" + after, 200},
        {"order_by=age", 400},
        {"sort=newest", 400},
        {"status=done", 400},
        {"order_by=updated_at&updated_after=yesterday", 400},
        {"per_page=0", 400},
        {"page=x", 400},
    };
    for (const auto& row : rows) {
        INFO(row.query);
        CHECK(get(shop + "/deployments?" + row.query).status == row.status);
    }
    CHECK(ids(get(shop + "/deployments?order_by=updated_at&updated_" + after)) == Ids{"90412"});
    CHECK(ids(get(shop + "/deployments?order_by=finished_at&status=success&finished_" + after)) == Ids{"90412"});
}

TEST_CASE_METHOD(Simulated, "the simulated GitLab pages with a next page, and tells no totals of commits") {
    const auto first = get(shop + "/repository/commits?per_page=5");
    CHECK(ids(first).size() == 5);
    CHECK(first.headers.find("x-next-page") == "2");
    CHECK_FALSE(first.headers.find("x-total"));
    const auto second = get(shop + "/repository/commits?per_page=5&page=2");
    CHECK(ids(second).size() == 3);
    CHECK(second.headers.find("x-next-page") == "");
    CHECK(get(shop + "/deployments").headers.find("x-total") == "2");
    CHECK(get(shop + "/deployments").headers.find("ratelimit-remaining").has_value());
}

TEST_CASE_METHOD(Simulated, "the simulated GitLab shows nothing that has not happened yet") {
    world.now = world.zero - seconds(700);
    const auto answer = get(shop + "/deployments?sort=desc");
    const auto newest = json::parse(answer.body)[0];
    CHECK(newest.at("status") == "running");
    CHECK(newest.at("finished_at").is_null());
    world.now = world.zero - seconds(3000);
    CHECK(ids(get(shop + "/deployments")) == Ids{"90411"});
    CHECK(get(shop + "/repository/commits/4f1c2aa9").status == 404);
}

TEST_CASE_METHOD(Simulated, "the simulated GitLab is no part of a company that has none") {
    CHECK(simulation->settings(world).find("glpat-") != std::string::npos);
    world.scenario = std::make_shared<const json>(json::object());
    CHECK(simulation->settings(world).empty());
    CHECK(get(shop + "/deployments").status == 404);
}

}  // namespace sandbox_test
