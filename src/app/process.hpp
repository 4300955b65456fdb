// Facts of this process.
#pragma once

#include <cstdint>
#include <string>

namespace gumshoe {

std::uint64_t resident_bytes();
std::string random_owner();  // "boot_..." for leases

}  // namespace gumshoe
