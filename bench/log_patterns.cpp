// How many lines of log a second become patterns, on one core.
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "evidence/log_patterns.hpp"

int main() {
    constexpr std::size_t count = 1'000'000;
    constexpr const char* shapes[] = {
        "2026-08-01T10:00:%02zu.%03zuZ INFO [http-%zu] c.a.OrderController#43 order %zu placed by user %zu in %zu ms",
        "2026-08-01T10:00:%02zu.%03zuZ WARN [db-%zu] connection pool exhausted after %zu tries, %zu waiting, timeout=%zums",
        "2026-08-01T10:00:%02zu.%03zuZ INFO [http-%zu] GET /api/v1/items/%zu?page=%zu&size=20 200 %zu",
        "2026-08-01T10:00:%02zu.%03zuZ ERROR [rpc-%zu] call to 10.0.%zu.%zu:8080 failed: deadline exceeded after %zums"};
    std::vector<std::string> lines;
    lines.reserve(count);
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < count; ++i) {
        char buffer[256];
        const int size = std::snprintf(buffer, sizeof(buffer), shapes[i % 4], i % 60, i % 1000, i % 16, i % 251, i % 97, i % 4999);
        lines.emplace_back(buffer, static_cast<std::size_t>(size));
        bytes += lines.back().size();
    }
    gumshoe::LogPatterns patterns;
    const auto begin = std::chrono::steady_clock::now();
    for (const auto& line : lines) {
        patterns.add("checkout", line);
    }
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    std::printf("%.0f lines/s, %.0f MB/s, %zu patterns\n", static_cast<double>(count) / seconds, static_cast<double>(bytes) / seconds / 1e6,
                patterns.size());
    return 0;
}
