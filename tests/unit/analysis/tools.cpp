#include "analysis/tools.hpp"

#include <catch2/catch.hpp>
#include "tests/support/result_printing.hpp"

using namespace gumshoe;

TEST_CASE("a tool call outside the enums and bounds is refused before anything is fetched") {
    Subject subject;
    subject.services = {"checkout", "payments"};
    subject.onset = from_seconds(1785578400);
    subject.incident.to = subject.onset + std::chrono::minutes(5);
    struct Case {
        const char* name;
        const char* arguments;
        const char* problem;  // "" when accepted
    };
    const Case cases[] = {
        {"get_evidence", R"({"kind":"logs","service":"payments","minutes_before":30})", ""},
        {"get_evidence", R"({"kind":"logs","service":"payments OR *","minutes_before":30})", "service is not one of"},
        {"get_evidence", R"({"kind":"shell","service":"payments","minutes_before":30})", "kind is not"},
        {"get_evidence", R"({"kind":"logs","service":"payments","minutes_before":100000})", "minutes_before must be"},
        {"get_evidence", R"({"kind":"logs","service":"payments"})", "minutes_before must be"},
        {"get_evidence", R"(["logs"])", "arguments must be"},
        {"get_evidence", R"({"kind":)", "arguments must be"},
        {"get_evidence_detail", R"({"id":"E3"})", ""},
        {"get_evidence_detail", R"({})", "id is missing"},
        {"fetch_url", R"({"url":"http://169.254.169.254/"})", "there is no tool named"},
    };
    for (const Case& c : cases) {
        CAPTURE(c.name, c.arguments);
        const auto request = read_tool_call({"call_1", c.name, c.arguments}, subject);
        if (*c.problem == '\0') {
            CHECK(request);
        } else {
            REQUIRE_FALSE(request);
            CHECK(request.error().message.find(c.problem) != std::string::npos);
        }
    }
}
