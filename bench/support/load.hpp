// The load generator, which is also the baseline: libcurl and nothing around it, one thread, connections kept.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "bench/support/latency.hpp"

namespace gumshoe::bench {

struct Load {
    std::string url;
    std::vector<std::string> headers;  // "Name: value"
    std::string body;                  // posted
    std::string expected;              // must be in every answer's body
    std::size_t calls = 0;
    std::size_t in_flight = 1;
};

/// Holds its connections between runs. One in flight is one easy handle; more are handles of one multi handle, each with its next
/// call as soon as the last has ended.
class LoadGenerator {
public:
    LoadGenerator();
    LoadGenerator(const LoadGenerator&) = delete;
    LoadGenerator& operator=(const LoadGenerator&) = delete;
    ~LoadGenerator();

    Latency run(const Load& load);

private:
    struct Handle;
    Latency run_one(const Load& load);
    Latency run_many(const Load& load);

    void* multi_;
    std::vector<Handle> handles_;
};

}  // namespace gumshoe::bench
