// What in a link or key is an id. A missed one costs a second investigation, a wrong one puts two outages into one: in doubt it is none.
#include "alert/references.hpp"

#include <algorithm>
#include <cctype>
#include <set>

#include "base/digest.hpp"
#include "base/text.hpp"

namespace gumshoe {

namespace {

constexpr std::size_t reference_bytes = 300;
constexpr std::size_t shortest_key = 6;
constexpr std::size_t most_references = 32;

using Words = std::initializer_list<std::string_view>;

bool among(std::string_view word, Words words) {
    return std::any_of(words.begin(), words.end(), [word](std::string_view one) { return iequals(one, word); });
}

bool digit(char c) {
    return c >= '0' && c <= '9';
}
bool letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::size_t longest_digits(std::string_view text) {
    std::size_t longest = 0;
    std::size_t run = 0;
    for (const char c : text) {
        run = digit(c) ? run + 1 : 0;
        longest = std::max(longest, run);
    }
    return longest;
}

bool is_uuid(std::string_view text) {
    if (text.size() != 36) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? text[i] != '-' : std::isxdigit(static_cast<unsigned char>(text[i])) == 0) return false;
    }
    return true;
}

/// "Q2X369CTEOAGYM", "fdq8z3l5k2v4gd": letters and digits mixed as no word mixes them ("checkout5xx" is one).
bool is_mixed(std::string_view text) {
    if (text.size() < 7 || !std::all_of(text.begin(), text.end(), [](char c) { return digit(c) || letter(c); })) return false;
    std::size_t groups = 0;
    for (std::size_t i = 0; i < text.size(); ++i) groups += digit(text[i]) && (i == 0 || !digit(text[i - 1]));
    const bool upper = std::none_of(text.begin(), text.end(), [](char c) { return c >= 'a' && c <= 'z'; });
    return groups >= (upper ? 1 : 2);
}

bool is_id(std::string_view text) {
    if (text.find('.') != text.npos) return false;  // a file
    return longest_digits(text) >= 4 || is_uuid(text) || is_mixed(text);
}

/// Pages that many alerts link to, whatever number they have.
bool shared_page(std::string_view segment) {
    return among(segment, {"d", "d-solo", "dashboard", "dashboards", "dash", "runbook", "runbooks", "playbooks", "wiki", "pages", "docs",
                           "blob", "tree", "explore", "logs", "traces", "apm", "services", "service-directory"});
}
/// What follows such a word says whose it is, not which.
bool owner(std::string_view segment) {
    return among(segment, {"account", "accounts", "org", "orgs", "organization", "organizations", "project", "projects", "team", "teams",
                           "tenant", "tenants", "user", "users", "workspace", "workspaces", "c", "w"});
}
/// What one does with the thing that the path has named.
bool verb(std::string_view segment) {
    return among(segment, {"view", "edit", "overview", "details", "status", "history", "acknowledge"});
}

/// The path up to the thing it names, "" when it names none.
std::string named_by_path(std::string_view path) {
    std::vector<std::string> kept;
    bool named = false;
    for (const std::string& segment : split(path, '/')) {
        if (segment.empty()) continue;
        if (shared_page(segment)) return {};
        if (named && verb(segment)) break;
        const bool whose = !kept.empty() && owner(kept.back());
        named = named || (!whose && is_id(segment));
        // "accounts/1234567/incidents/99": a number is an id where a word for such things stands before it.
        named = named || (!kept.empty() && !segment.empty() && std::all_of(segment.begin(), segment.end(), digit) &&
                          among(kept.back(), {"incidents", "issues", "monitors", "alerts", "rules"}));
        kept.push_back(segment);
    }
    return named ? "/" + join(kept, "/") : std::string();
}

std::string trimmed_path(std::string_view path) {
    while (path.ends_with('/')) path.remove_suffix(1);
    return std::string(path);
}

/// "?ruleId=7" of the one parameter that is called an id and looks like one. Times, filters and who sent the reader here are not.
std::string named_by_query(std::string_view query) {
    for (const auto& [name, value] : parse_form(query)) {
        const std::string plain = replace_all(replace_all(to_lower(name), "_", ""), "-", "");
        if (!among(plain, {"ruleid", "alertid", "issueid", "incidentid", "monitorid", "monitor", "checkid", "problemid"})) continue;
        const bool clean =
            std::all_of(value.begin(), value.end(), [](char c) { return digit(c) || letter(c) || c == '-' || c == '_' || c == '.'; });
        if (clean && longest_digits(value) > 0) return "?" + name + "=" + value;
    }
    return {};
}

std::string host_of(std::string_view authority, std::string_view default_port) {
    if (const auto at = authority.rfind('@'); at != authority.npos) authority.remove_prefix(at + 1);
    std::string host = to_lower(authority);
    if (host.ends_with(default_port)) host.resize(host.size() - default_port.size());
    return host;
}

}  // namespace

std::string link_reference(std::string_view url) {
    url = trim(url);
    if (std::any_of(url.begin(), url.end(), [](unsigned char c) { return c <= 0x20 || c == 0x7f; })) return {};
    const std::string scheme = to_lower(url.substr(0, 8));
    const bool tls = scheme == "https://";
    if (!tls && !scheme.starts_with("http://")) return {};
    url.remove_prefix(tls ? 8 : 7);
    url = url.substr(0, url.find('#'));
    const std::string_view before_query = url.substr(0, url.find('?'));
    const std::string_view query = before_query.size() < url.size() ? url.substr(before_query.size() + 1) : std::string_view();
    const std::string host = host_of(before_query.substr(0, before_query.find('/')), tls ? ":443" : ":80");
    if (host.empty()) return {};
    const std::string_view path =
        before_query.find('/') == before_query.npos ? std::string_view() : before_query.substr(before_query.find('/'));

    std::string named = named_by_path(path);
    if (named.empty()) {
        const std::string parameter = named_by_query(query);
        if (parameter.empty()) return {};
        named = trimmed_path(path) + parameter;
    }
    return host.size() + named.size() <= reference_bytes ? host + named : std::string();
}

std::string key_reference(std::string_view key) {
    key = trim(key);
    if (key.size() < shortest_key) return {};
    if (key.size() > reference_bytes) return "key:sha256:" + sha256_hex(key);
    return "key:" + std::string(key);
}

std::vector<std::string> references_of(const Alert& alert) {
    std::set<std::string> all(alert.references.begin(), alert.references.end());
    for (const Link& link : alert.links) all.insert(link_reference(link.url));
    all.erase("");
    std::vector<std::string> references(all.begin(), all.end());
    if (references.size() > most_references) references.resize(most_references);
    return references;
}

}  // namespace gumshoe
