// Titles and bodies of notifications, as Datadog writes them and users change them.
#include "integrations/datadog/notification.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "integrations/datadog/links.hpp"

namespace gumshoe::datadog {

namespace {

struct Word {
    std::string_view text;
    Transition meaning;
};
constexpr AlertStatus firing = AlertStatus::firing;
constexpr std::array words{
    Word{"Triggered", {firing, Notification::trigger, false, true}},
    Word{"Alert", {firing, Notification::trigger, false, true}},
    Word{"Warn", {firing, Notification::trigger, true, true}},
    Word{"No Data", {firing, Notification::trigger, false, true}},
    Word{"Re-Triggered", {firing, Notification::renotify, false, true}},
    Word{"Re-Warn", {firing, Notification::renotify, true, true}},
    Word{"Re-No Data", {firing, Notification::renotify, false, true}},
    Word{"Renotify", {firing, Notification::renotify, false, true}},
    Word{"Re-Notify", {firing, Notification::renotify, false, true}},
    Word{"Recovered", {AlertStatus::resolved, Notification::recovery, false, true}},
};

bool is_priority(std::string_view text) {
    return text.size() == 2 && (text[0] == 'P' || text[0] == 'p') && text[1] >= '1' && text[1] <= '5';
}

/// One leading bracket's content; false when it is none of ours.
bool read_bracket(std::string_view content, Title& title) {
    if (title.priority.empty() && is_priority(content)) {
        title.priority = std::string("P") + content[1];
        return true;
    }
    if (!title.test && iequals(content, "TEST")) {
        title.test = true;
        return true;
    }
    if (!title.transition.empty()) return false;
    const std::size_t on = content.find(" on {");
    const std::string_view word = content.substr(0, on);
    if (!read_transition(word).known) return false;
    title.transition = std::string(word);
    if (on != std::string_view::npos) {
        const std::string_view scope = content.substr(on + 5);
        title.scope = std::string(scope.substr(0, scope.rfind('}')));
    }
    return true;
}

bool handle_character(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.' || c == '@' || c == '+';
}

/// "@webhook-x", "@slack-acme-alerts", "@team-shop", "@ana@example.com"; "@http.status_code" is a query's attribute and stays.
bool is_handle(std::string_view word) {
    constexpr std::array<std::string_view, 15> prefixes{"webhook-",  "slack-",       "team-",       "pagerduty", "opsgenie",
                                                        "teams-",    "victorops-",   "servicenow-", "jira-",     "sns-",
                                                        "workflow-", "eventbridge-", "case-",       "oncall-",   "hangouts-"};
    if (word.find('@') != std::string_view::npos) return true;
    return word == "all" || word == "here" ||
           std::any_of(prefixes.begin(), prefixes.end(), [word](std::string_view prefix) { return word.starts_with(prefix); });
}

std::string drop_handles(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        const bool starts = text[at] == '@' && (at == 0 || !handle_character(text[at - 1]));
        std::size_t end = at + 1;
        if (starts) {
            while (end < text.size() && handle_character(text[end])) ++end;
            if (is_handle(text.substr(at + 1, end - at - 1))) {
                at = end;
                continue;
            }
        }
        out += text.substr(at, end - at);
        at = end;
    }
    return out;
}

/// "![a](u)" goes, "[t](u)" becomes "t"; inner brackets ("[[Edit](u)]") keep theirs.
std::string drop_links(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        const bool image = text[at] == '!' && at + 1 < text.size() && text[at + 1] == '[';
        const std::size_t open = image ? at + 1 : at;
        if (text[open] != '[') {
            out += text[at++];
            continue;
        }
        const std::size_t close = text.find_first_of("[]\n", open + 1);
        const bool link = close != std::string_view::npos && text[close] == ']' && close + 1 < text.size() && text[close + 1] == '(';
        const std::size_t end = link ? text.find_first_of(")\n", close) : std::string_view::npos;
        if (end == std::string_view::npos || text[end] != ')') {
            out += text[at++];
            continue;
        }
        if (!image) out += text.substr(open + 1, close - open - 1);
        at = end + 1;
    }
    return out;
}

}  // namespace

Transition read_transition(std::string_view word) {
    const std::string_view text = trim(word);
    const auto found = std::find_if(words.begin(), words.end(), [text](const Word& known) { return iequals(known.text, text); });
    return found == words.end() ? Transition{} : found->meaning;
}

Title parse_title(std::string_view text) {
    Title title;
    std::string_view rest = trim(text);
    while (rest.starts_with('[')) {
        const std::size_t close = rest.find(']');
        if (close == std::string_view::npos || !read_bracket(trim(rest.substr(1, close - 1)), title)) break;
        rest = trim(rest.substr(close + 1));
    }
    title.name = std::string(rest);
    return title;
}

std::string clean_body(std::string_view markdown) {
    std::string text = replace_all(sanitize_utf8(markdown.substr(0, limits::alert_body_bytes * 4)), "%%%", "");
    text = drop_links(drop_links(html_unescape(text)));  // an image may be a link's text
    text = strip_invisible(drop_handles(text));
    std::string out;
    bool gap = false;
    for (const std::string& line : lines(text)) {
        const std::string_view content = trim(line);
        if (content.find("[Monitor Status]") != std::string_view::npos) continue;  // the row of buttons
        if (content.empty() || content.find_first_not_of("-*") == std::string_view::npos) {
            gap = !out.empty();
            continue;
        }
        if (!out.empty()) out += gap ? "\n\n" : "\n";
        gap = false;
        out += content;
    }
    return truncate(out, limits::alert_body_bytes);
}

std::vector<std::string> vendor_links(std::string_view body) {
    std::vector<std::string> found;
    const std::string text = html_unescape(body.substr(0, limits::alert_body_bytes * 4));
    for (std::size_t at = text.find("https://"); at != std::string::npos; at = text.find("https://", at + 1)) {
        const std::size_t end = text.find_first_of(" \t\r\n)]}<>\"'`|\\", at);
        std::string link = text.substr(at, end == std::string::npos ? end : end - at);
        if (vendor_origin(link)) found.push_back(std::move(link));
        if (found.size() == 20) break;
    }
    return found;
}

}  // namespace gumshoe::datadog
