// Silence, drops, floods and resets, on the wire.
#include "sandbox/faulty_delivery.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "io/http_connection.hpp"
#include "io/reply_head.hpp"

namespace gumshoe::sandbox {
namespace {

constexpr std::int64_t huge_bytes = 64 * 1024 * 1024;

/// Until the caller gives up or the server stops.
awaitable<void> hang(HttpConnection& connection) {
    connection.idle = true;
    std::string_view bytes = co_await connection.bytes();
    while (!bytes.empty()) {
        connection.consume(bytes.size());
        bytes = co_await connection.bytes();
    }
}

/// `bytes` in pieces, and how it went; a stop of the server cuts it off.
awaitable<bool> drip(Clock& clock, HttpConnection& connection, std::string bytes, std::size_t piece, milliseconds pause) {
    connection.streaming = true;
    bool sent = true;
    for (std::size_t at = 0; sent && at < bytes.size(); at += piece) {
        sent = co_await connection.write(bytes.substr(at, piece), "");
        co_await clock.sleep_until(clock.monotonic() + pause);
    }
    connection.streaming = false;
    if (!sent) connection.reset();
    co_return sent;
}

/// The header of a reply whose end is that of the connection.
std::string head_without_length(HttpReply reply) {
    reply.stream = []() -> awaitable<std::string> { co_return ""; };
    ReplyFraming framing;
    framing.close = true;
    return reply_head(reply, framing);
}

awaitable<void> flood(HttpConnection& connection, HttpReply reply, std::int64_t bytes) {
    reply.status = 200;
    connection.streaming = true;
    bool sent = co_await connection.write(head_without_length(std::move(reply)), "");
    constexpr std::int64_t piece = 64 * 1024;
    for (std::int64_t left = bytes; sent && left > 0; left -= piece) {
        std::string filler(static_cast<std::size_t>(std::min(left, piece)), ' ');
        sent = co_await connection.write(std::move(filler), "");
    }
    connection.streaming = false;
}

awaitable<void> endless_headers(HttpConnection& connection) {
    connection.streaming = true;
    bool sent = co_await connection.write("HTTP/1.1 200 OK\r\n", "");
    for (std::int64_t written = 0; sent && written < huge_bytes; written += 1024) {
        sent = co_await connection.write("X-Filler: " + std::string(1012, 'x') + "\r\n", "");
    }
    connection.streaming = false;
}

/// What keeps a stream of this reply's kind alive without holding content.
std::string keep_alive_of(const HttpReply& reply) {
    const std::string_view type = reply.headers.find("content-type").value_or("");
    if (icontains(type, "text/event-stream")) return ": keep-alive\n\nevent: ping\ndata: {\"type\": \"ping\"}\n\n";
    if (!icontains(type, "vnd.amazon.eventstream") || reply.body.size() < 4) return "\n";
    std::size_t first = 0;  // the frame that says who speaks, over and over
    for (const char byte : reply.body.substr(0, 4)) first = first << 8 | static_cast<unsigned char>(byte);
    return reply.body.substr(0, first);
}

awaitable<void> ping(Clock& clock, HttpConnection& connection, std::string head, std::string piece, milliseconds pause) {
    connection.streaming = true;
    bool sent = co_await connection.write(std::move(head), "");
    while (sent) {
        sent = co_await connection.write(piece, "");
        co_await clock.sleep_until(clock.monotonic() + pause);
    }
    connection.streaming = false;
}

/// `bytes` of the wire, and the end as if nothing were wrong.
awaitable<void> part(HttpConnection& connection, std::string wire, std::int64_t bytes) {
    co_await connection.write(wire.substr(0, static_cast<std::size_t>(bytes)), "");
}

}  // namespace

awaitable<bool> deliver_faulty(Clock& clock, HttpConnection& connection, std::string method, HttpReply reply, Fault fault, bool close) {
    ReplyFraming framing;
    framing.close = close;
    if (fault.kind == FaultKind::malformed) reply.body = fault.body.value_or(reply.body.substr(0, reply.body.size() / 2));
    const std::string head = reply_head(reply, framing);
    const std::string body = has_body(method, reply.status) ? reply.body : "";
    const std::size_t piece = static_cast<std::size_t>(fault.bytes.value_or(1));
    const std::int64_t half = static_cast<std::int64_t>(body.size() / 2);
    bool sent = true;
    switch (fault.kind) {
        case FaultKind::hang:
            co_await hang(connection);
            co_return false;
        case FaultKind::lost_response:
            connection.reset();
            co_return false;
        case FaultKind::reset:
            co_await part(connection, head + body, fault.bytes.value_or(0));
            connection.reset();
            co_return false;
        case FaultKind::drip:
            sent = co_await drip(clock, connection, head + body, piece, fault.delay.value_or(milliseconds(100)));
            co_return sent && !close;
        case FaultKind::trickle:
            co_await part(connection, head, static_cast<std::int64_t>(head.size()));
            sent = co_await drip(clock, connection, body, piece, fault.delay.value_or(milliseconds(1000)));
            co_return sent && !close;
        case FaultKind::stall:
            co_await part(connection, head + body, static_cast<std::int64_t>(head.size()) + fault.bytes.value_or(half));
            co_await hang(connection);
            co_return false;
        case FaultKind::pings:
            co_await ping(clock, connection, head_without_length(reply), keep_alive_of(reply), fault.delay.value_or(milliseconds(200)));
            co_return false;
        case FaultKind::huge:
            co_await flood(connection, std::move(reply), fault.bytes.value_or(huge_bytes));
            co_return false;
        case FaultKind::headers:
            co_await endless_headers(connection);
            co_return false;
        case FaultKind::no_status:
            co_await connection.write("HTTP/1.1 abc Odd" + head.substr(head.find("\r\n")), body);
            co_return false;
        case FaultKind::slow:
            connection.streaming = true;  // a stop cuts it off
            co_await clock.sleep_until(clock.monotonic() + fault.delay.value_or(milliseconds(1000)));
            break;
        case FaultKind::status:
        case FaultKind::malformed:
            break;
    }
    sent = co_await connection.send(std::move(method), std::move(reply), framing, write_span);
    co_return sent && !close;
}

}  // namespace gumshoe::sandbox
