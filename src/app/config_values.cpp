// Durations, URLs, addresses.
#include "app/config_values.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.hpp"

namespace gumshoe {

namespace {

template <class Number>
std::optional<Number> whole(std::string_view text) {
    Number number{};
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
}

// 4 or 6, 0 when it is no address.
int address_family(std::string_view text) {
    std::string address(text);
    std::array<unsigned char, 16> bytes;
    if (inet_pton(AF_INET, address.c_str(), bytes.data()) == 1) return 4;
    return inet_pton(AF_INET6, address.c_str(), bytes.data()) == 1 ? 6 : 0;
}

bool is_port(std::string_view text) {
    auto port = whole<unsigned>(text);
    return port && *port <= 65535;
}

bool is_authority(std::string_view text) {
    std::size_t bracket = text.rfind(']');
    std::size_t colon = text.rfind(':');
    bool has_port = colon != text.npos && (bracket == text.npos || colon > bracket);
    if (has_port && !is_port(text.substr(colon + 1))) return false;
    std::string_view host = text.substr(0, has_port ? colon : text.npos);
    if (host.starts_with('[')) return host.ends_with(']') && address_family(host.substr(1, host.size() - 2)) == 6;
    return !host.empty() && std::all_of(host.begin(), host.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
    });
}

}  // namespace

std::optional<milliseconds> parse_duration(std::string_view text) {
    struct Unit {
        std::string_view name;
        std::int64_t millis;
    };
    static constexpr std::array units{Unit{"ms", 1}, Unit{"s", 1000}, Unit{"m", 60'000}, Unit{"h", 3'600'000}, Unit{"d", 86'400'000}};
    std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    auto number = whole<std::int64_t>(text.substr(0, digits));
    auto unit = std::find_if(units.begin(), units.end(), [&](const Unit& u) { return u.name == text.substr(digits); });
    constexpr std::int64_t longest = 36'500LL * 86'400'000;  // a century; no arithmetic on it overflows
    if (!number || unit == units.end() || *number > longest / unit->millis) return std::nullopt;
    return milliseconds(*number * unit->millis);
}

std::optional<std::string> parse_url(std::string_view text) {
    std::string_view rest = text;
    if (rest.starts_with("https://")) {
        rest.remove_prefix(8);
    } else if (rest.starts_with("http://")) {
        rest.remove_prefix(7);
    } else {
        return std::nullopt;
    }
    constexpr std::string_view unsafe = "@?#\"<>\\^`{|}";
    auto bad = [&](char c) { return c <= ' ' || c >= 0x7F || unsafe.find(c) != unsafe.npos; };
    if (!is_authority(rest.substr(0, rest.find('/'))) || std::any_of(rest.begin(), rest.end(), bad)) return std::nullopt;
    while (text.ends_with('/')) text.remove_suffix(1);
    return std::string(text);
}

bool is_listen_address(std::string_view text) {
    std::size_t colon = text.rfind(':');
    if (colon == text.npos || !is_port(text.substr(colon + 1))) return false;
    std::string_view host = text.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) return address_family(host.substr(1, host.size() - 2)) == 6;
    return address_family(host) == 4;
}

bool is_network(std::string_view text) {
    std::size_t slash = text.find('/');
    if (slash == text.npos) return false;
    int family = address_family(text.substr(0, slash));
    auto bits = whole<unsigned>(text.substr(slash + 1));
    return family != 0 && bits && *bits <= (family == 4 ? 32u : 128u);
}

bool is_variable_name(std::string_view text) {
    return !text.empty() && !(text[0] >= '0' && text[0] <= '9') &&
           std::all_of(text.begin(), text.end(), [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; });
}

}  // namespace gumshoe
