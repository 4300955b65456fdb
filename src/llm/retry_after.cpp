// Parses what vendors say about waiting.
#include "llm/retry_after.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string>

#include "base/text.hpp"

namespace gumshoe::llm {
namespace {

constexpr double longest_ms = 24.0 * 3600 * 1000;

std::optional<double> number(std::string_view text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
    return value;
}

std::optional<milliseconds> bounded(double ms) {
    if (!std::isfinite(ms) || ms < 0) return std::nullopt;
    return milliseconds(static_cast<std::int64_t>(std::ceil(std::min(ms, longest_ms))));
}

/// An absolute time as a span, when the answer says what time it was there.
RetryAdvice until(Timestamp when, const Headers& headers) {
    const auto date = parse_http_date(headers.find("date").value_or(""));
    if (!date) return {.after = std::nullopt, .until = when};
    return {.after = bounded(static_cast<double>(std::max<std::int64_t>(0, to_millis(when) - to_millis(*date)))), .until = std::nullopt};
}

RetryAdvice from_retry_after(const Headers& headers) {
    for (const std::string_view name : {"retry-after-ms", "x-ms-retry-after-ms"}) {
        const auto ms = number(trim(headers.find(name).value_or("")));
        const auto span = ms ? bounded(*ms) : std::nullopt;
        if (span) return {.after = span, .until = std::nullopt};
    }
    const std::string_view text = trim(headers.find("retry-after").value_or(""));
    if (const auto s = number(text)) return {.after = bounded(*s * 1000), .until = std::nullopt};
    if (const auto date = parse_http_date(text)) return until(*date, headers);
    return {};
}

/// The latest reset among limits of which nothing remains.
RetryAdvice from_exhausted_limits(const Headers& headers) {
    RetryAdvice advice;
    const auto keep_later = [&](std::optional<milliseconds> span) {
        if (span && (!advice.after || *span > *advice.after)) advice.after = span;
    };
    for (const std::string_view kind : {"requests", "tokens"}) {
        const std::string base = "x-ratelimit-";
        if (number(headers.find(base + "remaining-" + std::string(kind)).value_or("")) != 0.0) continue;
        keep_later(parse_go_duration(headers.find(base + "reset-" + std::string(kind)).value_or("")));
    }
    for (const std::string_view kind : {"requests", "tokens", "input-tokens", "output-tokens"}) {
        const std::string base = "anthropic-ratelimit-" + std::string(kind);
        if (number(headers.find(base + "-remaining").value_or("")) != 0.0) continue;
        const auto reset = parse_rfc3339(headers.find(base + "-reset").value_or(""));
        if (!reset) continue;
        const RetryAdvice limit = until(*reset, headers);
        keep_later(limit.after);
        if (limit.until && (!advice.until || *limit.until > *advice.until)) advice.until = limit.until;
    }
    return advice;
}

/// "Please try again in 1m2.5s." and "Please retry after 26 seconds."
std::optional<milliseconds> from_message(std::string_view message) {
    const std::string lower = to_lower(message.substr(0, 500));
    for (const std::string_view words : {"try again in ", "retry after "}) {
        const auto at = lower.find(words);
        if (at == std::string::npos) continue;
        std::string_view rest = std::string_view(lower).substr(at + words.size());
        const auto digits = rest.substr(0, rest.find_first_not_of("0123456789."));
        if (rest.substr(digits.size()).starts_with(" second")) {
            const auto count = number(digits);
            return count ? bounded(*count * 1000) : std::nullopt;
        }
        rest = rest.substr(0, rest.find_first_not_of("0123456789.hms"));
        while (rest.ends_with('.')) rest.remove_suffix(1);  // the sentence's
        return parse_go_duration(rest);
    }
    return std::nullopt;
}

}  // namespace

std::optional<milliseconds> parse_go_duration(std::string_view text) {
    if (text.empty()) return std::nullopt;
    double ms = 0;
    while (!text.empty()) {
        const auto digits = std::min(text.find_first_not_of("0123456789."), text.size());
        const auto value = number(text.substr(0, digits));
        text.remove_prefix(digits);
        const auto letters = std::min(text.find_first_of("0123456789."), text.size());
        const std::string_view unit = text.substr(0, letters);
        text.remove_prefix(letters);
        if (!value) return std::nullopt;
        if (unit == "ms") {
            ms += *value;
        } else if (unit == "s") {
            ms += *value * 1000;
        } else if (unit == "m") {
            ms += *value * 60'000;
        } else if (unit == "h") {
            ms += *value * 3'600'000;
        } else {
            return std::nullopt;
        }
    }
    return bounded(ms);
}

std::optional<Timestamp> parse_http_date(std::string_view text) {
    constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    // "Sun, 06 Nov 1994 08:49:37 GMT"; the two older forms of RFC 9110 are long gone.
    if (text.size() != 29 || text.substr(3, 2) != ", " || !text.ends_with(" GMT")) return std::nullopt;
    const auto month = std::ranges::find(months, text.substr(8, 3));
    if (month == months.end()) return std::nullopt;
    std::string iso(text.substr(12, 4));
    const auto number_of_month = 1 + (month - months.begin());
    iso += number_of_month < 10 ? "-0" : "-";
    iso += std::to_string(number_of_month);
    iso += '-';
    iso += text.substr(5, 2);
    iso += 'T';
    iso += text.substr(17, 8);
    iso += 'Z';
    const auto time = parse_rfc3339(iso);
    if (!time) return std::nullopt;
    return *time;
}

RetryAdvice stated_advice(const Headers& headers, std::string_view message) {
    const RetryAdvice advice = from_retry_after(headers);
    if (advice.after || advice.until) return advice;
    return {.after = from_message(message), .until = std::nullopt};
}

RetryAdvice retry_advice(const Headers& headers, std::string_view message) {
    RetryAdvice advice = from_retry_after(headers);
    if (advice.after || advice.until) return advice;
    advice = from_exhausted_limits(headers);
    if (advice.after || advice.until) return advice;
    return stated_advice(headers, message);
}

}  // namespace gumshoe::llm
