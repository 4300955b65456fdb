// RFC 3339 in and out, and durations in words.
#include "base/clock.hpp"

#include <algorithm>
#include <cstdio>

namespace gumshoe {

namespace chr = std::chrono;

namespace {

// Reads exactly `count` digits, or -1.
int take_digits(std::string_view& text, std::size_t count) {
    if (text.size() < count) return -1;
    int value = 0;
    for (char c : text.substr(0, count)) {
        if (c < '0' || c > '9') return -1;
        value = value * 10 + (c - '0');
    }
    text.remove_prefix(count);
    return value;
}

bool take(std::string_view& text, std::string_view any_of) {
    if (text.empty() || any_of.find(text.front()) == any_of.npos) return false;
    text.remove_prefix(1);
    return true;
}

// ".123456" as whole milliseconds; finer digits are dropped. -1 when there is a point without digits.
int take_fraction(std::string_view& text) {
    if (!take(text, ".")) return 0;
    int millis = 0;
    int scale = 100;
    bool any = false;
    while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
        millis += scale * (text.front() - '0');
        scale /= 10;
        text.remove_prefix(1);
        any = true;
    }
    return any ? millis : -1;
}

// "Z" or "+02:00" as minutes east of Greenwich.
bool take_offset(std::string_view& text, chr::minutes& offset) {
    if (take(text, "Zz")) return true;
    bool west = !text.empty() && text.front() == '-';
    if (!take(text, "+-")) return false;
    int hours = take_digits(text, 2);
    if (!take(text, ":")) return false;
    int minutes = take_digits(text, 2);
    if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return false;
    offset = chr::minutes(hours * 60 + minutes) * (west ? -1 : 1);
    return true;
}

bool parse_strictly(std::string_view text, Timestamp& out) {
    int year = take_digits(text, 4);
    if (year < 0 || !take(text, "-")) return false;
    int month = take_digits(text, 2);
    if (month < 0 || !take(text, "-")) return false;
    int day = take_digits(text, 2);
    if (day < 0 || !take(text, "Tt")) return false;
    int hour = take_digits(text, 2);
    if (hour < 0 || hour > 23 || !take(text, ":")) return false;
    int minute = take_digits(text, 2);
    if (minute < 0 || minute > 59 || !take(text, ":")) return false;
    int second = take_digits(text, 2);
    if (second < 0 || second > 60) return false;  // 60: a leap second, which is the next minute's first to us
    int millis = take_fraction(text);
    chr::minutes offset{0};
    if (millis < 0 || !take_offset(text, offset) || !text.empty()) return false;
    auto date = chr::year(year) / chr::month(static_cast<unsigned>(month)) / chr::day(static_cast<unsigned>(day));
    if (!date.ok()) return false;
    out = chr::sys_days(date) + chr::hours(hour) + chr::minutes(minute) + chr::seconds(second) + chr::milliseconds(millis) - offset;
    // In UTC it may lie outside the four digits of a year: it could be written and not read again.
    const auto utc = chr::year_month_day(chr::floor<chr::days>(out)).year();
    return utc >= chr::year(0) && utc <= chr::year(9999);
}

std::string two_units(std::int64_t large, const char* large_unit, std::int64_t small, const char* small_unit) {
    std::string out = std::to_string(large) + large_unit;
    if (small != 0) out += " " + std::to_string(small) + small_unit;
    return out;
}

}  // namespace

milliseconds Deadline::remaining(const Clock& clock) const {
    // Rounded up: who waits for what remains must not wake before the deadline.
    return std::max(milliseconds(0), chr::ceil<milliseconds>(at - clock.monotonic()));
}

std::string format_rfc3339(Timestamp t) {
    auto day = chr::floor<chr::days>(t);
    chr::year_month_day date(day);
    chr::hh_mm_ss time(t - day);
    char out[64];
    std::snprintf(out, sizeof out, "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                  static_cast<unsigned>(date.day()), static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                  static_cast<int>(time.seconds().count()));
    std::string text = out;
    if (auto millis = time.subseconds().count(); millis != 0) {
        std::snprintf(out, sizeof out, ".%03d", static_cast<int>(millis));
        text += out;
    }
    return text + "Z";
}

result<Timestamp> parse_rfc3339(std::string_view text) {
    Timestamp t;
    if (!parse_strictly(text, t)) return Error{errc::parse, "not an RFC 3339 time such as 2026-08-01T10:00:00Z"};
    return t;
}

std::string format_clock(Timestamp t) {
    return format_rfc3339(chr::floor<seconds>(t)).substr(11, 8);
}

std::string format_duration(milliseconds span) {
    if (span < milliseconds(0)) return "-" + format_duration(-span);
    if (span < chr::seconds(1)) return std::to_string(span.count()) + " ms";
    std::int64_t s = span.count() / 1000;
    if (s < 60) return std::to_string(s) + " s";
    if (s < 600) return two_units(s / 60, " m", s % 60, " s");
    if (s < 3600) return std::to_string(s / 60) + " m";
    if (s < 86400) return two_units(s / 3600, " h", s % 3600 / 60, " m");
    return two_units(s / 86400, " d", s % 86400 / 3600, " h");
}

std::int64_t to_millis(Timestamp t) {
    return t.time_since_epoch().count();
}
Timestamp from_millis(std::int64_t ms) {
    return Timestamp(milliseconds(ms));
}
std::int64_t to_seconds(Timestamp t) {
    return chr::floor<seconds>(t).time_since_epoch().count();
}
Timestamp from_seconds(std::int64_t s) {
    return Timestamp(seconds(s));
}

}  // namespace gumshoe
