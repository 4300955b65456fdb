// What we send: paths, parameters and headers as PagerDuty wants them.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "integrations/pagerduty/codec.hpp"
#include "integrations/pagerduty/note.hpp"

namespace requests_test {

using namespace gumshoe;
using namespace gumshoe::pagerduty;

namespace {

const Account account{"https://api.pagerduty.com", Secret("u+secret"), "ana@acme.example"};
const Window window{from_millis(1785578400123), from_millis(1785582000000)};

}  // namespace

TEST_CASE("each request has its path and its parameters") {
    struct Row {
        HttpRequest request;
        const char* path;
    };
    const Row rows[] = {
        {incident_request(account, "Q1"), "/incidents/Q1?include%5B%5D=first_trigger_log_entries"},
        {alerts_request(account, "Q1", 0), "/incidents/Q1/alerts?limit=100&offset=0"},
        {log_request(account, "Q1", 100), "/incidents/Q1/log_entries?is_overview=true&limit=100&offset=100"},
        {notes_request(account, "Q1"), "/incidents/Q1/notes"},
        {past_incidents_request(account, "Q1"), "/incidents/Q1/past_incidents?limit=5"},
        {related_incidents_request(account, "Q1"), "/incidents/Q1/related_incidents"},
        {related_changes_request(account, "Q1"), "/incidents/Q1/related_change_events?limit=100"},
        {service_changes_request(account, "P1", window, 0),
         "/services/P1/change_events?since=2026-08-01T10%3A00%3A00Z&until=2026-08-01T11%3A00%3A00Z&limit=100&offset=0"},
        {resolved_incidents_request(account, "P1", window, 0),
         "/incidents?service_ids%5B%5D=P1&statuses%5B%5D=resolved&since=2026-08-01T10%3A00%3A00Z&until=2026-08-01T11%3A00%3A00Z"
         "&sort_by=created_at%3Adesc&limit=100&offset=0"},
        {services_request(account, "check out&limit=1"), "/services?query=check%20out%26limit%3D1&limit=100&offset=0"},
        {service_request(account, "P1"), "/services/P1"},
        {dependencies_request(account, "P1"), "/service_dependencies/technical_services/P1"},
        {oncalls_request(account, "PE", 0), "/oncalls?escalation_policy_ids%5B%5D=PE&include%5B%5D=users&earliest=true&limit=100&offset=0"},
        {any_service_request(account), "/services?limit=1"},
    };
    for (const Row& row : rows) {
        CHECK(row.request.url == "https://api.pagerduty.com" + std::string(row.path));
        CHECK(row.request.method == "GET");
        CHECK(row.request.headers.find("Authorization") == "Token token=u+secret");
        CHECK(row.request.headers.find("Accept") == "application/vnd.pagerduty+json;version=2");
        CHECK_FALSE(row.request.headers.find("From"));
        CHECK(row.request.body.empty());
    }
}

TEST_CASE("a note is posted in the name of a user") {
    const HttpRequest request = note_request(account, "Q1", "the \"cause\"\n");
    CHECK(request.method == "POST");
    CHECK(request.url == "https://api.pagerduty.com/incidents/Q1/notes");
    CHECK(request.headers.find("From") == "ana@acme.example");
    CHECK(request.headers.find("Content-Type") == "application/json");
    CHECK(parse_json(request.body).value() == json{{"note", {{"content", "the \"cause\"\n"}}}});
}

TEST_CASE("an id is letters and digits, nothing that could be a path") {
    for (const char* good : {"Q2X369CTEOAGYM", "PT4KHLK", "320624", "a"}) CHECK(is_id(good));
    for (const std::string bad : {"", "Q1/notes", "..", "Q1?x=1", "Q 1", "Q1\n", "Q%31"}) CHECK_FALSE(is_id(bad));
    CHECK_FALSE(is_id(std::string(65, 'Q')));
}

TEST_CASE("a note carries its key where it is not cut off, and is known for ours by it") {
    const std::string content = note_content(std::string(40'000, 'x'), "3f2a");
    CHECK(content.size() <= note_bytes);
    CHECK(is_own_note(content));
    CHECK(is_own_note("\n" + content.substr(0, 60)));
    CHECK(is_note_of(content, "3f2a"));
    CHECK_FALSE(is_note_of(content, "3f2"));
    CHECK_FALSE(is_note_of(content, "3f2ab"));
    CHECK_FALSE(is_own_note("see " + content));
    CHECK_FALSE(is_own_note("Finding by hand"));
}

}  // namespace requests_test
