// What GitLab's answers become: refusals in its three forms, limits with and without headers, documents whole and broken.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "integrations/gitlab/codec.hpp"
#include "tests/support/result_printing.hpp"

namespace responses_test {

using namespace gumshoe;
using namespace gumshoe::gitlab;

namespace {

const Timestamp now = parse_rfc3339("2026-08-01T10:00:00Z").value();
const std::string sha = "4f1c2aa9d0b7e6358c1f42a6e9b3d57081c6f2e4";

HttpResponse response(int status, std::string body, Headers headers = {}) {
    HttpResponse out;
    out.status = status;
    out.body = std::move(body);
    out.headers = std::move(headers);
    return out;
}

json deployment(const std::string& status) {
    return {{"id", 42},
            {"iid", 2},
            {"ref", "main"},
            {"sha", sha},
            {"status", status},
            {"created_at", "2026-08-01T08:00:00.123Z"},
            {"updated_at", "2026-08-01T09:10:00Z"},
            {"environment", {{"id", 9}, {"name", "production"}, {"external_url", nullptr}}},
            {"user", {{"username", "ana"}}},
            {"deployable", {{"name", "deploy"}, {"finished_at", "2026-08-01T09:05:00+02:00"}}}};
}

json commit() {
    return {{"id", sha},
            {"title", "pool: lower it"},
            {"message", "pool: lower it\n\nbody"},
            {"author_name", "Ana"},
            {"authored_date", "2026-07-01T09:00:00Z"},
            {"committed_date", "2026-08-01T11:00:00.000+02:00"}};
}

}  // namespace

TEST_CASE("A refusal is told in words, whichever form GitLab chose, with a wait where waiting helps") {
    struct Row {
        HttpResponse response;
        errc code;
        std::optional<milliseconds> wait;
        std::string words;
    };
    const std::string reset = std::to_string(to_seconds(now) + 30);
    const std::vector<Row> rows{
        {response(401, R"({"message":"401 Unauthorized"})"),
         errc::unauthorized,
         {},
         "refuses the token (the commits of team/shop): 401 Unauthorized"},
        {response(401, R"({"error":"invalid_token","error_description":"Token was revoked."})"),
         errc::unauthorized,
         {},
         "invalid_token Token was revoked."},
        {response(403, R"({"error":"insufficient_scope","error_description":"more is needed","scope":"api read_api"})"),
         errc::forbidden,
         {},
         "(scope read_api, role Reporter): insufficient_scope more is needed"},
        {response(403, R"({"message":"403 Forbidden"})"), errc::forbidden, {}, "403 Forbidden"},
        {response(404, R"({"message":"404 Project Not Found"})"),
         errc::not_found,
         {},
         "or the token may not see it: 404 Project Not Found"},
        {response(404, R"({"error":"404 Not Found"})"), errc::not_found, {}, "404 Not Found"},
        {response(400, R"({"message":{"base":["is wrong","and more"],"ref":"missing"}})"),
         errc::invalid_argument,
         {},
         "base is wrong and more ref missing"},
        {response(400, R"({"error":"order_by does not have a valid value"})"), errc::invalid_argument, {}, "order_by does not have"},
        {response(422, "not json"), errc::invalid_argument, {}, "HTTP 422"},
        {response(429, "Retry later\n", {{"Retry-After", "7"}}), errc::rate_limited, seconds(7), "slow down for 7 s"},
        {response(429, R"({"message":"429"})", {{"RateLimit-Remaining", "0"}, {"RateLimit-Reset", reset}}), errc::rate_limited, seconds(31),
         "slow down for 31 s"},
        {response(429, "Retry later\n"), errc::rate_limited, seconds(60), "slow down"},
        {response(429, "{}", {{"Retry-After", "soon"}, {"RateLimit-Reset", "never"}}), errc::rate_limited, seconds(60), "slow down"},
        {response(502, "<html>"), errc::unavailable, seconds(1), "HTTP 502"},
        {response(301, "{}", {{"location", "https://evil.example/"}}), errc::bad_reply, {}, "moved"},
        {response(418, "[]"), errc::bad_reply, {}, "418"},
    };
    for (const auto& row : rows) {
        INFO(row.response.status << " " << row.response.body);
        const auto refused = refusal(row.response, "the commits of team/shop", now);
        REQUIRE(refused);
        CHECK(refused->error.code == row.code);
        CHECK(refused->wait == row.wait);
        CHECK_THAT(refused->error.message, Catch::Contains(row.words));
        CHECK(refused->error.message.find('\n') == std::string::npos);
    }
    CHECK_FALSE(refusal(response(200, "[]"), "x", now));
}

TEST_CASE("A refusal that goes on for pages is cut") {
    json body;
    for (int i = 0; i < 1000; ++i) body["message"]["field" + std::to_string(i)] = std::string(1000, 'x');
    const auto refused = refusal(response(400, body.dump()), "the commits", now);
    CHECK(refused->error.message.size() < 400);
}

TEST_CASE("The next page is a number or none") {
    CHECK(next_page(response(200, "[]", {{"X-Next-Page", "2"}})) == "2");
    CHECK(next_page(response(200, "[]", {{"X-Next-Page", ""}})).empty());
    CHECK(next_page(response(200, "[]")).empty());
    CHECK(next_page(response(200, "[]", {{"X-Next-Page", "2&private_token=x"}})).empty());
}

TEST_CASE("A redirect is followed to the same host only") {
    const std::string api = "https://gitlab.com/api/v4";
    const auto target = [&](int status, const std::string& location) {
        return redirect_target(response(status, "", {{"Location", location}}), api);
    };
    CHECK(target(301, "https://gitlab.com/api/v4/projects/1/deployments") == "https://gitlab.com/api/v4/projects/1/deployments");
    CHECK(target(302, "https://GITLAB.com/api/v4/x").has_value());
    for (const auto* elsewhere :
         {"https://evil.example/", "http://gitlab.com/api/v4", "https://gitlab.com@evil.example/", "/api/v4/projects/1",
          "https://gitlab.com:444/", "https://gitlab.com.evil.example/", "https://gitlab.com\\@evil.example/"}) {
        INFO(elsewhere);
        CHECK_FALSE(target(301, elsewhere));
    }
    CHECK_FALSE(target(200, "https://gitlab.com/api/v4/x"));
}

TEST_CASE("A deployment is live when it had finished, by the best of what the version tells") {
    const auto live = [](const json& item) { return read_deployments(json::array({item})).value()[0].live_at; };
    auto newer = deployment("success");
    newer["finished_at"] = "2026-08-01T09:04:00Z";
    CHECK(live(newer) == parse_rfc3339("2026-08-01T09:04:00Z").value());
    newer["finished_at"] = nullptr;
    CHECK(live(newer) == parse_rfc3339("2026-08-01T07:05:00Z").value());
    CHECK(live(deployment("success")) == parse_rfc3339("2026-08-01T07:05:00Z").value());
    auto by_api = deployment("success");
    by_api["deployable"] = nullptr;
    CHECK(live(by_api) == parse_rfc3339("2026-08-01T09:10:00Z").value());
    for (const auto* status : {"created", "running", "failed", "canceled", "blocked", "skipped", "a word of the future"}) {
        INFO(status);
        CHECK_FALSE(live(deployment(status)));
    }
    const auto read = read_deployments(json::array({deployment("failed")})).value()[0];
    CHECK(read.id == "42");
    CHECK(read.environment == "production");
    CHECK(read.user == "ana");
    CHECK(read.status == "failed");
}

TEST_CASE("A commit's time is its committer's, and a merge request's commit what the branch got") {
    const auto read = read_commit(commit()).value();
    CHECK(read.id == sha);
    CHECK(read.time == parse_rfc3339("2026-08-01T09:00:00Z").value());
    CHECK(read.author == "Ana");
    CHECK(read.subject == "pool: lower it");
    auto older = commit();
    older.erase("committed_date");
    older["created_at"] = "2026-08-01T08:00:00Z";
    CHECK(read_commit(older).value().time == parse_rfc3339("2026-08-01T08:00:00Z").value());

    const auto landed = [](json item) {
        item["iid"] = 7;
        return read_merge_requests(json::array({item})).value()[0].landed_sha;
    };
    CHECK(landed({{"squash_commit_sha", "aaaaaaa"}, {"merge_commit_sha", "bbbbbbb"}, {"sha", "ccccccc"}}) == "aaaaaaa");
    CHECK(landed({{"squash_commit_sha", nullptr}, {"merge_commit_sha", "bbbbbbb"}, {"sha", "ccccccc"}}) == "bbbbbbb");
    CHECK(landed({{"squash_commit_sha", nullptr}, {"merge_commit_sha", nullptr}, {"sha", "ccccccc"}}) == "ccccccc");
    CHECK(landed(json::object()).empty());
}

TEST_CASE("A comparison says when GitLab gave up on it") {
    json body{{"commits", json::array({commit()})}, {"diffs", json::array({{{"new_path", "a.go"}}, {{"new_path", "b.go"}}})}};
    auto range = read_comparison(body).value();
    CHECK(range.comparison.total_commits == 1);
    CHECK(range.comparison.files == std::vector<std::string>{"a.go", "b.go"});
    CHECK_FALSE(range.timed_out);
    body["compare_timeout"] = true;
    range = read_comparison(body).value();
    CHECK(range.timed_out);
    CHECK(range.comparison.files_capped);
}

TEST_CASE("Files and diffs are added as they are, cut to limits") {
    Change change;
    CHECK(add_diffs(change,
                    json::array({{{"old_path", "x"}, {"new_path", "a.yaml"}, {"diff", "@@ -1 +1 @@\n-a\n+b\n"}}, {{"new_path", 3}}})));
    CHECK(change.files == std::vector<std::string>{"a.yaml"});
    CHECK(change.diff == "--- a.yaml\n@@ -1 +1 @@\n-a\n+b\n\n");
}

TEST_CASE("A document of another shape is a bad reply that names the field") {
    struct Row {
        Error error;
        std::string field;
    };
    auto no_time = deployment("success");
    no_time["created_at"] = 5;
    auto no_sha = deployment("success");
    no_sha["sha"] = "main";
    auto no_id = deployment("success");
    no_id["id"] = nullptr;
    auto no_date = commit();
    no_date["committed_date"] = "yesterday";
    Change change;
    const std::vector<Row> rows{
        {read_deployments(json::object()).error(), "deployments"},
        {read_deployments(json::array({no_time})).error(), "created_at"},
        {read_deployments(json::array({no_sha})).error(), "sha"},
        {read_deployments(json::array({no_id})).error(), "id"},
        {read_commits(json::object()).error(), "commits"},
        {read_commits(json::array({json::object()})).error(), "id"},
        {read_commit(no_date).error(), "committed_date"},
        {read_merge_requests(json("x")).error(), "merge requests"},
        {read_merge_requests(json::array({json::object()})).error(), "iid"},
        {read_comparison(json::object()).error(), "commits"},
        {read_comparison(json{{"commits", json::array()}}).error(), "diffs"},
        {add_diffs(change, json::object()).error(), "diffs"},
        {read_tag(json{{"commit", {{"id", "main"}}}}).error(), "commit.id"},
    };
    for (const auto& row : rows) {
        CHECK(row.error.code == errc::bad_reply);
        CHECK_THAT(row.error.message, Catch::Contains("'" + row.field + "'"));
    }
}

}  // namespace responses_test
