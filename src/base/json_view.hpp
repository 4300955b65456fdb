// A JSON text read in place, without a document of its own: for what is looked at once and thrown away, such as a stream's events.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/json.hpp"

namespace gumshoe {

/// A value of a text that a JsonReader holds, or none. Valid until that reader reads again or ends.
class JsonView {
public:
    JsonView() = default;
    explicit operator bool() const { return at_[0] != 0; }
    bool is_object() const;
    bool is_array() const;
    bool is_null() const;

    /// A chain of object keys with dots, as find() of base/json.hpp; none where it leads nowhere.
    JsonView find(std::string_view path) const;
    std::optional<std::string_view> string(std::string_view path = {}) const;
    std::optional<std::int64_t> integer(std::string_view path) const;  // integers, and strings of digits
    /// The string, or "" when absent.
    std::string_view text(std::string_view path = {}) const { return string(path).value_or(std::string_view()); }
    /// An object's values by name, found in one pass; none where a name is absent or this is no object.
    template <std::size_t count>
    std::array<JsonView, count> members(const std::array<std::string_view, count>& names) const {
        std::array<JsonView, count> values;
        find_members(names, values);
        return values;
    }
    /// Of an array; else none.
    std::vector<JsonView> items() const;
    JsonView front() const;  // its first

    /// The same as a document; none when it nests deeper than limits::json_depth.
    std::optional<json> copy() const;

private:
    friend class JsonReader;
    void find_members(std::span<const std::string_view> names, std::span<JsonView> values) const;

    std::array<std::uintptr_t, 2> at_{};  // a simdjson element
};

class JsonReader {
public:
    JsonReader();
    ~JsonReader();
    JsonReader(const JsonReader&) = delete;
    JsonReader& operator=(const JsonReader&) = delete;

    /// As parse_json, its depth cap included, but for a level more where the innermost is empty.
    result<JsonView> read(std::string_view text);

private:
    friend result<json> parse_json(std::string_view);
    /// None also of some texts that are JSON: where a number is out of range.
    std::optional<JsonView> read_exactly(std::string_view text);

    struct Parser;
    std::unique_ptr<Parser> parser_;
};

}  // namespace gumshoe
