// Repository addresses as git, browsers and tags write them. What is odd is refused, not repaired: these texts come from payloads.
#include "evidence/code_location.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <vector>

#include "base/text.hpp"

namespace gumshoe {

namespace {

constexpr std::size_t longest = 1000;
constexpr std::size_t deepest = 20;  // segments of a repository's name

Error no_address() {
    return {errc::parse, "not the address of a repository"};
}

bool is_digits(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](unsigned char c) { return std::isdigit(c) != 0; });
}

/// Letters, digits and dashes in labels; the last label of a name is never a number, that of an IPv4 address always (in hex, too).
bool is_host_name(std::string_view host) {
    if (host.empty() || host.size() > 253) return false;
    const auto labels = split(host, '.');
    const bool labels_good = std::ranges::all_of(labels, [](const std::string& label) {
        return !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
               std::ranges::all_of(label, [](unsigned char c) { return std::isalnum(c) != 0 || c == '-'; });
    });
    return labels_good && !is_digits(labels.back()) && !labels.back().starts_with("0x");
}

/// How the text says where: "https", "ssh", or "" when it has no scheme.
struct Parts {
    std::string scheme;
    std::string authority;
    std::string path;
};

std::optional<Parts> parts_of(std::string_view text) {
    if (text.starts_with("git+")) text.remove_prefix(4);  // as package manifests write it
    if (const auto at = text.find("://"); at != std::string_view::npos) {
        Parts parts{to_lower(text.substr(0, at)), {}, {}};
        text.remove_prefix(at + 3);
        const auto end = std::min(text.find_first_of("/?#"), text.size());
        parts.authority = text.substr(0, end);
        parts.path = text.substr(end);
        constexpr std::array known{"https", "http", "ssh", "git"};
        if (std::ranges::find(known, parts.scheme) == known.end()) return std::nullopt;
        return parts;
    }
    const auto slash = text.find('/');
    const auto colon = text.find(':');
    const bool has_user = text.substr(0, std::min(slash, colon)).find('@') != std::string_view::npos;
    if (colon != std::string_view::npos && colon < slash) {
        const auto after = text.substr(colon + 1, slash == std::string_view::npos ? slash : slash - colon - 1);
        // "git@host:acme/shop" is scp's way; "host:8443/acme/shop" a web address without its scheme.
        if (has_user || !is_digits(after)) {
            return Parts{"ssh", std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))};
        }
    }
    if (slash == std::string_view::npos) return std::nullopt;
    return Parts{"", std::string(text.substr(0, slash)), std::string(text.substr(slash))};
}

/// Without user and password, in lower case. The port of ssh or git says nothing of the web address, which is how a host is known.
result<std::string> host_of(const Parts& parts) {
    std::string_view authority = parts.authority;
    if (const auto at = authority.find('@'); at != std::string_view::npos) {
        authority.remove_prefix(at + 1);
        if (authority.find('@') != std::string_view::npos) return no_address();  // whose is it? Readers differ
    }
    const auto colon = authority.find(':');
    const auto host = to_lower(authority.substr(0, colon));
    // Without a scheme only a full name is a host: "acme/shop" is not the repository "shop" of a host "acme".
    if (!is_host_name(host) || (parts.scheme.empty() && host.find('.') == std::string::npos)) return no_address();
    if (colon == std::string_view::npos) return host;
    const auto port = authority.substr(colon + 1);
    if (!is_digits(port) || port.size() > 5) return no_address();
    const bool web = parts.scheme.empty() || parts.scheme.starts_with("http");
    const bool usual = port == (parts.scheme == "http" ? "80" : "443");
    return web && !usual ? host + ":" + std::string(port) : host;
}

/// `more` are the signs allowed beside letters, digits and "_.-". Never a percent sign: %2f and %2e are ways around a check.
bool is_segment(std::string_view segment, std::string_view more) {
    if (segment.empty() || segment == "." || segment == ".." || segment.front() == '-') return false;
    return std::ranges::all_of(segment, [more](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' || c == '-' ||
               more.find(c) != std::string_view::npos;
    });
}

bool are_segments(const std::vector<std::string>& segments, std::string_view more) {
    return std::ranges::all_of(segments, [more](const std::string& segment) { return is_segment(segment, more); });
}

/// Below the name comes a page of the repository: GitLab writes "/-/" before it. The path is what a tree or blob page shows.
struct Split {
    std::size_t name_ends = 0;
    std::size_t path_begins = 0;
};

Split split_page(const std::vector<std::string>& segments) {
    const auto count = segments.size();
    const auto shows_path = [&](std::size_t at) { return at < count && (segments[at] == "tree" || segments[at] == "blob"); };
    if (const auto dash = std::ranges::find(segments, "-"); dash != segments.end()) {
        const auto at = static_cast<std::size_t>(dash - segments.begin());
        return {at, shows_path(at + 1) ? std::min(at + 3, count) : count};
    }
    constexpr std::array pages{"commit", "commits", "compare", "pull", "releases", "actions", "deployments"};
    if (count > 3 && std::ranges::find(pages, segments[2]) != pages.end()) return {2, count};
    for (std::size_t at = 2; at + 1 < count; ++at) {
        if (shows_path(at)) return {at, std::min(at + 2, count)};
    }
    return {count, count};
}

}  // namespace

result<RepositoryAddress> parse_repository_address(std::string_view text) {
    const bool plain = std::ranges::all_of(text, [](unsigned char c) { return c > ' ' && c < 0x7f && c != '\\'; });
    if (text.empty() || text.size() > longest || !plain) return no_address();
    const auto parts = parts_of(text);
    if (!parts) return no_address();
    auto host = host_of(*parts);
    if (!host) return host.error();

    const auto path = std::string_view(parts->path).substr(0, parts->path.find_first_of("?#"));
    auto segments = split(path, '/');
    std::erase(segments, "");
    const auto [name_ends, path_begins] = split_page(segments);
    if (name_ends == 0 || name_ends > deepest) return no_address();
    std::vector<std::string> name(segments.begin(), segments.begin() + static_cast<std::ptrdiff_t>(name_ends));
    const std::vector<std::string> below(segments.begin() + static_cast<std::ptrdiff_t>(path_begins), segments.end());
    if (name.back().ends_with(".git")) name.back().resize(name.back().size() - 4);
    if (!are_segments(name, "") || !are_segments(below, "@+~,")) return no_address();
    return RepositoryAddress{std::move(*host), join(name, "/"), join(below, "/")};
}

}  // namespace gumshoe
