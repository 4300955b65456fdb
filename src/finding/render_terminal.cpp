// A document on a terminal: wrapped at a width, bold where colour is allowed. Control characters of the text never reach the terminal.
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.hpp"
#include "finding/render.hpp"

namespace gumshoe {
namespace {

std::string clean(std::string_view text) {
    return replace_all(strip_invisible(sanitize_utf8(text)), "\t", " ");
}

std::string_view colour_of(Span::Style style) {
    switch (style) {
        case Span::Style::bold:
            return "\x1b[1m";
        case Span::Style::italic:
            return "\x1b[3m";
        case Span::Style::code:
            return "\x1b[36m";
        case Span::Style::link:
            return "\x1b[4m";
        case Span::Style::plain:
            return "";
    }
    return "";
}

std::size_t columns(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

/// Writes words and breaks lines between them; the escape sequences take no columns.
class Wrapped {
public:
    Wrapped(std::string& out, std::string indent, std::size_t width)
        : out_(out), indent_(std::move(indent)), width_(std::max<std::size_t>(width, 20)) {
        out_ += indent_;
        column_ = columns(indent_);
    }

    void text(std::string_view text, std::string_view style) {
        if (!style.empty()) out_ += style;
        std::size_t at = 0;
        while (at < text.size()) {
            const bool blank = text[at] == ' ';
            std::size_t end = at;
            while (end < text.size() && (text[end] == ' ') == blank && text[end] != '\n') ++end;
            if (end == at) {
                break_line();
                at = end + 1;
                continue;
            }
            word(text.substr(at, end - at), blank);
            at = end;
        }
        if (!style.empty()) out_ += "\x1b[0m";
    }

private:
    void break_line() {
        out_ += "\n" + indent_;
        column_ = columns(indent_);
    }

    void word(std::string_view word, bool blank) {
        const std::size_t n = columns(word);
        if (column_ + n > width_ && column_ > columns(indent_)) {
            break_line();
            if (blank) return;
        }
        out_ += word;
        column_ += n;
    }

    std::string& out_;
    std::string indent_;
    std::size_t width_;
    std::size_t column_ = 0;
};

void render_line(std::string& out, const Line& line, const Block& block, bool colour, std::size_t width) {
    Wrapped wrapped(out, block.kind == Block::Kind::quote ? "> " : "", width);
    for (const auto& span : line) {
        std::string_view style = colour ? colour_of(span.style) : "";
        if (colour && block.kind == Block::Kind::header) style = "\x1b[1m";
        if (colour && block.kind == Block::Kind::context && span.style == Span::Style::plain) style = "\x1b[2m";
        const bool fenced = !colour && span.style == Span::Style::code;
        wrapped.text(fenced ? "`" + clean(span.text) + "`" : clean(span.text), style);
        if (span.style == Span::Style::link) wrapped.text(" <" + clean(span.url) + ">", colour ? "\x1b[2m" : "");
    }
    out += "\n";
}

}  // namespace

std::string render_terminal(const Document& document, bool colour, std::size_t width) {
    std::string out;
    bool first = true;
    for (const auto& block : document.blocks) {
        if (!first && block.kind != Block::Kind::context) out += "\n";
        first = false;
        if (block.kind == Block::Kind::divider) out += std::string(std::min<std::size_t>(width, 40), '-') + "\n";
        for (const auto& line : block.lines) render_line(out, line, block, colour, width);
    }
    return out;
}

}  // namespace gumshoe
