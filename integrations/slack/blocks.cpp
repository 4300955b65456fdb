// A document as Block Kit JSON and as fallback text, inside every limit of the contract.
#include "integrations/slack/blocks.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/limits.hpp"
#include "base/text.hpp"

namespace gumshoe::slack {
namespace {

constexpr std::size_t context_elements = 10;
constexpr std::size_t context_units = 1900;
constexpr std::size_t action_elements = 25;
constexpr std::size_t button_text_units = 75;
constexpr std::size_t button_url_units = 2900;
constexpr std::size_t note_units = 40;  // "… 1234 more in the report"

std::string more_note(std::size_t count) {
    return "… " + std::to_string(count) + " more in the report";
}

json mrkdwn_object(std::string text) {
    // verbatim: Slack would otherwise turn addresses and channel names of the text into links.
    return {{"type", "mrkdwn"}, {"text", std::move(text)}, {"verbatim", true}};
}

/// Whether plain_text decodes entities is not documented: look-alikes instead of & < >.
std::string plain_text(std::string_view text, std::size_t most) {
    std::string clean = strip_invisible(sanitize_utf8(text));
    std::ranges::replace(clean, '\n', ' ');
    clean = replace_all(replace_all(replace_all(std::move(clean), "&", "＆"), "<", "‹"), ">", "›");
    clean = std::string(trim(clean));
    if (utf16_units(clean) <= most) return clean;
    std::size_t bytes = 0;
    std::size_t units = 0;
    while (bytes < clean.size()) {
        const auto lead = static_cast<unsigned char>(clean[bytes]);
        const std::size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
        const std::size_t wide = lead >= 0xf0 ? 2 : 1;
        if (units + wide > most - 1) break;
        bytes += size;
        units += wide;
    }
    return clean.substr(0, bytes) + "…";
}

std::string text_of(const Line& line) {
    std::string out;
    for (const auto& span : line) out += span.text;
    return out;
}

bool has_text(const Line& line) {
    return std::ranges::any_of(line, [](const Span& span) { return !trim(span.text).empty(); });
}

/// Addresses count too, and some tools write a whole query into theirs: where the lines do not fit, those that take more than their share
/// lose their links before a line is lost.
std::vector<Line> with_links_that_fit(std::vector<Line> lines, std::size_t budget) {
    const auto size = [budget](const Line& line) { return utf16_units(mrkdwn(line, budget)) + 3; };
    std::size_t whole = 0;
    for (const Line& line : lines) whole += size(line);
    if (whole <= budget) return lines;
    for (Line& line : lines) {
        if (size(line) <= budget / lines.size()) continue;
        const auto is_link = [](const Span& span) { return span.style == Span::Style::link; };
        if (!std::ranges::all_of(line, is_link)) std::erase_if(line, is_link);
    }
    return lines;
}

/// The lines joined, cut on a line boundary with a note of how many are missing. One line that is too long is cut itself.
std::string joined(const std::vector<Line>& all, std::string_view prefix, std::size_t budget) {
    const std::vector<Line> lines = with_links_that_fit(all, budget);
    std::string out;
    std::size_t used = 0;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const auto rest =
            static_cast<std::size_t>(std::count_if(lines.begin() + static_cast<std::ptrdiff_t>(i) + 1, lines.end(), has_text));
        const std::size_t reserve = rest == 0 ? 0 : note_units;
        const std::string text = mrkdwn(lines[i], budget > note_units ? budget - note_units : 0);
        if (trim(text).empty()) continue;
        const std::size_t size = utf16_units(text) + prefix.size() + 1;
        if (used + size + reserve > budget) {
            if (budget < note_units) return out;
            return out + (out.empty() ? "" : "\n") + more_note(rest + 1);
        }
        out += (out.empty() ? "" : "\n") + std::string(prefix) + text;
        used += size;
    }
    return out;
}

json context_block(const Block& block, std::size_t budget) {
    json elements = json::array();
    std::size_t used = 0;
    for (const auto& line : block.lines) {
        const std::size_t room = std::min(context_units, budget - std::min(budget, used));
        std::string text = mrkdwn(line, room);
        if (trim(text).empty() || elements.size() == context_elements) continue;
        used += utf16_units(text);
        elements.push_back(mrkdwn_object(std::move(text)));
    }
    if (elements.empty()) return nullptr;
    return {{"type", "context"}, {"elements", std::move(elements)}};
}

json actions_block(const Block& block, std::size_t budget, std::size_t& next_id) {
    json elements = json::array();
    std::size_t used = 0;
    for (const auto& line : block.lines) {
        if (line.empty() || elements.size() == action_elements) continue;
        const Span& span = line.front();
        const Span target = link(span.text, span.url);
        const std::string label = plain_text(span.text, button_text_units);
        used += utf16_units(label);
        if (label.empty() || target.style != Span::Style::link || utf16_units(target.url) > button_url_units || used > budget) continue;
        json text = {{"type", "plain_text"}, {"text", label}, {"emoji", false}};
        elements.push_back(
            {{"type", "button"}, {"action_id", "open_" + std::to_string(next_id++)}, {"text", std::move(text)}, {"url", target.url}});
    }
    if (elements.empty()) return nullptr;
    return {{"type", "actions"}, {"elements", std::move(elements)}};
}

/// Null when nothing of the block is left to show.
json one_block(const Block& block, std::size_t budget, std::size_t& next_id) {
    switch (block.kind) {
        case Block::Kind::divider:
            return {{"type", "divider"}};
        case Block::Kind::context:
            return context_block(block, budget);
        case Block::Kind::buttons:
            return actions_block(block, budget, next_id);
        case Block::Kind::header: {
            const std::string text =
                block.lines.empty() ? std::string() : plain_text(text_of(block.lines.front()), limits::slack_header_chars);
            if (text.empty() || budget < limits::slack_header_chars) return nullptr;
            return {{"type", "header"}, {"text", {{"type", "plain_text"}, {"text", text}, {"emoji", false}}}};
        }
        case Block::Kind::section:
        case Block::Kind::quote: {
            const std::string_view prefix = block.kind == Block::Kind::quote ? "> " : "";
            std::string text = joined(block.lines, prefix, std::min(budget, limits::slack_section_chars));
            if (text.empty()) return nullptr;
            return {{"type", "section"}, {"text", mrkdwn_object(std::move(text))}};
        }
    }
    return nullptr;
}

std::size_t units_of(const json& block) {
    if (const auto text = get_string(block, "text.text")) return utf16_units(*text);
    std::size_t n = 0;
    if (const json* elements = find(block, "elements"))
        for (const auto& element : *elements) {
            const json* text = find(element, "text");
            if (text) n += utf16_units(text->is_string() ? text->get<std::string>() : string_or_empty(*text, "text"));
        }
    return n;
}

std::string text_within(const Document& document, std::size_t budget) {
    std::string text = mrkdwn({plain(document.fallback)}, budget);
    for (const auto& block : document.blocks)
        for (const auto& line : block.lines)
            if (trim(text).empty()) text = mrkdwn(line, budget);
    return trim(text).empty() ? "(no text)" : text;
}

}  // namespace

json to_blocks(const Document& document) {
    std::size_t next_id = 1;
    std::size_t budget = limits::slack_message_chars;
    json footer;
    const bool has_footer = !document.blocks.empty() && document.blocks.back().kind == Block::Kind::context;
    if (has_footer) footer = one_block(document.blocks.back(), budget, next_id);
    if (!footer.is_null()) budget -= units_of(footer);
    const std::size_t count = document.blocks.size() - (has_footer ? 1 : 0);
    json out = json::array();
    for (std::size_t i = 0; i < count; ++i) {
        const bool last_place = out.size() + 2 == limits::slack_blocks;  // one for the note, one for the footer
        if ((last_place && i + 1 < count) || budget < note_units * 2) {
            out.push_back({{"type", "section"}, {"text", mrkdwn_object(more_note(count - i))}});
            break;
        }
        json block = one_block(document.blocks[i], budget - note_units, next_id);
        if (block.is_null()) continue;
        budget -= units_of(block);
        out.push_back(std::move(block));
    }
    if (!footer.is_null()) out.push_back(std::move(footer));
    if (out.empty()) out.push_back({{"type", "section"}, {"text", mrkdwn_object(text_within(document, limits::slack_section_chars))}});
    return out;
}

std::string to_text(const Document& document) {
    return text_within(document, limits::slack_text_chars);
}

std::string to_whole_text(const Document& document) {
    std::vector<Line> lines;
    for (const auto& block : document.blocks) lines.insert(lines.end(), block.lines.begin(), block.lines.end());
    std::string text = joined(lines, "", limits::slack_text_chars);
    return text.empty() ? to_text(document) : text;
}

}  // namespace gumshoe::slack
