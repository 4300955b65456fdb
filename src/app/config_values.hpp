// Single values of the configuration, from text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace gumshoe {

inline constexpr std::string_view duration_form = "a duration such as 250ms, 90s, 5m, 2h or 30d";
inline constexpr std::string_view url_form = "a URL such as https://host:8080/path, without user, query or fragment";
inline constexpr std::string_view listen_form = "an address and port such as 0.0.0.0:8080 or [::1]:8081";
inline constexpr std::string_view network_form = "a network such as 10.0.0.0/8 or fd00::/8";

/// A whole number and one unit.
std::optional<milliseconds> parse_duration(std::string_view text);
/// Without the slash at its end.
std::optional<std::string> parse_url(std::string_view text);
bool is_listen_address(std::string_view text);
bool is_network(std::string_view text);
/// Capitals, digits and underscores: what an environment variable is called, and what few secrets look like.
bool is_variable_name(std::string_view text);

}  // namespace gumshoe
