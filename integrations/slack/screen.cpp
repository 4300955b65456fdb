// Reads mrkdwn the way Slack shows it: entities decoded, links as their label, emphasis without its marks.
#include "integrations/slack/screen.hpp"

#include <nlohmann/json.hpp>

#include "base/text.hpp"

namespace gumshoe::slack {

namespace {

constexpr std::string_view zero_width = "\u200b";

/// "<https://x|label>" -> "label", "<!date^0^{time}|10:00>" -> "10:00". A marker after a zero-width space marks nothing.
std::string shown(std::string_view mrkdwn) {
    std::string out;
    std::size_t at = 0;
    while (at < mrkdwn.size()) {
        if (mrkdwn[at] == '<') {
            const auto close = mrkdwn.find('>', at);
            if (close == std::string_view::npos) break;
            const std::string_view token = mrkdwn.substr(at + 1, close - at - 1);
            const auto bar = token.find('|');
            out += bar == std::string_view::npos ? token : token.substr(bar + 1);
            at = close + 1;
        } else {
            const bool mark = mrkdwn[at] == '*' || mrkdwn[at] == '`';
            if (!mark || mrkdwn.substr(0, at).ends_with(zero_width)) out += mrkdwn[at];
            ++at;
        }
    }
    return strip_invisible(html_unescape(out));
}

std::string words_of_rich_text(const json& element) {
    std::string out = string_or_empty(element, "text");
    if (element.contains("elements")) {
        for (const json& child : element["elements"]) out += words_of_rich_text(child);
    }
    if (string_or_empty(element, "type") == "rich_text_section") out += "\n";
    return out;
}

std::string block_text(const json& block) {
    const std::string type = string_or_empty(block, "type");
    if (type == "header") return string_or_empty(block, "text.text") + "\n" + std::string(60, '=') + "\n";
    if (type == "divider") return std::string(60, '-') + "\n";
    if (type == "section") return shown(string_or_empty(block, "text.text")) + "\n";
    std::string out;
    if (type == "rich_text") {
        out = words_of_rich_text(block);
    } else if (block.contains("elements")) {
        for (const json& element : block["elements"]) {
            const bool button = string_or_empty(element, "type") == "button";
            const std::string text = shown(button ? string_or_empty(element, "text.text") : string_or_empty(element, "text"));
            out += (out.empty() ? "" : "  ") + (button ? "[" + text + "]" : text);
        }
    }
    return out.empty() ? out : out + "\n";
}

}  // namespace

std::string screen_text(const json& message) {
    std::string out;
    if (message.contains("blocks") && message["blocks"].is_array()) {
        for (const json& block : message["blocks"]) out += block_text(block);
    }
    return out.empty() ? shown(string_or_empty(message, "text")) + "\n" : out;
}

}  // namespace gumshoe::slack
