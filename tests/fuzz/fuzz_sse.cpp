// Any bytes as server-sent events: the same events however they are cut, whatever ends their lines.
#include "base/text.hpp"
#include "io/sse.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace {

using Events = std::vector<gumshoe::SseEvent>;

void append(Events& all, Events more) {
    for (gumshoe::SseEvent& event : more) all.push_back(std::move(event));
}

bool same(const Events& a, const Events& b) {
    return std::ranges::equal(a, b, [](const auto& x, const auto& y) { return x.event == y.event && x.data == y.data; });
}

Events read(std::string_view bytes, std::size_t longest) {
    gumshoe::SseReader reader;
    Events all;
    gumshoe::fuzz::in_pieces(bytes, longest, [&](std::string_view piece) {
        append(all, reader.feed(piece));
        return true;
    });
    append(all, reader.finish());
    return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace gumshoe;
    const std::string_view bytes = fuzz::text_of(data, size);
    SseReader reader;
    Events whole = reader.feed(bytes);
    append(whole, reader.finish());
    for (const SseEvent& event : whole) {
        fuzz::must(!event.event.empty() && event.event.find_first_of("\r\n") == std::string::npos);
        fuzz::must(event.data.find('\r') == std::string::npos);
    }
    for (const std::size_t longest : {1, 5, 100}) {
        fuzz::must(same(read(bytes, longest), whole));
    }
    const std::string unix_lines = replace_all(replace_all(std::string(bytes), "\r\n", "\n"), "\r", "\n");
    fuzz::must(same(read(unix_lines, size + 1), whole));
    return 0;
}
