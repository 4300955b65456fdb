// Parsing with a depth cap and byte offsets, writing, and the getters. What simdjson reads and plain text go the fast way; all else, and
// every error, is nlohmann's.
#include "base/json.hpp"

#include <charconv>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/json_view.hpp"
#include "base/json_writer.hpp"
#include "base/limits.hpp"

namespace gumshoe {

namespace {

constexpr std::size_t first_buffer_bytes = 512;

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

void write(std::string& out, const json& value) {
    const char* separator = "";
    switch (value.type()) {
        case json::value_t::object:
            out += '{';
            for (const auto& [key, member] : value.get_ref<const json::object_t&>()) {
                out += std::exchange(separator, ",");
                write_json_text(out, key);
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
            return write_json_text(out, value.get_ref<const std::string&>());
        case json::value_t::number_integer:
            return write_json_number(out, value.get_ref<const json::number_integer_t&>());
        case json::value_t::number_unsigned:
            return write_json_number(out, value.get_ref<const json::number_unsigned_t&>());
        default:
            out += value.dump(-1, ' ', false, json::error_handler_t::replace);
    }
}

}  // namespace

result<json> parse_json(std::string_view text) {
    JsonReader reader;
    if (const auto view = reader.read_exactly(text)) {
        if (auto value = view->copy()) return std::move(*value);
    }
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
