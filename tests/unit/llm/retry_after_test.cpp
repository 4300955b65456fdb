#include "llm/retry_after.hpp"

#include <catch2/catch.hpp>
#include <vector>

using namespace gumshoe;
using namespace gumshoe::llm;

TEST_CASE("durations as Go writes them") {
    CHECK(parse_go_duration("1s") == milliseconds(1000));
    CHECK(parse_go_duration("6m0s") == milliseconds(360'000));
    CHECK(parse_go_duration("12ms") == milliseconds(12));
    CHECK(parse_go_duration("1h2m3.5s") == milliseconds(3'723'500));
    CHECK(parse_go_duration("5.289s") == milliseconds(5289));
    for (const char* junk : {"", "s", "5", "5x", "-3s", "1s!", "..s", "ms"}) {
        INFO(junk);
        CHECK_FALSE(parse_go_duration(junk));
    }
}

TEST_CASE("HTTP dates") {
    CHECK(format_rfc3339(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").value()) == "1994-11-06T08:49:37Z");
    for (const char* junk :
         {"", "soon", "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 06 Nox 1994 08:49:37 GMT", "Sun, 99 Nov 1994 08:49:37 GMT"}) {
        INFO(junk);
        CHECK_FALSE(parse_http_date(junk));
    }
}

TEST_CASE("T-12: a wait is read from every field and sentence that vendors use") {
    struct Said {
        Headers headers;
        const char* message;
        int ms;
    };
    const std::vector<Said> all{
        {{{"Retry-After", "2"}}, "", 2000},
        {{{"Retry-After", "1.5"}}, "", 1500},
        {{{"Retry-After", "Sat, 01 Aug 2026 10:00:30 GMT"}, {"Date", "Sat, 01 Aug 2026 10:00:00 GMT"}}, "", 30'000},
        {{{"retry-after-ms", "1250"}, {"Retry-After", "7"}}, "", 1250},
        {{{"x-ms-retry-after-ms", "700"}}, "", 700},
        {{{"x-ratelimit-remaining-tokens", "0"}, {"x-ratelimit-reset-tokens", "6m0s"}}, "try again in 1s", 360'000},
        {{}, "Rate limit reached. Please try again in 5.289s.", 5289},
        {{}, "Please try again in 7m12s. Visit us.", 432'000},
        {{}, "Exceeded call rate limit. Please retry after 26 seconds.", 26'000},
        {{}, "Please retry after 1 second.", 1000},
    };
    for (const Said& said : all) {
        INFO(said.ms << " " << said.message);
        CHECK(retry_advice(said.headers, said.message).after == milliseconds(said.ms));
    }
}

TEST_CASE("T-56: a limit of which nothing remains counts where the rate was the trouble, and nowhere else") {
    const Headers limits{{"x-ratelimit-remaining-tokens", "0"}, {"x-ratelimit-reset-tokens", "6m0s"}};
    CHECK(retry_advice(limits, "").after == milliseconds(360'000));
    CHECK_FALSE(stated_advice(limits, "").after);
    CHECK(stated_advice({{"Retry-After", "2"}}, "").after == milliseconds(2000));
    CHECK(stated_advice(limits, "Please try again in 3s").after == milliseconds(3000));
}

TEST_CASE("T-56: junk in headers counts as nothing said") {
    for (const char* junk : {"-1", "nan", "inf", "soon", "", "1e400"}) {
        INFO(junk);
        const RetryAdvice advice = retry_advice({{"Retry-After", junk}, {"retry-after-ms", junk}}, "");
        CHECK_FALSE(advice.after);
        CHECK_FALSE(advice.until);
    }
    const Headers limits{{"x-ratelimit-remaining-tokens", "-1"},
                         {"x-ratelimit-reset-tokens", "0"},
                         {"x-ratelimit-remaining-requests", "0"},
                         {"x-ratelimit-reset-requests", "-5"}};
    CHECK_FALSE(retry_advice(limits, "").after);
}

TEST_CASE("a wait of years is a day") {
    CHECK(retry_advice({{"Retry-After", "999999999"}}, "").after == std::chrono::hours(24));
}

TEST_CASE("a date in the past is no wait") {
    const Headers headers{{"retry-after", "Sat, 01 Aug 2026 09:00:00 GMT"}, {"date", "Sat, 01 Aug 2026 10:00:00 GMT"}};
    CHECK(retry_advice(headers, "").after == milliseconds(0));
}
