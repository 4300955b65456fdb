// Masks and patterns of log lines.
#include <catch2/catch.hpp>

#include "evidence/log_patterns.hpp"

using namespace gumshoe;

TEST_CASE("variable parts are masked and names stay") {
    const auto [line, expected] =
        GENERATE(table<const char*, const char*>({{"pool exhausted after 12 tries", "pool exhausted after <*> tries"},
                                                  {"2026-01-29T08:43:04.123Z GET /a", "<*> GET /a"},
                                                  {"peer 10.0.0.1:8080 closed", "peer <*> closed"},
                                                  {"id 366a58af-b1c5-f71a-4673-4bfb32e18f80 gone", "id <*> gone"},
                                                  {"took 12ms", "took <*>"},
                                                  {"ptr 0x7fff5694dc58 leaked", "ptr <*> leaked"},
                                                  {"UserController#43 login", "UserController#43 login"},
                                                  {"panic at lib/uuid.c:120", "panic at lib/uuid.c:120"},
                                                  {"GET /items?id=7&user=ana done", "GET /items?<*> done"},
                                                  {"offset -5 of   9", "offset <*> of <*>"},
                                                  {"deadbeef cafe words", "deadbeef cafe words"}}));
    std::string masked;
    mask_variables(line, masked);
    CHECK(masked == expected);
}

TEST_CASE("lines that differ in values share a pattern") {
    LogPatterns patterns;
    const auto a = patterns.add("checkout", "session opened for alice from 10.0.0.1");
    CHECK(patterns.add("checkout", "session opened for bob from 10.0.0.2") == a);
    CHECK(patterns.text(a) == "session opened for <*> from <*>");
    CHECK(patterns.add("payment", "session opened for alice from 10.0.0.1") != a);
}

TEST_CASE("success and failure never share a pattern") {
    LogPatterns patterns;
    const auto good = patterns.add("basic", "[getRoutes] Get Route By Ids Success");
    CHECK(patterns.add("basic", "[getRoutes] Get Route By Ids Failed") != good);
    CHECK(patterns.text(good) == "[getRoutes] Get Route By Ids Success");
}

TEST_CASE("a general pattern does not swallow lines that share little with it") {
    LogPatterns patterns;
    for (const char* line :
         {"12:00 INFO aa span 1 alpha beta gamma", "12:01 INFO bb span 2 delta eps zeta", "12:02 INFO cc span 3 eta theta iota"}) {
        patterns.add("s", line);
    }
    CHECK(patterns.size() == 3);
}

TEST_CASE("a pattern is shown without time, level and trace ids") {
    CHECK(readable_pattern("<*> INFO a.Login#43 TraceID: <*> SpanID: <*> login of <*>") == "a.Login#43 login of <*>");
    CHECK(readable_pattern("<*> <*>") == "<*> <*>");
}
