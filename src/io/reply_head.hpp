// The status line and header fields of a reply, as bytes.
#pragma once

#include <string>

#include "io/http_message.hpp"

namespace gumshoe {

struct ReplyFraming {
    bool close = false;
    bool chunked = false;  // else Content-Length
};

/// Fields of the framing in `reply.headers` are dropped, and so are fields that could end the header early.
std::string reply_head(const HttpReply& reply, ReplyFraming framing);

/// Whether a reply of this status to this method has body bytes on the wire.
bool has_body(const std::string& method, int status);

}  // namespace gumshoe
