// The HTTP server over loopback: framing, deadlines, caps, stopping.
#include "io/http_server.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <future>

#include "base/json.hpp"
#include "tests/support/loop.hpp"
#include "tests/support/process.hpp"
#include "tests/support/raw_socket.hpp"
#include "tests/support/result_printing.hpp"
#include "tests/unit/io/hostile_requests.hpp"

namespace gumshoe {
namespace {

using test::RawSocket;

/// Says what it got: method, path, query, size of the body, peer.
awaitable<HttpReply> echo(RawRequest request) {
    if (request.path == "/throws") throw std::runtime_error("a bug in the handler");
    HttpReply reply = text_reply(200, request.body);
    reply.headers.add("X-Saw", request.method + " " + request.path + " " + request.query + " " + std::to_string(request.body.size()));
    reply.headers.add("X-Peer", request.peer);
    co_return reply;
}

/// A server on a loop of its own thread; `with` runs on that thread.
class Served {
public:
    explicit Served(HttpServerOptions options = {}, HttpHandler handler = echo) {
        auto made = make_http_server(*loop_, std::move(options), std::move(handler));
        REQUIRE(made);
        server_ = std::move(*made);
        port = server_->port();
        thread_ = std::thread([this] {
            while (!done_) loop_->run_one(milliseconds(10));
        });
    }
    ~Served() {
        done_ = true;
        thread_.join();
        server_.reset();
        test::run_ready(*loop_);
    }
    /// How long stop() took.
    milliseconds stop(milliseconds patience) {
        std::promise<void> stopped;
        const auto start = std::chrono::steady_clock::now();
        auto work = [](Served& self, milliseconds span) -> awaitable<void> {
            co_await self.server_->stop(Deadline::after(self.loop_->clock(), span));
        };
        boost::asio::co_spawn(loop_->executor(), work(*this, patience), [&](std::exception_ptr) { stopped.set_value(); });
        stopped.get_future().wait();
        return std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - start);
    }
    RawSocket connect() const { return RawSocket::connect(port); }
    EventLoop& loop() { return *loop_; }

    std::uint16_t port = 0;

private:
    std::unique_ptr<EventLoop> loop_ = make_event_loop();
    std::unique_ptr<HttpServer> server_;
    std::atomic<bool> done_ = false;
    std::thread thread_;
};

int status_of(const std::string& reply) {
    return reply.size() > 12 ? std::atoi(reply.substr(9, 3).c_str()) : 0;
}
std::string body_of(const std::string& reply) {
    const std::size_t end = reply.find("\r\n\r\n");
    return end == std::string::npos ? "" : reply.substr(end + 4);
}
bool has(const std::string& reply, std::string_view text) {
    return reply.find(text) != std::string::npos;
}

const std::string get = "GET /x HTTP/1.1\r\nHost: a\r\n\r\n";

}  // namespace

TEST_CASE("hostile requests are refused and their connection closed; good ones are taken and theirs kept") {
    HttpServerOptions options;
    options.max_body_bytes = 1000;
    Served served(options);
    for (const auto& request : test::hostile_requests()) {
        INFO(request.what);
        RawSocket socket = served.connect();
        // What follows a refused request must never be answered.
        socket.send(request.bytes + (request.status == 200 ? "" : "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"));
        const bool kept = request.status == 200 && !has(request.bytes, "HTTP/1.0");
        if (kept) {
            std::string reply = socket.receive_until("\r\n\r\n");
            while (body_of(reply).size() < request.body.size()) reply += socket.receive();
            CHECK(status_of(reply) == 200);
            CHECK(body_of(reply) == request.body);
            socket.send(get);
            CHECK(status_of(socket.receive_until("\r\n\r\n")) == 200);
            continue;
        }
        socket.shutdown_send();
        const std::string reply = socket.receive_all();
        CHECK(status_of(reply) == request.status);
        CHECK(socket.closed());
        CHECK(has(reply, "Connection: close\r\n"));
        CHECK_FALSE(has(reply, "smuggled"));
        if (request.status != 200) CHECK(has(reply, "Content-Type: application/problem+json\r\n"));
    }
}

TEST_CASE("a refused connection is closed although the client keeps its side open") {
    Served served;
    RawSocket socket = served.connect();
    socket.send("GET /x HTTP/1.1\r\n\r\n");
    CHECK(status_of(socket.receive_all(4000)) == 400);
    CHECK(socket.closed());
}

TEST_CASE("requests in one packet are answered in order") {
    Served served;
    RawSocket socket = served.connect();
    socket.send(
        "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nxGET /2 HTTP/1.1\r\nHost: a\r\n\r\n"
        "POST /3 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\ny\r\n0\r\n\r\n"
        "HEAD /4 HTTP/1.1\r\nHost: a\r\n\r\nGET /5 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        "GET /6 HTTP/1.1\r\nHost: a\r\n\r\n");
    const std::string replies = socket.receive_all();
    std::size_t at = 0;
    for (const char* saw : {"POST /1  1", "GET /2  0", "POST /3  1", "HEAD /4  0", "GET /5  0"}) {
        at = replies.find(std::string("X-Saw: ") + saw + "\r\n", at);
        CHECK(at != std::string::npos);
    }
    CHECK_FALSE(has(replies, "/6"));
    CHECK(socket.closed());
}

TEST_CASE("HEAD has the length and no body, an exception is a 500, and the connection lives on") {
    Served served;
    RawSocket socket = served.connect();
    socket.send("HEAD /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
    const std::string head = socket.receive_until("\r\n\r\n");
    CHECK(has(head, "Content-Length: 3\r\n"));
    CHECK(body_of(head).empty());
    socket.send("GET /throws HTTP/1.1\r\nHost: a\r\n\r\n");
    const std::string failed = socket.receive_until("}");
    CHECK(status_of(failed) == 500);
    CHECK_FALSE(has(failed, "a bug in the handler"));
    socket.send(get);
    CHECK(status_of(socket.receive_until("\r\n\r\n")) == 200);
}

TEST_CASE("a body of 10 MB arrives whole, sized or in chunks of one byte, sent byte by byte") {
    HttpServerOptions options;
    options.max_body_bytes = 10'000'000;
    Served served(options);
    RawSocket socket = served.connect();
    SECTION("sized") {
        std::string body(10'000'000, 'x');
        body[5'000'000] = 'y';
        std::thread sender([&] { socket.send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\n" + body); });
        std::string reply = socket.receive_until("\r\n\r\n");
        while (body_of(reply).size() < body.size()) reply += socket.receive();
        sender.join();
        CHECK(body_of(reply) == body);
    }
    SECTION("in chunks") {
        socket.send("POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
        std::string chunks;
        for (int i = 0; i < 300; ++i) chunks += "1\r\n" + std::string(1, static_cast<char>('a' + i % 26)) + "\r\n";
        chunks += "0\r\n\r\n";
        for (const char c : chunks) socket.send(std::string_view(&c, 1));
        const std::string reply = socket.receive_until("\r\n\r\n");
        CHECK(has(reply, "X-Saw: POST /x  300\r\n"));
    }
}

TEST_CASE("Expect: 100-continue is answered before the body, and not where the body is refused") {
    HttpServerOptions options;
    options.max_body_bytes = 1000;
    Served served(options);
    RawSocket socket = served.connect();
    socket.send("POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    CHECK(socket.receive_until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
    socket.send("abc");
    CHECK(has(socket.receive_until("abc"), "200 OK"));
    socket.send("POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1001\r\n\r\n");
    CHECK(status_of(socket.receive_all(4000)) == 413);
}

TEST_CASE("slow clients run into a deadline for the whole, not for each read") {
    HttpServerOptions options;
    options.header_deadline = milliseconds(250);
    options.body_deadline = milliseconds(250);
    options.idle_deadline = milliseconds(250);
    Served served(options);
    RawSocket socket = served.connect();
    const auto start = std::chrono::steady_clock::now();
    auto drip = [&] {
        std::string reply;
        while (reply.empty() && !socket.closed() && socket.send("x")) reply = socket.receive(30);
        return reply;
    };
    SECTION("header") {
        socket.send("GET /x HTTP/1.1\r\nHost: a\r\nX: ");
        CHECK(status_of(drip()) == 408);
    }
    SECTION("body") {
        socket.send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n");
        CHECK(status_of(drip()) == 408);
    }
    SECTION("nothing at all") {
        CHECK(socket.receive_all().empty());
        CHECK(socket.closed());
    }
    SECTION("idle after a request") {
        socket.send(get);
        CHECK(status_of(socket.receive_until("\r\n\r\n")) == 200);
        CHECK(socket.receive_all().empty());
        CHECK(socket.closed());
    }
    const auto took = std::chrono::steady_clock::now() - start;
    CHECK(took > milliseconds(200));
    CHECK(took < seconds(2));
}

TEST_CASE("a client that does not read its answer is cut off") {
    HttpServerOptions options;
    options.write_deadline = milliseconds(250);
    std::atomic<int> answered = 0;
    auto handler = [&](RawRequest) -> awaitable<HttpReply> {
        ++answered;
        co_return text_reply(200, std::string(20'000'000, 'x'));
    };
    Served served(options, handler);
    RawSocket socket = served.connect();
    socket.send(get + get);
    const auto start = std::chrono::steady_clock::now();
    pollfd waiter{socket.fd(), 0, 0};
    CHECK(::poll(&waiter, 1, 5000) == 1);  // an error or a hang-up
    CHECK(std::chrono::steady_clock::now() - start < seconds(2));
    CHECK(answered == 1);
}

TEST_CASE("connections over a cap are told 503 and closed; a place that is free again is given") {
    HttpServerOptions options;
    SECTION("in all") {
        options.max_connections = 3;
    }
    SECTION("of a peer") {
        options.max_connections_per_peer = 3;
    }
    Served served(options);
    std::vector<RawSocket> open;
    for (int i = 0; i < 3; ++i) {
        open.push_back(served.connect());
        open.back().send(get);
        CHECK(status_of(open.back().receive_until("\r\n\r\n")) == 200);
    }
    RawSocket extra = served.connect();
    const std::string reply = extra.receive_all();
    CHECK(status_of(reply) == 503);
    CHECK(has(reply, "Retry-After: 5\r\n"));
    CHECK(extra.closed());
    open.pop_back();
    int status = 0;
    for (int tries = 0; tries < 100 && status != 200; ++tries) {
        RawSocket again = served.connect();
        again.send(get);
        status = status_of(again.receive_until("\r\n\r\n"));
    }
    CHECK(status == 200);
}

TEST_CASE("a trusted proxy is not counted as a peer, and names the caller") {
    HttpServerOptions options;
    options.max_connections_per_peer = 1;
    options.trusted_proxies = {"127.0.0.0/8", "10.0.0.0/8"};
    Served served(options);
    auto peer = [&](const std::string& fields) {
        RawSocket socket = served.connect();
        socket.send("GET /x HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n");
        const std::string reply = socket.receive_until("\r\n\r\n");
        const std::size_t at = reply.find("X-Peer: ");
        return at == std::string::npos ? "" : reply.substr(at + 8, reply.find('\r', at) - at - 8);
    };
    RawSocket held = served.connect();
    held.send(get);
    CHECK(status_of(held.receive_until("\r\n\r\n")) == 200);
    CHECK(peer("") == "127.0.0.1");
    CHECK(peer("X-Forwarded-For: 192.0.2.7\r\n") == "192.0.2.7");
    CHECK(peer("X-Forwarded-For: 1.2.3.4, 192.0.2.7, 10.1.1.1\r\n") == "192.0.2.7");
    CHECK(peer("X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-For: 192.0.2.7\r\n") == "192.0.2.7");
    CHECK(peer("X-Forwarded-For: 192.0.2.7, nonsense\r\n") == "127.0.0.1");
    CHECK(peer("X-Forwarded-For: ::ffff:10.0.0.1\r\n") == "10.0.0.1");
}

TEST_CASE("nobody else names the caller") {
    HttpServerOptions options;
    options.trusted_proxies = {"10.0.0.0/8"};
    Served served(options);
    RawSocket socket = served.connect();
    socket.send("GET /x HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.7\r\n\r\n");
    CHECK(has(socket.receive_until("\r\n\r\n"), "X-Peer: 127.0.0.1\r\n"));
}

TEST_CASE("bad addresses and taken ports are errors that name them") {
    auto loop = make_event_loop();
    auto listen = [&](const std::string& address, std::vector<std::string> proxies = {}) {
        HttpServerOptions options;
        options.listen = address;
        options.trusted_proxies = std::move(proxies);
        auto made = make_http_server(*loop, options, echo);
        return made ? Error{errc::internal, "made"} : made.error();
    };
    for (const char* address :
         {"", "8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:99999", "127.0.0.1:x", "example.com:80", "127.0.0.1:-1"}) {
        INFO(address);
        CHECK(listen(address).code == errc::invalid_argument);
    }
    CHECK(listen("203.0.113.1:8080").code == errc::invalid_argument);
    CHECK(listen("127.0.0.1:0", {"10.0.0.0/33"}).code == errc::invalid_argument);
    CHECK(listen("127.0.0.1:0", {"proxy"}).code == errc::invalid_argument);
    const Served served;
    const Error taken = listen("127.0.0.1:" + std::to_string(served.port));
    CHECK(taken.code == errc::conflict);
    CHECK(taken.message.find(std::to_string(served.port)) != std::string::npos);
}

TEST_CASE("stopping answers what is under way, closes what is idle and takes nothing new") {
    std::atomic<int> begun = 0;
    EventLoop* loop = nullptr;
    auto handler = [&](RawRequest) -> awaitable<HttpReply> {
        ++begun;
        co_await loop->clock().sleep_until(loop->clock().monotonic() + milliseconds(300));
        co_return text_reply(200, "done");
    };
    Served served({}, handler);
    loop = &served.loop();
    RawSocket idle = served.connect();
    RawSocket busy = served.connect();
    busy.send(get);
    while (begun == 0) std::this_thread::yield();
    SECTION("in time") {
        const milliseconds took = served.stop(seconds(5));
        CHECK(took >= milliseconds(200));
        CHECK(took < seconds(3));
        const std::string reply = busy.receive_all();
        CHECK(status_of(reply) == 200);
        CHECK(has(reply, "Connection: close\r\n"));
        CHECK(busy.closed());
    }
    SECTION("or not") {
        CHECK(served.stop(milliseconds(50)) < milliseconds(250));
        CHECK(busy.receive_all().empty());
        CHECK(busy.closed());
    }
    CHECK(idle.receive_all(100).empty());
    CHECK(idle.closed());
    CHECK_THROWS(served.connect());
}

TEST_CASE("stopping under load loses no request that was answered for, and ends") {
    std::atomic<int> handled = 0;
    auto handler = [&](RawRequest) -> awaitable<HttpReply> {
        ++handled;
        co_return text_reply(200, "done");
    };
    Served served({}, handler);
    std::atomic<int> answers = 0;
    std::vector<std::thread> clients;
    for (int i = 0; i < 8; ++i) {
        clients.emplace_back([&] {
            try {
                RawSocket socket = served.connect();
                while (socket.send(get)) {
                    const std::string reply = socket.receive_until("done");
                    if (status_of(reply) != 200) return;
                    ++answers;
                }
            } catch (const std::exception&) {  // the listener is closed
            }
        });
    }
    while (answers < 200) std::this_thread::yield();
    CHECK(served.stop(seconds(5)) < seconds(4));
    for (std::thread& client : clients) client.join();
    CHECK(handled == answers);
}

TEST_CASE("a stream is sent piece by piece and ends with the server") {
    EventLoop* loop = nullptr;
    std::atomic<bool> ended = false;
    struct Source {
        EventLoop& loop;
        std::atomic<bool>& ended;
        bool for_ever;
        int left = 3;
        ~Source() { ended = true; }
        awaitable<std::string> next() {
            const milliseconds pause = left > 0 ? milliseconds(1) : milliseconds(60'000);
            co_await loop.clock().sleep_until(loop.clock().monotonic() + pause);
            co_return "data: " + std::to_string(left--) + "\n\n";
        }
        awaitable<std::string> take() {
            if (left == 0 && !for_ever) co_return "";
            co_return co_await next();
        }
    };
    auto handler = [&](RawRequest request) -> awaitable<HttpReply> {
        HttpReply reply;
        reply.headers.add("Content-Type", "text/event-stream");
        auto source = std::make_shared<Source>(Source{*loop, ended, request.path == "/for-ever"});
        ended = false;
        reply.stream = [source] { return source->take(); };
        co_return reply;
    };
    Served served({}, handler);
    loop = &served.loop();
    RawSocket socket = served.connect();
    SECTION("chunked") {
        socket.send(get + get);
        const std::string first = socket.receive_until("0\r\n\r\n");
        CHECK(has(first, "Transfer-Encoding: chunked\r\n"));
        CHECK_FALSE(has(first, "Content-Length"));
        CHECK(body_of(first).starts_with("9\r\ndata: 3\n\n\r\n9\r\ndata: 2\n\n\r\n9\r\ndata: 1\n\n\r\n0\r\n\r\n"));
    }
    SECTION("to HTTP/1.0 up to the end of the connection") {
        socket.send("GET /x HTTP/1.0\r\n\r\n");
        const std::string reply = socket.receive_all();
        CHECK(body_of(reply) == "data: 3\n\ndata: 2\n\ndata: 1\n\n");
        CHECK(has(reply, "Connection: close"));
        CHECK(socket.closed());
    }
    SECTION("without end, until the server stops") {
        socket.send("GET /for-ever HTTP/1.1\r\nHost: a\r\n\r\n");
        socket.receive_until("data: 1");
        CHECK(served.stop(seconds(5)) < seconds(2));
        CHECK(ended);
        socket.receive_all();
        CHECK(socket.closed());
    }
}

/// Sleeps for an hour, and says when it is cancelled.
awaitable<HttpReply> sleep_long(EventLoop& loop, std::atomic<int>& started, std::atomic<int>& cancelled) {
    ++started;
    try {
        co_await loop.clock().sleep_until(loop.clock().monotonic() + std::chrono::hours(1));
    } catch (const boost::system::system_error&) {
        ++cancelled;
        throw;
    }
    co_return text_reply(200, "slept");
}

TEST_CASE("a peer that hangs up cancels its handler where the server is told so, and only there") {
    const bool told = GENERATE(true, false);
    const bool rough = GENERATE(true, false);
    std::atomic<int> started = 0;
    std::atomic<int> cancelled = 0;
    EventLoop* loop = nullptr;
    Served served({.cancel_abandoned = told}, [&](RawRequest request) -> awaitable<HttpReply> {
        return request.path == "/sleep" ? sleep_long(*loop, started, cancelled) : echo(std::move(request));
    });
    loop = &served.loop();
    auto socket = served.connect();
    // Answered calls before it on the same connection leave nothing behind, requests in one packet neither.
    socket.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK(socket.receive_until("GET /b").find("GET /b") != std::string::npos);
    socket.send("GET /c HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK(socket.receive_until("GET /c").find("200 OK") != std::string::npos);
    socket.send("GET /sleep HTTP/1.1\r\nHost: x\r\n\r\n");
    REQUIRE(test::eventually([&] { return started == 1; }));
    if (rough) {
        socket.reset();
    } else {
        socket.close();
    }
    if (told) {
        CHECK(test::eventually([&] { return cancelled == 1; }, seconds(5)));
    } else {
        auto other = served.connect();
        other.send("GET /d HTTP/1.1\r\nHost: x\r\n\r\n");
        CHECK(other.receive_until("GET /d").find("200 OK") != std::string::npos);
        CHECK(cancelled == 0);
    }
}

TEST_CASE("a reply's header cannot be broken up by its values") {
    auto handler = [](RawRequest) -> awaitable<HttpReply> {
        HttpReply reply = text_reply(200, "ok");
        reply.headers.add("X-Bad", "a\r\nX-Injected: b");
        reply.headers.add("X-Good", "c");
        reply.headers.add("Content-Length", "999");
        co_return reply;
    };
    Served served({}, handler);
    RawSocket socket = served.connect();
    socket.send(get);
    const std::string reply = socket.receive_until("ok");
    CHECK_FALSE(has(reply, "Injected"));
    CHECK(has(reply, "X-Good: c\r\n"));
    CHECK(has(reply, "Content-Length: 2\r\n"));
    CHECK_FALSE(has(reply, "999"));
}

}  // namespace gumshoe
