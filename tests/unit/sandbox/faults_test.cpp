// Faults on order: reading them, and whose turn it is.
#include "sandbox/faults.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/support/result_printing.hpp"

namespace gumshoe::sandbox {
namespace {

FaultPlan plan(const char* text) {
    auto made = FaultPlan::parse(json::parse(text));
    REQUIRE(made);
    return std::move(*made);
}

std::string turns(FaultPlan& faults, int requests, std::string_view path = "/api/x") {
    std::string all;
    for (int i = 0; i < requests; ++i) all += faults.next("datadog", "GET", path) ? 'x' : '.';
    return all;
}

}  // namespace

TEST_CASE("a fault skips, hits and ends as it says") {
    struct Case {
        const char* list;
        const char* turns;
    };
    for (const Case& c :
         {Case{R"([{"kind": "hang"}])", "xxxxxx"}, Case{R"([{"kind": "hang", "times": 2}])", "xx...."},
          Case{R"([{"kind": "hang", "after": 2}])", "..xxxx"}, Case{R"([{"kind": "hang", "after": 1, "times": 3}])", ".xxx.."},
          Case{R"([{"kind": "hang", "times": 1}, {"kind": "slow", "after": 3, "times": 1}])", "x..x.."},
          Case{R"([{"kind": "hang", "vendor": "datadog", "method": "GET", "path_prefix": "/api/"}])", "xxxxxx"},
          Case{R"([{"kind": "hang", "vendor": "slack"}])", "......"}, Case{R"([{"kind": "hang", "method": "POST"}])", "......"},
          Case{R"([{"kind": "hang", "path_prefix": "/api/xy"}])", "......"}, Case{"[]", "......"}, Case{"null", "......"}}) {
        INFO(c.list);
        FaultPlan faults = plan(c.list);
        CHECK(turns(faults, 6) == c.turns);
    }
}

TEST_CASE("the first fault whose turn it is wins, and the others count on") {
    FaultPlan faults = plan(R"([{"kind": "hang", "times": 1}, {"kind": "slow", "after": 1, "times": 1}, {"kind": "huge"}])");
    CHECK(faults.next("a", "GET", "/")->kind == FaultKind::hang);
    CHECK(faults.next("a", "GET", "/")->kind == FaultKind::slow);
    CHECK(faults.next("a", "GET", "/")->kind == FaultKind::huge);
    const json list = faults.to_json();
    CHECK(list[0]["matched"] == 3);
    CHECK(list[0]["hit"] == 1);
    CHECK(list[2]["kind"] == "huge");
}

TEST_CASE("every field of a fault is read") {
    FaultPlan faults = plan(R"([{"vendor": "slack", "path_prefix": "/api/chat.", "method": "POST", "after": 0, "times": 1, "kind": "status",
                                 "status": 429, "body": "{}", "headers": {"Retry-After": "7"}, "bytes": 12, "delay_ms": 250}])");
    const auto fault = faults.next("slack", "POST", "/api/chat.postMessage");
    REQUIRE(fault);
    CHECK(fault->status == 429);
    CHECK(fault->body == "{}");
    CHECK(fault->headers.find("retry-after") == "7");
    CHECK(fault->bytes == 12);
    CHECK(fault->delay == milliseconds(250));
}

TEST_CASE("a mistake in a list of faults is named, not passed over") {
    struct Case {
        const char* list;
        const char* named;
    };
    for (const Case& c :
         {Case{R"({"kind": "hang"})", "faults is not a list"}, Case{R"(["hang"])", "faults[0] is not an object"},
          Case{R"([{"vendor": "slack"}])", "faults[0].kind"}, Case{R"([{"kind": "hang"}, {"kind": "explode"}])", "faults[1].kind"},
          Case{R"([{"kind": "hang", "time": 1}])", "faults[0].time"}, Case{R"([{"kind": "hang", "times": "1"}])", "faults[0].times"},
          Case{R"([{"kind": "hang", "after": -1}])", "faults[0].after"}, Case{R"([{"kind": "drip", "bytes": 0}])", "faults[0].bytes"},
          Case{R"([{"kind": "status", "headers": {"A": 1}}])", "faults[0].headers"}}) {
        INFO(c.list);
        const auto made = FaultPlan::parse(json::parse(c.list));
        REQUIRE_FALSE(made);
        CHECK(made.error().code == errc::parse);
        CHECK(made.error().message.find(c.named) != std::string::npos);
    }
}

}  // namespace gumshoe::sandbox
