// Any bytes as an answer of OpenAI's API, whole and streamed.
#include "integrations/openai/dialect.hpp"
#include "tests/fuzz/reply.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const auto dialect = gumshoe::openai::make_dialect(gumshoe::openai::chat);
    gumshoe::fuzz::read_reply(*dialect, gumshoe::fuzz::text_of(data, size));
    return 0;
}
