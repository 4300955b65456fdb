// HTTP client: connections reused, each call under one deadline, responses capped, redirects never followed.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "base/clock.hpp"
#include "base/task.hpp"
#include "io/http_message.hpp"

namespace gumshoe {

/// How a streamed response is watched. The clocks count content only: keep-alives do not reset them.
struct StreamClocks {
    milliseconds first_content = limits::llm_first_content;
    milliseconds stall = limits::llm_stall;
};

class HttpClient {
public:
    virtual ~HttpClient() = default;

    /// Any HTTP status is a value. Errors, told apart by what the other side may have seen:
    ///   invalid_argument, network, tls  nothing of the request was sent (bad URL; DNS, connect, no connection in time; certificate)
    ///   timeout, bad_reply, cancelled   it may have been acted upon (no end before the deadline; broke after the request was sent)
    ///   too_large                       it was answered, over a cap of the request
    /// A request that may be repeated (GET, HEAD, PUT, DELETE, OPTIONS) is sent again, once the reused connection turned out to be dead;
    /// a POST is not, where a byte of it was sent, unless it says so (repeatable). Messages name the host, never the path or the query.
    virtual task<HttpResponse> send(HttpRequest request, Deadline deadline) = 0;

    /// As send, and each piece of a 2xx body goes to `on_bytes` on the event loop as it comes; it returns true when the piece held
    /// content. Errors add timeout with "first content" or "stall" in the message. The body is also collected.
    virtual task<HttpResponse> stream(HttpRequest request, Deadline deadline, StreamClocks clocks,
                                      std::function<bool(std::string_view)> on_bytes) = 0;
};

class EventLoop;

/// One libcurl multi handle on the event loop; only names are looked up elsewhere. Calls still open at destruction end as cancelled.
/// Proxies are those of the environment, by curl's rules (https_proxy, http_proxy, no_proxy), and never used for loopback.
std::unique_ptr<HttpClient> make_http_client(EventLoop& loop);

}  // namespace gumshoe
