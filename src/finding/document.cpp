// Spans of a document. What is not an http(s) address never becomes a link.
#include "finding/document.hpp"

#include <algorithm>
#include <utility>

namespace gumshoe {
namespace {

bool linkable(std::string_view url) {
    const bool scheme = url.starts_with("https://") || url.starts_with("http://");
    return scheme && std::ranges::none_of(url, [](unsigned char c) { return c <= ' ' || c == 0x7f || c == '<' || c == '>' || c == '"'; });
}

}  // namespace

Span plain(std::string text) {
    return {std::move(text), Span::Style::plain, {}};
}

Span bold(std::string text) {
    return {std::move(text), Span::Style::bold, {}};
}

Span italic(std::string text) {
    return {std::move(text), Span::Style::italic, {}};
}

Span code(std::string text) {
    return {std::move(text), Span::Style::code, {}};
}

Span link(std::string text, std::string url) {
    if (!linkable(url)) return plain(std::move(text));
    return {std::move(text), Span::Style::link, std::move(url)};
}

}  // namespace gumshoe
