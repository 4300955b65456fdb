// The simulated PagerDuty: it signs what it sends, and refuses what the real one refuses.
#include <catch2/catch.hpp>
#include <set>

#include "base/text.hpp"
#include "integrations/pagerduty/sandbox_webhook.hpp"
#include "tests/unit/integrations/pagerduty/simulated.hpp"

namespace sandbox_test {

using namespace gumshoe;
using namespace gumshoe::test;

namespace {

HttpRequest get(const Simulated& play, const std::string& path) {
    HttpRequest request = pagerduty::notes_request(play.account, "x");
    request.url = play.api + path;
    return request;
}

/// The same request with one header changed; "" leaves it out.
HttpRequest with_header(HttpRequest request, const std::string& name, const std::string& value) {
    Headers headers;
    for (const auto& [key, old] : request.headers) {
        if (!iequals(key, name)) headers.add(key, old);
    }
    if (!value.empty()) headers.add(name, value);
    request.headers = headers;
    return request;
}

}  // namespace

TEST_CASE("its webhooks are believed by our receiver and make one story") {
    Simulated play;
    const auto receiver = pagerduty::make_receiver({Secret(pagerduty::webhook_secret)});
    std::set<std::string> keys;
    struct Row {
        const char* moment;
        Notification means;
    };
    for (const Row& row :
         {Row{"trigger", Notification::trigger}, Row{"renotify", Notification::renotify}, Row{"recovery", Notification::recovery}}) {
        CAPTURE(row.moment);
        const auto sent = play.simulation->webhooks(play.world, row.moment);
        REQUIRE(sent.size() == 1);
        const RawRequest raw = play.delivered(sent.front());
        CHECK(receiver->verify(raw, play.world.now));
        const auto parsed = receiver->parse(raw, play.world.now);
        REQUIRE(parsed);
        REQUIRE(parsed->alerts.size() == 1);
        CHECK(parsed->alerts.front().notification == row.means);
        CHECK(parsed->alerts.front().service == "Checkout");
        CHECK(keys.insert(parsed->key).second);
        CHECK(split(*sent.front().headers.find("X-PagerDuty-Signature"), ',').size() == 2);
    }
    CHECK(play.simulation->webhooks(play.world, "tomorrow").empty());
    CHECK(play.simulation->webhooks(play.world, "annotated").empty());
}

TEST_CASE("a note that was posted comes back as a webhook, is known for ours, and is on the screen") {
    Simulated play;
    const std::string text = "Finding by Gumshoe (gumshoe-note:3f2a)\n\n" + std::string(500, 'x');
    REQUIRE(play.answer(pagerduty::note_request(play.account, "Q2X369CTEOAGYM", text)).status == 201);
    const auto sent = play.simulation->webhooks(play.world, "annotated");
    REQUIRE(sent.size() == 1);
    const auto receiver = pagerduty::make_receiver({Secret(pagerduty::webhook_secret)});
    CHECK(receiver->verify(play.delivered(sent.front()), play.world.now));
    CHECK(receiver->parse(play.delivered(sent.front()), play.world.now)->filtered == "our own note");
    CHECK(json::parse(sent.front().body)["event"]["data"]["trimmed"] == true);
    REQUIRE(play.simulation->screen().size() == 1);
    CHECK(play.simulation->screen().front().find("Q2X369CTEOAGYM") != std::string::npos);
    CHECK(play.simulation->state()["notes"][0]["content"] == text);
}

TEST_CASE("it refuses what PagerDuty refuses, with PagerDuty's codes") {
    Simulated play;
    const std::string notes = "/incidents/Q2X369CTEOAGYM/notes";
    const auto post = [&](const std::string& body) {
        HttpRequest request = pagerduty::note_request(play.account, "Q2X369CTEOAGYM", "x");
        request.body = body;
        return request;
    };
    struct Row {
        const char* what;
        HttpRequest request;
        int status;
        int code;
    };
    const Row rows[] = {
        {"no credentials", with_header(get(play, notes), "Authorization", ""), 401, 2006},
        {"a bearer of a token", with_header(get(play, notes), "Authorization", "Bearer x"), 401, 2006},
        {"quotes", with_header(get(play, notes), "Authorization", "Token token=\"x\""), 401, 2006},
        {"no token", with_header(get(play, notes), "Authorization", "Token token="), 401, 2006},
        {"another version", with_header(get(play, notes), "Accept", "application/json"), 406, 2001},
        {"an unknown parameter", get(play, notes + "?limit=5"), 400, 2001},
        {"an array without brackets", get(play, "/oncalls?escalation_policy_ids=PUS0KTE"), 400, 2001},
        {"too large a page", get(play, "/services?limit=101"), 400, 2001},
        {"a page beyond ten thousand", get(play, "/services?limit=100&offset=9901"), 400, 2001},
        {"a time of another zone", get(play, "/services/PF9KMXH/change_events?since=2026-08-01T10:00:00%2B02:00"), 400, 2001},
        {"no such incident", get(play, "/incidents/QNONE/alerts"), 404, 5001},
        {"no such service", get(play, "/services/PNONE"), 404, 2100},
        {"no such path", get(play, "/everything"), 404, 2100},
        {"nobody's note", with_header(post(R"({"note":{"content":"x"}})"), "From", ""), 400, 2001},
        {"a stranger's note", with_header(post(R"({"note":{"content":"x"}})"), "From", "eve@acme.example"), 400, 1008},
        {"a note without a type", with_header(post(R"({"note":{"content":"x"}})"), "Content-Type", "text/plain"), 415, 2001},
        {"an empty note", post(R"({"note":{"content":" "}})"), 400, 2001},
        {"a note of numbers", post(R"({"note":{"content":7}})"), 400, 2001},
        {"an unknown field", post(R"({"note":{"content":"x","pinned":true}})"), 400, 2001},
        {"no note", post(R"({"content":"x"})"), 400, 2001},
        {"too long a note", post(json{{"note", {{"content", std::string(25'001, 'x')}}}}.dump()), 400, 2001},
    };
    for (const Row& row : rows) {
        CAPTURE(row.what);
        const HttpResponse answer = play.answer(row.request);
        CHECK(answer.status == row.status);
        CHECK(json::parse(answer.body)["error"]["code"] == row.code);
    }
    CHECK(play.simulation->state()["notes"].empty());
    CHECK(play.answer(get(play, "/incidents/320624")).status == 200);
}

TEST_CASE("nothing is shown before its time") {
    Simulated play;
    play.world.now = play.world.zero - seconds(500);
    const auto body = json::parse(play.answer(get(play, "/services/PGW0001/change_events")).body);
    CHECK(body["change_events"].empty());
    CHECK(json::parse(play.answer(get(play, "/incidents/Q2X369CTEOAGYM/alerts")).body)["alerts"].empty());
}

TEST_CASE("a scenario without a block has neither settings nor webhooks, and nobody is let in") {
    Simulated play({{"pagerduty", nullptr}});
    CHECK(play.simulation->settings(play.world).empty());
    CHECK(play.simulation->webhooks(play.world, "trigger").empty());
    CHECK(play.answer(get(play, "/services")).status == 401);
    Simulated silent({{"pagerduty", {{"webhook", nullptr}}}});
    CHECK(silent.simulation->webhooks(silent.world, "trigger").empty());
    const auto settings = json::parse(silent.simulation->settings(silent.world));
    CHECK(settings["from"] == "ana@acme.example");
    CHECK(settings["notes"] == true);
}

}  // namespace sandbox_test
