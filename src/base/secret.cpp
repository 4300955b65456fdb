// Comparison of secrets in constant time.
#include "base/secret.hpp"

#include <openssl/crypto.h>

#include "base/digest.hpp"

namespace gumshoe {

bool matches(const Secret& secret, std::string_view candidate) {
    if (secret.empty()) return false;
    std::string ours = sha256_hex(secret.reveal());
    std::string theirs = sha256_hex(candidate);
    return CRYPTO_memcmp(ours.data(), theirs.data(), ours.size()) == 0;
}

}  // namespace gumshoe
