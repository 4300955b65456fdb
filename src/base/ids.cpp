// ULIDs with a prefix, and version 4 UUIDs.
#include "base/ids.hpp"

#include "base/digest.hpp"

namespace gumshoe {

namespace {

constexpr std::string_view crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

unsigned hex_digit_value(char c) {
    return static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10);
}

}  // namespace

std::string new_id(std::string_view prefix, Timestamp now) {
    std::string id(prefix);
    id += '_';
    auto millis = static_cast<std::uint64_t>(to_millis(now));
    for (int shift = 45; shift >= 0; shift -= 5) id += crockford[millis >> shift & 31];
    // 80 random bits: four characters from each 20 bits, that is from five hex digits.
    std::string random = random_hex(10);
    for (std::size_t i = 0; i < random.size(); i += 5) {
        unsigned bits = 0;
        for (char c : std::string_view(random).substr(i, 5)) bits = bits << 4 | hex_digit_value(c);
        for (int shift = 15; shift >= 0; shift -= 5) id += crockford[bits >> shift & 31];
    }
    return id;
}

std::string new_uuid() {
    std::string hex = random_hex(16);
    hex[12] = '4';                                   // version
    hex[16] = "89ab"[hex_digit_value(hex[16]) & 3];  // variant
    for (std::size_t at : {20, 16, 12, 8}) hex.insert(at, "-");
    return hex;
}

}  // namespace gumshoe
