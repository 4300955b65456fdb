// Digests and encodings over bytes (libcrypto).
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace gumshoe {

std::string sha256_hex(std::string_view bytes);
std::string hmac_sha256_hex(std::string_view key, std::string_view bytes);
std::string base64_encode(std::string_view bytes);
result<std::string> base64_decode(std::string_view text);  // line breaks allowed
/// `n` bytes of the system's randomness as lower-case hex.
std::string random_hex(std::size_t n);

}  // namespace gumshoe
