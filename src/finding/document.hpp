// A message as structured blocks, independent of where it is shown. Text here is literal: each channel escapes for itself, links come
// only from Link spans, mentions cannot be expressed.
#pragma once

#include <string>
#include <vector>

namespace gumshoe {

struct Span {
    enum class Style { plain, bold, italic, code, link };
    std::string text;
    Style style = Style::plain;
    std::string url;  // for link: http(s), ours or the vendor's
};
using Line = std::vector<Span>;

struct Block {
    enum class Kind { header, section, context, quote, divider, buttons };
    Kind kind = Kind::section;
    std::vector<Line> lines;  // header: one plain line; buttons: each line one link span
};

struct Document {
    std::string fallback;  // plain text for notifications, screen readers and when blocks are refused
    std::vector<Block> blocks;
};

Span plain(std::string text);
Span bold(std::string text);
Span italic(std::string text);
Span code(std::string text);
Span link(std::string text, std::string url);  // a URL that is not http(s) becomes plain text

}  // namespace gumshoe
