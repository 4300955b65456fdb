// Any bytes as an answer of Ollama's API, whole and streamed.
#include "integrations/ollama/dialect.hpp"
#include "tests/fuzz/reply.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const auto dialect = gumshoe::ollama::make_dialect();
    gumshoe::fuzz::read_reply(*dialect, gumshoe::fuzz::text_of(data, size));
    return 0;
}
