// The strict reader without sockets: the same verdict wherever the bytes are cut.
#include "io/request_reader.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/io/hostile_requests.hpp"

namespace gumshoe {
namespace {

struct Verdict {
    int status = 0;  // 0: wants more
    std::string body;
    std::size_t used = 0;
};

Verdict read(std::string_view bytes, std::size_t piece) {
    RequestReader reader(RequestLimits{.body_bytes = 1000});
    Verdict verdict;
    for (std::size_t at = 0; at < bytes.size(); at += piece) verdict.used += reader.feed(bytes.substr(at, piece));
    if (reader.state() == RequestReader::State::complete) {
        verdict.status = 200;
        verdict.body = reader.take().body;
    } else if (reader.state() == RequestReader::State::refused) {
        verdict.status = reader.refusal_status();
        CHECK_FALSE(reader.refusal().empty());
    }
    return verdict;
}

}  // namespace

TEST_CASE("a request is read or refused the same way wherever its bytes are cut") {
    for (const auto& request : test::hostile_requests()) {
        INFO(request.what);
        for (const std::size_t piece : {std::size_t(1), std::size_t(2), std::size_t(7), std::size_t(100000)}) {
            const Verdict verdict = read(request.bytes, piece);
            CHECK(verdict.status == request.status);
            if (request.status != 200) continue;
            CHECK(verdict.body == request.body);
            CHECK(verdict.used == request.bytes.size());
        }
    }
}

TEST_CASE("every prefix of a good request wants more") {
    for (const auto& request : test::hostile_requests()) {
        if (request.status != 200) continue;
        INFO(request.what);
        for (std::size_t size = 0; size < request.bytes.size(); ++size) {
            const int status = read(std::string_view(request.bytes).substr(0, size), 100000).status;
            if (status != 0) FAIL("judged after " << size << " bytes: " << status);
        }
    }
}

TEST_CASE("the reader stops at the request's end") {
    const std::string two = "POST /a?b=c&d HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhiGET /b HTTP/1.1\r\nHost: x\r\n\r\n";
    RequestReader reader(RequestLimits{});
    const std::size_t used = reader.feed(two);
    REQUIRE(reader.state() == RequestReader::State::complete);
    const RawRequest request = reader.take();
    CHECK(request.method == "POST");
    CHECK(request.path == "/a");
    CHECK(request.query == "b=c&d");
    CHECK(request.headers.find("host") == "x");
    CHECK(request.body == "hi");
    RequestReader next(RequestLimits{});
    CHECK(next.feed(std::string_view(two).substr(used)) == two.size() - used);
    CHECK(next.take().path == "/b");
}

TEST_CASE("the connection stays open as the versions have it") {
    auto keeps = [](const std::string& version, const std::string& fields) {
        RequestReader reader(RequestLimits{});
        reader.feed("GET / " + version + "\r\nHost: a\r\n" + fields + "\r\n");
        REQUIRE(reader.state() == RequestReader::State::complete);
        return reader.keep_alive();
    };
    CHECK(keeps("HTTP/1.1", ""));
    CHECK_FALSE(keeps("HTTP/1.1", "Connection: close\r\n"));
    CHECK_FALSE(keeps("HTTP/1.1", "Connection: x , Close\r\n"));
    CHECK_FALSE(keeps("HTTP/1.1", "Connection: x\r\nConnection: close\r\n"));
    CHECK_FALSE(keeps("HTTP/1.0", ""));
    CHECK(keeps("HTTP/1.0", "Connection: Keep-Alive\r\n"));
}

}  // namespace gumshoe
