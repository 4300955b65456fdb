// A small reader of Slack's mrkdwn, written from the format's rules and not from our writer: what would come alive in a text?
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gumshoe::test {

struct Markup {
    std::vector<std::string> links;     // of <url|label> and <url>
    std::vector<std::string> mentions;  // <@..>, <!..>, <#..>
    std::vector<std::string> bare;      // addresses in plain text
    std::vector<std::string> broken;    // a stray < or >, an unknown entity, an unclosed span
    std::string shown;                  // what a reader sees, formatting removed
};

inline std::string markup_entities(std::string_view text, Markup& out) {
    std::string shown;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '&') {
            if (text[i] == '<' || text[i] == '>') out.broken.emplace_back("stray " + std::string(1, text[i]));
            shown += text[i];
            continue;
        }
        bool known = false;
        for (const auto& [entity, sign] : {std::pair{"&amp;", '&'}, std::pair{"&lt;", '<'}, std::pair{"&gt;", '>'}})
            if (text.substr(i).starts_with(entity)) {
                shown += sign;
                i += std::string_view(entity).size() - 1;
                known = true;
                break;
            }
        if (!known) out.broken.emplace_back("bare &");
    }
    return shown;
}

inline Markup read_markup(std::string_view text) {
    Markup out;
    std::string plain;
    const auto flush = [&] {
        for (const char* scheme : {"http://", "https://"})
            if (plain.find(scheme) != std::string::npos) out.bare.push_back(plain);
        out.shown += markup_entities(plain, out);
        plain.clear();
    };
    for (std::size_t i = 0; i < text.size();) {
        const char c = text[i];
        if (c == '<') {
            flush();
            const std::size_t end = text.find('>', i);
            if (end == std::string_view::npos) {
                out.broken.emplace_back("unclosed <");
                break;
            }
            const std::string_view inside = text.substr(i + 1, end - i - 1);
            const std::size_t bar = inside.find('|');
            const std::string target = markup_entities(inside.substr(0, bar), out);
            if (!target.empty() && (target[0] == '@' || target[0] == '!' || target[0] == '#'))
                out.mentions.push_back(target);
            else
                out.links.push_back(target);
            if (bar != std::string_view::npos) out.shown += markup_entities(inside.substr(bar + 1), out);
            i = end + 1;
        } else if (c == '`') {
            flush();
            const std::size_t end = text.find('`', i + 1);
            const std::size_t line = text.find('\n', i + 1);
            if (end == std::string_view::npos || end > line) {
                out.broken.emplace_back("unclosed `");
                break;
            }
            out.shown += markup_entities(text.substr(i + 1, end - i - 1), out);
            i = end + 1;
        } else if (c == '>' && (i == 0 || text[i - 1] == '\n')) {
            ++i;  // a quotation
        } else {
            plain += c;
            ++i;
        }
    }
    flush();
    return out;
}

}  // namespace gumshoe::test
