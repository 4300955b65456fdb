// GitHub's REST API as pure functions: what we ask (requests.cpp) and what we read out of the answers (responses.cpp).
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

namespace gumshoe::github {

struct Repository {
    std::string owner;
    std::string name;
    std::string slug() const { return owner + "/" + name; }
};

/// "github:acme/shop" or "acme/shop". Errors: invalid_argument for anything but [A-Za-z0-9_.-] in two segments.
result<Repository> parse_repository(std::string_view reference);
/// "github:acme/shop" for the address of a repository there; "" for one of another host.
std::string repository_at(std::string_view web_url, const RepositoryAddress& address);
/// Where people look at it: "https://api.github.com" -> "https://github.com".
std::string web_url(std::string_view api_url);

// Requests. None has credentials; the client adds them.
HttpRequest deployments_request(std::string_view api_url, const Repository& repository);
HttpRequest statuses_request(std::string_view api_url, const Repository& repository, std::string_view deployment);
HttpRequest commits_request(std::string_view api_url, const Repository& repository, std::string_view path, Window window);
HttpRequest commit_request(std::string_view api_url, const Repository& repository, std::string_view sha);
HttpRequest pulls_of_commit_request(std::string_view api_url, const Repository& repository, std::string_view sha);
HttpRequest merged_pulls_request(std::string_view api_url, const Repository& repository);
HttpRequest pull_files_request(std::string_view api_url, const Repository& repository, std::int64_t number);
HttpRequest compare_request(std::string_view api_url, const Repository& repository, std::string_view base, std::string_view head);
HttpRequest installation_token_request(std::string_view api_url, std::int64_t installation);
HttpRequest user_request(std::string_view api_url);
HttpRequest rate_limit_request(std::string_view api_url);
/// The same request at another address of the same host: a next page, a renamed repository.
HttpRequest at_url(HttpRequest request, std::string url);

// Responses.

/// Why GitHub refused, and how long it told us to wait when waiting helps.
struct Refusal {
    Error error;
    std::optional<milliseconds> wait;
};
/// Nullopt for a 2xx with a JSON body worth reading. `what` names the call in words: "deployments of acme/shop".
std::optional<Refusal> refusal(const HttpResponse& response, std::string_view what, Timestamp now);
/// 409 of a repository without commits: an empty answer, not an error.
bool empty_repository(const HttpResponse& response);
/// The Link header's rel="next", when it points to the API's own host.
std::optional<std::string> next_page(const HttpResponse& response, std::string_view api_url);
/// Where a redirect points, when that is the API's own host.
std::optional<std::string> redirect_target(const HttpResponse& response, std::string_view api_url);

struct Deployment {
    std::string id;
    std::string sha;
    std::string ref;
    std::string environment;
    std::string description;
    std::string creator;
    Timestamp created_at{};
};
struct DeploymentProgress {
    std::optional<Timestamp> live_at;  // the first success
    std::string latest;                // newest state; "" when there is none
};
struct PullRequest {
    std::int64_t number = 0;
    std::string title;
    std::string author;
    std::string merge_sha;
    Timestamp updated_at{};
    std::optional<Timestamp> merged_at;
};

// Errors: bad_reply, naming the field.
result<std::vector<Deployment>> read_deployments(const json& body);
result<DeploymentProgress> read_progress(const json& statuses);
result<std::vector<Change>> read_commits(const json& body);  // kind commit; neither files nor link
result<Change> read_commit(const json& body);                // with files and diff
result<Comparison> read_comparison(const json& body);        // its commits oldest first
result<std::vector<PullRequest>> read_pulls(const json& body);
/// Adds the files and the diff of a "files" array to a change, cut to limits.
void add_files(Change& change, const json& files);

struct InstallationToken {
    std::string token;
    Timestamp expires_at{};
};
result<InstallationToken> read_installation_token(const json& body);

}  // namespace gumshoe::github
