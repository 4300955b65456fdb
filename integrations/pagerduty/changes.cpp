// Change events: what CI, flag services and config pushes report to PagerDuty, as changes and the code that they brought.
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "integrations/pagerduty/codec.hpp"

namespace gumshoe::pagerduty {
namespace {

constexpr std::size_t diff_bytes = 2000;

std::string clean_changes(const json& value, std::string_view path, std::size_t most = 200) {
    return one_line(string_or_empty(value, path), most);
}

bool says(std::string_view words, std::initializer_list<std::string_view> any) {
    return std::ranges::any_of(any, [words](std::string_view word) { return icontains(words, word); });
}

/// A detail under one of these names, wherever it is nested.
std::string detail(const std::vector<std::string>& lines, std::initializer_list<std::string_view> names) {
    for (const std::string& line : lines) {
        const auto colon = line.find(": ");
        if (colon == line.npos) continue;
        const std::string key = to_lower(line.substr(0, colon));
        const std::string last = key.substr(key.rfind('.') == key.npos ? 0 : key.rfind('.') + 1);
        if (std::ranges::find(names, last) != names.end()) return line.substr(colon + 2);
    }
    return {};
}

bool is_revision(std::string_view text) {
    return text.size() >= 7 && text.size() <= 40 && text.find_first_not_of("0123456789abcdef") == text.npos;
}

/// A link into a repository: its address, and the commit where the link names one.
struct CodeLink {
    std::string repository;
    std::string revision;
};

CodeLink code_link(const std::string& link) {
    if (!is_web_link(link)) return {};
    const std::size_t host = link.find("//") + 2;
    const std::size_t slash = link.find_first_of("/?#", host);
    if (slash == link.npos || slash == host || link[slash] != '/' || link.find('@') < slash) return {};
    // What a page of a repository has after the repository's own name.
    constexpr std::array marks{"/-/", "/commit/", "/commits/", "/compare/", "/pull/", "/pulls/", "/tree/", "/blob/", "/releases/"};
    std::size_t end = link.find_first_of("?#");
    std::size_t cut = link.npos;
    for (const char* mark : marks) cut = std::min(cut, link.find(mark, slash));
    const std::string name = to_lower(link.substr(host, slash - host));
    const bool code_host = says(name, {"github", "gitlab", "bitbucket", "gitea"});
    if (cut == link.npos && !code_host) return {};
    CodeLink found;
    found.repository = link.substr(0, std::min(cut, end));
    while (found.repository.ends_with('/')) found.repository.pop_back();
    const auto segments = split(std::string_view(found.repository).substr(slash), '/');  // the first is empty
    if (segments.size() < 3 || std::ranges::count(segments, "") > 1) return {};
    for (const std::string_view mark : {"/commit/", "/commits/"}) {
        const std::size_t at = link.find(mark, slash);
        if (at == link.npos) continue;
        const std::string revision = link.substr(at + mark.size(), link.find_first_of("/?#", at + mark.size()) - at - mark.size());
        if (is_revision(revision)) found.revision = revision;
    }
    return found;
}

/// The details as the lines of a diff: a former value is what was taken away.
std::string diff_of(const std::vector<std::string>& lines) {
    std::string diff;
    for (const std::string& line : lines) {
        const std::string key = line.substr(0, line.find(": "));
        const bool former = says(key, {"old", "previous", "before", "former"});
        diff += (former ? "-" : "+") + line + "\n";
    }
    return truncate(diff, diff_bytes);
}

std::vector<std::string> links_of(const json& event) {
    std::vector<std::string> links;
    const json* list = find(event, "links");
    if (list == nullptr || !list->is_array()) return links;
    for (const json& link : *list) links.push_back(string_or_empty(link, "href"));
    return links;
}

/// Which of our services it is about: the one asked for when the event names it or none, else the first it names.
std::string service_of(const json& event, const std::string& entity, const ServiceNames& names) {
    const json* services = find(event, "services");
    std::string first;
    if (services != nullptr && services->is_array()) {
        for (const json& service : *services) {
            const std::string name = clean_changes(service, "summary");
            if (name.empty() || ServiceNames::same(entity, name)) return entity;
            if (first.empty()) first = names.ours(name);
        }
    }
    return first.empty() ? entity : first;
}

Change read_change(const json& event, const std::vector<std::string>& details, const std::vector<std::string>& links) {
    Change change;
    change.id = clean_changes(event, "id", 100);
    change.subject = clean_changes(event, "summary");
    const std::string source = clean_changes(event, "source", 100);
    const std::string integration = clean_changes(event, "integration.summary", 100);
    change.kind = kind_of_change(change.subject + "\n" + source + "\n" + integration);
    if (change.kind.empty()) change.kind = kind_of_change(join(details, "\n") + "\n" + join(links, "\n"));
    if (change.kind.empty()) change.kind = "config";  // something was changed, and it was no release
    if (!source.empty()) change.subject += " (" + source + ")";
    if (const std::string reason = clean_changes(event, "correlation_reason.reason", 60); !reason.empty()) {
        change.subject += ", related by PagerDuty: " + replace_all(reason, "_", " ");
    }
    change.author = detail(details, {"author", "user", "username", "deployed_by", "changed_by", "actor", "by"});
    change.environment = detail(details, {"environment", "env"});
    const std::string revision = to_lower(detail(details, {"sha", "commit", "commit_sha", "revision", "git_sha", "head_sha"}));
    if (is_revision(revision)) change.sha = revision;
    change.diff = diff_of(details);
    change.link = page_of(event);
    return change;
}

}  // namespace

std::string kind_of_change(std::string_view words) {
    // What names the kind itself first, then what only a change of that kind would speak of.
    if (says(words, {"flag", "toggle", "launchdarkly", "unleash", "split.io"})) return "flag";
    if (says(words, {"config", "setting", "parameter", "terraform"})) return "config";
    if (says(words, {"deploy", "release", "rollout", "roll out", "rollback", "build"})) return "deploy";
    if (says(words, {"timeout", "threshold", "limit", "secret", "variable"})) return "config";
    if (says(words, {"merge", "pull request", "pipeline", "github", "gitlab", "jenkins", "circleci", "argo", "commit"})) return "deploy";
    return {};
}

result<Changes> read_changes(const json& body, const std::string& entity, const ServiceNames& names) {
    const json* list = find(body, "change_events");
    if (list == nullptr || !list->is_array()) return Error{errc::bad_reply, "PagerDuty's answer has no usable 'change_events'"};
    Changes found;
    for (const json& event : *list) {
        const auto time = parse_rfc3339(string_or_empty(event, "timestamp"));
        if (!time) return Error{errc::bad_reply, "PagerDuty's answer has no usable 'change_events[].timestamp'"};
        const json* told = find(event, "custom_details");
        const std::vector<std::string> details = told == nullptr ? std::vector<std::string>() : detail_lines(*told);
        const std::vector<std::string> links = links_of(event);
        Change change = read_change(event, details, links);
        change.time = *time;
        change.service = service_of(event, entity, names);
        CodeLocation code{change.service, "", "", change.sha, detail(details, {"version", "tag"}), *time, "PagerDuty change event"};
        for (const std::string& link : links) {
            CodeLink linked = code_link(link);
            if (linked.repository.empty() || !code.url.empty()) continue;
            code.url = std::move(linked.repository);
            if (change.sha.empty()) change.sha = linked.revision;
            code.revision = change.sha;
        }
        // A flag's link to its page in a repository says nothing of what runs.
        const bool tells_code = change.kind == "deploy" && (!code.version.empty() || !code.revision.empty());
        if (!code.url.empty() || tells_code) found.code.push_back(std::move(code));
        found.changes.push_back(std::move(change));
    }
    return found;
}

}  // namespace gumshoe::pagerduty
