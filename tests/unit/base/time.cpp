#include <catch2/catch.hpp>

#include "base/clock.hpp"

using namespace gumshoe;
using namespace std::chrono_literals;

namespace {

class StoppedClock final : public Clock {
public:
    Monotonic at{1h};
    Timestamp now() const override { return Timestamp(); }
    Monotonic monotonic() const override { return at; }
    awaitable<void> sleep_until(Monotonic) override { throw std::logic_error("not used"); }
};

}  // namespace

TEST_CASE("RFC 3339 times are read to the millisecond and in UTC") {
    struct Case {
        std::string text;
        std::string utc;
    };
    const std::vector<Case> cases{
        {"2026-08-01T10:00:00Z", "2026-08-01T10:00:00Z"},         {"2026-08-01t10:00:00z", "2026-08-01T10:00:00Z"},
        {"2026-08-01T10:00:00.5Z", "2026-08-01T10:00:00.500Z"},   {"2026-08-01T10:00:00.123456789Z", "2026-08-01T10:00:00.123Z"},
        {"2026-08-01T10:00:00+02:00", "2026-08-01T08:00:00Z"},    {"2026-08-01T23:30:00-05:45", "2026-08-02T05:15:00Z"},
        {"2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z"},         {"2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"},
        {"1969-12-31T23:59:59.250Z", "1969-12-31T23:59:59.250Z"},
    };
    for (const Case& c : cases) {
        CAPTURE(c.text);
        auto t = parse_rfc3339(c.text);
        REQUIRE(t.has_value());
        CHECK(format_rfc3339(*t) == c.utc);
    }
    CHECK(to_millis(*parse_rfc3339("2026-08-01T10:00:00.042Z")) == 1785578400042);
    CHECK(to_seconds(*parse_rfc3339("1969-12-31T23:59:59.250Z")) == -1);
    CHECK(from_seconds(1785578400) == from_millis(1785578400000));
}

TEST_CASE("What is not an RFC 3339 time is refused") {
    for (std::string_view text :
         {"", "2026-08-01", "2026-08-01T10:00:00", "2026-08-01 10:00:00Z", "2026-8-01T10:00:00Z", "2026-02-29T10:00:00Z",
          "2026-13-01T10:00:00Z", "2026-08-01T24:00:00Z", "2026-08-01T10:60:00Z", "2026-08-01T10:00:61Z", "2026-08-01T10:00:00.Z",
          "2026-08-01T10:00:00+0200", "2026-08-01T10:00:00+24:00", "2026-08-01T10:00:00Z ", " 2026-08-01T10:00:00Z", "+026-08-01T10:00:00Z",
          "2026-08-01T10:00:00+02:00Z", "0000-01-01T00:00:00+01:00", "9999-12-31T23:59:60Z"}) {
        CAPTURE(text);
        auto t = parse_rfc3339(text);
        REQUIRE(t.has_error());
        CHECK(t.error().code == errc::parse);
    }
}

TEST_CASE("The time of day is UTC without milliseconds") {
    CHECK(format_clock(*parse_rfc3339("2026-08-01T12:03:11.900+02:00")) == "10:03:11");
}

TEST_CASE("Durations read as people say them") {
    const std::vector<std::pair<milliseconds, std::string>> cases{
        {0ms, "0 ms"},     {999ms, "999 ms"},        {38s, "38 s"},          {60s, "1 m"},
        {98s, "1 m 38 s"}, {11min + 38s, "11 m"},    {2h + 5min, "2 h 5 m"}, {3h, "3 h"},
        {72h, "3 d"},      {76h + 59min, "3 d 4 h"}, {-90s, "-1 m 30 s"},
    };
    for (const auto& [span, words] : cases) CHECK(format_duration(span) == words);
}

TEST_CASE("A deadline's remaining time is never negative and never short") {
    StoppedClock clock;
    Deadline deadline = Deadline::after(clock, 10ms);
    CHECK(deadline.remaining(clock) == 10ms);
    clock.at += 9ms + 900us;
    CHECK_FALSE(deadline.passed(clock));
    CHECK(deadline.remaining(clock) == 1ms);
    clock.at += 1h;
    CHECK(deadline.passed(clock));
    CHECK(deadline.remaining(clock) == 0ms);
    CHECK(deadline.earlier(Deadline{clock.at}).at == deadline.at);
}

TEST_CASE("A window holds its beginning and not its end") {
    Window window{from_seconds(10), from_seconds(20)};
    CHECK(window.contains(from_seconds(10)));
    CHECK_FALSE(window.contains(from_seconds(20)));
}
