// Lines as mrkdwn: escaping of & < > exactly once, markup characters of the text made inert, links from link spans only.
#include <algorithm>
#include <string>
#include <string_view>

#include "base/text.hpp"
#include "integrations/slack/blocks.hpp"

namespace gumshoe::slack {
namespace {

constexpr std::string_view zero_width_space = "\u200b";
constexpr std::string_view grave = "\u02cb";  // looks like a backtick and ends no code span
constexpr std::string_view cut_mark = "…";
constexpr std::size_t url_units = 2000;

std::string one_line(std::string_view text) {
    std::string out = strip_invisible(sanitize_utf8(text));
    std::ranges::replace(out, '\n', ' ');
    std::ranges::replace(out, '\t', ' ');
    return out;
}

bool word(char c) {
    const auto u = static_cast<unsigned char>(c);
    return (u >= '0' && u <= '9') || ((u | 0x20) >= 'a' && (u | 0x20) <= 'z') || u >= 0x80;
}

void append_escaped(std::string& out, char c) {
    switch (c) {
        case '&':
            out += "&amp;";
            break;
        case '<':
            out += "&lt;";
            break;
        case '>':
            out += "&gt;";
            break;
        case '`':
            out += grave;
            break;
        default:
            out += c;
    }
}

std::string escape(std::string_view text) {
    std::string out;
    for (const char c : text) append_escaped(out, c);
    return out;
}

/// `text` is one line. A marker between two word characters formats nothing; any other stands between zero-width spaces and neither
/// opens nor closes a format. "://" is parted so that no address becomes a link.
std::string inert(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        const bool marker = c == '*' || c == '_' || c == '~';
        const bool inside = i > 0 && i + 1 < text.size() && word(text[i - 1]) && word(text[i + 1]);
        if (marker && !inside) {
            out += zero_width_space;
            out += c;
            out += zero_width_space;
            continue;
        }
        append_escaped(out, c);
        if (c == ':' && text.substr(i + 1, 2) == "//") out += zero_width_space;
    }
    return out;
}

/// Markers take effect only when they touch the text: blanks at its ends go outside.
std::string between(std::string_view marker, std::string_view text, std::string (*show)(std::string_view)) {
    const std::string_view core = trim(text);
    if (core.empty()) return std::string(text);
    const auto lead = static_cast<std::size_t>(core.data() - text.data());
    std::string out(text.substr(0, lead));
    out += marker;
    out += show(core);
    out += marker;
    out += text.substr(lead + core.size());
    return out;
}

std::string without(std::string_view text, std::string_view dropped) {
    std::string out;
    for (const char c : text)
        if (dropped.find(c) == std::string_view::npos) out += c;
    return out;
}

std::string link_markup(std::string_view text, std::string_view url) {
    std::string label(trim(without(text, "|<>`")));
    std::string address;
    for (const char c : url)
        if (static_cast<unsigned char>(c) > ' ' && static_cast<unsigned char>(c) < 0x7f && c != '|' && c != '<' && c != '>') address += c;
    const bool web = address.starts_with("https://") || address.starts_with("http://");
    if (!web || utf16_units(address) > url_units) return inert(label);
    if (label.empty()) label = "link";
    return "<" + escape(address) + "|" + inert(label) + ">";
}

std::string span_markup(const Span& span, std::string_view text) {
    switch (span.style) {
        case Span::Style::plain:
            return inert(text);
        case Span::Style::bold:
            return between("*", text, inert);
        case Span::Style::italic:
            return between("_", text, inert);
        case Span::Style::code:
            return between("`", text, escape);
        case Span::Style::link:
            return link_markup(text, span.url);
    }
    return inert(text);
}

/// The longest beginning of the span, with a mark, that fits; "" when none does.
std::string cut_span(const Span& span, std::string_view text, std::size_t budget) {
    std::size_t low = 0;
    std::size_t high = std::min(text.size(), budget * 4);  // a unit has at most four bytes
    const auto cut = [&](std::size_t bytes) {
        while (bytes > 0 && bytes < text.size() && (static_cast<unsigned char>(text[bytes]) & 0xc0) == 0x80) --bytes;
        return span_markup(span, std::string(text.substr(0, bytes)) + std::string(cut_mark));
    };
    while (low < high) {
        const std::size_t middle = (low + high + 1) / 2;
        if (utf16_units(cut(middle)) <= budget)
            low = middle;
        else
            high = middle - 1;
    }
    return low == 0 ? std::string() : cut(low);
}

/// An address may be spread over two spans: "https:" and "//host".
bool makes_address(std::string_view before, std::string_view after) {
    return after.starts_with('/') && (before.ends_with(':') || before.ends_with(":/"));
}

std::string spans_markup(const Line& line, std::size_t budget) {
    std::string out;
    std::size_t used = 0;
    for (const auto& span : line) {
        const std::string text = one_line(span.text);
        if (text.empty()) continue;
        const std::string markup = span_markup(span, text);
        if (makes_address(out, markup) && used < budget) {
            out += zero_width_space;
            ++used;
        }
        const std::size_t size = utf16_units(markup);
        if (used + size > budget) return out + cut_span(span, text, budget - used);
        out += markup;
        used += size;
    }
    return out;
}

}  // namespace

std::size_t utf16_units(std::string_view text) {
    std::size_t n = 0;
    for (const char c : text) {
        const auto u = static_cast<unsigned char>(c);
        if ((u & 0xc0) != 0x80) n += u >= 0xf0 ? 2 : 1;
    }
    return n;
}

std::string literal(std::string_view text) {
    return inert(one_line(text));
}

std::string mrkdwn(const Line& line, std::size_t budget) {
    std::string out = spans_markup(line, budget);
    if (!out.starts_with("&gt;")) return out;
    // A line that begins with an escaped ">" would be shown as a quotation.
    out = spans_markup(line, budget - 1);
    return out.empty() ? out : std::string(zero_width_space) + out;
}

}  // namespace gumshoe::slack
