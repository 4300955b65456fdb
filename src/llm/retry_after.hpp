// When a vendor says we may come back: header fields and messages in their many spellings. Junk counts as nothing said.
#pragma once

#include <optional>
#include <string_view>

#include "base/clock.hpp"
#include "io/http_message.hpp"

namespace gumshoe::llm {

struct RetryAdvice {
    std::optional<milliseconds> after;
    std::optional<Timestamp> until;  // an absolute time, where there was no Date field to measure it from
};

/// In this order: retry-after-ms, Retry-After (seconds or an HTTP date), the reset of an exhausted limit, "try again in 5.289s".
RetryAdvice retry_advice(const Headers& headers, std::string_view message);
/// The same without the limits.
RetryAdvice stated_advice(const Headers& headers, std::string_view message);

/// "Sun, 06 Nov 1994 08:49:37 GMT".
std::optional<Timestamp> parse_http_date(std::string_view text);

/// Durations as Go writes them: "1s", "6m0s", "12ms", "1h2m3.5s".
std::optional<milliseconds> parse_go_duration(std::string_view text);

}  // namespace gumshoe::llm
