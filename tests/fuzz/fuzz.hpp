// What the fuzzers share: an invariant that ends the run when it does not hold, and bytes cut into pieces.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string_view>
#include <vector>

namespace gumshoe::fuzz {

inline void must(bool holds) {
    if (!holds) std::abort();
}

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
    return {reinterpret_cast<const char*>(data), size};
}

/// Hands over the bytes in pieces of 1 to `longest`, the same for the same bytes. Each lies in memory of its own size: reading beyond it is
/// seen.
template <class Take>
void in_pieces(std::string_view bytes, std::size_t longest, Take take) {
    std::minstd_rand random(static_cast<std::uint_fast32_t>(bytes.size()) + 1U);
    while (!bytes.empty()) {
        const std::size_t size = std::min<std::size_t>(bytes.size(), 1 + random() % longest);
        const std::vector<char> piece(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
        if (!take(std::string_view(piece.data(), piece.size()))) return;
        bytes.remove_prefix(size);
    }
}

}  // namespace gumshoe::fuzz
