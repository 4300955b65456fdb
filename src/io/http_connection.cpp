// A connection of the server.
#include "io/http_connection.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <cstdio>
#include <utility>

namespace gumshoe {

namespace asio = boost::asio;

HttpConnection::HttpConnection(asio::ip::tcp::socket socket) : socket_(std::move(socket)), timer_(socket_.get_executor()) {
    boost::system::error_code ignored;
    socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
}

void HttpConnection::limit(milliseconds span) {
    expired_ = false;
    limit_ = std::chrono::steady_clock::now() + span;
    // A timer that fires early looks at the limit again: a later limit costs nothing.
    if (!armed_ || timer_.expiry() > limit_) arm();
}

void HttpConnection::arm() {
    armed_ = true;
    timer_.expires_at(limit_);
    timer_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
        const auto self = weak.lock();
        if (error || !self) return;
        self->armed_ = false;
        if (self->limit_ == Monotonic::max()) return;
        if (std::chrono::steady_clock::now() < self->limit_) return self->arm();
        self->expired_ = true;
        boost::system::error_code ignored;
        self->socket_.cancel(ignored);
    });
}

awaitable<std::string_view> HttpConnection::bytes() {
    if (begin_ == end_) {
        begin_ = end_ = 0;
        boost::system::error_code error;
        std::size_t count = co_await socket_.async_read_some(asio::buffer(buffer_), asio::redirect_error(asio::use_awaitable, error));
        if (!error) end_ = count;
    }
    co_return std::string_view(buffer_.data() + begin_, end_ - begin_);
}

void HttpConnection::watch_peer() {
    auto readable = [weak = weak_from_this(), mine = ++watch_](boost::system::error_code error) {
        const auto self = weak.lock();
        if (error || !self || self->watch_ != mine || self->has_unread()) return;
        self->abandoned_ = true;
        self->signal.emit(asio::cancellation_type::terminal);
    };
    socket_.async_wait(asio::ip::tcp::socket::wait_read, std::move(readable));
}

void HttpConnection::stop_waiting() {
    boost::system::error_code ignored;
    socket_.cancel(ignored);
}

void HttpConnection::stop_watching() {
    ++watch_;
    stop_waiting();
}

bool HttpConnection::has_unread() const {
    boost::system::error_code error;
    return begin_ < end_ || (socket_.available(error) > 0 && !error);
}

awaitable<bool> HttpConnection::write(std::string head, std::string body) {
    const std::array<asio::const_buffer, 2> buffers{asio::buffer(head), asio::buffer(body)};
    boost::system::error_code error;
    co_await asio::async_write(socket_, buffers, asio::redirect_error(asio::use_awaitable, error));
    if (error && expired_) reset();  // whoever does not read must not keep our bytes in the kernel either
    co_return !error;
}

awaitable<bool> HttpConnection::send(std::string method, HttpReply reply, ReplyFraming framing, milliseconds span) {
    const bool with_body = has_body(method, reply.status);
    if (reply.stream && with_body) {
        co_return co_await send_stream(std::move(reply), framing, span);
    }
    limit(span);
    std::string head = reply_head(reply, framing);
    std::string body = with_body ? std::move(reply.body) : std::string();
    bool sent = co_await write(std::move(head), std::move(body));
    no_limit();
    co_return sent;
}

awaitable<bool> HttpConnection::send_stream(HttpReply reply, ReplyFraming framing, milliseconds span) {
    streaming = true;
    limit(span);
    std::string head = reply_head(reply, framing);
    bool sent = co_await write(std::move(head), "");
    bool more = true;
    while (sent && more) {
        no_limit();
        std::string piece = co_await reply.stream();
        more = !piece.empty();
        if (framing.chunked) {
            char size[20];
            std::snprintf(size, sizeof size, "%zx\r\n", piece.size());
            piece = size + piece + "\r\n";
        }
        limit(span);
        sent = co_await write(std::move(piece), "");
    }
    streaming = false;
    no_limit();
    co_return sent;
}

awaitable<void> HttpConnection::linger(milliseconds span, std::size_t at_most_bytes) {
    boost::system::error_code error;
    socket_.shutdown(asio::ip::tcp::socket::shutdown_send, error);
    if (error) co_return;
    limit(span);
    std::size_t seen = 0;
    while (seen < at_most_bytes) {
        consume(end_ - begin_);
        std::string_view more = co_await bytes();
        if (more.empty()) co_return;
        seen += more.size();
    }
}

void HttpConnection::reset() {
    boost::system::error_code ignored;
    socket_.set_option(asio::socket_base::linger(true, 0), ignored);
    close();
}

void HttpConnection::close() {
    boost::system::error_code ignored;
    socket_.close(ignored);
    timer_.cancel();
}

}  // namespace gumshoe
