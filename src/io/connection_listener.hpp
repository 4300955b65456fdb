// Accepting connections under caps, one coroutine each, and the order of stopping. What is spoken on them is the caller's matter.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "io/event_loop.hpp"
#include "io/http_connection.hpp"
#include "io/peer_address.hpp"

namespace gumshoe {

struct ListenerOptions {
    std::string listen;
    std::string name;
    std::size_t max_connections = limits::http_connections;
    std::size_t max_connections_per_peer = limits::http_connections_per_peer;
    TrustedProxies uncounted;  // peers without a cap of their own
};

/// Kept alive by its connections. `serve` and what it refers to must outlive them: stop() before those go.
class ConnectionListener : public std::enable_shared_from_this<ConnectionListener> {
public:
    using Serve = std::function<awaitable<void>(std::shared_ptr<HttpConnection>)>;

    ConnectionListener(EventLoop& loop, ListenerOptions options, Serve serve);

    /// Binds and accepts. Errors: invalid_argument, conflict (in use).
    result<void> open();
    std::uint16_t port() const { return port_; }
    bool stopping() const { return stopping_; }
    awaitable<void> stop(Deadline deadline);
    void close_all();

private:
    using Held = std::shared_ptr<HttpConnection>;

    awaitable<void> accept();
    void take(boost::asio::ip::tcp::socket socket);
    void release(const Held& connection);
    awaitable<void> until_empty();

    EventLoop& loop_;
    ListenerOptions options_;
    Serve serve_;
    boost::asio::ip::tcp::acceptor acceptor_;
    boost::asio::steady_timer one_ended_;
    std::uint16_t port_ = 0;
    bool stopping_ = false;
    std::set<Held> connections_;
    std::map<boost::asio::ip::address, std::size_t> per_peer_;
};

}  // namespace gumshoe
