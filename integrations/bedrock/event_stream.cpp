// Frame: total length, length of headers, CRC-32 of these eight bytes, headers, payload, CRC-32 of all before. Numbers are big-endian.
#include "integrations/bedrock/event_stream.hpp"

#include <zlib.h>

#include <cstdint>
#include <optional>

namespace gumshoe::bedrock {
namespace {

constexpr std::size_t prelude = 12;                         // two lengths and their checksum
constexpr std::size_t most_frame_bytes = 16 * 1024 * 1024;  // the vendor's own bound of a message
constexpr std::uint8_t string_type = 7;

std::uint32_t number(std::string_view bytes, std::size_t at, std::size_t size) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < size; ++i) value = value << 8 | static_cast<std::uint8_t>(bytes[at + i]);
    return value;
}

void append_number(std::string& out, std::uint32_t value, int size) {
    for (int shift = 8 * (size - 1); shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift & 0xFF));
}

std::uint32_t checksum(std::string_view bytes) {
    return static_cast<std::uint32_t>(crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size())));
}

/// Bytes of a header's value by its type; nullopt for a type that does not exist. Types 6 and 7 have their length before them.
std::optional<std::size_t> value_size(std::uint8_t type, std::string_view rest) {
    switch (type) {
        case 0:
        case 1:
            return 0;  // true, false
        case 2:
            return 1;
        case 3:
            return 2;
        case 4:
            return 4;
        case 5:
        case 8:
            return 8;
        case 6:
        case string_type:
            if (rest.size() < 2) return std::nullopt;
            return 2 + number(rest, 0, 2);
        case 9:
            return 16;
        default:
            return std::nullopt;
    }
}

bool read_headers(std::string_view bytes, Frame& frame) {
    while (!bytes.empty()) {
        const std::size_t name_size = static_cast<std::uint8_t>(bytes[0]);
        if (bytes.size() < 1 + name_size + 1) return false;
        const std::string name(bytes.substr(1, name_size));
        const auto type = static_cast<std::uint8_t>(bytes[1 + name_size]);
        bytes.remove_prefix(name_size + 2);
        const auto size = value_size(type, bytes);
        if (!size || *size > bytes.size()) return false;
        if (type == string_type) frame.headers[name] = bytes.substr(2, *size - 2);
        bytes.remove_prefix(*size);
    }
    return true;
}

}  // namespace

std::vector<Frame> FrameReader::feed(std::string_view bytes) {
    std::vector<Frame> frames;
    if (broken_) return frames;
    buffer_.append(bytes);
    std::string_view rest = buffer_;
    while (rest.size() >= prelude) {
        const std::size_t total = number(rest, 0, 4);
        const std::size_t headers = number(rest, 4, 4);
        broken_ = number(rest, 8, 4) != checksum(rest.substr(0, 8)) || total > most_frame_bytes || total < prelude + 4 ||
                  headers > total - prelude - 4;
        if (broken_ || rest.size() < total) break;
        const std::string_view whole = rest.substr(0, total);
        Frame frame;
        broken_ =
            number(whole, total - 4, 4) != checksum(whole.substr(0, total - 4)) || !read_headers(whole.substr(prelude, headers), frame);
        if (broken_) break;
        frame.payload = whole.substr(prelude + headers, total - prelude - headers - 4);
        frames.push_back(std::move(frame));
        rest.remove_prefix(total);
    }
    buffer_.erase(0, buffer_.size() - rest.size());
    return frames;
}

std::string frame_bytes(const std::map<std::string, std::string>& headers, std::string_view payload) {
    std::string lines;
    for (const auto& [name, value] : headers) {
        append_number(lines, static_cast<std::uint32_t>(name.size()), 1);
        lines += name;
        lines.push_back(static_cast<char>(string_type));
        append_number(lines, static_cast<std::uint32_t>(value.size()), 2);
        lines += value;
    }
    std::string out;
    append_number(out, static_cast<std::uint32_t>(prelude + lines.size() + payload.size() + 4), 4);
    append_number(out, static_cast<std::uint32_t>(lines.size()), 4);
    append_number(out, checksum(out), 4);
    out += lines;
    out += payload;
    append_number(out, checksum(out), 4);
    return out;
}

}  // namespace gumshoe::bedrock
