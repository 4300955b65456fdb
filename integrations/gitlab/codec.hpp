// GitLab's REST API (v4) as pure functions: what we ask (requests.cpp) and what we read out of the answers (responses.cpp).
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "evidence/code_changes.hpp"
#include "io/http_message.hpp"

namespace gumshoe::gitlab {

/// "team/sub/shop", or a project's number. Errors: invalid_argument for anything but [A-Za-z0-9_.-] in two to twenty segments.
result<std::string> parse_project(std::string_view name);
/// "https://git.example.com/gitlab" -> "https://git.example.com/gitlab/api/v4"; an address of the API stays.
std::string api_root(std::string_view url);
/// Where people look at it: the API's address without /api/v4.
std::string web_root(std::string_view api_url);
std::string project_page(std::string_view api_url, std::string_view project);
/// The project that an address names, when its host is the API's; "" otherwise. An instance below a path ("/gitlab") has that path in
/// web addresses and not in those of ssh.
std::string project_at(std::string_view api_url, std::string_view host, std::string_view name);

// Requests. None has credentials; the client adds them. `project` is as parse_project made it.
HttpRequest user_request(std::string_view api_url);
/// Changed since `since`, newest first. GitLab's own order is the oldest first, and updated_* wants the same field in order_by.
HttpRequest deployments_request(std::string_view api_url, std::string_view project, Timestamp since);
/// The newest that succeeded before `until`.
HttpRequest deployments_before_request(std::string_view api_url, std::string_view project, Timestamp until);
HttpRequest commits_request(std::string_view api_url, std::string_view project, std::string_view path, Window window);
HttpRequest commit_request(std::string_view api_url, std::string_view project, std::string_view sha);
HttpRequest diff_request(std::string_view api_url, std::string_view project, std::string_view sha);
HttpRequest merge_requests_of_commit_request(std::string_view api_url, std::string_view project, std::string_view sha);
HttpRequest merged_request(std::string_view api_url, std::string_view project, Timestamp since);
HttpRequest compare_request(std::string_view api_url, std::string_view project, std::string_view from, std::string_view to);
HttpRequest tag_request(std::string_view api_url, std::string_view project, std::string_view name);
/// The same request for another page.
HttpRequest at_page(HttpRequest request, std::string_view page);

// Responses.

/// Why GitLab refused, and how long to wait when waiting helps.
struct Refusal {
    Error error;
    std::optional<milliseconds> wait;
};
/// Nullopt for a 2xx. `what` names the call in words: "the deployments of team/shop".
std::optional<Refusal> refusal(const HttpResponse& response, std::string_view what, Timestamp now);
/// X-Next-Page, "" at the end. Lists of commits have no totals, but this.
std::string next_page(const HttpResponse& response);
/// Where a redirect points, when that is the API's own host.
std::optional<std::string> redirect_target(const HttpResponse& response, std::string_view api_url);

struct Deployment {
    std::string id;
    std::string sha;
    std::string ref;
    std::string environment;
    std::string user;
    std::string status;
    Timestamp created_at{};
    Timestamp updated_at{};
    std::optional<Timestamp> live_at;  // of one that succeeded: when it had finished
};
struct MergeRequest {
    std::int64_t iid = 0;
    std::string title;
    std::string author;
    std::string landed_sha;  // what the target branch got: the squashed commit, else the merge, else the branch's head
    std::optional<Timestamp> merged_at;
};
struct Range {
    Comparison comparison;
    bool timed_out = false;  // GitLab gave up on the diffs: files are missing
};

// Errors: bad_reply, naming the field.
result<std::vector<Deployment>> read_deployments(const json& body);
result<Change> read_commit(const json& body);  // kind commit; neither files nor link
result<std::vector<Change>> read_commits(const json& body);
result<std::vector<MergeRequest>> read_merge_requests(const json& body);
result<Range> read_comparison(const json& body);
result<std::string> read_tag(const json& body);  // its commit
/// Adds the files and patches of a list of diffs to a change, cut to limits.
result<void> add_diffs(Change& change, const json& diffs);

}  // namespace gumshoe::gitlab
