// Any bytes as an answer of Bedrock's runtime, whole and as an event stream.
#include "integrations/bedrock/dialect.hpp"
#include "tests/fuzz/reply.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const auto dialect = gumshoe::bedrock::make_dialect();
    gumshoe::fuzz::read_reply(*dialect, gumshoe::fuzz::text_of(data, size));
    return 0;
}
