// What GitLab's answers say: refusals in words, pages, and its documents as our records.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "integrations/gitlab/codec.hpp"
#include "io/http_syntax.hpp"

namespace gumshoe::gitlab {
namespace {

// Many instances answer 429 without a word on how long.
constexpr auto unsaid_wait = seconds(60);

Error bad_reply(std::string_view field) {
    return Error{errc::bad_reply, "GitLab's answer has no usable '" + std::string(field) + "'"};
}

std::optional<Timestamp> time_at(const json& value, std::string_view path) {
    const auto text = get_string(value, path);
    if (!text) return std::nullopt;
    const auto time = parse_rfc3339(*text);
    return time ? std::optional(*time) : std::nullopt;
}

// {"message": {"base": ["is wrong", ..]}} as "base is wrong"; texts and lists of texts as they are.
void collect_words(const json& value, std::vector<std::string>& words) {
    if (words.size() >= 10) return;
    if (value.is_string()) {
        words.push_back(value.get<std::string>());
    } else if (value.is_array()) {
        for (const auto& item : value) collect_words(item, words);
    } else if (value.is_object()) {
        for (const auto& [key, item] : value.items()) {
            words.push_back(key);
            collect_words(item, words);
        }
    }
}

// GitLab's own words in any of its three forms, fit for a line of ours.
std::string message_of(const HttpResponse& response) {
    const auto body = parse_json(response.body);
    if (!body || !body->is_object()) return {};
    std::vector<std::string> words;
    for (const auto* key : {"message", "error", "error_description"}) {
        if (const auto* said = find(*body, key)) collect_words(*said, words);
    }
    return first_line(replace_all(join(words, " "), "\n", " "));
}

std::optional<std::int64_t> header_number(const HttpResponse& response, std::string_view name) {
    const auto text = response.headers.find(name);
    if (!text || text->empty() || text->size() > 12 || text->find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
    return std::stoll(std::string(*text));
}

Refusal rate_limited(const HttpResponse& response, const std::string& what, Timestamp now) {
    milliseconds wait = unsaid_wait;
    if (const auto after = header_number(response, "retry-after")) {
        wait = seconds(*after);
    } else if (const auto reset = header_number(response, "ratelimit-reset")) {
        wait = std::max(from_seconds(*reset) - now, milliseconds(0)) + seconds(1);
    }
    return {{errc::rate_limited, "GitLab asks to slow down for " + format_duration(wait) + " (" + what + ")"}, wait};
}

bool is_redirect(int status) {
    return status == 301 || status == 302 || status == 307 || status == 308;
}

}  // namespace

std::optional<Refusal> refusal(const HttpResponse& response, std::string_view what, Timestamp now) {
    const auto name = std::string(what);
    if (response.status >= 200 && response.status < 300) return std::nullopt;
    if (response.status == 429) return rate_limited(response, name, now);
    if (is_redirect(response.status)) return Refusal{{errc::bad_reply, "GitLab moved " + name + " to where we do not follow"}, {}};
    const auto said = message_of(response);
    const auto because = said.empty() ? std::string() : ": " + said;
    switch (response.status) {
        case 401:
            return Refusal{{errc::unauthorized, "GitLab refuses the token (" + name + ")" + because}, {}};
        case 403:
            return Refusal{{errc::forbidden, "GitLab does not permit reading " + name + " (scope read_api, role Reporter)" + because}, {}};
        case 404:
            return Refusal{{errc::not_found, "GitLab does not have " + name + ", or the token may not see it" + because}, {}};
        default:
            break;
    }
    const auto status = "HTTP " + std::to_string(response.status) + because;
    if (response.status >= 500) return Refusal{{errc::unavailable, "GitLab has trouble with " + name + " (" + status + ")"}, seconds(1)};
    if (response.status == 422 || response.status == 400) {
        return Refusal{{errc::invalid_argument, "GitLab refuses the question for " + name + " (" + status + ")"}, {}};
    }
    return Refusal{{errc::bad_reply, "GitLab answered " + name + " with " + status}, {}};
}

std::string next_page(const HttpResponse& response) {
    const auto page = header_number(response, "x-next-page");
    return page ? std::to_string(*page) : std::string();
}

std::optional<std::string> redirect_target(const HttpResponse& response, std::string_view api_url) {
    const auto location = response.headers.find("location");
    if (!is_redirect(response.status) || !location || !same_origin(*location, api_url)) return std::nullopt;
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
        Deployment deployment{std::to_string(*id),
                              sha,
                              first_line(string_or_empty(item, "ref")),
                              first_line(string_or_empty(item, "environment.name")),
                              first_line(string_or_empty(item, "user.username")),
                              first_line(string_or_empty(item, "status")),
                              *created,
                              time_at(item, "updated_at").value_or(*created),
                              {}};
        if (deployment.status == "success") {
            // Older versions have no finished_at of their own, and a deployment made through the API has no job.
            auto finished = time_at(item, "finished_at");
            if (!finished) finished = time_at(item, "deployable.finished_at");
            deployment.live_at = finished.value_or(deployment.updated_at);
        }
        found.push_back(std::move(deployment));
    }
    return found;
}

result<Change> read_commit(const json& body) {
    Change change;
    change.kind = "commit";
    change.id = string_or_empty(body, "id");
    if (!is_sha(change.id)) return bad_reply("id");
    auto time = time_at(body, "committed_date");  // the author's date may be long before the merge
    if (!time) time = time_at(body, "created_at");
    if (!time) return bad_reply("committed_date");
    change.time = *time;
    change.sha = change.id;
    change.subject = first_line(string_or_empty(body, "title"));
    if (change.subject.empty()) change.subject = first_line(string_or_empty(body, "message"));
    change.author = first_line(string_or_empty(body, "author_name"));
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

result<std::vector<MergeRequest>> read_merge_requests(const json& body) {
    if (!body.is_array()) return bad_reply("merge requests");
    std::vector<MergeRequest> found;
    for (const auto& item : body) {
        const auto iid = get_int(item, "iid");
        if (!iid) return bad_reply("iid");
        MergeRequest request{*iid, first_line(string_or_empty(item, "title")), first_line(string_or_empty(item, "author.username")), "",
                             time_at(item, "merged_at")};
        // The branch keeps no squash when it was merged fast-forward: then its head is what landed.
        for (const auto* key : {"squash_commit_sha", "merge_commit_sha", "sha"}) {
            if (request.landed_sha.empty()) request.landed_sha = string_or_empty(item, key);
        }
        found.push_back(std::move(request));
    }
    return found;
}

result<Range> read_comparison(const json& body) {
    const auto* commits = find(body, "commits");
    const auto* diffs = find(body, "diffs");
    if (commits == nullptr) return bad_reply("commits");
    if (diffs == nullptr || !diffs->is_array()) return bad_reply("diffs");
    auto changes = read_commits(*commits);
    if (!changes) return changes.error();
    Range range;
    range.timed_out = get_bool(body, "compare_timeout").value_or(false);
    auto& comparison = range.comparison;
    comparison.commits = std::move(*changes);
    comparison.total_commits = static_cast<std::int64_t>(comparison.commits.size());
    comparison.files_capped = range.timed_out;
    for (const auto& diff : *diffs) {
        auto name = first_line(string_or_empty(diff, "new_path"));
        if (!name.empty()) comparison.files.push_back(std::move(name));
    }
    return range;
}

result<std::string> read_tag(const json& body) {
    auto sha = string_or_empty(body, "commit.id");
    if (!is_sha(sha)) return bad_reply("commit.id");
    return sha;
}

result<void> add_diffs(Change& change, const json& diffs) {
    if (!diffs.is_array()) return bad_reply("diffs");
    for (const auto& diff : diffs) add_file(change, string_or_empty(diff, "new_path"), string_or_empty(diff, "diff"));
    return {};
}

}  // namespace gumshoe::gitlab
