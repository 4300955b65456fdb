// The grammar's small words (RFC 9110), for both directions: what may stand in a name and in a value.
#pragma once

#include <algorithm>
#include <string_view>

namespace gumshoe {

inline bool is_token(std::string_view text) {
    constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
    return !text.empty() && std::ranges::all_of(text, [&](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || marks.find(c) != std::string_view::npos;
    });
}

/// No control character but the tab.
inline bool is_field_value(std::string_view text) {
    return std::ranges::all_of(text, [](unsigned char c) { return c == '\t' || (c >= 0x20 && c != 0x7f); });
}

}  // namespace gumshoe
