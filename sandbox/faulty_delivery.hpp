// How a reply goes onto a connection when a fault says so.
#pragma once

#include <string>

#include "base/clock.hpp"
#include "io/http_message.hpp"
#include "sandbox/faults.hpp"

namespace gumshoe {
class HttpConnection;
}

namespace gumshoe::sandbox {

/// No more time than this for a piece that the caller does not take.
inline constexpr auto write_span = std::chrono::seconds(60);

/// `reply` has no stream. True when the connection may be used again.
awaitable<bool> deliver_faulty(Clock& clock, HttpConnection& connection, std::string method, HttpReply reply, Fault fault, bool close);

}  // namespace gumshoe::sandbox
