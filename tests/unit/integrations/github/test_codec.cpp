// What GitHub is asked and how its answers are read, without a network.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "integrations/github/codec.hpp"

namespace test_codec {

using namespace gumshoe;
using namespace gumshoe::github;

namespace {

const std::string api = "https://api.github.com";
const Timestamp now = parse_rfc3339("2026-08-01T10:00:00Z").value();

HttpResponse response(int status, std::string body, Headers headers = {}) {
    HttpResponse out;
    out.status = status;
    out.body = std::move(body);
    out.headers = std::move(headers);
    return out;
}

}  // namespace

TEST_CASE("a repository is two plain segments and nothing that could leave the path") {
    CHECK(parse_repository("github:acme/shop").value().slug() == "acme/shop");
    CHECK(parse_repository("acme/shop.js").value().name == "shop.js");
    for (const auto* bad : {"", "shop", "acme/", "/shop", "acme/shop/more", "acme/..", "../shop", "acme/sh op", "acme/shop?x=1",
                            "acme/shop#x", "acme/%2e", "gitlab:acme/shop", "acme/sh\nop"}) {
        INFO(bad);
        CHECK(parse_repository(bad).error().code == errc::invalid_argument);
    }
}

TEST_CASE("every request is pinned to an API version and percent-encodes what it carries") {
    const Repository repository{"acme", "shop"};
    const Window window{now - std::chrono::hours(1) - milliseconds(250), now};
    struct Row {
        HttpRequest request;
        std::string url;
    };
    const std::vector<Row> rows{
        {deployments_request(api, repository), "/repos/acme/shop/deployments?per_page=100"},
        {statuses_request(api, repository, "42"), "/repos/acme/shop/deployments/42/statuses?per_page=100"},
        {commits_request(api, repository, "", window),
         "/repos/acme/shop/commits?since=2026-08-01T08%3A59%3A59Z&until=2026-08-01T10%3A00%3A00Z&per_page=100"},
        {commits_request(api, repository, "services/a&b=c", window),
         "/repos/acme/shop/commits?since=2026-08-01T08%3A59%3A59Z&until=2026-08-01T10%3A00%3A00Z&path=services%2Fa%26b%3Dc&per_page=100"},
        {commit_request(api, repository, "4f1c2aa/../x"), "/repos/acme/shop/commits/4f1c2aa%2F..%2Fx"},
        {pulls_of_commit_request(api, repository, "4f1c2aa"), "/repos/acme/shop/commits/4f1c2aa/pulls"},
        {merged_pulls_request(api, repository), "/repos/acme/shop/pulls?state=closed&sort=updated&direction=desc&per_page=100"},
        {pull_files_request(api, repository, 512), "/repos/acme/shop/pulls/512/files?per_page=100"},
        {compare_request(api, repository, "aaaaaaa", "bbbbbbb"), "/repos/acme/shop/compare/aaaaaaa...bbbbbbb"},
        {user_request(api), "/user"},
        {rate_limit_request(api), "/rate_limit"},
    };
    for (const auto& row : rows) {
        CHECK(row.request.url == api + row.url);
        CHECK(row.request.method == "GET");
        CHECK(row.request.headers.find("x-github-api-version") == "2022-11-28");
        CHECK(row.request.headers.find("accept") == "application/vnd.github+json");
        CHECK(row.request.headers.find("user-agent").value_or("").starts_with("gumshoe/"));
        CHECK_FALSE(row.request.headers.find("authorization"));
    }
    CHECK(installation_token_request(api, 7).method == "POST");
}

TEST_CASE("people are sent to the web address of the same host") {
    CHECK(web_url("https://api.github.com") == "https://github.com");
    CHECK(web_url("https://api.acme.ghe.com") == "https://acme.ghe.com");
    CHECK(web_url("https://git.acme.example/api/v3") == "https://git.acme.example");
    CHECK(web_url("http://127.0.0.1:4711/github") == "http://127.0.0.1:4711/github");
}

TEST_CASE("a refusal is told in words, with a wait where GitHub names one") {
    struct Row {
        HttpResponse response;
        errc code;
        std::optional<milliseconds> wait;
        std::string words;
    };
    const std::string reset = std::to_string(to_seconds(now) + 30);
    const std::vector<Row> rows{
        {response(401, R"({"message":"Bad credentials"})"), errc::unauthorized, {}, "Bad credentials"},
        {response(403, R"({"message":"Resource not accessible by integration"})"), errc::forbidden, {}, "not accessible"},
        {response(403, R"({"message":"API rate limit exceeded"})", {{"x-ratelimit-remaining", "0"}, {"x-ratelimit-reset", reset}}),
         errc::rate_limited, seconds(31), "used up until 10:00:30"},
        {response(429, "{}", {{"X-RateLimit-Remaining", "0"}, {"X-RateLimit-Reset", reset}}), errc::rate_limited, seconds(31),
         "hourly limit"},
        {response(403, R"({"message":"You have exceeded a secondary rate limit"})", {{"retry-after", "7"}}), errc::rate_limited, seconds(7),
         "slow down"},
        {response(429, "{}", {{"retry-after", "7"}}), errc::rate_limited, seconds(7), "slow down"},
        {response(403, R"({"message":"You have exceeded a secondary rate limit"})"), errc::rate_limited, {}, "slow down"},
        {response(429, "not json", {{"retry-after", "soon"}}), errc::rate_limited, {}, "slow down"},
        {response(404, R"({"message":"Not Found"})"), errc::not_found, {}, "or the token may not see it"},
        {response(409, R"({"message":"Conflict"})"), errc::bad_reply, {}, "409"},
        {response(422, R"({"message":"No commit found for SHA: x"})"), errc::invalid_argument, {}, "No commit found"},
        {response(451, "{}"), errc::forbidden, {}, "legal"},
        {response(502, "<html>"), errc::unavailable, seconds(1), "502"},
        {response(301, "{}", {{"location", "https://evil.example/"}}), errc::bad_reply, {}, "moved"},
    };
    for (const auto& row : rows) {
        INFO(row.response.status << " " << row.response.body);
        const auto refused = refusal(row.response, "the commits of acme/shop", now);
        REQUIRE(refused);
        CHECK(refused->error.code == row.code);
        CHECK(refused->wait == row.wait);
        CHECK_THAT(refused->error.message, Catch::Contains(row.words));
        CHECK_THAT(refused->error.message, Catch::Contains("acme/shop"));
    }
    CHECK_FALSE(refusal(response(200, "[]"), "x", now));
    CHECK_FALSE(refusal(response(201, "{}"), "x", now));
    CHECK(empty_repository(response(409, R"({"message":"Git Repository is empty."})")));
    CHECK_FALSE(empty_repository(response(404, R"({"message":"Git Repository is empty."})")));
}

TEST_CASE("pages and redirects lead to the configured host only") {
    const auto next = [](const std::string& link) { return next_page(response(200, "[]", {{"Link", link}}), api); };
    CHECK(next("<https://api.github.com/x?page=2>; rel=\"next\", <https://api.github.com/x?page=9>; rel=\"last\"") ==
          "https://api.github.com/x?page=2");
    CHECK(next("<https://api.github.com/x?page=1>; rel=\"prev\", <https://API.github.com/x?page=3>; rel=\"next\"") ==
          "https://API.github.com/x?page=3");
    for (const auto* bad :
         {"<https://evil.example/x?page=2>; rel=\"next\"", "<http://api.github.com/x>; rel=\"next\"",
          "<https://api.github.com@evil.example/x>; rel=\"next\"", "<https://api.github.com.evil.example/x>; rel=\"next\"",
          "<https://api.github.com/x>; rel=\"last\"", "</x?page=2>; rel=\"next\"", "<https://api.github.com/x", ""}) {
        INFO(bad);
        CHECK_FALSE(next(bad));
    }
    CHECK(redirect_target(response(301, "", {{"Location", "https://api.github.com/repositories/5"}}), api));
    CHECK_FALSE(redirect_target(response(301, "", {{"Location", "https://evil.example/"}}), api));
    CHECK_FALSE(redirect_target(response(200, "", {{"Location", "https://api.github.com/"}}), api));
}

TEST_CASE("a commit's author is the account, or the name when the address belongs to none") {
    const auto body = json::parse(R"([
      {"sha":"4f1c2aa0b1c2d3e4f5a6b7c8d9e0f1a2b3c4d5e6","commit":{"author":{"name":"Ana","date":"2026-07-01T00:00:00Z"},
       "committer":{"name":"GitHub","date":"2026-08-01T09:45:10Z"},"message":"pool: lower max connections (#512)\n\nbody"},"author":{"login":"ana"}},
      {"sha":"5f1c2aa0b1c2d3e4f5a6b7c8d9e0f1a2b3c4d5e6","commit":{"author":{"name":"Ana"},"committer":{"date":"2026-08-01T09:45:10Z"},"message":""},"author":null},
      {"sha":"6f1c2aa0b1c2d3e4f5a6b7c8d9e0f1a2b3c4d5e6","commit":{"author":{"name":"Ana"},"committer":{"date":"2026-08-01T09:45:10Z"},"message":"x"},"author":{}}])");
    const auto commits = read_commits(body).value();
    REQUIRE(commits.size() == 3);
    CHECK(commits[0].subject == "pool: lower max connections (#512)");
    CHECK(commits[0].author == "ana");
    CHECK(format_rfc3339(commits[0].time) == "2026-08-01T09:45:10Z");
    CHECK(commits[1].author == "Ana");
    CHECK(commits[2].author == "Ana");
}

TEST_CASE("a deployment is live at its first success, whatever order its statuses come in") {
    const auto progress = [](const char* text) { return read_progress(json::parse(text)).value(); };
    const auto live =
        progress(R"([{"state":"inactive","created_at":"2026-08-01T10:00:00Z"},{"state":"success","created_at":"2026-08-01T09:10:00Z"},
                                   {"state":"success","created_at":"2026-08-01T09:05:00Z"},{"state":"in_progress","created_at":"2026-08-01T09:00:00Z"}])");
    REQUIRE(live.live_at);
    CHECK(format_clock(*live.live_at) == "09:05:00");
    CHECK(live.latest == "inactive");
    CHECK_FALSE(progress(R"([{"state":"failure","created_at":"2026-08-01T10:00:00Z"}])").live_at);
    CHECK(progress("[]").latest.empty());
}

TEST_CASE("files and diff are cut to limits, and binary files have no diff") {
    json files = json::array({{{"filename", "logo.png"}}});
    for (int i = 0; i < 80; ++i) files.push_back({{"filename", "f" + std::to_string(i)}, {"patch", std::string(500, 'x')}});
    Change change;
    add_files(change, files);
    CHECK(change.files.size() == 50);
    CHECK(change.files.front() == "logo.png");
    CHECK(change.diff.size() <= 4000);
    CHECK(change.diff.starts_with("--- f0\n"));
}

TEST_CASE("an answer of another shape is named by its field and never thrown") {
    CHECK_THAT(read_deployments(json::parse(R"({"message":"x"})")).error().message, Catch::Contains("deployments"));
    CHECK_THAT(read_deployments(json::parse(R"([{"id":1,"sha":"../..","created_at":"2026-08-01T10:00:00Z"}])")).error().message,
               Catch::Contains("sha"));
    CHECK_THAT(read_deployments(json::parse(R"([{"id":1,"sha":"4f1c2aa","created_at":"yesterday"}])")).error().message,
               Catch::Contains("created_at"));
    CHECK_THAT(read_commits(json::parse(R"([{"sha":"4f1c2aa"}])")).error().message, Catch::Contains("committer.date"));
    CHECK_THAT(read_comparison(json::parse("[]")).error().message, Catch::Contains("commits"));
    CHECK_THAT(read_pulls(json::parse(R"([{"number":"x"}])")).error().message, Catch::Contains("number"));
    CHECK_THAT(read_progress(json::parse(R"([{}])")).error().message, Catch::Contains("created_at"));
    CHECK_THAT(read_installation_token(json::parse(R"({"token":""})")).error().message, Catch::Contains("token"));
}

}  // namespace test_codec
