// The HTTP client's streams over loopback: pieces, clocks, ends.
#include <catch2/catch.hpp>

#include "http_client_fixture.hpp"

namespace gumshoe {

namespace {
task<HttpResponse> stream(HttpClientFixture& f, std::string url, StreamClocks clocks, std::function<bool(std::string_view)> on_bytes) {
    HttpRequest request;
    request.url = std::move(url);
    const Deadline deadline = f.in(seconds(5));
    co_return co_await f.client->stream(std::move(request), deadline, clocks, std::move(on_bytes));
}
}  // namespace

TEST_CASE("a streamed answer comes in pieces on the loop, uncompressed, and whole at the end") {
    std::string seen;
    RawServer server([&](RawSocket& socket) {
        seen = read_request(socket);
        socket.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
        socket.receive(50);
        socket.send("3\r\ndef\r\n0\r\n\r\n");
    });
    HttpClientFixture f;
    std::vector<std::string> pieces;
    const auto here = std::this_thread::get_id();
    auto on_bytes = [&](std::string_view piece) {
        CHECK(std::this_thread::get_id() == here);
        pieces.emplace_back(piece);
        return true;
    };
    const auto reply = run(*f.loop, stream(f, server.url(), {}, on_bytes));
    REQUIRE(reply);
    CHECK(pieces == std::vector<std::string>{"abc", "def"});
    CHECK(reply->body == "abcdef");
    CHECK(seen.find("Accept-Encoding: identity\r\n") != std::string::npos);
}

TEST_CASE("the body of an error is not streamed") {
    RawServer server(
        [](RawSocket& socket) { read_request(socket), socket.send("HTTP/1.1 429 Too Many\r\nContent-Length: 4\r\n\r\nwait"); });
    HttpClientFixture f;
    int pieces = 0;
    const auto reply = run(*f.loop, stream(f, server.url(), {}, [&](std::string_view) { return ++pieces > 0; }));
    REQUIRE(reply);
    CHECK(reply->status == 429);
    CHECK(reply->body == "wait");
    CHECK(pieces == 0);
}

TEST_CASE("a stream's clocks count content, not keep-alives") {
    HttpClientFixture f;
    const StreamClocks clocks{milliseconds(300), milliseconds(300)};
    auto is_content = [](std::string_view piece) { return !piece.starts_with(":"); };
    auto chunk = [](std::string_view text) { return "1\r\n" + std::string(text) + "\r\n"; };
    const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    auto ping_for_ever = [&](RawSocket& socket) {
        while (socket.send(chunk(":")) && !socket.closed()) socket.receive(30);
    };
    const auto start = std::chrono::steady_clock::now();
    SECTION("nothing but keep-alives") {
        RawServer server([&](RawSocket& socket) { read_request(socket), socket.send(head), ping_for_ever(socket); });
        const auto reply = run(*f.loop, stream(f, server.url(), clocks, is_content));
        REQUIRE_FALSE(reply);
        CHECK(reply.error().code == errc::timeout);
        CHECK(reply.error().message.find("first content") != std::string::npos);
    }
    SECTION("keep-alives after content") {
        RawServer server([&](RawSocket& socket) { read_request(socket), socket.send(head + chunk("a")), ping_for_ever(socket); });
        const auto reply = run(*f.loop, stream(f, server.url(), clocks, is_content));
        REQUIRE_FALSE(reply);
        CHECK(reply.error().code == errc::timeout);
        CHECK(reply.error().message.find("stall") != std::string::npos);
    }
    SECTION("a stall is shorter than the wait for first content") {
        const StreamClocks patient{seconds(30), milliseconds(300)};
        RawServer server([&](RawSocket& socket) {
            read_request(socket), socket.receive(400);  // first content after more than a stall's time
            socket.send(head + chunk("a")), ping_for_ever(socket);
        });
        const auto reply = run(*f.loop, stream(f, server.url(), patient, is_content));
        REQUIRE_FALSE(reply);
        CHECK(reply.error().message.find("stall") != std::string::npos);
    }
    SECTION("slow content is no stall") {
        RawServer server([&](RawSocket& socket) {
            read_request(socket), socket.send(head);
            for (int i = 0; i < 6; ++i) socket.send(chunk("a")), socket.receive(100);
            socket.send("0\r\n\r\n");
        });
        const auto reply = run(*f.loop, stream(f, server.url(), clocks, is_content));
        REQUIRE(reply);
        CHECK(reply->body == "aaaaaa");
    }
    CHECK(since(start) < seconds(3));
}

TEST_CASE("an exception of on_bytes ends the call and reaches the caller") {
    RawServer server([](RawSocket& socket) {
        read_request(socket);
        socket.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc");
        hold(socket);
    });
    HttpClientFixture f;
    auto bug = [](std::string_view) -> bool { throw std::logic_error("a bug"); };
    CHECK_THROWS_WITH(run(*f.loop, stream(f, server.url(), {}, bug)), "a bug");
}

}  // namespace gumshoe
