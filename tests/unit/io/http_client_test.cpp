// The HTTP client over loopback: what it sends, its deadlines and caps, what its errors say.
#include <zlib.h>

#include <catch2/catch.hpp>

#include "http_client_fixture.hpp"

namespace gumshoe {
namespace {

std::string gzip(const std::string& text) {
    z_stream stream{};
    deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
    std::string out(deflateBound(&stream, text.size()), '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    deflate(&stream, Z_FINISH);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
}

}  // namespace

TEST_CASE("a request goes out as given and its answer comes back whole") {
    std::string seen;
    RawServer server([&](RawSocket& socket) {
        seen = read_request(socket);
        socket.send(
            "HTTP/1.1 100 Continue\r\nX-Interim: 1\r\n\r\nHTTP/1.1 201 Created\r\nX-A: 1\r\nx-a:  2 \r\nContent-Length: 2\r\n\r\nhi");
    });
    HttpClientFixture f;
    HttpRequest request;
    request.method = "POST";
    request.url = server.url("/a/b?c=d%20e");
    request.headers = {{"Content-Type", "application/json"}, {"X-Key", "k"}, {"X-Empty", ""}};
    request.body = std::string("{\"a\":\0}", 7);
    const auto reply = f.send(request);
    REQUIRE(reply);
    CHECK(reply->status == 201);
    CHECK(reply->body == "hi");
    CHECK(reply->headers.find_all("X-A") == std::vector<std::string_view>{"1", "2"});
    CHECK_FALSE(reply->headers.find("X-Interim"));
    CHECK(seen.starts_with("POST /a/b?c=d%20e HTTP/1.1\r\n"));
    CHECK(seen.find("\r\nContent-Type: application/json\r\n") != std::string::npos);
    CHECK(seen.find("\r\nX-Key: k\r\n") != std::string::npos);
    CHECK(seen.find("\r\nX-Empty:\r\n") != std::string::npos);
    CHECK(seen.find("Expect") == std::string::npos);
    CHECK(seen.ends_with(request.body));
}

TEST_CASE("who asks is told once that its request is under way, and not of one that was refused") {
    std::vector<std::string> told;
    HttpRequest request;
    request.method = "POST";
    request.body = "ask";
    request.under_way = [&](const HttpRequest& sent) { told.push_back(sent.body); };
    std::size_t told_before_answer = 0;
    std::atomic<bool> go = false;
    RawServer server([&](RawSocket& socket) {
        read_request(socket);
        while (!go) std::this_thread::yield();
        socket.send(answer("x"));
    });
    HttpClientFixture f;
    request.url = server.url();
    auto release = [&] {
        told_before_answer = told.size();
        go = true;
    };
    f.loop->spawn("release", [](EventLoop& loop, std::function<void()> then) -> awaitable<void> {
        co_await loop.clock().sleep_until(loop.clock().monotonic() + milliseconds(20));
        then();
    }(*f.loop, release));
    CHECK(f.send(request));
    CHECK(told == std::vector<std::string>{"ask"});
    CHECK(told_before_answer == 1);
    request.url = "file:///etc/passwd";
    CHECK_FALSE(f.send(request));
    CHECK_FALSE(f.send(request, milliseconds(0)));
    CHECK(told.size() == 1);
}

TEST_CASE("methods carry a body where they should and no type that nobody gave") {
    std::string seen;
    RawServer server([&](RawSocket& socket) {
        while (!(seen = read_request(socket)).empty())
            socket.send(seen.starts_with("HEAD") ? "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n" : answer("x"));
    });
    HttpClientFixture f;
    for (const std::string method : {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}) {
        for (const std::string body : {"", "abc"}) {
            if (method == "HEAD" && !body.empty()) continue;
            HttpRequest request;
            request.method = method;
            request.url = server.url();
            request.body = body;
            const auto reply = f.send(request);
            INFO(method << " " << body);
            REQUIRE(reply);
            CHECK(reply->body == (method == "HEAD" ? "" : "x"));
        }
    }
    CHECK(server.connections() == 1);
}

TEST_CASE("what the server saw of each method") {
    std::vector<std::string> seen;
    RawServer server([&](RawSocket& socket) {
        for (std::string one = read_request(socket); !one.empty(); one = read_request(socket)) {
            seen.push_back(one);
            socket.send(answer("x"));
        }
    });
    HttpClientFixture f;
    auto send = [&](std::string method, std::string body) {
        HttpRequest request;
        request.method = std::move(method);
        request.url = server.url();
        request.body = std::move(body);
        REQUIRE(f.send(std::move(request)));
        return seen.back();
    };
    CHECK(send("GET", "").find("Content-Length") == std::string::npos);
    CHECK(send("POST", "").find("\r\nContent-Length: 0\r\n") != std::string::npos);
    CHECK(send("DELETE", "").starts_with("DELETE / "));
    CHECK(send("PATCH", "abc").ends_with("\r\nContent-Length: 3\r\n\r\nabc"));
    CHECK(send("POST", "abc").find("Content-Type") == std::string::npos);
}

TEST_CASE("connections are reused and the timings say so") {
    RawServer server([](RawSocket& socket) {
        while (!read_request(socket).empty()) socket.send(answer("x"));
    });
    HttpClientFixture f;
    const auto first = f.get(server.url());
    const auto second = f.get(server.url());
    REQUIRE((first && second));
    CHECK_FALSE(first->timings.reused_connection);
    CHECK(second->timings.reused_connection);
    CHECK(server.connections() == 1);
}

TEST_CASE("two hundred requests run side by side") {
    RawServer server([](RawSocket& socket) {
        while (!read_request(socket).empty()) socket.send(answer("x"));
    });
    HttpClientFixture f;
    int good = 0;
    auto one = [](HttpClientFixture& its, std::string url, int& count) -> awaitable<void> {
        HttpRequest request;
        request.url = std::move(url);
        const Deadline deadline = its.in(seconds(10));
        auto reply = co_await its.client->send(std::move(request), deadline);
        if (reply && reply->body == "x") ++count;
    };
    std::vector<awaitable<void>> all;
    for (int i = 0; i < 200; ++i) all.push_back(one(f, server.url("/" + std::to_string(i)), good));
    run(*f.loop, f.loop->all(std::move(all)));
    CHECK(good == 200);
}

TEST_CASE("a redirect is an answer like another") {
    RawServer server([](RawSocket& socket) {
        while (!read_request(socket).empty()) socket.send("HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n");
    });
    HttpClientFixture f;
    const auto reply = f.get(server.url());
    REQUIRE(reply);
    CHECK(reply->status == 302);
    CHECK(reply->headers.find("Location") == "/other");
}

TEST_CASE("addresses and headers that could smuggle something are refused before a byte is sent") {
    HttpClientFixture f;
    for (const char* url : {"", "file:///etc/passwd", "ftp://example.com/", "http://", "http://user:pw@127.0.0.1/", "http://127.0.0.1/a b",
                            "http://127.0.0.1/\r\nX: 1", "gopher://127.0.0.1/", "127.0.0.1/x", "http://[::1/"}) {
        INFO(url);
        const auto reply = f.get(url);
        REQUIRE_FALSE(reply);
        CHECK(reply.error().code == errc::invalid_argument);
    }
    const std::vector<std::pair<std::string, std::string>> fields{{"X", "a\r\nY: b"}, {"X Y", "a"}, {"X:", "a"}, {"", "a"}, {"X\n", "a"}};
    for (const auto& [name, value] : fields) {
        HttpRequest request;
        request.url = "http://127.0.0.1:1/";
        request.headers.add(name, value);
        CHECK(f.send(request).error().code == errc::invalid_argument);
    }
    HttpRequest request;
    request.url = "http://127.0.0.1:1/";
    request.method = "GET / HTTP/1.1\r\nX:";
    CHECK(f.send(request).error().code == errc::invalid_argument);
}

TEST_CASE("errors tell what the other side may have seen, and never the query") {
    HttpClientFixture f;
    struct Case {
        const char* what;
        errc code;
        std::function<void(RawSocket&)> serve;
    };
    const std::vector<Case> cases{
        {"closes without an answer", errc::bad_reply, [](RawSocket& s) { read_request(s); }},
        {"resets after the request", errc::bad_reply, [](RawSocket& s) { read_request(s), s.reset(); }},
        {"resets inside the body", errc::bad_reply,
         [](RawSocket& s) { read_request(s), s.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc"), s.reset(); }},
        {"ends inside the body", errc::bad_reply,
         [](RawSocket& s) { read_request(s), s.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc"); }},
        {"ends inside the chunks", errc::bad_reply,
         [](RawSocket& s) { read_request(s), s.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc"); }},
        {"talks something else", errc::bad_reply, [](RawSocket& s) { read_request(s), s.send("SSH-2.0-OpenSSH_9.2\r\n"); }},
        {"claims gzip", errc::bad_reply, [](RawSocket& s) { read_request(s), s.send(answer("plain text", "Content-Encoding: gzip\r\n")); }},
        {"hangs", errc::timeout, [](RawSocket& s) { hold(s); }},
        {"stops after the header", errc::timeout,
         [](RawSocket& s) { read_request(s), s.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc"), hold(s); }},
    };
    for (const Case& c : cases) {
        INFO(c.what);
        RawServer server(c.serve);
        const auto reply = f.get(server.url("/path?token=s3cret"), milliseconds(300));
        REQUIRE_FALSE(reply);
        CHECK(reply.error().code == c.code);
        CHECK(reply.error().message.find("127.0.0.1:" + std::to_string(server.port())) != std::string::npos);
        CHECK(reply.error().message.find("s3cret") == std::string::npos);
        CHECK(reply.error().message.find("path") == std::string::npos);
    }
}

TEST_CASE("what fails before a request is sent says so") {
    HttpClientFixture f;
    SECTION("nobody listens") {
        std::uint16_t port = 0;
        {
            RawServer server([](RawSocket&) {});
            port = server.port();
        }
        const auto reply = f.get("http://127.0.0.1:" + std::to_string(port) + "/?token=s3cret");
        REQUIRE_FALSE(reply);
        CHECK(reply.error().code == errc::network);
        CHECK(reply.error().message.find("s3cret") == std::string::npos);
    }
    SECTION("the name does not exist") {
        CHECK(f.get("http://nowhere.invalid/").error().code == errc::network);
    }
    SECTION("no TLS on the other side") {
        RawServer server([](RawSocket& s) { s.receive(), s.send("HTTP/1.1 400 Bad Request\r\n\r\n"); });
        CHECK(f.get("https://127.0.0.1:" + std::to_string(server.port()) + "/").error().code == errc::tls);
    }
    SECTION("no time left") {
        CHECK(f.get("http://127.0.0.1:1/", milliseconds(0)).error().code == errc::network);
    }
}

TEST_CASE("a drip does not outlive the deadline") {
    RawServer server([](RawSocket& socket) {
        read_request(socket);
        socket.send("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
        while (socket.send("x") && !socket.closed()) socket.receive(20);
    });
    HttpClientFixture f;
    const auto start = std::chrono::steady_clock::now();
    const auto reply = f.get(server.url(), milliseconds(300));
    REQUIRE_FALSE(reply);
    CHECK(reply.error().code == errc::timeout);
    CHECK(since(start) < seconds(2));
}

TEST_CASE("an answer over a cap is refused") {
    HttpClientFixture f;
    HttpRequest request;
    request.max_wire_bytes = 100'000;
    request.max_inflated_bytes = 400'000;
    auto fetch = [&](std::string bytes) {
        RawServer server([&](RawSocket& socket) { read_request(socket), socket.send(bytes), hold(socket); });
        request.url = server.url();
        return f.send(request);
    };
    SECTION("by its length") {
        CHECK(fetch("HTTP/1.1 200 OK\r\nContent-Length: 100001\r\n\r\n").error().code == errc::too_large);
    }
    SECTION("just within") {
        CHECK(fetch(answer(std::string(100'000, 'x')))->body.size() == 100'000);
    }
    SECTION("without a length") {
        CHECK(fetch("HTTP/1.1 200 OK\r\n\r\n" + std::string(300'000, 'x')).error().code == errc::too_large);
    }
    SECTION("inflated") {
        CHECK(fetch(answer(gzip(std::string(500'000, 'x')), "Content-Encoding: gzip\r\n")).error().code == errc::too_large);
    }
    SECTION("inflated just within") {
        CHECK(fetch(answer(gzip(std::string(400'000, 'x')), "Content-Encoding: gzip\r\n"))->body.size() == 400'000);
    }
    SECTION("a bomb, by its ratio") {
        request.max_inflated_bytes = std::size_t(1) << 30;
        CHECK(fetch(answer(gzip(std::string(60'000'000, 'x')), "Content-Encoding: gzip\r\n")).error().code == errc::too_large);
    }
    SECTION("headers") {
        std::string bytes = "HTTP/1.1 200 OK\r\n";
        for (int i = 0; i < 100; ++i) bytes += "X-" + std::to_string(i) + ": " + std::string(1000, 'x') + "\r\n";
        CHECK(fetch(bytes + "\r\n").error().code == errc::too_large);
    }
}

TEST_CASE("compressed answers arrive inflated") {
    RawServer server([](RawSocket& socket) { read_request(socket), socket.send(answer(gzip("hello"), "Content-Encoding: gzip\r\n")); });
    HttpClientFixture f;
    CHECK(f.get(server.url())->body == "hello");
}

TEST_CASE("on a reused connection that broke, a GET is sent again and a POST is not") {
    std::atomic<int> requests = 0;
    RawServer server([&](RawSocket& socket) {
        // The first request of a connection is answered; the second is taken and the connection dropped.
        if (read_request(socket).empty()) return;
        ++requests;
        socket.send(answer("x"));
        if (!read_request(socket).empty()) ++requests;
    });
    HttpClientFixture f;
    HttpRequest request;
    request.url = server.url();
    SECTION("GET") {
        REQUIRE(f.send(request));
        CHECK(f.send(request));
        CHECK(requests == 3);
    }
    SECTION("a POST that may be made twice") {
        request.method = "POST";
        request.body = "ask";
        request.repeatable = true;
        REQUIRE(f.send(request));
        CHECK(f.send(request));
        CHECK(requests == 3);
    }
    SECTION("POST") {
        request.method = "POST";
        request.body = "pay";
        REQUIRE(f.send(request));
        const auto second = f.send(request);
        REQUIRE_FALSE(second);
        CHECK(second.error().code == errc::bad_reply);
        CHECK(requests == 2);
    }
}

TEST_CASE("a cancelled call ends at once, and the connection with it") {
    std::atomic<bool> gone = false;
    RawServer server([&](RawSocket& socket) {
        read_request(socket);
        hold(socket);
        gone = true;
    });
    HttpClientFixture f;
    std::optional<errc> code;
    auto call = [](HttpClientFixture& its, std::string url, std::optional<errc>& out) -> awaitable<void> {
        HttpRequest request;
        request.url = std::move(url);
        const Deadline deadline = its.in(seconds(20));
        auto reply = co_await its.client->send(std::move(request), deadline);
        if (!reply) out = reply.error().code;
    };
    const auto start = std::chrono::steady_clock::now();
    CHECK_FALSE(run(*f.loop, f.loop->within(f.in(milliseconds(100)), call(f, server.url(), code))));
    CHECK(since(start) < seconds(2));
    CHECK(code == errc::cancelled);
    CHECK(test::run_until(*f.loop, [&] { return gone.load(); }, seconds(2)));
}

TEST_CASE("calls still open when the client goes end as cancelled") {
    RawServer server([](RawSocket& socket) { hold(socket); });
    HttpClientFixture f;
    std::optional<errc> code;
    auto call = [](HttpClientFixture& its, std::string url, std::optional<errc>& out) -> awaitable<void> {
        HttpRequest request;
        request.url = std::move(url);
        const Deadline deadline = its.in(seconds(20));
        auto reply = co_await its.client->send(std::move(request), deadline);
        out = reply.error().code;
    };
    f.loop->spawn("call", call(f, server.url(), code));
    test::run_ready(*f.loop);
    f.client.reset();
    CHECK(test::run_until(*f.loop, [&] { return code.has_value(); }, seconds(2)));
    CHECK(code == errc::cancelled);
}

}  // namespace gumshoe
