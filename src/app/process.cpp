#include "app/process.hpp"

#include <unistd.h>

#include <fstream>

#include "base/digest.hpp"

namespace gumshoe {

std::uint64_t resident_bytes() {
    std::ifstream statm("/proc/self/statm");
    std::uint64_t total = 0;
    std::uint64_t resident = 0;
    statm >> total >> resident;
    return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

std::string random_owner() {
    return "boot_" + random_hex(8);
}

}  // namespace gumshoe
