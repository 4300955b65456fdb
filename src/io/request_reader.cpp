// The strict front: request line, fields, framing.
#include "io/request_reader.hpp"

#include <algorithm>
#include <charconv>

#include "base/text.hpp"
#include "io/http_syntax.hpp"

namespace gumshoe {
namespace {

constexpr std::size_t chunk_extension_bytes = 256;         // of one chunk
constexpr std::size_t chunk_extensions_bytes = 16 * 1024;  // of all

std::string_view without_blanks(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

template <int Base>
std::optional<std::uint64_t> whole_number(std::string_view digits) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, Base);
    if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
    return value;
}

bool is_visible(std::string_view text) {
    return std::ranges::all_of(text, [](unsigned char c) { return c > 0x20 && c < 0x7f; });
}

bool is_host(std::string_view text) {
    constexpr std::string_view marks = ".-_:[]%~";
    return !text.empty() && std::ranges::all_of(text, [&](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || marks.find(c) != std::string_view::npos;
    });
}

bool lists(const Headers& headers, std::string_view name, std::string_view token) {
    for (const std::string_view field : headers.find_all(name)) {
        for (const std::string& item : split(field, ',')) {
            if (iequals(without_blanks(item), token)) return true;
        }
    }
    return false;
}

}  // namespace

std::size_t RequestReader::feed(std::string_view bytes) {
    std::size_t used = 0;
    while (used < bytes.size() && (state_ == State::header || state_ == State::body)) {
        const std::string_view rest = bytes.substr(used);
        if (state_ == State::header) {
            used += feed_header(rest);
        } else {
            used += chunked_ ? feed_chunks(rest) : feed_sized_body(rest);
        }
    }
    return used;
}

std::size_t RequestReader::feed_header(std::string_view bytes) {
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const char c = bytes[i];
        const bool after_cr = !header_.empty() && header_.back() == '\r';
        if (after_cr != (c == '\n')) {
            refuse(400, "A line of the header does not end in CR LF.");
            return i;
        }
        if (header_.size() >= limits_.header_bytes) {
            refuse(431, "The header is over " + std::to_string(limits_.header_bytes) + " bytes.");
            return i;
        }
        header_ += c;
        if (c == '\n' && header_.ends_with("\r\n\r\n")) {
            if (parse_header()) state_ = !chunked_ && body_left_ == 0 ? State::complete : State::body;
            return i + 1;
        }
        if (header_.size() == 2 && c == '\n') {
            refuse(400, "The request begins with an empty line.");
            return i;
        }
    }
    return bytes.size();
}

bool RequestReader::parse_header() {
    std::string_view rest = header_;
    bool first = true;
    while (true) {
        const std::size_t end = rest.find("\r\n");
        const std::string_view line = rest.substr(0, end);
        rest.remove_prefix(end + 2);
        if (line.empty()) break;
        if (!(first ? parse_request_line(line) : parse_field(line))) return false;
        first = false;
    }
    return check_framing() && check_meaning();
}

bool RequestReader::parse_request_line(std::string_view line) {
    const std::size_t one = line.find(' ');
    const std::size_t two = one == std::string_view::npos ? one : line.find(' ', one + 1);
    if (two == std::string_view::npos) return refuse(400, "The request line is not: method, target, version.");
    const std::string_view method = line.substr(0, one);
    const std::string_view target = line.substr(one + 1, two - one - 1);
    const std::string_view version = line.substr(two + 1);
    if (!is_token(method)) return refuse(400, "The method is not a token.");
    if (version != "HTTP/1.1" && version != "HTTP/1.0") {
        const bool other = version.size() == 8 && version.starts_with("HTTP/");
        return refuse(other ? 505 : 400, "The version is not HTTP/1.1 or HTTP/1.0.");
    }
    http_1_0_ = version == "HTTP/1.0";
    const bool asterisk = target == "*" && method == "OPTIONS";
    if (!asterisk && (!target.starts_with('/') || !is_visible(target) || target.find('#') != std::string_view::npos)) {
        return refuse(400, "The target is not a path.");
    }
    const std::size_t mark = target.find('?');
    request_.method = method;
    request_.path = target.substr(0, mark);
    if (mark != std::string_view::npos) request_.query = target.substr(mark + 1);
    return true;
}

bool RequestReader::parse_field(std::string_view line) {
    if (line.front() == ' ' || line.front() == '\t') return refuse(400, "A header field is folded over two lines.");
    if (request_.headers.size() >= limits_.header_fields) {
        return refuse(431, "There are over " + std::to_string(limits_.header_fields) + " header fields.");
    }
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return refuse(400, "A header field has no colon.");
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = without_blanks(line.substr(colon + 1));
    if (!is_token(name)) return refuse(400, "The name of a header field is not a token.");
    if (!is_field_value(value)) return refuse(400, "The value of a header field holds a control character.");
    request_.headers.add(std::string(name), std::string(value));
    return true;
}

bool RequestReader::check_framing() {
    const auto hosts = request_.headers.find_all("Host");
    if (hosts.size() > 1 || (hosts.empty() && !http_1_0_)) return refuse(400, "There must be one Host field.");
    if (!hosts.empty() && !is_host(hosts.front())) return refuse(400, "The Host field is not a host.");

    const auto encodings = request_.headers.find_all("Transfer-Encoding");
    const auto lengths = request_.headers.find_all("Content-Length");
    if (!encodings.empty()) {
        if (http_1_0_) return refuse(400, "HTTP/1.0 has no Transfer-Encoding.");
        if (!lengths.empty()) return refuse(400, "There is a Transfer-Encoding and a Content-Length.");
        if (encodings.size() > 1 || !iequals(encodings.front(), "chunked")) return refuse(400, "The Transfer-Encoding is not: chunked.");
        chunked_ = true;
    }
    if (lengths.size() > 1) return refuse(400, "There is more than one Content-Length.");
    if (lengths.size() == 1) {
        const bool digits = !lengths.front().empty() && lengths.front().find_first_not_of("0123456789") == std::string_view::npos;
        const auto length = digits ? whole_number<10>(lengths.front()) : std::nullopt;
        if (!length) return refuse(400, "The Content-Length is not a number.");
        if (*length > limits_.body_bytes) return refuse(413, "The body is over " + std::to_string(limits_.body_bytes) + " bytes.");
        body_left_ = *length;
        request_.body.reserve(body_left_);
    }
    return true;
}

bool RequestReader::check_meaning() {
    if (request_.headers.find("Trailer")) return refuse(400, "Trailers are not taken.");
    const auto codings = request_.headers.find_all("Content-Encoding");
    const bool plain = std::ranges::all_of(codings, [](std::string_view coding) { return iequals(coding, "identity"); });
    if (!plain) return refuse(415, "A compressed body is not taken: send it without Content-Encoding.");
    const auto expectations = request_.headers.find_all("Expect");
    for (const std::string_view expectation : expectations) {
        if (!iequals(expectation, "100-continue")) return refuse(417, "The only expectation met here is 100-continue.");
        expects_continue_ = !http_1_0_;
    }
    keep_alive_ = http_1_0_ ? lists(request_.headers, "Connection", "keep-alive") : true;
    if (lists(request_.headers, "Connection", "close")) keep_alive_ = false;
    return true;
}

std::size_t RequestReader::feed_sized_body(std::string_view bytes) {
    const auto taken = static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), body_left_));
    request_.body.append(bytes.substr(0, taken));
    body_left_ -= taken;
    if (body_left_ == 0) state_ = State::complete;
    return taken;
}

std::size_t RequestReader::feed_chunks(std::string_view bytes) {
    if (chunk_ == Chunk::data) {
        const auto taken = static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), body_left_));
        request_.body.append(bytes.substr(0, taken));
        body_left_ -= taken;
        if (body_left_ == 0) chunk_ = Chunk::data_end;
        return taken;
    }
    // A line of the framing, byte by byte.
    const char c = bytes.front();
    const bool after_cr = !line_.empty() && line_.back() == '\r';
    if (after_cr != (c == '\n')) {
        refuse(400, "A line of the chunked body does not end in CR LF.");
        return 0;
    }
    if (chunk_ != Chunk::size && c != '\r' && c != '\n') {
        refuse(400, chunk_ == Chunk::data_end ? "A chunk is longer than it says." : "Trailers are not taken.");
        return 0;
    }
    line_ += c;
    if (chunk_ == Chunk::size && line_.size() > 16 + 2 + chunk_extension_bytes) {
        refuse(400, "A chunk's extension is over 256 bytes.");
        return 0;
    }
    if (c != '\n') return 1;
    if (chunk_ == Chunk::last_end) {
        state_ = State::complete;
    } else if (chunk_ == Chunk::data_end) {
        chunk_ = Chunk::size;
    } else {
        take_chunk_size();
    }
    line_.clear();
    return 1;
}

bool RequestReader::take_chunk_size() {
    const std::string_view line = std::string_view(line_).substr(0, line_.size() - 2);
    const std::size_t semicolon = std::min(line.find(';'), line.size());
    const std::string_view digits = line.substr(0, semicolon);
    const std::string_view extension = line.substr(semicolon);
    const bool hex = !digits.empty() && digits.size() <= 16 && digits.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
    const auto size = hex ? whole_number<16>(digits) : std::nullopt;
    if (!size) return refuse(400, "A chunk's size is not a hexadecimal number.");
    extension_bytes_ += extension.size();
    if (extension.size() > chunk_extension_bytes || extension_bytes_ > chunk_extensions_bytes) {
        return refuse(400, "The chunks' extensions are too long.");
    }
    if (!is_field_value(extension)) return refuse(400, "A chunk's extension holds a control character.");
    if (*size > limits_.body_bytes - request_.body.size()) {
        return refuse(413, "The body is over " + std::to_string(limits_.body_bytes) + " bytes.");
    }
    body_left_ = *size;
    chunk_ = *size == 0 ? Chunk::last_end : Chunk::data;
    return true;
}

bool RequestReader::refuse(int status, std::string why) {
    state_ = State::refused;
    refusal_status_ = status;
    refusal_ = std::move(why);
    return false;
}

}  // namespace gumshoe
