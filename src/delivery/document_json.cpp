// A document as the outbox keeps it.
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/json.hpp"
#include "delivery/delivery.hpp"

namespace gumshoe {
namespace {

constexpr std::array<std::pair<Block::Kind, std::string_view>, 6> kinds{{{Block::Kind::header, "header"},
                                                                         {Block::Kind::section, "section"},
                                                                         {Block::Kind::context, "context"},
                                                                         {Block::Kind::quote, "quote"},
                                                                         {Block::Kind::divider, "divider"},
                                                                         {Block::Kind::buttons, "buttons"}}};
constexpr std::array<std::pair<Span::Style, std::string_view>, 5> styles{{{Span::Style::plain, "plain"},
                                                                          {Span::Style::bold, "bold"},
                                                                          {Span::Style::italic, "italic"},
                                                                          {Span::Style::code, "code"},
                                                                          {Span::Style::link, "link"}}};

template <class Table, class Value>
std::string_view name_of(const Table& table, Value value) {
    for (const auto& [known, name] : table)
        if (known == value) return name;
    return table.front().second;
}

template <class Table>
auto value_of(const Table& table, std::string_view name) {
    for (const auto& [known, text] : table)
        if (text == name) return std::optional(known);
    return std::optional<typename Table::value_type::first_type>();
}

json span_json(const Span& span) {
    json out = {{"text", span.text}};
    if (span.style != Span::Style::plain) out["style"] = name_of(styles, span.style);
    if (!span.url.empty()) out["url"] = span.url;
    return out;
}

result<Span> read_span(const json& value) {
    const auto style = value_of(styles, get_string(value, "style").value_or("plain"));
    if (!value.is_object() || !style) return Error{errc::parse, "a document's span has an unknown style"};
    if (*style == Span::Style::link) return link(string_or_empty(value, "text"), string_or_empty(value, "url"));
    return Span{string_or_empty(value, "text"), *style, {}};
}

result<Block> read_block(const json& value) {
    const auto kind = value_of(kinds, string_or_empty(value, "kind"));
    if (!kind) return Error{errc::parse, "a document's block has an unknown kind"};
    Block block{*kind, {}};
    const json* lines = find(value, "lines");
    if (!lines || !lines->is_array()) return Error{errc::parse, "a document's block has no lines"};
    for (const auto& line : *lines) {
        if (!line.is_array()) return Error{errc::parse, "a document's line is not a list"};
        Line spans;
        for (const auto& item : line) {
            auto span = read_span(item);
            if (!span) return span.error();
            spans.push_back(std::move(*span));
        }
        block.lines.push_back(std::move(spans));
    }
    return block;
}

}  // namespace

std::string document_to_json(const Document& document) {
    json blocks = json::array();
    for (const auto& block : document.blocks) {
        json lines = json::array();
        for (const auto& line : block.lines) {
            json spans = json::array();
            for (const auto& span : line) spans.push_back(span_json(span));
            lines.push_back(std::move(spans));
        }
        blocks.push_back({{"kind", name_of(kinds, block.kind)}, {"lines", std::move(lines)}});
    }
    return dump_json({{"fallback", document.fallback}, {"blocks", std::move(blocks)}});
}

result<Document> document_from_json(std::string_view text) {
    const auto value = parse_json(text);
    if (!value) return in_context("document", value.error());
    const json* blocks = find(*value, "blocks");
    if (!blocks || !blocks->is_array()) return Error{errc::parse, "a document has no blocks"};
    Document out;
    out.fallback = string_or_empty(*value, "fallback");
    for (const auto& item : *blocks) {
        auto block = read_block(item);
        if (!block) return block.error();
        out.blocks.push_back(std::move(*block));
    }
    return out;
}

}  // namespace gumshoe
