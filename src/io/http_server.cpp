// The HTTP server: what is spoken on a connection.
#include "io/http_server.hpp"

#include "base/log.hpp"
#include "io/connection_listener.hpp"
#include "io/request_reader.hpp"

namespace gumshoe {
namespace {

constexpr auto linger_span = seconds(2);

/// Owned by the listener through its `serve`, so it outlives every connection.
class Protocol {
public:
    Protocol(HttpServerOptions options, HttpHandler handler, TrustedProxies proxies)
        : options_(std::move(options)), handler_(std::move(handler)), proxies_(std::move(proxies)) {}

    void listens_on(const ConnectionListener& listener) { listener_ = &listener; }
    awaitable<void> serve(std::shared_ptr<HttpConnection> connection);

private:
    awaitable<bool> serve_one(HttpConnection& connection);
    awaitable<bool> read_request(HttpConnection& connection, RequestReader& reader);
    awaitable<HttpReply> answer(const HttpConnection& connection, RawRequest request);
    awaitable<void> refuse(HttpConnection& connection, int status, std::string detail);

    HttpServerOptions options_;
    HttpHandler handler_;
    TrustedProxies proxies_;
    const ConnectionListener* listener_ = nullptr;
};

awaitable<void> Protocol::serve(std::shared_ptr<HttpConnection> connection) {
    bool more = true;
    while (more && !listener_->stopping()) {
        more = co_await serve_one(*connection);
    }
}

/// True when another request may follow.
awaitable<bool> Protocol::serve_one(HttpConnection& connection) {
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
    if (options_.cancel_abandoned) connection.watch_peer();
    HttpReply reply = co_await answer(connection, std::move(request));
    if (connection.abandoned()) co_return false;
    ReplyFraming framing;
    framing.close = !reader.keep_alive() || listener_->stopping();
    if (reply.stream) {
        framing.chunked = !reader.http_1_0();
        framing.close = framing.close || !framing.chunked;
    }
    bool sent = co_await connection.send(method, std::move(reply), framing, options_.write_deadline);
    if (options_.cancel_abandoned) connection.stop_watching();
    connection.idle = true;
    ++connection.served;
    if (sent && framing.close && connection.has_unread()) {
        co_await connection.linger(linger_span, options_.max_body_bytes);
    }
    co_return sent && !framing.close;
}

awaitable<bool> Protocol::read_request(HttpConnection& connection, RequestReader& reader) {
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

awaitable<HttpReply> Protocol::answer(const HttpConnection& connection, RawRequest request) {
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
    if (listener_->stopping()) co_return problem(503, "Stopping", "");  // cut off by us
    if (connection.abandoned()) co_return HttpReply();                  // nobody is there to read it
    log::error("http_handler_failed", {{"listener", options_.name}, {"path", path}, {"error", failure}});
    co_return problem(500, "Internal error", "");
}

awaitable<void> Protocol::refuse(HttpConnection& connection, int status, std::string detail) {
    log::debug("request_refused", {{"listener", options_.name}, {"peer", connection.peer.to_string()}, {"why", detail}});
    ReplyFraming framing;
    framing.close = true;
    HttpReply reply = problem(status, "The request is refused", std::move(detail));
    bool sent = co_await connection.send("", std::move(reply), framing, options_.write_deadline);
    if (sent) {
        co_await connection.linger(linger_span, 2 * options_.max_body_bytes);
    }
}

class Server final : public HttpServer {
public:
    explicit Server(std::shared_ptr<ConnectionListener> listener) : listener_(std::move(listener)) {}
    ~Server() override { listener_->close_all(); }
    std::uint16_t port() const override { return listener_->port(); }
    awaitable<void> stop(Deadline deadline) override { co_await listener_->stop(deadline); }

private:
    std::shared_ptr<ConnectionListener> listener_;
};

}  // namespace

result<std::unique_ptr<HttpServer>> make_http_server(EventLoop& loop, HttpServerOptions options, HttpHandler handler) {
    auto proxies = TrustedProxies::parse(options.trusted_proxies);
    if (!proxies) return in_context("trusted_proxies", proxies.error());
    ListenerOptions listen{.listen = options.listen,
                           .name = options.name,
                           .max_connections = options.max_connections,
                           .max_connections_per_peer = options.max_connections_per_peer,
                           .uncounted = *proxies};
    auto protocol = std::make_shared<Protocol>(std::move(options), std::move(handler), std::move(*proxies));
    auto serve = [protocol](std::shared_ptr<HttpConnection> connection) { return protocol->serve(std::move(connection)); };
    auto listener = std::make_shared<ConnectionListener>(loop, std::move(listen), std::move(serve));
    protocol->listens_on(*listener);
    const auto opened = listener->open();
    if (!opened) return opened.error();
    return std::make_unique<Server>(std::move(listener));
}

}  // namespace gumshoe
