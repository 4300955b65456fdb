// Parsing with a depth cap and byte offsets, writing, and the getters. What simdjson reads and plain text go the fast way; all else, and
// every error, is nlohmann's.
#include "base/json.hpp"

#include <simdjson.h>

#include <array>
#include <charconv>
#include <cstring>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/limits.hpp"

namespace gumshoe {

namespace {

namespace dom = simdjson::dom;

constexpr std::size_t first_buffer_bytes = 512;
constexpr std::size_t kept_parser_bytes = 64 * 1024;  // a parser keeps what its longest text needed

// True when brackets outside strings nest deeper than the cap. One cheap pass, so the parser never builds such a tree.
bool too_deep(std::string_view text) {
    int depth = 0;
    bool in_string = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        char c = text[i];
        if (in_string) {
            if (c == '\\') ++i;
            if (c == '"') in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            if (++depth > limits::json_depth) return true;
        } else if (c == '}' || c == ']') {
            --depth;
        }
    }
    return false;
}

// Only run over text that failed to parse, to say where.
class ErrorFinder final : public nlohmann::json_sax<json> {
public:
    std::size_t offset = 0;

    bool null() override { return true; }
    bool boolean(bool) override { return true; }
    bool number_integer(number_integer_t) override { return true; }
    bool number_unsigned(number_unsigned_t) override { return true; }
    bool number_float(number_float_t, const string_t&) override { return true; }
    bool string(string_t&) override { return true; }
    bool binary(binary_t&) override { return true; }
    bool start_object(std::size_t) override { return true; }
    bool key(string_t&) override { return true; }
    bool end_object() override { return true; }
    bool start_array(std::size_t) override { return true; }
    bool end_array() override { return true; }
    bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
        offset = position;
        return false;
    }
};

/// False when it nests too deep.
bool take(const dom::element& from, json& to, int depth) {
    const bool nests = from.is_object() || from.is_array();
    if (nests && ++depth > limits::json_depth) return false;
    switch (from.type()) {
        case dom::element_type::OBJECT: {
            json::object_t members;
            for (const auto [key, value] : dom::object(from)) {
                if (!take(value, members[std::string(key)], depth)) return false;
            }
            to = std::move(members);
            return true;
        }
        case dom::element_type::ARRAY: {
            json::array_t items;
            for (const dom::element value : dom::array(from)) {
                if (!take(value, items.emplace_back(), depth)) return false;
            }
            to = std::move(items);
            return true;
        }
        case dom::element_type::STRING:
            to = std::string(std::string_view(from));
            return true;
        case dom::element_type::INT64: {
            const auto number = std::int64_t(from);
            to = number < 0 ? json(number) : json(static_cast<std::uint64_t>(number));
            return true;
        }
        case dom::element_type::UINT64:
            to = std::uint64_t(from);
            return true;
        case dom::element_type::DOUBLE:
            to = double(from);
            return true;
        case dom::element_type::BOOL:
            to = bool(from);
            return true;
        case dom::element_type::NULL_VALUE:
            to = nullptr;
            return true;
    }
    return false;
}

std::optional<json> quickly(std::string_view text) {
    static thread_local dom::parser kept;
    std::optional<dom::parser> own;
    if (text.size() > kept_parser_bytes) own.emplace();
    dom::element root;
    if ((own ? *own : kept).parse(text.data(), text.size()).get(root) != simdjson::SUCCESS) return std::nullopt;
    json value;
    if (!take(root, value, 0)) return std::nullopt;
    return value;
}

/// How many of the first bytes need no escape; eight are looked at in one step.
std::size_t plain_bytes(std::string_view text) {
    constexpr std::uint64_t ones = 0x0101010101010101;
    constexpr std::uint64_t highs = ones * 0x80;
    const auto none_below = [](std::uint64_t bytes, std::uint64_t limit) { return ((bytes - ones * limit) & ~bytes & highs) == 0; };
    std::size_t at = 0;
    for (; at + 8 <= text.size(); at += 8) {
        std::uint64_t bytes = 0;
        std::memcpy(&bytes, text.data() + at, 8);
        if (!none_below(bytes, 0x20) || !none_below(bytes ^ ones * '"', 1) || !none_below(bytes ^ ones * '\\', 1)) break;
    }
    const auto plain = [](unsigned char c) { return c >= 0x20 && c != '"' && c != '\\'; };
    while (at < text.size() && plain(static_cast<unsigned char>(text[at]))) ++at;
    return at;
}

void write_escaped(std::string& out, char c) {
    constexpr char digits[] = "0123456789abcdef";
    constexpr std::string_view named = "\b\t\n\f\r\"\\";
    constexpr std::string_view letters = "btnfr\"\\";
    const auto at = named.find(c);
    out += '\\';
    if (at != named.npos) {
        out += letters[at];
    } else {
        out += "u00";
        out += digits[static_cast<unsigned char>(c) >> 4];
        out += digits[c & 15];
    }
}

/// In runs, where the text is UTF-8.
void write_text(std::string& out, const std::string& text) {
    if (!simdjson::validate_utf8(text)) {
        out += json(text).dump(-1, ' ', false, json::error_handler_t::replace);
        return;
    }
    out += '"';
    std::string_view left = text;
    while (true) {
        const std::size_t plain = plain_bytes(left);
        out.append(left.substr(0, plain));
        if (plain == left.size()) break;
        write_escaped(out, left[plain]);
        left.remove_prefix(plain + 1);
    }
    out += '"';
}

template <class Number>
void write_number(std::string& out, Number number) {
    std::array<char, 24> digits{};
    out.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr);
}

void write(std::string& out, const json& value) {
    const char* separator = "";
    switch (value.type()) {
        case json::value_t::object:
            out += '{';
            for (const auto& [key, member] : value.get_ref<const json::object_t&>()) {
                out += std::exchange(separator, ",");
                write_text(out, key);
                out += ':';
                write(out, member);
            }
            out += '}';
            return;
        case json::value_t::array:
            out += '[';
            for (const json& item : value) {
                out += std::exchange(separator, ",");
                write(out, item);
            }
            out += ']';
            return;
        case json::value_t::string:
            return write_text(out, value.get_ref<const std::string&>());
        case json::value_t::number_integer:
            return write_number(out, value.get_ref<const json::number_integer_t&>());
        case json::value_t::number_unsigned:
            return write_number(out, value.get_ref<const json::number_unsigned_t&>());
        default:
            out += value.dump(-1, ' ', false, json::error_handler_t::replace);
    }
}

}  // namespace

result<json> parse_json(std::string_view text) {
    if (auto quick = quickly(text)) return std::move(*quick);
    if (too_deep(text)) return Error{errc::parse, "JSON nests deeper than " + std::to_string(limits::json_depth)};
    json value = json::parse(text, nullptr, false);
    if (!value.is_discarded()) return value;
    ErrorFinder finder;
    json::sax_parse(text, &finder);
    return Error{errc::parse, "not JSON: error at byte " + std::to_string(finder.offset)};
}

std::string dump_json(const json& value, int indent) {
    if (indent >= 0) return value.dump(indent, ' ', false, json::error_handler_t::replace);
    std::string out;
    out.reserve(first_buffer_bytes);
    write(out, value);
    return out;
}

const json* find(const json& value, std::string_view path) {
    const json* at = &value;
    while (!path.empty()) {
        if (!at->is_object()) return nullptr;
        std::size_t dot = path.find('.');
        auto member = at->find(path.substr(0, dot));
        if (member == at->end()) return nullptr;
        at = &*member;
        path = dot == path.npos ? std::string_view() : path.substr(dot + 1);
    }
    return at;
}

std::optional<std::string> get_string(const json& value, std::string_view path) {
    const json* at = find(value, path);
    if (!at || !at->is_string()) return std::nullopt;
    return at->get_ref<const std::string&>();
}

std::optional<std::int64_t> get_int(const json& value, std::string_view path) {
    const json* at = find(value, path);
    if (!at) return std::nullopt;
    if (at->is_number_unsigned()) {
        auto number = at->get<std::uint64_t>();
        if (number > static_cast<std::uint64_t>(INT64_MAX)) return std::nullopt;
        return static_cast<std::int64_t>(number);
    }
    if (at->is_number_integer()) return at->get<std::int64_t>();
    if (!at->is_string()) return std::nullopt;
    const auto& digits = at->get_ref<const std::string&>();
    std::int64_t number = 0;
    auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
    return number;
}

std::optional<double> get_number(const json& value, std::string_view path) {
    const json* at = find(value, path);
    if (!at || !at->is_number()) return std::nullopt;
    return at->get<double>();
}

std::optional<bool> get_bool(const json& value, std::string_view path) {
    const json* at = find(value, path);
    if (!at || !at->is_boolean()) return std::nullopt;
    return at->get<bool>();
}

std::string string_or_empty(const json& value, std::string_view path) {
    return get_string(value, path).value_or("");
}

}  // namespace gumshoe
