#include "base/json_view.hpp"

#include <simdjson.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <new>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/limits.hpp"

namespace gumshoe {

namespace {

namespace dom = simdjson::dom;
using Words = std::array<std::uintptr_t, 2>;

static_assert(sizeof(dom::element) == sizeof(Words));

constexpr std::size_t most_spare = 16;
constexpr std::size_t first_bytes = 1024;
constexpr std::size_t spare_bytes = 64 * 1024;  // a parser keeps what its longest text needed

dom::element element_at(const Words& words) {
    return std::bit_cast<dom::element>(words);
}

/// False when it nests too deep.
bool copy_of(const dom::element& from, json& to, int depth) {
    const bool nests = from.is_object() || from.is_array();
    if (nests && ++depth > limits::json_depth) return false;
    switch (from.type()) {
        case dom::element_type::OBJECT: {
            json::object_t members;
            for (const auto [key, value] : dom::object(from)) {
                if (!copy_of(value, members[std::string(key)], depth)) return false;
            }
            to = std::move(members);
            return true;
        }
        case dom::element_type::ARRAY: {
            json::array_t items;
            for (const dom::element value : dom::array(from)) {
                if (!copy_of(value, items.emplace_back(), depth)) return false;
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

/// The last of several members of one name, as parse_json keeps it.
std::optional<dom::element> member(const dom::element& of, std::string_view name) {
    std::optional<dom::element> found;
    if (!of.is_object()) return found;
    for (const auto field : dom::object(of)) {
        if (field.key == name) found = field.value;
    }
    return found;
}

}  // namespace

struct JsonReader::Parser {
    // It does not count an innermost bracket that is empty, so one level more is asked of it than is refused for sure.
    Parser() {
        if (parser.allocate(first_bytes, limits::json_depth + 1) != simdjson::SUCCESS) throw std::bad_alloc();
    }
    dom::parser parser;
    std::string padded;  // a text and what simdjson may read behind it
};

namespace {

/// What a reader left behind, for the next one of this thread.
template <class Parser>
std::vector<std::unique_ptr<Parser>>& spare() {
    static thread_local std::vector<std::unique_ptr<Parser>> kept;
    return kept;
}

}  // namespace

JsonReader::JsonReader() {
    auto& kept = spare<Parser>();
    if (kept.empty()) {
        parser_ = std::make_unique<Parser>();
    } else {
        parser_ = std::move(kept.back());
        kept.pop_back();
    }
}

JsonReader::~JsonReader() {
    auto& kept = spare<Parser>();
    if (kept.size() < most_spare && parser_->parser.capacity() <= spare_bytes) kept.push_back(std::move(parser_));
}

std::optional<JsonView> JsonReader::read_exactly(std::string_view text) {
    dom::element root;
    const bool is_small = text.size() <= spare_bytes;
    if (is_small) {
        parser_->padded.assign(text).append(simdjson::SIMDJSON_PADDING, '\0');
        text = std::string_view(parser_->padded).substr(0, text.size());
    }
    // A large one is copied, and the copy thrown away, by simdjson.
    if (parser_->parser.parse(text.data(), text.size(), !is_small).get(root) != simdjson::SUCCESS) return std::nullopt;
    JsonView view;
    view.at_ = std::bit_cast<Words>(root);
    return view;
}

result<JsonView> JsonReader::read(std::string_view text) {
    if (const auto view = read_exactly(text)) return *view;
    auto document = parse_json(text);
    if (!document) return document.error();
    // An integer of 21 digits stands in the document as the nearest double.
    if (const auto view = read_exactly(dump_json(*document))) return *view;
    return Error{errc::parse, "JSON with a number out of range"};
}

bool JsonView::is_object() const {
    return *this && element_at(at_).is_object();
}

bool JsonView::is_array() const {
    return *this && element_at(at_).is_array();
}

bool JsonView::is_null() const {
    return *this && element_at(at_).is_null();
}

JsonView JsonView::find(std::string_view path) const {
    if (!*this || path.empty()) return *this;
    dom::element at = element_at(at_);
    while (!path.empty()) {
        const std::size_t dot = path.find('.');
        const auto next = member(at, path.substr(0, dot));
        if (!next) return {};
        at = *next;
        path = dot == path.npos ? std::string_view() : path.substr(dot + 1);
    }
    JsonView found;
    found.at_ = std::bit_cast<Words>(at);
    return found;
}

std::optional<std::string_view> JsonView::string(std::string_view path) const {
    const JsonView at = find(path);
    if (!at || !element_at(at.at_).is_string()) return std::nullopt;
    return std::string_view(element_at(at.at_));
}

std::optional<std::int64_t> JsonView::integer(std::string_view path) const {
    const JsonView at = find(path);
    if (!at) return std::nullopt;
    const dom::element value = element_at(at.at_);
    if (value.is_int64()) return std::int64_t(value);
    if (!value.is_string()) return std::nullopt;
    const std::string_view digits(value);
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
    return number;
}

void JsonView::find_members(std::span<const std::string_view> names, std::span<JsonView> values) const {
    if (!is_object()) return;
    for (const auto field : dom::object(element_at(at_))) {
        const auto name = std::ranges::find(names, field.key);
        // The last of several of one name, as parse_json keeps it.
        if (name != names.end()) values[static_cast<std::size_t>(name - names.begin())].at_ = std::bit_cast<Words>(field.value);
    }
}

JsonView JsonView::front() const {
    JsonView first;
    if (!is_array()) return first;
    const dom::array items(element_at(at_));
    if (items.begin() != items.end()) first.at_ = std::bit_cast<Words>(dom::element(*items.begin()));
    return first;
}

std::vector<JsonView> JsonView::items() const {
    std::vector<JsonView> out;
    if (!is_array()) return out;
    for (const dom::element item : dom::array(element_at(at_))) {
        out.emplace_back().at_ = std::bit_cast<Words>(item);
    }
    return out;
}

std::optional<json> JsonView::copy() const {
    json out;
    if (!*this || !copy_of(element_at(at_), out, 0)) return std::nullopt;
    return out;
}

}  // namespace gumshoe
