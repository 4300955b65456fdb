// What the readers of NRQL's rows have in common: keys are column names, with or without their backticks; ids are text or numbers.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/text.hpp"

namespace gumshoe::newrelic {

inline const json* column(const json& row, std::string_view name) {
    if (!row.is_object()) return nullptr;
    auto found = row.find(name);
    if (found == row.end()) found = row.find("`" + std::string(name) + "`");
    return found == row.end() || found->is_null() ? nullptr : &*found;
}

/// The first of the columns that says something, as text.
inline std::string text_of(const json& row, std::initializer_list<std::string_view> names, std::size_t max_bytes = 300) {
    for (const std::string_view name : names) {
        const json* value = column(row, name);
        if (value == nullptr) continue;
        std::string text;
        if (value->is_string()) text = truncate(strip_invisible(sanitize_utf8(value->get_ref<const std::string&>())), max_bytes);
        if (value->is_number() || value->is_boolean()) text = dump_json(*value);
        if (!trim(text).empty()) return text;
    }
    return {};
}

inline std::optional<double> number_of(const json& row, std::string_view name) {
    const json* value = column(row, name);
    return value != nullptr && value->is_number() ? std::optional(value->get<double>()) : std::nullopt;
}

/// Epoch milliseconds between 1970 and 2096: nanoseconds of it fit.
inline std::optional<std::int64_t> millis_of(const json& row, std::string_view name) {
    const auto ms = number_of(row, name);
    return ms && *ms > 0 && *ms < 4e12 ? std::optional(static_cast<std::int64_t>(*ms)) : std::nullopt;
}

}  // namespace gumshoe::newrelic
