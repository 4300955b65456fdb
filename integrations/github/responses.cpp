// What GitHub's answers say: refusals in words, pages, and its documents as our records.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "integrations/github/codec.hpp"
#include "io/http_syntax.hpp"

namespace gumshoe::github {
namespace {

constexpr std::int64_t files_per_answer = 300;

Error bad_reply(std::string_view field) {
    return Error{errc::bad_reply, "GitHub's answer has no usable '" + std::string(field) + "'"};
}

std::optional<Timestamp> time_at(const json& value, std::string_view path) {
    const auto text = get_string(value, path);
    if (!text) return std::nullopt;
    const auto time = parse_rfc3339(*text);
    return time ? std::optional(*time) : std::nullopt;
}

// GitHub's own words, fit for a line of ours.
std::string message_of(const HttpResponse& response) {
    const auto body = parse_json(response.body);
    return body ? first_line(string_or_empty(*body, "message")) : std::string();
}

std::optional<std::int64_t> header_number(const HttpResponse& response, std::string_view name) {
    const auto text = response.headers.find(name);
    if (!text || text->empty() || text->size() > 12 || text->find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
    return std::stoll(std::string(*text));
}

std::optional<Refusal> rate_limit(const HttpResponse& response, std::string_view what, Timestamp now) {
    if (response.status != 403 && response.status != 429) return std::nullopt;
    const auto name = std::string(what);
    if (const auto after = header_number(response, "retry-after")) {
        return Refusal{{errc::rate_limited, "GitHub asks to slow down (" + name + ")"}, seconds(*after)};
    }
    if (header_number(response, "x-ratelimit-remaining") == 0) {
        const auto reset = header_number(response, "x-ratelimit-reset");
        if (!reset) return Refusal{{errc::rate_limited, "GitHub's hourly limit is used up (" + name + ")"}, std::nullopt};
        const auto at = from_seconds(*reset);
        return Refusal{{errc::rate_limited, "GitHub's hourly limit is used up until " + format_clock(at) + " UTC (" + name + ")"},
                       std::max(at - now, milliseconds(0)) + seconds(1)};
    }
    // Without a header the documented wait is a minute at least: longer than anybody here has.
    if (response.status == 429 || icontains(message_of(response), "rate limit")) {
        return Refusal{{errc::rate_limited, "GitHub asks to slow down (" + name + ")"}, std::nullopt};
    }
    return std::nullopt;
}

}  // namespace

std::optional<Refusal> refusal(const HttpResponse& response, std::string_view what, Timestamp now) {
    const auto name = std::string(what);
    if (response.status >= 200 && response.status < 300) return std::nullopt;
    if (auto limited = rate_limit(response, what, now)) return limited;
    const auto said = message_of(response);
    const auto because = said.empty() ? std::string() : ": " + said;
    switch (response.status) {
        case 401:
            return Refusal{{errc::unauthorized, "GitHub refuses the credentials (" + name + ")" + because}, {}};
        case 403:
            return Refusal{{errc::forbidden, "GitHub does not permit reading " + name + because}, {}};
        case 404:
            return Refusal{{errc::not_found, "GitHub does not have " + name + ", or the token may not see it"}, {}};
        case 451:
            return Refusal{{errc::forbidden, "GitHub blocks " + name + " for legal reasons"}, {}};
        case 301:
        case 302:
        case 307:
        case 308:
            return Refusal{{errc::bad_reply, "GitHub moved " + name + " to where we do not follow"}, {}};
        default:
            break;
    }
    const auto status = "HTTP " + std::to_string(response.status) + because;
    if (response.status >= 500) return Refusal{{errc::unavailable, "GitHub has trouble with " + name + " (" + status + ")"}, seconds(1)};
    if (response.status == 422 || response.status == 400) {
        return Refusal{{errc::invalid_argument, "GitHub refuses the question for " + name + " (" + status + ")"}, {}};
    }
    return Refusal{{errc::bad_reply, "GitHub answered " + name + " with " + status}, {}};
}

bool empty_repository(const HttpResponse& response) {
    return response.status == 409 && icontains(response.body, "empty");
}

std::optional<std::string> next_page(const HttpResponse& response, std::string_view api_url) {
    const auto header = response.headers.find("link");
    if (!header) return std::nullopt;
    std::size_t at = 0;
    while ((at = header->find('<', at)) != std::string_view::npos) {
        const auto close = header->find('>', at);
        if (close == std::string_view::npos) return std::nullopt;
        const auto end = header->find('<', close);
        const auto parameters = header->substr(close, end == std::string_view::npos ? end : end - close);
        if (parameters.find("rel=\"next\"") != std::string_view::npos) {
            const auto url = header->substr(at + 1, close - at - 1);
            return same_origin(url, api_url) ? std::optional(std::string(url)) : std::nullopt;
        }
        at = close;
    }
    return std::nullopt;
}

std::optional<std::string> redirect_target(const HttpResponse& response, std::string_view api_url) {
    if (response.status != 301 && response.status != 302 && response.status != 307 && response.status != 308) return std::nullopt;
    const auto location = response.headers.find("location");
    if (!location || !same_origin(*location, api_url)) return std::nullopt;
    return std::string(*location);
}

result<std::vector<Deployment>> read_deployments(const json& body) {
    if (!body.is_array()) return bad_reply("deployments");
    std::vector<Deployment> found;
    for (const auto& item : body) {
        const auto id = get_int(item, "id");
        const auto created = time_at(item, "created_at");
        const auto sha = string_or_empty(item, "sha");
        if (!id) return bad_reply("id");
        if (!created) return bad_reply("created_at");
        if (!is_sha(sha)) return bad_reply("sha");
        found.push_back({std::to_string(*id), sha, first_line(string_or_empty(item, "ref")),
                         first_line(string_or_empty(item, "environment")), first_line(string_or_empty(item, "description")),
                         first_line(string_or_empty(item, "creator.login")), *created});
    }
    return found;
}

result<DeploymentProgress> read_progress(const json& statuses) {
    if (!statuses.is_array()) return bad_reply("statuses");
    DeploymentProgress progress;
    std::optional<Timestamp> newest;
    for (const auto& item : statuses) {
        const auto at = time_at(item, "created_at");
        if (!at) return bad_reply("created_at");
        const auto state = string_or_empty(item, "state");
        if (state == "success" && (!progress.live_at || *at < *progress.live_at)) progress.live_at = at;
        if (!newest || *at > *newest) {
            newest = at;
            progress.latest = first_line(state);
        }
    }
    return progress;
}

void add_files(Change& change, const json& files) {
    if (!files.is_array()) return;
    for (const auto& file : files) add_file(change, string_or_empty(file, "filename"), string_or_empty(file, "patch"));
}

result<Change> read_commit(const json& body) {
    Change change;
    change.kind = "commit";
    change.id = string_or_empty(body, "sha");
    if (!is_sha(change.id)) return bad_reply("sha");
    const auto time = time_at(body, "commit.committer.date");  // the author's date may be long before the merge
    if (!time) return bad_reply("commit.committer.date");
    change.time = *time;
    change.sha = change.id;
    change.subject = first_line(string_or_empty(body, "commit.message"));
    change.author = first_line(string_or_empty(body, "author.login"));  // null when the address belongs to no account
    if (change.author.empty()) change.author = first_line(string_or_empty(body, "commit.author.name"));
    if (const auto* files = find(body, "files")) add_files(change, *files);
    return change;
}

result<std::vector<Change>> read_commits(const json& body) {
    if (!body.is_array()) return bad_reply("commits");
    std::vector<Change> found;
    for (const auto& item : body) {
        auto change = read_commit(item);
        if (!change) return change.error();
        found.push_back(std::move(*change));
    }
    return found;
}

result<Comparison> read_comparison(const json& body) {
    const auto* commits = find(body, "commits");
    if (commits == nullptr) return bad_reply("commits");
    auto changes = read_commits(*commits);
    if (!changes) return changes.error();
    Comparison comparison;
    comparison.commits = std::move(*changes);
    comparison.total_commits = get_int(body, "total_commits").value_or(static_cast<std::int64_t>(comparison.commits.size()));
    const auto* files = find(body, "files");
    if (files != nullptr && files->is_array()) {
        for (const auto& file : *files) comparison.files.push_back(first_line(string_or_empty(file, "filename")));
    }
    comparison.files_capped = static_cast<std::int64_t>(comparison.files.size()) >= files_per_answer;
    return comparison;
}

result<std::vector<PullRequest>> read_pulls(const json& body) {
    if (!body.is_array()) return bad_reply("pull requests");
    std::vector<PullRequest> found;
    for (const auto& item : body) {
        const auto number = get_int(item, "number");
        const auto updated = time_at(item, "updated_at");
        if (!number) return bad_reply("number");
        if (!updated) return bad_reply("updated_at");
        found.push_back({*number, first_line(string_or_empty(item, "title")), first_line(string_or_empty(item, "user.login")),
                         string_or_empty(item, "merge_commit_sha"), *updated, time_at(item, "merged_at")});
    }
    return found;
}

result<InstallationToken> read_installation_token(const json& body) {
    const auto expires = time_at(body, "expires_at");
    auto token = string_or_empty(body, "token");
    if (token.empty()) return bad_reply("token");
    if (!expires) return bad_reply("expires_at");
    return InstallationToken{std::move(token), *expires};
}

}  // namespace gumshoe::github
