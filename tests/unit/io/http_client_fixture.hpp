// What the tests of the HTTP client share: a client on a loop of its own, and the other side's half of a conversation.
#pragma once

#include "io/http_client.hpp"
#include "tests/support/loop.hpp"
#include "tests/support/raw_socket.hpp"
#include "tests/support/result_printing.hpp"

namespace gumshoe {

using test::RawServer;
using test::RawSocket;
using test::run;

inline std::string answer(std::string body, std::string extra = {}) {
    return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + extra + "\r\n" + body;
}

/// One request with its body (by Content-Length); "" when the peer is gone.
inline std::string read_request(RawSocket& socket) {
    std::string all = socket.receive_until("\r\n\r\n", 20000);
    const std::size_t end = all.find("\r\n\r\n");
    if (end == std::string::npos) return {};
    const std::size_t at = all.find("Content-Length: ");
    const std::size_t length = at == std::string::npos ? 0 : std::stoul(all.substr(at + 16));
    while (all.size() < end + 4 + length) {
        const std::string more = socket.receive();
        if (more.empty()) return {};
        all += more;
    }
    return all;
}

inline void hold(RawSocket& socket) {
    while (!socket.closed()) socket.receive(20000);
}

struct HttpClientFixture {
    std::unique_ptr<EventLoop> loop = make_event_loop();
    std::unique_ptr<HttpClient> client = make_http_client(*loop);

    Deadline in(milliseconds span) { return Deadline::after(loop->clock(), span); }
    result<HttpResponse> send(HttpRequest request, milliseconds span = seconds(5)) {
        return run(*loop, client->send(std::move(request), in(span)));
    }
    result<HttpResponse> get(const std::string& url, milliseconds span = seconds(5)) {
        HttpRequest request;
        request.url = url;
        return send(std::move(request), span);
    }
};

inline milliseconds since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - start);
}

}  // namespace gumshoe
