// Messages of Slack's history as plain text.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.hpp"
#include "integrations/slack/evidence.hpp"

namespace gumshoe::slack {
namespace {

constexpr std::size_t message_bytes = 2000;
constexpr int nesting = 6;  // of blocks in blocks

/// Only the three that Slack escapes; anything else that looks like an entity was written so.
std::string entities(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size();) {
        const std::string_view rest = text.substr(i);
        if (rest.starts_with("&amp;")) {
            out += '&';
            i += 5;
        } else if (rest.starts_with("&lt;")) {
            out += '<';
            i += 4;
        } else if (rest.starts_with("&gt;")) {
            out += '>';
            i += 4;
        } else {
            out += text[i++];
        }
    }
    return out;
}

/// The inside of <...>.
std::string token(std::string_view inside) {
    const std::size_t bar = inside.find('|');
    const std::string_view target = inside.substr(0, bar);
    const std::string_view label = bar == std::string_view::npos ? std::string_view() : inside.substr(bar + 1);
    if (target.starts_with('@')) return "@" + entities(label.empty() ? target.substr(1) : label);
    if (target.starts_with('#')) return "#" + entities(label.empty() ? target.substr(1) : label);
    if (target.starts_with('!')) {
        if (!label.empty()) return entities(label);
        return "@" + entities(target.substr(1, target.find('^') == std::string_view::npos ? std::string_view::npos : target.find('^') - 1));
    }
    if (label.empty() || label == target) return entities(target);
    return entities(label) + " (" + entities(target) + ")";
}

/// Once each: bots repeat a title in the fallback and the text. A short part may well occur in another one by chance.
void add(std::vector<std::string>& parts, std::string text) {
    const std::string clean(trim(text));
    const auto holds = [&](const std::string& part) {
        return part == clean || (clean.size() >= 20 && part.find(clean) != std::string::npos);
    };
    if (!clean.empty() && std::ranges::none_of(parts, holds)) parts.push_back(clean);
}

/// rich_text: leaves are literal, in the order of reading.
std::string rich_text(const json& element, int depth) {
    const std::string type = string_or_empty(element, "type");
    if (type == "user") return "@" + string_or_empty(element, "user_id");
    if (type == "channel") return "#" + string_or_empty(element, "channel_id");
    if (type == "emoji") return ":" + string_or_empty(element, "name") + ":";
    if (type == "broadcast") return "@" + string_or_empty(element, "range");
    std::string out = string_or_empty(element, "text");
    if (type == "link" && out.empty()) out = string_or_empty(element, "url");
    const json* elements = find(element, "elements");
    if (depth >= nesting || !elements || !elements->is_array()) return out;
    const bool lines = type == "rich_text" || type == "rich_text_list";
    for (const auto& child : *elements) {
        if (lines && !out.empty()) out += '\n';
        out += rich_text(child, depth + 1);
    }
    return out;
}

std::string text_object(const json& object) {
    return string_or_empty(object, "type") == "plain_text" ? string_or_empty(object, "text") : decode_text(string_or_empty(object, "text"));
}

void add_block(std::vector<std::string>& parts, const json& block, int depth) {
    if (!block.is_object() || depth >= nesting) return;
    if (string_or_empty(block, "type") == "rich_text") {
        add(parts, rich_text(block, depth));
        return;
    }
    if (const json* text = find(block, "text"); text && text->is_object()) add(parts, text_object(*text));
    for (const char* key : {"fields", "elements"}) {
        const json* items = find(block, key);
        if (!items || !items->is_array()) continue;
        for (const auto& item : *items) {
            if (!item.is_object()) continue;
            if (find(item, "text") && find(item, "text")->is_string()) add(parts, text_object(item));
        }
    }
}

void add_attachment(std::vector<std::string>& parts, const json& attachment, int depth) {
    if (!attachment.is_object()) return;
    const std::size_t before = parts.size();
    for (const char* key : {"pretext", "title", "text"}) add(parts, decode_text(string_or_empty(attachment, key)));
    if (const json* fields = find(attachment, "fields"); fields && fields->is_array())
        for (const auto& field : *fields) {
            const std::string title = decode_text(string_or_empty(field, "title"));
            add(parts, title + (title.empty() ? "" : ": ") + decode_text(string_or_empty(field, "value")));
        }
    if (const json* blocks = find(attachment, "blocks"); blocks && blocks->is_array())
        for (const auto& block : *blocks) add_block(parts, block, depth);
    if (parts.size() == before) add(parts, decode_text(string_or_empty(attachment, "fallback")));
}

bool housekeeping(std::string_view subtype) {
    for (const std::string_view kind :
         {"channel_join", "channel_leave", "channel_topic", "channel_purpose", "channel_name", "channel_archive", "channel_unarchive",
          "group_join", "group_leave", "bot_add", "bot_remove", "pinned_item", "reminder_add", "tombstone"})
        if (subtype == kind) return true;
    return false;
}

/// "https://acme.slack.com/archives/C1/p1733020900000100"
std::string permalink(const std::string& team_url, const std::string& channel, const std::string& ts, const std::string& thread_ts) {
    if (!team_url.starts_with("https://") && !team_url.starts_with("http://")) return {};
    std::string out = team_url + (team_url.ends_with('/') ? "" : "/") + "archives/" + url_encode(channel) + "/p" + replace_all(ts, ".", "");
    if (!thread_ts.empty() && thread_ts != ts) out += "?thread_ts=" + url_encode(thread_ts) + "&cid=" + url_encode(channel);
    return out;
}

bool digits_and_dot(std::string_view ts) {
    return !ts.empty() && std::ranges::all_of(ts, [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
}

}  // namespace

std::string decode_text(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t open = text.find('<', i);
        const std::size_t close = open == std::string_view::npos ? open : text.find('>', open);
        if (close == std::string_view::npos) return out + entities(text.substr(i));
        out += entities(text.substr(i, open - i));
        out += token(text.substr(open + 1, close - open - 1));
        i = close + 1;
    }
    return out;
}

std::string message_text(const json& message) {
    std::vector<std::string> parts;
    add(parts, decode_text(string_or_empty(message, "text")));
    if (const json* blocks = find(message, "blocks"); blocks && blocks->is_array() && parts.empty())
        for (const auto& block : *blocks) add_block(parts, block, 0);
    if (const json* attachments = find(message, "attachments"); attachments && attachments->is_array())
        for (const auto& attachment : *attachments) add_attachment(parts, attachment, 0);
    return truncate(strip_invisible(sanitize_utf8(join(parts, "\n"))), message_bytes);
}

std::vector<ChatMessage> read_messages(const json& answer, const std::string& channel, const Identity& who) {
    std::vector<ChatMessage> out;
    const json* messages = find(answer, "messages");
    if (!messages || !messages->is_array()) return out;
    for (const auto& m : *messages) {
        if (!m.is_object() || housekeeping(string_or_empty(m, "subtype"))) continue;
        const bool ours = (!who.bot_id.empty() && string_or_empty(m, "bot_id") == who.bot_id) || string_or_empty(m, "user") == who.user_id;
        ChatMessage message;
        message.ts = string_or_empty(m, "ts");
        message.text = message_text(m);
        if (ours || !digits_and_dot(message.ts) || message.text.empty()) continue;
        message.channel = channel;
        message.user = string_or_empty(m, "user");
        for (const char* other : {"username", "bot_profile.name", "bot_id"})
            if (message.user.empty()) message.user = string_or_empty(m, other);
        message.thread_ts = string_or_empty(m, "thread_ts");
        message.link = permalink(who.url, channel, message.ts, message.thread_ts);
        out.push_back(std::move(message));
    }
    return out;
}

}  // namespace gumshoe::slack
