// Any bytes as a request: the same outcome however they are cut, and nothing behind the request's end matters. As the body of a request
// they arrive as they were sent.
#include <tuple>

#include "io/request_reader.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace {

using namespace gumshoe;

constexpr RequestLimits small{.header_bytes = 1024, .header_fields = 10, .body_bytes = 1000};

struct Outcome {
    RequestReader reader{small};
    std::size_t used = 0;

    auto facts() const { return std::tuple(reader.state(), used, reader.refusal_status(), reader.refusal()); }
};

Outcome read(std::string_view bytes, std::size_t longest) {
    Outcome outcome;
    fuzz::in_pieces(bytes, longest, [&](std::string_view piece) {
        const std::size_t taken = outcome.reader.feed(piece);
        fuzz::must(taken <= piece.size());
        outcome.used += taken;
        return taken == piece.size();
    });
    return outcome;
}

/// In chunks of up to 9 bytes.
std::string chunked(std::string_view body) {
    std::string request = "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    fuzz::in_pieces(body, 9, [&](std::string_view piece) {
        request += std::to_string(piece.size()) + "\r\n" + std::string(piece) + "\r\n";
        return true;
    });
    return request + "0\r\n\r\n";
}

auto contents(RawRequest request) {
    return std::tuple(request.method, request.path, request.query, request.body,
                      std::vector(request.headers.begin(), request.headers.end()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes = fuzz::text_of(data, size);
    Outcome whole;
    whole.used = whole.reader.feed(bytes);
    const bool complete = whole.reader.state() == RequestReader::State::complete;
    fuzz::must(complete || whole.reader.state() == RequestReader::State::refused || whole.used == size);
    const auto facts = whole.facts();
    const bool keep_alive = whole.reader.keep_alive();
    const auto request = contents(whole.reader.take());
    fuzz::must(std::get<3>(request).size() <= small.body_bytes && std::get<4>(request).size() <= small.header_fields);

    for (const std::size_t longest : {1, 7, 300}) {
        Outcome cut = read(bytes, longest);
        fuzz::must(cut.facts() == facts && cut.reader.keep_alive() == keep_alive && contents(cut.reader.take()) == request);
    }
    if (complete) {
        Outcome alone = read(bytes.substr(0, whole.used), size);
        fuzz::must(alone.facts() == facts && contents(alone.reader.take()) == request);
    }
    if (size <= small.body_bytes) {
        const std::string sent = chunked(bytes);
        Outcome body = read(sent, 20);
        fuzz::must(body.reader.state() == RequestReader::State::complete && body.used == sent.size());
        fuzz::must(body.reader.take().body == bytes);
    }
    return 0;
}
