// A connection of the server: its socket, its bytes, the limit of time it is under. Private to the HTTP server.
#pragma once

#include <array>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "io/http_message.hpp"
#include "io/reply_head.hpp"

namespace gumshoe {

class HttpConnection : public std::enable_shared_from_this<HttpConnection> {
public:
    explicit HttpConnection(boost::asio::ip::tcp::socket socket);

    /// What is not done by then fails, and expired() is true. Replaces the limit before.
    void limit(milliseconds span);
    void no_limit() { limit_ = Monotonic::max(); }
    bool expired() const { return expired_; }

    /// Bytes that came and nobody took; reads more where there are none. Empty: the end, an error, or expired.
    awaitable<std::string_view> bytes();
    void consume(std::size_t count) { begin_ += count; }
    bool has_unread() const;

    /// Ends a read that waits for bytes. What was read already is served: it must not be handled and left unanswered.
    void stop_waiting();

    /// From now on a peer that hangs up ends the coroutine that serves it. A peer that sends its next request already is not watched.
    void watch_peer();
    void stop_watching();
    bool abandoned() const { return abandoned_; }

    /// False when the peer is gone or too slow.
    awaitable<bool> write(std::string head, std::string body);
    /// A whole reply to a request of that method; `span` is for all of it, in a stream for each piece.
    awaitable<bool> send(std::string method, HttpReply reply, ReplyFraming framing, milliseconds span);

    /// Says that no more will come, and reads on for a moment so that the peer sees the answer and not a reset.
    awaitable<void> linger(milliseconds span, std::size_t at_most_bytes);
    void close();
    /// The peer gets a reset, whatever was sent before.
    void reset();

    boost::asio::ip::address peer;
    boost::asio::cancellation_signal signal;  // of the coroutine that serves it
    bool idle = true;                         // waiting for a request's first byte
    bool streaming = false;
    std::size_t served = 0;

private:
    void arm();
    awaitable<bool> send_stream(HttpReply reply, ReplyFraming framing, milliseconds span);

    boost::asio::ip::tcp::socket socket_;
    boost::asio::steady_timer timer_;
    Monotonic limit_ = Monotonic::max();
    bool armed_ = false;
    bool expired_ = false;
    std::size_t watch_ = 0;  // which one; a wait that ends late is none of the next
    bool abandoned_ = false;
    std::array<char, 8192> buffer_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

}  // namespace gumshoe
