// The HTTP server: accepting under caps, one coroutine a connection, the order of stopping.
#include "io/http_server.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdio>
#include <map>
#include <set>

#include "base/log.hpp"
#include "base/text.hpp"
#include "io/event_loop.hpp"
#include "io/http_connection.hpp"
#include "io/peer_address.hpp"
#include "io/reply_head.hpp"
#include "io/request_reader.hpp"

namespace gumshoe {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr auto accept_pause = milliseconds(100);
constexpr auto linger_span = seconds(2);
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

/// What the connections share with the server; they keep it alive.
class Listener : public std::enable_shared_from_this<Listener> {
public:
    Listener(EventLoop& loop, HttpServerOptions options, HttpHandler handler, TrustedProxies proxies)
        : loop_(loop),
          options_(std::move(options)),
          handler_(std::move(handler)),
          proxies_(std::move(proxies)),
          acceptor_(loop.executor()),
          one_ended_(loop.executor(), Monotonic::max()),
          max_connections_(std::min(options_.max_connections, cap_of_descriptors())) {}

    result<void> open();
    std::uint16_t port() const { return port_; }
    awaitable<void> stop(Deadline deadline);
    void close_all();

private:
    using Held = std::shared_ptr<HttpConnection>;

    awaitable<void> accept();
    void take(tcp::socket socket);
    void release(const Held& connection);
    awaitable<void> serve(Held connection);
    awaitable<bool> serve_one(HttpConnection& connection);
    awaitable<bool> read_request(HttpConnection& connection, RequestReader& reader);
    awaitable<HttpReply> answer(RawRequest request);
    awaitable<bool> send(HttpConnection& connection, const std::string& method, HttpReply reply, ReplyFraming framing);
    awaitable<bool> send_stream(HttpConnection& connection, HttpReply reply, ReplyFraming framing);
    awaitable<void> refuse(HttpConnection& connection, int status, std::string detail);
    awaitable<void> until_empty();

    EventLoop& loop_;
    HttpServerOptions options_;
    HttpHandler handler_;
    TrustedProxies proxies_;
    tcp::acceptor acceptor_;
    asio::steady_timer one_ended_;
    std::size_t max_connections_;
    std::uint16_t port_ = 0;
    bool stopping_ = false;
    std::set<Held> connections_;
    std::map<asio::ip::address, std::size_t> per_peer_;
};

result<void> Listener::open() {
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

awaitable<void> Listener::accept() {
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

void Listener::take(tcp::socket socket) {
    boost::system::error_code error;
    const auto remote = socket.remote_endpoint(error);
    if (error) return;
    const auto peer = plain_address(remote.address());
    std::size_t& from_peer = per_peer_[peer];
    const bool crowded = from_peer >= options_.max_connections_per_peer && !proxies_.contains(peer);
    if (crowded || connections_.size() >= max_connections_) {
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
    asio::co_spawn(loop_.executor(), serve(connection), asio::bind_cancellation_slot(connection->signal.slot(), std::move(ended)));
}

void Listener::release(const Held& connection) {
    connection->close();
    const auto count = per_peer_.find(connection->peer);
    if (--count->second == 0) per_peer_.erase(count);
    connections_.erase(connection);
    one_ended_.cancel();
}

awaitable<void> Listener::serve(Held connection) {
    bool more = true;
    while (more) {
        more = co_await serve_one(*connection);
    }
}

/// True when another request may follow.
awaitable<bool> Listener::serve_one(HttpConnection& connection) {
    RequestReader reader(RequestLimits{.body_bytes = options_.max_body_bytes});
    bool whole = co_await read_request(connection, reader);
    if (reader.state() == RequestReader::State::refused) {
        co_await refuse(connection, reader.refusal_status(), reader.refusal());
        co_return false;
    }
    if (!whole) {
        if (connection.expired() && !reader.empty()) {
            co_await refuse(connection, 408, "The request did not come in time.");
        }
        co_return false;
    }
    RawRequest request = reader.take();
    request.peer = proxies_.caller(connection.peer, request.headers);
    const std::string method = request.method;
    HttpReply reply = co_await answer(std::move(request));
    ReplyFraming framing;
    framing.close = !reader.keep_alive() || stopping_;
    if (reply.stream) {
        framing.chunked = !reader.http_1_0();
        framing.close = framing.close || !framing.chunked;
    }
    bool sent = co_await send(connection, method, std::move(reply), framing);
    connection.idle = true;
    ++connection.served;
    if (sent && framing.close && connection.has_unread()) {
        co_await connection.linger(linger_span, options_.max_body_bytes);
    }
    co_return sent && !framing.close;
}

awaitable<bool> Listener::read_request(HttpConnection& connection, RequestReader& reader) {
    using State = RequestReader::State;
    bool between = connection.served > 0;  // a fresh connection owes us a request
    connection.limit(between ? options_.idle_deadline : options_.header_deadline);
    State before = State::header;
    while (reader.state() == State::header || reader.state() == State::body) {
        std::string_view bytes = co_await connection.bytes();
        if (bytes.empty()) co_return false;
        connection.idle = false;
        if (between) {
            connection.limit(options_.header_deadline);
            between = false;
        }
        const std::size_t used = reader.feed(bytes);
        const bool all_used = used == bytes.size();
        connection.consume(used);
        if (before == reader.state() || reader.state() != State::body) continue;
        before = State::body;
        connection.limit(options_.body_deadline);
        if (!reader.expects_continue() || !all_used) continue;
        bool invited = co_await connection.write("HTTP/1.1 100 Continue\r\n\r\n", "");
        if (!invited) co_return false;
    }
    connection.no_limit();
    co_return reader.state() == State::complete;
}

awaitable<HttpReply> Listener::answer(RawRequest request) {
    const std::string path = request.path.substr(0, 200);
    std::string failure;
    try {
        HttpReply reply = co_await handler_(std::move(request));
        co_return reply;
    } catch (const std::exception& exception) {
        failure = exception.what();
    } catch (...) {
        failure = "not a std::exception";
    }
    if (stopping_) co_return problem(503, "Stopping", "");  // cut off by us
    log::error("http_handler_failed", {{"listener", options_.name}, {"path", path}, {"error", failure}});
    co_return problem(500, "Internal error", "");
}

awaitable<bool> Listener::send(HttpConnection& connection, const std::string& method, HttpReply reply, ReplyFraming framing) {
    const bool with_body = has_body(method, reply.status);
    if (reply.stream && with_body) {
        co_return co_await send_stream(connection, std::move(reply), framing);
    }
    connection.limit(options_.write_deadline);
    std::string head = reply_head(reply, framing);
    std::string body = with_body ? std::move(reply.body) : std::string();
    bool sent = co_await connection.write(std::move(head), std::move(body));
    connection.no_limit();
    co_return sent;
}

awaitable<bool> Listener::send_stream(HttpConnection& connection, HttpReply reply, ReplyFraming framing) {
    connection.streaming = true;
    connection.limit(options_.write_deadline);
    std::string head = reply_head(reply, framing);
    bool sent = co_await connection.write(std::move(head), "");
    bool more = true;
    while (sent && more) {
        connection.no_limit();
        std::string piece = co_await reply.stream();
        more = !piece.empty();
        if (framing.chunked) {
            char size[20];
            std::snprintf(size, sizeof size, "%zx\r\n", piece.size());
            piece = size + piece + "\r\n";
        }
        connection.limit(options_.write_deadline);
        sent = co_await connection.write(std::move(piece), "");
    }
    connection.streaming = false;
    co_return sent;
}

awaitable<void> Listener::refuse(HttpConnection& connection, int status, std::string detail) {
    log::debug("request_refused", {{"listener", options_.name}, {"peer", connection.peer.to_string()}, {"why", detail}});
    ReplyFraming framing;
    framing.close = true;
    HttpReply reply = problem(status, "The request is refused", std::move(detail));
    bool sent = co_await send(connection, "", std::move(reply), framing);
    if (sent) {
        co_await connection.linger(linger_span, 2 * options_.max_body_bytes);
    }
}

awaitable<void> Listener::stop(Deadline deadline) {
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

awaitable<void> Listener::until_empty() {
    while (!connections_.empty()) {
        boost::system::error_code ignored;
        co_await one_ended_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
}

void Listener::close_all() {
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

class HttpServerHandle final : public HttpServer {
public:
    explicit HttpServerHandle(std::shared_ptr<Listener> listener) : listener_(std::move(listener)) {}
    ~HttpServerHandle() override { listener_->close_all(); }
    std::uint16_t port() const override { return listener_->port(); }
    awaitable<void> stop(Deadline deadline) override { co_await listener_->stop(deadline); }

private:
    std::shared_ptr<Listener> listener_;
};

}  // namespace

result<std::unique_ptr<HttpServer>> make_http_server(EventLoop& loop, HttpServerOptions options, HttpHandler handler) {
    auto proxies = TrustedProxies::parse(options.trusted_proxies);
    if (!proxies) return in_context("trusted_proxies", proxies.error());
    auto listener = std::make_shared<Listener>(loop, std::move(options), std::move(handler), std::move(*proxies));
    const auto opened = listener->open();
    if (!opened) return opened.error();
    return std::make_unique<HttpServerHandle>(std::move(listener));
}

}  // namespace gumshoe
