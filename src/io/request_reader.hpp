// The strict front: HTTP/1.x requests out of bytes, without sockets. Whatever two implementations could read in two ways is refused.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "io/http_message.hpp"

namespace gumshoe {

struct RequestLimits {
    std::size_t header_bytes = limits::http_header_bytes;
    std::size_t header_fields = limits::http_header_fields;
    std::size_t body_bytes = limits::http_body_bytes;
};

/// Reads one request; make a new one for the next. After a refusal nothing that follows on the connection can be trusted.
class RequestReader {
public:
    enum class State { header, body, complete, refused };

    explicit RequestReader(RequestLimits limits) : limits_(limits) {}

    /// Takes bytes up to the request's end and yields how many; the rest belongs to the next request.
    std::size_t feed(std::string_view bytes);

    State state() const { return state_; }
    bool empty() const { return header_.empty() && state_ == State::header; }

    // From State::body on:
    bool keep_alive() const { return keep_alive_; }
    bool expects_continue() const { return expects_continue_; }
    bool http_1_0() const { return http_1_0_; }
    /// Without the peer. Once, when complete.
    RawRequest take() { return std::move(request_); }

    // When refused:
    int refusal_status() const { return refusal_status_; }
    const std::string& refusal() const { return refusal_; }

private:
    enum class Chunk { size, data, data_end, last_end };

    std::size_t feed_header(std::string_view bytes);
    std::size_t feed_sized_body(std::string_view bytes);
    std::size_t feed_chunks(std::string_view bytes);
    bool take_chunk_size();
    bool parse_header();
    bool parse_request_line(std::string_view line);
    bool parse_field(std::string_view line);
    bool check_framing();
    bool check_meaning();
    bool refuse(int status, std::string why);

    RequestLimits limits_;
    State state_ = State::header;
    std::string header_;  // its bytes so far
    RawRequest request_;
    bool http_1_0_ = false;
    bool keep_alive_ = true;
    bool expects_continue_ = false;
    std::uint64_t body_left_ = 0;  // of a sized body, or of the chunk
    bool chunked_ = false;
    Chunk chunk_ = Chunk::size;
    std::string line_;  // of the chunked framing
    std::size_t extension_bytes_ = 0;
    int refusal_status_ = 0;
    std::string refusal_;
};

}  // namespace gumshoe
