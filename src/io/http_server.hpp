// HTTP/1.1 server on Asio sockets. What it refuses stands in request_reader.hpp; a refused request is answered with problem+json and
// its connection closed.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/task.hpp"
#include "io/http_message.hpp"

namespace gumshoe {

class EventLoop;

using HttpHandler = std::function<awaitable<HttpReply>(RawRequest)>;

struct HttpServerOptions {
    std::string listen = "127.0.0.1:0";  // address:port; port 0 takes a free one
    std::string name = "http";           // in logs
    std::size_t max_body_bytes = limits::http_body_bytes;
    std::size_t max_connections = limits::http_connections;                    // and never all file descriptors of the process
    std::size_t max_connections_per_peer = limits::http_connections_per_peer;  // trusted proxies are not counted
    std::vector<std::string> trusted_proxies;                                  // CIDR; X-Forwarded-For counts only from them
    bool cancel_abandoned = false;  // a peer that hangs up (or says that it will send no more) cancels the handler
    // Deadlines are for the whole header, body, answer (a piece of a stream), whatever the number of reads and writes.
    milliseconds header_deadline = limits::http_header_deadline;
    milliseconds body_deadline = limits::http_body_deadline;
    milliseconds write_deadline = limits::http_write_deadline;
    milliseconds idle_deadline = limits::http_idle_deadline;
};

class HttpServer {
public:
    virtual ~HttpServer() = default;
    virtual std::uint16_t port() const = 0;
    /// Stops accepting at once; requests under way are answered with Connection: close. Resumes when all connections ended
    /// or the deadline passed (then they are closed).
    virtual awaitable<void> stop(Deadline deadline) = 0;
};

/// Binds and accepts at once. An exception that leaves the handler is logged and answered with 500. Call on the loop's thread or
/// before it runs; destroying it closes what is open. Errors: the address or a network is bad (invalid_argument), in use (conflict).
result<std::unique_ptr<HttpServer>> make_http_server(EventLoop& loop, HttpServerOptions options, HttpHandler handler);

}  // namespace gumshoe
