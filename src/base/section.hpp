// One map of the configuration as its reader sees it. Getters check type and record every problem with file, line, column and key;
// a key that nobody asked for is an error that names the nearest known one. Implemented over YAML in app/section.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/secret.hpp"

namespace gumshoe {

class Section {
public:
    virtual ~Section() = default;

    virtual bool has(std::string_view key) = 0;
    virtual std::string text(std::string_view key, std::string_view fallback = {}) = 0;
    virtual std::string required_text(std::string_view key) = 0;
    virtual std::string one_of(std::string_view key, std::vector<std::string> allowed, std::string_view fallback) = 0;
    virtual std::int64_t integer(std::string_view key, std::int64_t fallback, std::int64_t low, std::int64_t high) = 0;
    virtual double number(std::string_view key, double fallback, double low, double high) = 0;
    virtual bool flag(std::string_view key, bool fallback) = 0;
    virtual milliseconds duration(std::string_view key, milliseconds fallback) = 0;  // "90s", "5m", "30d", "250ms"
    /// {env: NAME}, {file: PATH} or a literal (recorded as a warning). Empty when absent.
    virtual Secret secret(std::string_view key) = 0;
    /// As secret, but written out it is no mistake: the half of a pair that anybody may see.
    virtual Secret identifier(std::string_view key) = 0;
    virtual std::vector<Secret> secrets(std::string_view key) = 0;                      // one or a list
    virtual std::vector<std::string> texts(std::string_view key) = 0;                   // one or a list
    virtual std::string url(std::string_view key, std::string_view fallback = {}) = 0;  // http or https, no trailing slash

    /// An item of a list that may hold both: a text, or a map.
    struct Entry {
        std::string text;
        std::unique_ptr<Section> map;  // null: it is the text
    };
    virtual std::vector<Entry> entries(std::string_view key) = 0;  // one or a list

    /// Null when absent.
    virtual std::unique_ptr<Section> child(std::string_view key) = 0;
    virtual std::vector<std::unique_ptr<Section>> children(std::string_view key) = 0;  // a list of maps
    virtual std::vector<std::string> keys() = 0;                                       // marks none as known

    /// `key` "" is the section itself, "hosts[1]" an item. The message must not hold a value: it may be a secret in the wrong place.
    virtual void error(std::string_view key, std::string message) = 0;
    virtual void warning(std::string_view key, std::string message) = 0;
};

}  // namespace gumshoe
