// What we ask of GitHub: every request this vendor makes, and the checks on what goes into its path.
#include <algorithm>

#include "base/text.hpp"
#include "base/version.hpp"
#include "integrations/github/codec.hpp"

namespace gumshoe::github {
namespace {

constexpr std::string_view page_size = "per_page=100";

bool is_segment(std::string_view text) {
    const auto allowed = [](unsigned char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
    };
    return !text.empty() && text.size() <= 100 && text != "." && text != ".." && std::ranges::all_of(text, allowed);
}

HttpRequest get(std::string_view api_url, std::string path) {
    HttpRequest request;
    request.url = std::string(api_url) + std::move(path);
    request.headers.add("Accept", "application/vnd.github+json");
    request.headers.add("X-GitHub-Api-Version", "2022-11-28");
    request.headers.add("User-Agent", "gumshoe/" + std::string(version()));
    return request;
}

HttpRequest get(std::string_view api_url, const Repository& repository, std::string rest) {
    return get(api_url, "/repos/" + url_encode(repository.owner) + "/" + url_encode(repository.name) + std::move(rest));
}

// GitHub takes no fractions of a second.
std::string whole_seconds(Timestamp t) {
    return format_rfc3339(from_seconds(to_seconds(t)));
}

}  // namespace

result<Repository> parse_repository(std::string_view reference) {
    if (reference.starts_with("github:")) reference.remove_prefix(7);
    const auto slash = reference.find('/');
    if (slash == std::string_view::npos || !is_segment(reference.substr(0, slash)) || !is_segment(reference.substr(slash + 1))) {
        return Error{errc::invalid_argument, "a GitHub repository is written github:owner/name"};
    }
    return Repository{std::string(reference.substr(0, slash)), std::string(reference.substr(slash + 1))};
}

std::string repository_at(std::string_view web_url, const RepositoryAddress& address) {
    const auto scheme = web_url.find("://");
    const auto host = to_lower(web_url.substr(scheme == std::string_view::npos ? 0 : scheme + 3));
    // ssh.github.com is where git goes when only the port of https is open.
    const bool ours = address.host == host || address.host == "www." + host || address.host == "ssh." + host;
    const auto repository = ours ? parse_repository(address.name) : result<Repository>(Error{errc::not_found, "of another host"});
    return repository ? "github:" + repository->slug() : std::string();
}

std::string web_url(std::string_view api_url) {
    std::string url(api_url);
    if (url.ends_with("/api/v3")) return url.substr(0, url.size() - 7);
    if (url.starts_with("https://api.")) return "https://" + url.substr(12);
    return url;
}

HttpRequest deployments_request(std::string_view api_url, const Repository& repository) {
    return get(api_url, repository, "/deployments?" + std::string(page_size));
}

HttpRequest statuses_request(std::string_view api_url, const Repository& repository, std::string_view deployment) {
    return get(api_url, repository, "/deployments/" + url_encode(deployment) + "/statuses?" + std::string(page_size));
}

HttpRequest commits_request(std::string_view api_url, const Repository& repository, std::string_view path, Window window) {
    std::string query = "/commits?since=" + url_encode(whole_seconds(window.from)) + "&until=" + url_encode(whole_seconds(window.to));
    if (!path.empty()) query += "&path=" + url_encode(path);
    return get(api_url, repository, query + "&" + std::string(page_size));
}

HttpRequest commit_request(std::string_view api_url, const Repository& repository, std::string_view sha) {
    return get(api_url, repository, "/commits/" + url_encode(sha));
}

HttpRequest pulls_of_commit_request(std::string_view api_url, const Repository& repository, std::string_view sha) {
    return get(api_url, repository, "/commits/" + url_encode(sha) + "/pulls");
}

HttpRequest merged_pulls_request(std::string_view api_url, const Repository& repository) {
    return get(api_url, repository, "/pulls?state=closed&sort=updated&direction=desc&" + std::string(page_size));
}

HttpRequest pull_files_request(std::string_view api_url, const Repository& repository, std::int64_t number) {
    return get(api_url, repository, "/pulls/" + std::to_string(number) + "/files?" + std::string(page_size));
}

HttpRequest compare_request(std::string_view api_url, const Repository& repository, std::string_view base, std::string_view head) {
    return get(api_url, repository, "/compare/" + url_encode(base) + "..." + url_encode(head));
}

HttpRequest installation_token_request(std::string_view api_url, std::int64_t installation) {
    auto request = get(api_url, "/app/installations/" + std::to_string(installation) + "/access_tokens");
    request.method = "POST";
    return request;
}

HttpRequest user_request(std::string_view api_url) {
    return get(api_url, "/user");
}

HttpRequest rate_limit_request(std::string_view api_url) {
    return get(api_url, "/rate_limit");
}

HttpRequest at_url(HttpRequest request, std::string url) {
    request.url = std::move(url);
    return request;
}

}  // namespace gumshoe::github
