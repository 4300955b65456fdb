#include "base/json_writer.hpp"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/json.hpp"

namespace gumshoe {

namespace {

/// How many of the first bytes need no escape; eight are looked at in one step.
std::size_t plain_bytes(std::string_view text) {
    constexpr std::uint64_t ones = 0x0101010101010101;
    constexpr std::uint64_t highs = ones * 0x80;
    std::size_t at = 0;
    if constexpr (std::endian::native == std::endian::little) {
        for (; at + 8 <= text.size(); at += 8) {
            std::uint64_t bytes = 0;
            std::memcpy(&bytes, text.data() + at, 8);
            // A byte's highest bit is set where it was below 0x20, a quote or a backslash, and perhaps in bytes behind such a one.
            const std::uint64_t controls = bytes - ones * 0x20;
            const std::uint64_t quotes = (bytes ^ ones * '"') - ones;
            const std::uint64_t backslashes = (bytes ^ ones * '\\') - ones;
            const std::uint64_t found = (controls | quotes | backslashes) & ~bytes & highs;
            if (found != 0) return at + static_cast<std::size_t>(std::countr_zero(found)) / 8;
        }
    }
    const auto plain = [](unsigned char c) { return c >= 0x20 && c != '"' && c != '\\'; };
    while (at < text.size() && plain(static_cast<unsigned char>(text[at]))) ++at;
    return at;
}

/// The letter of a short escape, or 0.
constexpr char escape_letter(char c) {
    switch (c) {
        case '"':
        case '\\':
            return c;
        case '\n':
            return 'n';
        case '\t':
            return 't';
        case '\r':
            return 'r';
        case '\b':
            return 'b';
        case '\f':
            return 'f';
        default:
            return 0;
    }
}

void write_escaped(std::string& out, char c) {
    if (const char letter = escape_letter(c)) {
        out += '\\';
        out += letter;
    } else {
        constexpr char digits[] = "0123456789abcdef";
        out += "\\u00";
        out += digits[static_cast<unsigned char>(c) >> 4];
        out += digits[c & 15];
    }
}

template <class Number>
void write_digits(std::string& out, Number number) {
    std::array<char, 24> digits{};
    out.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr);
}

}  // namespace

void write_json_text(std::string& out, std::string_view text) {
    if (!simdjson::validate_utf8(text.data(), text.size())) {
        out += json(text).dump(-1, ' ', false, json::error_handler_t::replace);
        return;
    }
    // Room for the text and some escapes at once; doubled where it grows, as by itself.
    const std::size_t room = out.size() + text.size() + text.size() / 16 + 2;
    if (room > out.capacity()) out.reserve(std::max(room, 2 * out.capacity()));
    out += '"';
    while (true) {
        const std::size_t plain = plain_bytes(text);
        out.append(text.substr(0, plain));
        if (plain == text.size()) break;
        write_escaped(out, text[plain]);
        text.remove_prefix(plain + 1);
    }
    out += '"';
}

void write_json_number(std::string& out, std::int64_t number) {
    write_digits(out, number);
}

void write_json_number(std::string& out, std::uint64_t number) {
    write_digits(out, number);
}

void JsonWriter::separate() {
    if (!std::exchange(first_, false)) out_ += ',';
}

JsonWriter& JsonWriter::open(char bracket) {
    separate();
    out_ += bracket;
    first_ = true;
    return *this;
}

JsonWriter& JsonWriter::close(char bracket) {
    out_ += bracket;
    first_ = false;
    return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
    separate();
    write_json_text(out_, name);
    out_ += ':';
    first_ = true;
    return *this;
}

JsonWriter& JsonWriter::text(std::string_view value) {
    separate();
    write_json_text(out_, value);
    return *this;
}

JsonWriter& JsonWriter::number(std::int64_t value) {
    separate();
    write_digits(out_, value);
    return *this;
}

JsonWriter& JsonWriter::number(double value) {
    return raw(json(value).dump());
}

JsonWriter& JsonWriter::raw(std::string_view value) {
    separate();
    out_ += value;
    return *this;
}

}  // namespace gumshoe
