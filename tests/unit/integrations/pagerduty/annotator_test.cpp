// The note: written once, found again, and told apart from trouble that a person must mend.
#include <catch2/catch.hpp>

#include "integrations/pagerduty/annotator.hpp"
#include "integrations/pagerduty/note.hpp"
#include "tests/unit/integrations/pagerduty/simulated.hpp"

namespace annotator_test {

using namespace gumshoe;
using namespace gumshoe::test;

namespace {

struct Fixture : Simulated {
    using Simulated::Simulated;

    result<void> annotate(const std::string& text, const std::string& key) { return annotate(alert(), text, key); }
    result<void> annotate(Alert of, const std::string& text, const std::string& key) {
        const auto annotator = pagerduty::make_annotator(account, http, clock);
        return run(*loop, annotator->annotate(std::move(of), text, key, Deadline::after(clock, seconds(10))));
    }
    json notes() const { return simulation->state().at("notes"); }
    std::size_t posts() const {
        return static_cast<std::size_t>(std::ranges::count(http.requests, std::string("POST"), &HttpRequest::method));
    }
};

}  // namespace

TEST_CASE("a finding becomes one note, however often it is written") {
    Fixture play;
    CHECK(play.annotate("The cause is a config push.", "3f2a"));
    CHECK(play.annotate("The cause is a config push.", "3f2a"));
    REQUIRE(play.notes().size() == 1);
    CHECK(play.notes()[0]["content"] == "Finding by Gumshoe (gumshoe-note:3f2a)\n\nThe cause is a config push.");
    CHECK(play.notes()[0]["user"] == "PTUXL6G");
    CHECK(play.posts() == 1);
    CHECK(play.annotate("Another investigation.", "77c0"));
    CHECK(play.notes().size() == 2);
}

TEST_CASE("a note whose answer was lost is found before it is written again") {
    Fixture play;
    play.http.handle_with([&play](const HttpRequest& request) -> result<HttpResponse> {
        const HttpResponse answer = play.answer(request);
        if (request.method == "POST") return Error{errc::timeout, "no end before the deadline"};
        return answer;
    });
    const auto lost = play.annotate("x", "3f2a");
    REQUIRE_FALSE(lost);
    CHECK(lost.error().code == errc::timeout);
    CHECK(play.annotate("x", "3f2a"));
    CHECK(play.notes().size() == 1);
    CHECK(play.posts() == 1);
}

TEST_CASE("a server error of the write is not repeated blindly") {
    Fixture play;
    play.http.handle_with([&play](const HttpRequest& request) -> result<HttpResponse> {
        if (request.method == "POST") return http_response(502, "");
        return play.answer(request);
    });
    const auto failed = play.annotate("x", "3f2a");
    REQUIRE_FALSE(failed);
    CHECK(failed.error().code == errc::unavailable);
    CHECK(play.posts() == 1);
}

TEST_CASE("what a person must mend is told apart from what may be tried again") {
    struct Row {
        int status;
        const char* body;
        errc code;
        const char* says;
    };
    const Row rows[] = {
        {400, R"({"error":{"message":"Requester User Not Found","code":1008}})", errc::invalid_argument, "pagerduty.from"},
        {403, R"({"error":{"message":"Access Denied","code":2010}})", errc::unsupported, "read-only"},
        {401, R"({"error":{"message":"Authentication failed","code":2006}})", errc::unsupported, "API token"},
        {404, R"({"error":{"message":"Incident Not Found","code":5001}})", errc::not_found, "no such incident"},
        {429, "", errc::rate_limited, "slow down"},
        {200, "<html>", errc::bad_reply, "not JSON"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.status);
        Fixture play;
        const Alert alert = play.alert();
        play.http.push(200, R"({"notes":[]})");
        play.http.push(row.status, row.body);
        const auto failed = play.annotate(alert, "x", "k");
        REQUIRE_FALSE(failed);
        CHECK(failed.error().code == row.code);
        CAPTURE(failed.error().message);
        CHECK(failed.error().message.find(row.says) != std::string::npos);
    }
}

TEST_CASE("an address that nobody at PagerDuty has is told as that") {
    Fixture play;
    play.account.from = "nobody@acme.example";
    const auto failed = play.annotate("x", "k");
    REQUIRE_FALSE(failed);
    CHECK(failed.error().message == "PagerDuty knows no user with the address of pagerduty.from (a note on incident Q2X369CTEOAGYM)");
    CHECK(play.notes().empty());
}

TEST_CASE("PagerDuty's limits on notes are kept") {
    Fixture play;
    CHECK(play.annotate(std::string(60'000, 'x'), "k"));
    CHECK(play.notes()[0]["content"].get<std::string>().size() <= pagerduty::note_bytes);
    json full = json::array();
    for (std::size_t i = 0; i < pagerduty::notes_per_incident; ++i) full.push_back({{"content", "n"}});
    const Alert alert = play.alert();
    play.http.push(200, json{{"notes", full}}.dump());
    const auto failed = play.annotate(alert, "x", "k2");
    REQUIRE_FALSE(failed);
    CHECK(failed.error().code == errc::invalid_argument);
    CHECK(play.notes().size() == 1);
}

TEST_CASE("only incidents of PagerDuty are covered") {
    Fixture play;
    const auto annotator = pagerduty::make_annotator(play.account, play.http, play.clock);
    Alert alert = play.alert();
    CHECK(annotator->covers(alert));
    alert.source = "datadog";
    CHECK_FALSE(annotator->covers(alert));
    alert.source = "pagerduty";
    alert.labels["pagerduty.incident_id"] = "Q1/notes";
    CHECK_FALSE(annotator->covers(alert));
    CHECK_FALSE(play.annotate(alert, "x", "k"));
    CHECK(play.http.requests.empty());
}

}  // namespace annotator_test
