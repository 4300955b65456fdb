// Any bytes as an answer of Gemini's API, whole and streamed.
#include "integrations/gemini/dialect.hpp"
#include "tests/fuzz/reply.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const auto dialect = gumshoe::gemini::make_dialect();
    gumshoe::fuzz::read_reply(*dialect, gumshoe::fuzz::text_of(data, size));
    return 0;
}
