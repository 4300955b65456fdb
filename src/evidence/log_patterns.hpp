// Lines of log as patterns: variable parts masked, then a fixed-depth parse tree (Drain). Fast enough for every line we fetch.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace gumshoe {

class LogPatterns {
public:
    LogPatterns();
    LogPatterns(LogPatterns&&) noexcept;
    ~LogPatterns();

    /// The pattern of a line among those of `group` (a service). Dense ids from 0. A pattern may become more general later,
    /// its id stays. Past 10,000 patterns the rest of a group's new ones share one.
    std::uint32_t add(std::string_view group, std::string_view line);

    std::size_t size() const;
    /// "pool exhausted after <*>"
    std::string text(std::uint32_t pattern) const;

private:
    struct Tree;
    std::unique_ptr<Tree> tree_;
};

/// The line with its variable parts as <*>: numbers, ids, addresses, times, durations, long quoted strings, URL queries.
/// Source locations (Class#43, file.cc:120) stay: they tell patterns apart.
void mask_variables(std::string_view line, std::string& out);

/// A pattern as shown to people: without leading time stamps, levels and trace ids.
std::string readable_pattern(std::string_view pattern);

}  // namespace gumshoe
