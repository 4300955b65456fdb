// Any bytes as a case file, plain or gzip: refused, or a case that is the same after it was written and read again.
#include <sys/mman.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <string>

#include "evidence/case_file.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace {

using namespace gumshoe;

/// read_case takes a path: that of a file in memory.
result<CaseFile> read(std::string_view bytes) {
    const int file = memfd_create("case", MFD_CLOEXEC);
    fuzz::must(file >= 0 && write(file, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
    auto read = read_case("/proc/self/fd/" + std::to_string(file));
    close(file);
    return read;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto file = read(fuzz::text_of(data, size));
    if (!file) return 0;
    const std::string lines = case_lines(*file);
    const auto again = read(lines);
    fuzz::must(again && case_lines(*again) == lines);
    return 0;
}
