// Any bytes as an answer of Anthropic's API, whole and streamed.
#include "integrations/anthropic/dialect.hpp"
#include "tests/fuzz/reply.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const auto dialect = gumshoe::anthropic::make_dialect();
    gumshoe::fuzz::read_reply(*dialect, gumshoe::fuzz::text_of(data, size));
    return 0;
}
