#pragma once

#include <filesystem>
#include <memory>

#include "evidence/source.hpp"

namespace gumshoe {
class EventLoop;
}

namespace gumshoe::git {

/// Reads the origins of the mirrors at once, and everything else on the loop's pool.
std::unique_ptr<Source> make_source(std::filesystem::path mirrors, EventLoop& loop);

}  // namespace gumshoe::git
