// Escapes of URLs and HTML.
#include <charconv>
#include <cstdint>

#include "base/text.hpp"

namespace gumshoe {

namespace {

bool unreserved(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
}

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

std::string encode_utf8(std::uint32_t c) {
    std::string out;
    auto tail = [&](int shift) { out += static_cast<char>(0x80 | (c >> shift & 0x3F)); };
    if (c < 0x80) {
        out += static_cast<char>(c);
    } else if (c < 0x800) {
        out += static_cast<char>(0xC0 | c >> 6);
        tail(0);
    } else if (c < 0x10000) {
        out += static_cast<char>(0xE0 | c >> 12);
        tail(6);
        tail(0);
    } else {
        out += static_cast<char>(0xF0 | c >> 18);
        tail(12);
        tail(6);
        tail(0);
    }
    return out;
}

// What "&name;" stands for, "" when it is none that we know.
std::string entity(std::string_view name) {
    if (name == "amp") return "&";
    if (name == "lt") return "<";
    if (name == "gt") return ">";
    if (name == "quot") return "\"";
    if (name == "apos") return "'";
    if (name == "nbsp") return " ";
    if (!name.starts_with('#')) return {};
    name.remove_prefix(1);
    bool is_hex = name.starts_with('x') || name.starts_with('X');
    if (is_hex) name.remove_prefix(1);
    std::uint32_t c = 0;
    auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), c, is_hex ? 16 : 10);
    if (error != std::errc() || end != name.data() + name.size()) return {};
    bool character = c != 0 && c <= 0x10FFFF && (c < 0xD800 || c > 0xDFFF);
    return character ? encode_utf8(c) : std::string();
}

}  // namespace

std::string url_encode(std::string_view text) {
    static constexpr char digits[] = "0123456789ABCDEF";
    std::string out;
    for (char c : text) {
        if (unreserved(c)) {
            out += c;
        } else {
            out += '%';
            out += digits[static_cast<unsigned char>(c) >> 4];
            out += digits[static_cast<unsigned char>(c) & 15];
        }
    }
    return out;
}

std::string url_decode(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        int high = text[i] == '%' && i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
        int low = high >= 0 ? hex_value(text[i + 2]) : -1;
        if (low >= 0) {
            out += static_cast<char>(high << 4 | low);
            i += 2;
        } else {
            out += text[i] == '+' ? ' ' : text[i];
        }
    }
    return out;
}

std::vector<std::pair<std::string, std::string>> parse_form(std::string_view text) {
    std::vector<std::pair<std::string, std::string>> fields;
    for (const std::string& field : split(text, '&')) {
        if (field.empty()) continue;
        std::string_view view = field;
        std::size_t equals = view.find('=');
        std::string_view value = equals == view.npos ? std::string_view() : view.substr(equals + 1);
        fields.emplace_back(url_decode(view.substr(0, equals)), url_decode(value));
    }
    return fields;
}

std::string html_unescape(std::string_view text) {
    constexpr std::size_t longest = 10;  // "&#1114111;"
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        std::size_t end = text[i] == '&' ? text.substr(i, longest).find(';') : text.npos;
        std::string plain = end == text.npos ? std::string() : entity(text.substr(i + 1, end - 1));
        if (plain.empty()) {
            out += text[i];
        } else {
            out += plain;
            i += end;
        }
    }
    return out;
}

}  // namespace gumshoe
