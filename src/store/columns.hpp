// Our values as columns and back.
#pragma once

#include <initializer_list>
#include <optional>
#include <string_view>

#include "base/clock.hpp"
#include "store/database.hpp"

namespace gumshoe {

inline Argument column(const std::optional<Timestamp>& time) {
    if (!time) return nullptr;
    return to_millis(*time);
}
/// NULL for "".
inline Argument reference(std::string_view id) {
    if (id.empty()) return nullptr;
    return id;
}

inline Timestamp time_at(const Row& row, std::size_t i) {
    return from_millis(row.integer(i));
}
inline std::optional<Timestamp> maybe_time_at(const Row& row, std::size_t i) {
    if (row.null(i)) return std::nullopt;
    return from_millis(row.integer(i));
}

/// The one of `known` that is written so. CHECKs keep other words out, so the first stands for what cannot be.
template <class E>
E word_at(const Row& row, std::size_t i, std::initializer_list<E> known) {
    const std::string text = row.text(i);
    for (E one : known) {
        if (to_string(one) == text) return one;
    }
    return *known.begin();
}

/// Drops what a statement says it changed.
inline result<void> done(const result<std::int64_t>& changed) {
    if (!changed) return changed.error();
    return {};
}

}  // namespace gumshoe
