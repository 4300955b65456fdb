// What the records of several endpoints have in common: texts, links, the free-form details that a monitoring tool handed over, names.
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <set>

#include "alert/references.hpp"
#include "base/text.hpp"
#include "integrations/pagerduty/codec.hpp"

namespace gumshoe::pagerduty {
namespace {

constexpr std::size_t detail_bytes = 300;
constexpr std::size_t most_references = 32;

bool is_key_name(const std::string& name) {
    constexpr std::array names{"alert_key", "dedup_key", "incident_key", "fingerprint", "alert_id", "monitor_id", "rule_id", "issue_id"};
    return std::ranges::find(names, to_lower(name)) != names.end();
}

/// What is not ASCII is kept: "Bücher" is no "bcher".
bool is_of_word(char lower) {
    return (lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9') || (lower & 0x80) != 0;
}

void add_reference(std::string reference, std::vector<std::string>& references) {
    const bool known = std::ranges::find(references, reference) != references.end();
    if (!reference.empty() && !known && references.size() < most_references) references.push_back(std::move(reference));
}

void collect(const json& value, const std::string& name, int depth, std::vector<std::string>& references) {
    if (depth > 6 || references.size() >= most_references) return;
    if (value.is_string()) {
        const std::string& text = value.get_ref<const std::string&>();
        if (is_key_name(name)) add_reference(key_reference(text), references);
        // A link alone, or links in the lines of a text.
        for (std::size_t at = text.find("http"); at != text.npos; at = text.find("http", at + 4)) {
            const std::string link = text.substr(at, text.find_first_of(" \t\r\n\"'<>)]|", at) - at);
            if (is_web_link(link)) add_reference(link_reference(link), references);
        }
        return;
    }
    if (value.is_object()) {
        for (const auto& [key, member] : value.items()) collect(member, key, depth + 1, references);
    } else if (value.is_array()) {
        for (const json& member : value) collect(member, name, depth + 1, references);
    }
}

void flatten(const json& value, const std::string& prefix, int depth, std::vector<std::string>& lines) {
    constexpr std::size_t most_lines = 30;
    if (lines.size() >= most_lines || depth > 4) return;
    if (value.is_object()) {
        for (const auto& [key, member] : value.items()) {
            flatten(member, prefix.empty() ? one_line(key, 80) : prefix + "." + one_line(key, 80), depth + 1, lines);
        }
        return;
    }
    if (value.is_array()) {
        for (const json& member : value) flatten(member, prefix, depth + 1, lines);
        return;
    }
    if (value.is_null()) return;
    const std::string text = one_line(value.is_string() ? value.get<std::string>() : dump_json(value), detail_bytes);
    if (!text.empty()) lines.push_back(prefix.empty() ? text : prefix + ": " + text);
}

}  // namespace

bool is_web_link(std::string_view text) {
    const bool web = text.starts_with("https://") || text.starts_with("http://");
    const auto plain = [](unsigned char c) { return c > 0x20 && c != 0x7f && c != '"' && c != '<' && c != '>'; };
    return web && text.size() > 10 && text.size() <= 4096 && std::ranges::all_of(text, plain);
}

std::string one_line(std::string_view text, std::size_t most) {
    const std::string clean = strip_invisible(sanitize_utf8(text.substr(0, most * 8)));
    return truncate(trim(replace_all(replace_all(clean, "\n", " "), "\t", " ")), most);
}

/// The address of a page of PagerDuty itself.
std::string page_of(const json& value) {
    const std::string link = string_or_empty(value, "html_url");
    if (!is_web_link(link) || !link.starts_with("https://")) return {};
    const std::string host = link.substr(8, link.find('/', 8) - 8);
    return host.ends_with(".pagerduty.com") && host.find('@') == host.npos ? link : std::string();
}

ServiceNames::ServiceNames(std::string_view known) {
    for (const std::string& name : lines(known)) by_shape_.emplace(shape_of(name), name);
    by_shape_.erase("");
}

std::string ServiceNames::shape_of(std::string_view name) {
    std::string_view core = trim(name);
    if (const auto open = core.find('('); core.ends_with(')') && open != core.npos && open > 0) core = core.substr(0, open);
    std::string shape;
    for (const char c : to_lower(core)) {
        if (is_of_word(c)) shape += c;
    }
    for (const std::string_view added : {"service", "svc"}) {
        if (shape.size() > added.size() && shape.ends_with(added)) return shape.substr(0, shape.size() - added.size());
    }
    return shape;
}

std::string ServiceNames::ours(std::string_view theirs) const {
    const auto found = by_shape_.find(shape_of(theirs));
    return found == by_shape_.end() ? std::string(theirs) : found->second;
}

bool ServiceNames::same(std::string_view a, std::string_view b) {
    return !shape_of(a).empty() && shape_of(a) == shape_of(b);
}

std::string ServiceNames::search_word(std::string_view ours) {
    std::vector<std::string> words(1);
    for (const char c : to_lower(ours)) {
        if (is_of_word(c)) {
            words.back() += c;
        } else {
            words.emplace_back();
        }
    }
    return *std::ranges::max_element(words, {}, [](const std::string& word) { return word == "service" ? 1 : word.size(); });
}

std::vector<std::string> detail_lines(const json& value) {
    std::vector<std::string> lines;
    flatten(value, "", 0, lines);
    return lines;
}

/// What the sender told: in `body` of an alert and in the channel of a log entry alike.
std::string details_text(const json& holder) {
    std::vector<std::string> all;
    for (const char* name : {"details", "cef_details"}) {
        const json* details = find(holder, name);
        if (details != nullptr) std::ranges::move(detail_lines(*details), std::back_inserter(all));
    }
    // The CEF form repeats what `details` has.
    std::set<std::string> seen;
    std::erase_if(all, [&seen](const std::string& line) { return !seen.insert(line).second; });
    return join(all, "; ");
}

void add_references(const json& value, std::vector<std::string>& references) {
    collect(value, "", 0, references);
}

}  // namespace gumshoe::pagerduty
