// The simulated GitLab's documents: what a scenario says of commits and deployments, as GitLab writes it.
#include "integrations/gitlab/sandbox_documents.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "evidence/code_changes.hpp"

namespace gumshoe::gitlab {
namespace {

json user(const std::string& name) {
    return name.empty() ? json() : json{{"username", name}, {"name", name}, {"state", "active"}};
}

std::string page(const Call& call, const std::string& rest) {
    return call.world.base_url + "/" + call.slug + "/-/" + rest;
}

// The scenario's words are those of the other code hosts: one story serves both.
std::string status_word(const std::string& state) {
    static const std::map<std::string, std::string> words{
        {"failure", "failed"}, {"error", "failed"}, {"in_progress", "running"}, {"queued", "created"}, {"pending", "created"}};
    const auto found = words.find(state);
    return found == words.end() ? state : found->second;
}

}  // namespace

const json& list_in(const json& value, std::string_view name) {
    static const json none = json::array();
    const auto* list = find(value, name);
    return list != nullptr ? *list : none;
}

std::string Call::parameter(const std::string& name, const std::string& otherwise) const {
    const auto found = parameters.find(name);
    return found == parameters.end() ? otherwise : found->second;
}

std::optional<Timestamp> Call::time(const std::string& name) const {
    const auto read = parse_rfc3339(parameter(name));
    return read ? std::optional(*read) : std::nullopt;
}

Timestamp Call::at(const json& entry) const {
    return world.zero + milliseconds(static_cast<std::int64_t>(get_number(entry, "t").value_or(0) * 1000));
}

std::vector<json> Call::happened(std::string_view name) const {
    std::vector<json> entries;
    for (const auto& entry : list_in(project, name)) {
        if (at(entry) <= world.now) entries.push_back(entry);
    }
    std::ranges::sort(entries, [&](const json& a, const json& b) { return at(a) < at(b); });
    return entries;
}

const json* Call::commit(std::string_view sha) const {
    if (!is_sha(sha)) return nullptr;
    for (const auto& entry : list_in(project, "commits")) {
        if (string_or_empty(entry, "sha").starts_with(sha) && at(entry) <= world.now) return &entry;
    }
    return nullptr;
}

json diff_json(const json& file) {
    const auto name = string_or_empty(file, "filename");
    return {{"old_path", name},  {"new_path", name},      {"a_mode", "100644"},    {"b_mode", "100644"},
            {"new_file", false}, {"renamed_file", false}, {"deleted_file", false}, {"diff", string_or_empty(file, "patch")}};
}

json commit_json(const Call& call, const json& commit) {
    const auto sha = string_or_empty(commit, "sha");
    const auto login = string_or_empty(commit, "author");
    const auto name = get_string(commit, "name").value_or(login);
    const auto time = format_rfc3339(call.at(commit));
    const auto message = string_or_empty(commit, "message");
    return {{"id", sha},
            {"short_id", sha.substr(0, 8)},
            {"title", lines(message).empty() ? "" : lines(message).front()},
            {"message", message},
            {"author_name", name},
            {"author_email", name + "@acme.example"},
            {"authored_date", time},
            {"committer_name", name},
            {"committer_email", name + "@acme.example"},
            {"committed_date", time},
            {"created_at", time},
            {"parent_ids", json::array()},
            {"web_url", page(call, "commit/" + sha)}};
}

json merge_request_json(const Call& call, const json& commit) {
    const auto merged = format_rfc3339(call.at(commit));
    const auto number = *get_int(commit, "pull");
    const auto subject = lines(string_or_empty(commit, "message")).front();
    return {{"id", 100'000 + number},
            {"iid", number},
            {"state", "merged"},
            {"title", std::string(trim(replace_all(subject, "(#" + std::to_string(number) + ")", "")))},
            {"author", user(string_or_empty(commit, "author"))},
            {"target_branch", "main"},
            {"sha", std::string(40, '0')},
            {"squash_commit_sha", string_or_empty(commit, "sha")},
            {"merge_commit_sha", nullptr},
            {"created_at", merged},
            {"updated_at", merged},
            {"merged_at", merged},
            {"web_url", page(call, "merge_requests/" + std::to_string(number))}};
}

json deployment_json(const Call& call, const json& deployment) {
    auto updated = call.at(deployment);
    std::string status = "created";
    json finished;
    for (const auto& entry : list_in(deployment, "statuses")) {
        // Another deploy makes this one no less a success here.
        if (call.at(entry) > call.world.now || string_or_empty(entry, "state") == "inactive") continue;
        updated = call.at(entry);
        status = status_word(string_or_empty(entry, "state"));
        const bool ended = status == "success" || status == "failed" || status == "canceled";
        if (ended && finished.is_null()) finished = format_rfc3339(updated);
    }
    const auto sha = string_or_empty(deployment, "sha");
    const json job{{"name", "deploy"}, {"stage", "deploy"}, {"status", status}, {"finished_at", finished}, {"commit", {{"id", sha}}}};
    json out{{"id", get_int(deployment, "id").value_or(0)},
             {"iid", get_int(deployment, "id").value_or(0)},
             {"ref", string_or_empty(deployment, "ref")},
             {"sha", sha},
             {"status", status},
             {"created_at", format_rfc3339(call.at(deployment))},
             {"updated_at", format_rfc3339(updated)},
             {"environment", {{"id", 1}, {"name", string_or_empty(deployment, "environment")}, {"external_url", nullptr}}},
             {"user", user(string_or_empty(deployment, "creator"))},
             {"deployable", get_bool(deployment, "job").value_or(true) ? job : json()}};
    if (get_bool(call.project, "finished_at").value_or(true)) out["finished_at"] = finished;
    return out;
}

}  // namespace gumshoe::gitlab
