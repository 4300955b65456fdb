// What we ask of GitLab: every request this vendor makes, and the checks on what goes into its path.
#include <algorithm>

#include "base/text.hpp"
#include "base/version.hpp"
#include "integrations/gitlab/codec.hpp"
#include "io/http_syntax.hpp"

namespace gumshoe::gitlab {
namespace {

constexpr std::string_view page_size = "per_page=100";
constexpr std::string_view api_path = "/api/v4";
constexpr std::size_t deepest = 20;  // GitLab nests groups that far

bool is_number(std::string_view text) {
    return !text.empty() && text.size() <= 18 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool is_segment(std::string_view text) {
    const auto allowed = [](unsigned char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
    };
    return !text.empty() && text.size() <= 255 && text != "." && text != ".." && std::ranges::all_of(text, allowed);
}

HttpRequest get(std::string_view api_url, std::string path) {
    HttpRequest request;
    request.url = std::string(api_url) + std::move(path);
    request.headers.add("Accept", "application/json");
    request.headers.add("User-Agent", "gumshoe/" + std::string(version()));
    return request;
}

// The whole path of a project is one segment here: its slashes are %2F.
HttpRequest get(std::string_view api_url, std::string_view project, const std::string& rest) {
    return get(api_url, "/projects/" + url_encode(project) + rest);
}

std::string whole_seconds(Timestamp t) {
    return url_encode(format_rfc3339(from_seconds(to_seconds(t))));
}

}  // namespace

result<std::string> parse_project(std::string_view name) {
    const auto segments = split(name, '/');
    const bool path = segments.size() >= 2 && segments.size() <= deepest && std::ranges::all_of(segments, is_segment);
    if (!path && !is_number(name)) {
        return Error{errc::invalid_argument, "a GitLab project is written gitlab:group/name, with all its groups, or gitlab:NUMBER"};
    }
    return std::string(name);
}

std::string api_root(std::string_view url) {
    while (url.ends_with('/')) url.remove_suffix(1);
    return std::string(url) + std::string(url.ends_with(api_path) ? "" : api_path);
}

std::string web_root(std::string_view api_url) {
    return std::string(api_url.substr(0, api_url.size() - (api_url.ends_with(api_path) ? api_path.size() : 0)));
}

std::string project_page(std::string_view api_url, std::string_view project) {
    return web_root(api_url) + (is_number(project) ? "/projects/" : "/") + std::string(project);
}

std::string project_at(std::string_view api_url, std::string_view host, std::string_view name) {
    const auto root = web_root(api_url);
    const auto origin = origin_of(root);
    auto authority = to_lower(origin.substr(std::min(origin.find("://") + 3, origin.size())));
    for (const auto* usual : {":443", ":80"}) {
        if (authority.ends_with(usual)) authority.resize(authority.size() - std::string_view(usual).size());
    }
    // An address of ssh has no port of ours.
    if (host != authority && host != authority.substr(0, authority.find(':'))) return {};
    auto below = std::string_view(root).substr(origin.size());
    if (below.starts_with('/')) below.remove_prefix(1);
    if (!below.empty() && name.starts_with(below) && name.substr(below.size()).starts_with('/')) name.remove_prefix(below.size() + 1);
    const auto project = parse_project(name);
    return project && !is_number(name) ? *project : std::string();
}

HttpRequest user_request(std::string_view api_url) {
    return get(api_url, "/user");
}

HttpRequest deployments_request(std::string_view api_url, std::string_view project, Timestamp since) {
    return get(api_url, project,
               "/deployments?order_by=updated_at&sort=desc&updated_after=" + whole_seconds(since) + "&" + std::string(page_size));
}

HttpRequest deployments_before_request(std::string_view api_url, std::string_view project, Timestamp until) {
    return get(
        api_url, project,
        "/deployments?order_by=updated_at&sort=desc&status=success&updated_before=" + whole_seconds(until) + "&" + std::string(page_size));
}

HttpRequest commits_request(std::string_view api_url, std::string_view project, std::string_view path, Window window) {
    auto query = "/repository/commits?since=" + whole_seconds(window.from) + "&until=" + whole_seconds(window.to);
    if (!path.empty()) query += "&path=" + url_encode(path);
    return get(api_url, project, query + "&" + std::string(page_size));
}

HttpRequest commit_request(std::string_view api_url, std::string_view project, std::string_view sha) {
    return get(api_url, project, "/repository/commits/" + url_encode(sha));
}

HttpRequest diff_request(std::string_view api_url, std::string_view project, std::string_view sha) {
    return get(api_url, project, "/repository/commits/" + url_encode(sha) + "/diff?" + std::string(page_size));
}

HttpRequest merge_requests_of_commit_request(std::string_view api_url, std::string_view project, std::string_view sha) {
    return get(api_url, project, "/repository/commits/" + url_encode(sha) + "/merge_requests");
}

HttpRequest merged_request(std::string_view api_url, std::string_view project, Timestamp since) {
    return get(
        api_url, project,
        "/merge_requests?state=merged&order_by=updated_at&sort=desc&updated_after=" + whole_seconds(since) + "&" + std::string(page_size));
}

HttpRequest compare_request(std::string_view api_url, std::string_view project, std::string_view from, std::string_view to) {
    return get(api_url, project, "/repository/compare?from=" + url_encode(from) + "&to=" + url_encode(to) + "&straight=false");
}

HttpRequest tag_request(std::string_view api_url, std::string_view project, std::string_view name) {
    return get(api_url, project, "/repository/tags/" + url_encode(name));
}

HttpRequest at_page(HttpRequest request, std::string_view page) {
    request.url += "&page=" + url_encode(page);
    return request;
}

}  // namespace gumshoe::gitlab
