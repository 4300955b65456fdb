// What PagerDuty's answers become: records, refusals in words, and nothing that breaks on null.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "integrations/pagerduty/codec.hpp"
#include "tests/support/fake_http.hpp"
#include "tests/support/result_printing.hpp"

namespace responses_test {

using namespace gumshoe;
using namespace gumshoe::pagerduty;
using test::http_response;

namespace {

json parsed(const char* text) {
    return parse_json(text).value();
}

Changes changes_of(const json& events, const std::string& known = "") {
    return read_changes(json{{"change_events", events}}, "checkout", ServiceNames(known)).value();
}

}  // namespace

TEST_CASE("a refusal says what was asked, what PagerDuty said and what to do") {
    struct Row {
        int status;
        const char* body;
        bool optional_feature;
        errc code;
        const char* says;
    };
    const Row rows[] = {
        {400, R"({"error":{"message":"Requester User Not Found","code":1008}})", false, errc::invalid_argument, "pagerduty.from"},
        {401, R"({"error":{"message":"Authentication failed","code":2006}})", false, errc::unauthorized, "another region"},
        {401, "", false, errc::unauthorized, "refuses the API token"},
        {403, R"({"error":{"message":"Access Denied","code":2010}})", false, errc::forbidden, "read-only"},
        {402, R"({"error":{"message":"Account does not have the abilities","code":2014}})", false, errc::unsupported,
         "not in this PagerDuty plan"},
        {402, "{}", false, errc::unsupported, "not in this PagerDuty plan"},
        {404, R"({"error":{"message":"Incident Not Found","code":5001}})", false, errc::not_found, "no such incident"},
        {404, R"({"error":{"message":"Not Found","code":2100}})", false, errc::not_found, "does not have the thing: Not Found"},
        {404, R"({"error":{"message":"Not Found","code":2100}})", true, errc::unsupported, "not in this PagerDuty plan"},
        {403, R"({"error":{"message":"Access Denied","code":2010}})", true, errc::unsupported, "(Access Denied)"},
        {402, "", true, errc::unsupported, "not in this PagerDuty plan"},
        {400, R"({"error":{"message":"Invalid Input Provided","code":2001,"errors":["since is not UTC"]}})", false, errc::invalid_argument,
         "Invalid Input Provided: since is not UTC"},
        {400, R"({"error":{"message":"Invalid","errors":"as a text"}})", false, errc::invalid_argument, "Invalid: as a text"},
        {400, R"({"error":"plain words"})", false, errc::invalid_argument, "plain words"},
        {413, "", false, errc::invalid_argument, "413"},
        {408, "", false, errc::unavailable, "408"},
        {503, "<html>", true, errc::unavailable, "503"},
        {302, "", false, errc::bad_reply, "302"},
        {429, "", false, errc::rate_limited, "slow down"},
        {400, R"({"error":{"message":"Rate Limit Exceeded","code":2020}})", false, errc::rate_limited, "slow down"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.status, row.body);
        const auto refused = refusal(http_response(row.status, row.body), "the thing", row.optional_feature);
        REQUIRE(refused);
        CHECK(refused->error.code == row.code);
        CAPTURE(refused->error.message);
        CHECK(refused->error.message.find(row.says) != std::string::npos);
        CHECK(refused->error.message.find("the thing") != std::string::npos);
    }
    CHECK_FALSE(refusal(http_response(201, "{}"), "the thing"));
}

TEST_CASE("a rate limit is waited for as long as its header says, and no guess is made without one") {
    struct Row {
        const char* reset;
        std::optional<milliseconds> wait;
    };
    const Row rows[] = {
        {"7", milliseconds(7500)}, {"0", milliseconds(500)}, {"-1", std::nullopt}, {"soon", std::nullopt}, {"99999", std::nullopt}};
    for (const Row& row : rows) {
        CAPTURE(row.reset);
        CHECK(refusal(http_response(429, "", {{"ratelimit-reset", row.reset}}), "x")->wait == row.wait);
    }
    CHECK_FALSE(refusal(http_response(429, ""), "x")->wait);
}

TEST_CASE("an incident is one statement, however little of it there is") {
    const auto whole =
        read_incident(parsed(R"({"incident":{"id":"Q1","incident_number":12,"title":"5xx","status":"triggered","urgency":"high",
        "priority":{"summary":"P1"},"service":{"summary":"Checkout"},"alert_counts":{"all":2,"triggered":1,"resolved":1},
        "assignments":[{"at":"2026-08-01T10:00:00Z","assignee":{"summary":"Ana"}}],"created_at":"2026-08-01T10:00:05Z",
        "html_url":"https://acme.pagerduty.com/incidents/Q1","incident_key":"monitor-8123",
        "first_trigger_log_entry":{"channel":{"type":"api","client":"Order watch","details":{"share":"44%"},
          "client_url":"https://watch.example.com/checks/47112"}}}})"),
                      "checkout");
    REQUIRE(whole);
    CHECK(
        whole->text ==
        "PagerDuty incident #12 \"5xx\" is triggered, urgency high, priority P1, of service Checkout, 2 alerts (1 open), assigned to Ana, "
        "opened by Order watch; details: share: 44%");
    CHECK(whole->entity == "checkout");
    CHECK(whole->link == "https://acme.pagerduty.com/incidents/Q1");
    const auto bare = read_incident(
        parsed(R"({"incident":{"id":"Q1","priority":null,"service":null,"assignments":null,"html_url":"https://evil.example/"}})"), "");
    REQUIRE(bare);
    CHECK(bare->link.empty());
    CHECK_FALSE(read_incident(parsed(R"({"incident":null})"), ""));
    CHECK_FALSE(read_incident(parsed("[]"), ""));
}

TEST_CASE("the details of an alert are read as an object, as a text and in the CEF form") {
    const auto alerts = read_alerts(parsed(R"({"alerts":[
        {"id":"A1","summary":"one","status":"triggered","severity":"critical","alert_key":"monitor-8123","created_at":"2026-08-01T10:00:00Z","suppressed":false,
         "integration":{"summary":"Events API V2"},
         "body":{"type":"alert_body","contexts":[{"type":"link","href":"https://app.example.com/monitors/81234567"}],
                 "details":{"host":"web-1","tags":["a","b"],"deep":{"er":{"n":7}},"none":null}}},
        {"id":"A2","summary":"two","status":"resolved","severity":null,"alert_key":null,"created_at":null,"suppressed":true,
         "body":{"details":"disk full on web-1, see https://app.example.com/incidents/4711 (now)."}
},
        {"id":"A3","summary":"three","status":"triggered","body":{"details":null,"cef_details":{"message":"m","details":{"host":"web-1"}}}},
        {"id":"A4"}]
})"),
                                    "checkout");
    REQUIRE(alerts);
    REQUIRE(alerts->facts.size() == 4);
    CHECK(alerts->facts[0].text ==
          "PagerDuty alert \"one\", triggered, severity critical, through Events API V2; deep.er.n: 7; host: web-1; tags: a; tags: b");
    CHECK(alerts->facts[1].text ==
          "PagerDuty alert \"two\", resolved, suppressed; disk full on web-1, see https://app.example.com/incidents/4711 (now).");
    CHECK(alerts->facts[2].text == "PagerDuty alert \"three\", triggered; details.host: web-1; message: m");
    CHECK(alerts->references ==
          std::vector<std::string>{"key:monitor-8123", "app.example.com/monitors/81234567", "app.example.com/incidents/4711"});
    CHECK_FALSE(read_alerts(parsed(R"({"alerts":{}})"), ""));
}

TEST_CASE("references of a payload are bounded, and a home page is none") {
    json details = json::object();
    for (int i = 0; i < 100; ++i) details["dedup" + std::to_string(i)] = {{"dedup_key", "somebody-" + std::to_string(i)}};
    details["home"] = "https://app.example.com/";
    std::vector<std::string> references;
    add_references(details, references);
    CHECK(references.size() == 32);
    references.clear();
    add_references(json{{"home", "https://app.example.com/"}, {"dedup_key", "short"}, {"text", "http http:// https://x"}}, references);
    CHECK(references.empty());
}

TEST_CASE("the log leaves out notes, which are read by themselves") {
    const auto log = read_log(parsed(R"({"log_entries":[
        {"type":"annotate_log_entry","summary":"Note added","created_at":"2026-08-01T10:02:00Z"},
        {"type":"acknowledge_log_entry","summary":"Acknowledged by Ana","created_at":"2026-08-01T10:01:00Z"},
        {"type":"trigger_log_entry","summary":"Triggered","created_at":"2026-08-01T10:00:05Z"},{"type":"x","summary":"undated"}]})"));
    REQUIRE(log);
    CHECK(*log == std::vector<std::string>{"10:01:00 Acknowledged by Ana", "10:00:05 Triggered"});
}

TEST_CASE("past and related incidents may be told by a reference alone") {
    const auto past =
        read_past_incidents(parsed(R"({"past_incidents":[{"incident":{"id":"Q0","title":"5xx","created_at":"2026-07-01T10:00:00Z",
        "self":"https://api.pagerduty.com/incidents/Q0"},"score":46.8}],"total":1})"),
                            "checkout");
    REQUIRE(past);
    CHECK(past->at(0).title == "5xx");
    CHECK(past->at(0).at == parse_rfc3339("2026-07-01T10:00:00Z").value());
    CHECK_FALSE(read_past_incidents(parsed(R"({"past_incidents":[{"score":1}]})"), ""));
    const auto related = read_related_incidents(
        parsed(R"({"related_incidents":[{"incident":{"id":"Q7","summary":"gateway slow","service":{"summary":"Payments Gateway"},
        "status":"triggered"},"relationships":[]},{"incident":{"id":"Q8","title":"t"}}]})"),
        ServiceNames("checkout\npayments-gateway"));
    REQUIRE(related);
    CHECK(related->at(0).entity == "payments-gateway");
    CHECK(related->at(0).text == "PagerDuty takes an incident of service Payments Gateway for related: \"gateway slow\", triggered");
    CHECK(related->at(1).text == "PagerDuty takes an incident for related: \"t\"");
}

TEST_CASE("people on call come in the order in which they are called") {
    const auto people = read_oncalls(parsed(R"({"oncalls":[
        {"user":{"summary":"Tom"},"schedule":null,"escalation_level":2,"start":null,"end":null},
        {"user":{"summary":"A.","name":"Ana"},"schedule":{"summary":"Primary"},"escalation_level":1,"end":"2026-08-02T09:00:00Z"},{"user":null}]})"));
    REQUIRE(people);
    CHECK(*people == std::vector<std::string>{"Ana (level 1, Primary, until 2026-08-02T09:00:00Z)", "Tom (level 2)"});
}

TEST_CASE("names of services are the same but for case, separators and what people add") {
    for (const char* theirs : {"checkout", "Checkout", "Check-Out", "checkout_svc", "Checkout Service", "Checkout (prod)"}) {
        CAPTURE(theirs);
        CHECK(ServiceNames::same("checkout", theirs));
        CHECK(ServiceNames("payments\ncheckout").ours(theirs) == "checkout");
    }
    for (const char* theirs : {"checkout-db", "", "()", "Service", "check"}) {
        CAPTURE(theirs);
        CHECK_FALSE(ServiceNames::same("checkout", theirs));
        CHECK(ServiceNames("payments\ncheckout").ours(theirs) == theirs);
    }
    CHECK_FALSE(ServiceNames::same("", ""));
    CHECK(ServiceNames::search_word("payments-gateway") == "payments");
    CHECK(ServiceNames::search_word("Cart Service") == "cart");
    CHECK(ServiceNames::search_word("checkout") == "checkout");
    CHECK(ServiceNames::search_word("").empty());
}

TEST_CASE("a change is a deploy, a flag or configuration by what it says of itself") {
    struct Row {
        const char* summary;
        const char* source;
        const char* kind;
    };
    const Row rows[] = {
        {"Deploy checkout v412", "deploy-bot", "deploy"},
        {"Release 4.1: fix timeout of the client", "ci", "deploy"},
        {"Build Success - Increase snapshot create timeout to 30 seconds", "acme-build-pipeline", "deploy"},
        {"Merged pull request #12", "github", "deploy"},
        {"Feature flag new-cart turned on for 50%", "LaunchDarkly", "flag"},
        {"upstream timeout lowered to 500 ms", "config-push", "config"},
        {"terraform apply", "", "config"},
        {"Rotated the TLS certificate", "", "config"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.summary);
        const auto changes = changes_of(
            json::array({{{"id", "C1"}, {"summary", row.summary}, {"source", row.source}, {"timestamp", "2026-08-01T09:50:00Z"}}}));
        CHECK(changes.changes.at(0).kind == row.kind);
    }
}

TEST_CASE("a change event keeps who, what was there before, what is there now, and the code it came from") {
    const json event = {
        {"id", "01C"},
        {"summary", "Deploy checkout v412"},
        {"timestamp", "2026-08-01T09:50:00Z"},
        {"source", "deploy-bot"},
        {"services", {{{"id", "P1"}, {"summary", "Payments Gateway"}}, {{"id", "P2"}, {"summary", "Checkout"}}}},
        {"integration", nullptr},
        {"custom_details", {{"deploy", {{"author", "ana"}, {"env", "production"}}}, {"version", "v412"}, {"previous_version", "v411"}}},
        {"links", {{{"href", "javascript:alert(1)"}}, {{"href", "https://github.com/acme/shop/commit/4f1c2aa9d0b7"}, {"text", "commit"}}}},
        {"correlation_reason", {{"reason", "most_recent"}}}};
    const auto read = changes_of(json::array({event}), "checkout\npayments-gateway");
    REQUIRE(read.changes.size() == 1);
    const Change& change = read.changes.front();
    CHECK(change.service == "checkout");
    CHECK(change.subject == "Deploy checkout v412 (deploy-bot), related by PagerDuty: most recent");
    CHECK(change.author == "ana");
    CHECK(change.environment == "production");
    CHECK(change.sha == "4f1c2aa9d0b7");
    CHECK(change.diff == "+deploy.author: ana\n+deploy.env: production\n-previous_version: v411\n+version: v412\n");
    REQUIRE(read.code.size() == 1);
    CHECK(read.code.front().url == "https://github.com/acme/shop");
    CHECK(read.code.front().revision == "4f1c2aa9d0b7");
    CHECK(read.code.front().version == "v412");
    CHECK(read.code.front().service == "checkout");

    json other = event;
    other["services"] = {{{"id", "P1"}, {"summary", "Payments Gateway"}}};
    CHECK(changes_of(json::array({other}), "checkout\npayments-gateway").changes.front().service == "payments-gateway");
    other["services"] = nullptr;
    CHECK(changes_of(json::array({other})).changes.front().service == "checkout");
    CHECK_FALSE(read_changes(json{{"change_events", json::array({{{"id", "x"}}})}}, "", ServiceNames()));
    CHECK_FALSE(read_changes(json{{"change_events", nullptr}}, "", ServiceNames()));
}

TEST_CASE("a link names a repository only where its form says so") {
    struct Row {
        const char* link;
        const char* repository;  // "" for none
    };
    const Row rows[] = {
        {"https://github.com/acme/shop", "https://github.com/acme/shop"},
        {"https://github.com/acme/shop/pull/12/files#diff", "https://github.com/acme/shop"},
        {"https://gitlab.example.com/team/sub/shop/-/merge_requests/4", "https://gitlab.example.com/team/sub/shop"},
        {"https://git.example.com/acme/shop/commit/4f1c2aa9", "https://git.example.com/acme/shop"},
        {"https://ci.example.com/job/shop/17", ""},
        {"https://github.com/", ""},
        {"https://github.com/acme", ""},
        {"https://config.example.com/commit/4f1c2aa9", ""},
        {"https://github.com@evil.example/acme/shop", ""},
        {"ftp://github.com/acme/shop", ""},
        {"https://#github.com/acme/shop/commit/4f1c2aa9", ""},
        {"https://github.com?q=/acme/shop/commit/4f1c2aa9", ""},
        {"https:///commit/4f1c2aa9", ""},
        {"https://github.com//commit/4f1c2aa9", ""},
    };
    for (const Row& row : rows) {
        CAPTURE(row.link);
        const auto read = changes_of(
            json::array({{{"id", "C"}, {"summary", "config"}, {"timestamp", "2026-08-01T09:50:00Z"}, {"links", {{{"href", row.link}}}}}}));
        CHECK((read.code.empty() ? "" : read.code.front().url) == std::string(row.repository));
    }
}

TEST_CASE("a service map leaves out business services, and names may be missing") {
    const auto map = read_dependencies(parsed(R"({"relationships":[
        {"id":"D1","dependent_service":{"id":"P1","type":"technical_service_reference"},"supporting_service":{"id":"P2","type":"technical_service_reference"}},
        {"id":"D2","dependent_service":{"id":"PB","type":"business_service_reference"},"supporting_service":{"id":"P1","type":"technical_service_reference"}}]})"));
    REQUIRE(map);
    REQUIRE(map->size() == 1);
    CHECK(map->front().dependent.id == "P1");
    CHECK(map->front().supporting.name.empty());
    CHECK_FALSE(read_dependencies(parsed(R"({"relationships":[{"id":"D1"}]})")));
}

}  // namespace responses_test
