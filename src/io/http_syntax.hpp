// The grammar's small words (RFC 9110), for both directions: what may stand in a name and in a value; whose an address is.
#pragma once

#include <algorithm>
#include <string_view>

#include "base/text.hpp"

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

/// Scheme, host and port of an absolute URL; "" for anything else. User information makes another origin ("https://api.github.com@evil").
inline std::string_view origin_of(std::string_view url) {
    const auto scheme = url.find("://");
    if (scheme == std::string_view::npos) return {};
    return url.substr(0, url.find_first_of("/?#", scheme + 3));
}

inline bool same_origin(std::string_view a, std::string_view b) {
    return !origin_of(a).empty() && iequals(origin_of(a), origin_of(b));
}

}  // namespace gumshoe
