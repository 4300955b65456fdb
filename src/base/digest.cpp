// SHA-256, HMAC, base64 and randomness, by libcrypto.
#include "base/digest.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace gumshoe {

namespace {

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

std::string hex(const unsigned char* bytes, std::size_t size) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string out(size * 2, '\0');
    for (std::size_t i = 0; i < size; ++i) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    return out;
}

int base64_value(char c) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    if (c == '+') return 62;
    if (c == '/') return 63;
    return -1;
}

}  // namespace

std::string sha256_hex(std::string_view bytes) {
    // Looked up once: finding it by its name costs more than a short text's digest.
    static const EVP_MD* const sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    std::array<unsigned char, EVP_MAX_MD_SIZE> out;
    unsigned size = 0;
    if (EVP_Digest(bytes.data(), bytes.size(), out.data(), &size, sha256, nullptr) != 1) throw std::runtime_error("SHA-256 failed");
    return hex(out.data(), size);
}

std::string hmac_sha256_hex(std::string_view key, std::string_view bytes) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> out;
    unsigned size = 0;
    // A null key means "the key of the last call" to HMAC; an empty string_view may well be null.
    const char* key_data = key.empty() ? "" : key.data();
    if (!HMAC(EVP_sha256(), key_data, static_cast<int>(key.size()), bytes_of(bytes), bytes.size(), out.data(), &size)) {
        throw std::runtime_error("HMAC-SHA-256 failed");
    }
    return hex(out.data(), size);
}

std::string base64_encode(std::string_view bytes) {
    std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');  // libcrypto ends it with a NUL
    int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), bytes_of(bytes), static_cast<int>(bytes.size()));
    out.resize(static_cast<std::size_t>(size));
    return out;
}

result<std::string> base64_decode(std::string_view text) {
    std::string out;
    out.reserve(text.size() / 4 * 3);
    unsigned bits = 0;
    int sextets = 0;
    int padding = 0;
    for (char c : text) {
        if (c == '\r' || c == '\n') continue;
        if (c == '=') {
            ++padding;
            continue;
        }
        int value = base64_value(c);
        if (value < 0 || padding > 0) return Error{errc::parse, "not base64: a character outside its alphabet"};
        bits = (bits << 6 | static_cast<unsigned>(value)) & 0xFFFFFF;
        sextets = (sextets + 1) % 4;
        if (sextets == 0) {
            out += static_cast<char>(bits >> 16);
            out += static_cast<char>(bits >> 8);
            out += static_cast<char>(bits);
        }
    }
    bool whole = sextets == 0 ? padding == 0 : sextets > 1 && sextets + padding == 4;
    if (!whole) return Error{errc::parse, "not base64: wrong length or padding"};
    if (sextets == 2) out += static_cast<char>(bits >> 4);
    if (sextets == 3) {
        out += static_cast<char>(bits >> 10);
        out += static_cast<char>(bits >> 2);
    }
    return out;
}

std::string random_hex(std::size_t n) {
    // Drawn in advance: one call of the generator costs as much for one byte as for many.
    static thread_local std::array<unsigned char, 512> drawn{};
    static thread_local std::size_t left = 0;
    std::string out;
    while (n > 0) {
        if (left == 0) {
            if (RAND_bytes(drawn.data(), static_cast<int>(drawn.size())) != 1)
                throw std::runtime_error("the system has no randomness to give");
            left = drawn.size();
        }
        const std::size_t taken = std::min(n, left);
        left -= taken;
        out += hex(drawn.data() + left, taken);
        OPENSSL_cleanse(drawn.data() + left, taken);
        n -= taken;
    }
    return out;
}

}  // namespace gumshoe
