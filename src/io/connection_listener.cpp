// Accepting connections, and ending them.
#include "io/connection_listener.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/log.hpp"

namespace gumshoe {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr auto accept_pause = milliseconds(100);
constexpr std::size_t spare_descriptors = 64;  // for the database, the HTTP client, the other listener

/// "127.0.0.1:8080", "[::1]:8080", "localhost:8080", ":8080" (every IPv4 address).
result<tcp::endpoint> parse_listen(const std::string& text) {
    const Error bad{errc::invalid_argument, "not an address to listen on: '" + text + "' (like 127.0.0.1:8080)"};
    const std::size_t colon = text.rfind(':');
    if (colon == std::string::npos) return bad;
    std::string host = text.substr(0, colon);
    const std::string digits = text.substr(colon + 1);
    if (digits.empty() || digits.size() > 5 || digits.find_first_not_of("0123456789") != std::string::npos) return bad;
    const int port = std::stoi(digits);
    if (port > 65535) return bad;
    if (host.empty()) host = "0.0.0.0";
    if (host == "localhost") host = "127.0.0.1";
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
    boost::system::error_code error;
    const auto address = asio::ip::make_address(host, error);
    if (error) return bad;
    return tcp::endpoint(address, static_cast<std::uint16_t>(port));
}

std::size_t cap_of_descriptors() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return static_cast<std::size_t>(-1);
    const auto all = static_cast<std::size_t>(limit.rlim_cur);
    return all > 2 * spare_descriptors ? all - spare_descriptors : all / 2;
}

}  // namespace

ConnectionListener::ConnectionListener(EventLoop& loop, ListenerOptions options, Serve serve)
    : loop_(loop),
      options_(std::move(options)),
      serve_(std::move(serve)),
      acceptor_(loop.executor()),
      one_ended_(loop.executor(), Monotonic::max()) {
    options_.max_connections = std::min(options_.max_connections, cap_of_descriptors());
}

result<void> ConnectionListener::open() {
    const auto endpoint = parse_listen(options_.listen);
    if (!endpoint) return endpoint.error();
    boost::system::error_code error;
    acceptor_.open(endpoint->protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(*endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) {
        const errc code = error == asio::error::address_in_use ? errc::conflict : errc::invalid_argument;
        return Error{code, "cannot listen on " + options_.listen + ": " + error.message()};
    }
    port_ = acceptor_.local_endpoint(error).port();
    auto ended = [self = shared_from_this()](const std::exception_ptr& exception) {
        if (exception && !self->stopping_) log::error("listener_failed", {{"listener", self->options_.name}});
    };
    asio::co_spawn(loop_.executor(), accept(), std::move(ended));
    return {};
}

awaitable<void> ConnectionListener::accept() {
    bool paused = false;
    while (!stopping_) {
        boost::system::error_code error;
        tcp::socket socket = co_await acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, error));
        if (stopping_) co_return;
        if (!error) {
            paused = false;
            take(std::move(socket));
            continue;
        }
        if (error == asio::error::connection_aborted) continue;
        // Out of descriptors or memory: those who wait in the backlog are served when something closed.
        if (!paused) log::warn("accept_paused", {{"listener", options_.name}, {"error", error.message()}});
        paused = true;
        asio::steady_timer pause(loop_.executor(), accept_pause);
        co_await pause.async_wait(asio::use_awaitable);
    }
}

void ConnectionListener::take(tcp::socket socket) {
    boost::system::error_code error;
    const auto remote = socket.remote_endpoint(error);
    if (error) return;
    const auto peer = plain_address(remote.address());
    std::size_t& from_peer = per_peer_[peer];
    const bool crowded = from_peer >= options_.max_connections_per_peer && !options_.uncounted.contains(peer);
    if (crowded || connections_.size() >= options_.max_connections) {
        if (from_peer == 0) per_peer_.erase(peer);
        HttpReply busy = problem(503, "Too many connections", "");
        busy.headers.add("Retry-After", "5");
        const std::string bytes = reply_head(busy, ReplyFraming{.close = true}) + busy.body;
        socket.non_blocking(true, error);
        socket.write_some(asio::buffer(bytes), error);  // a fresh socket takes this much; a peer that is gone is no matter
        socket.shutdown(tcp::socket::shutdown_both, error);
        return;
    }
    ++from_peer;
    auto connection = std::make_shared<HttpConnection>(std::move(socket));
    connection->peer = peer;
    connections_.insert(connection);
    auto ended = [self = shared_from_this(), connection](const std::exception_ptr&) { self->release(connection); };
    asio::co_spawn(loop_.executor(), serve_(connection), asio::bind_cancellation_slot(connection->signal.slot(), std::move(ended)));
}

void ConnectionListener::release(const Held& connection) {
    connection->close();
    const auto count = per_peer_.find(connection->peer);
    if (--count->second == 0) per_peer_.erase(count);
    connections_.erase(connection);
    one_ended_.cancel();
}

awaitable<void> ConnectionListener::stop(Deadline deadline) {
    stopping_ = true;
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    const std::set<Held> open = connections_;
    for (const Held& connection : open) {
        if (connection->streaming) {
            connection->signal.emit(asio::cancellation_type::terminal);
        } else if (connection->idle && !connection->has_unread()) {
            connection->stop_waiting();
        }
    }
    co_await loop_.within(deadline, until_empty());
    close_all();
}

awaitable<void> ConnectionListener::until_empty() {
    while (!connections_.empty()) {
        boost::system::error_code ignored;
        co_await one_ended_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
}

void ConnectionListener::close_all() {
    stopping_ = true;
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    for (const Held& connection : connections_) connection->close();
    // Posted: a signal emitted outside the loop would reach its coroutine later, perhaps after its end.
    asio::post(loop_.executor(), [self = shared_from_this()] {
        const std::set<Held> open = self->connections_;
        for (const Held& connection : open) connection->signal.emit(asio::cancellation_type::terminal);
    });
}

}  // namespace gumshoe
