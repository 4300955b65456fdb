// The webhook: every fixture's bytes to the alert beside it, what a state means, and who is believed.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "alert/references.hpp"
#include "base/digest.hpp"
#include "base/json.hpp"
#include "base/limits.hpp"
#include "integrations/newrelic/receiver.hpp"
#include "tests/support/result_printing.hpp"
#include "tests/support/webhook_fixtures.hpp"

namespace receiver_test {

using namespace gumshoe;
using namespace gumshoe::newrelic;

namespace {

const Timestamp now = test::fixtures_now;
constexpr const char* issue = "0f3c5f6e-2f0a-4b0b-9c39-0d6b9f7b1c11";

result<ParsedDelivery> parse(const json& body) {
    return parse_webhook(test::delivery_of("newrelic", body.dump()), now);
}

Alert alert_of(const json& body) {
    const auto parsed = parse(body);
    REQUIRE(parsed.has_value());
    REQUIRE(parsed->alerts.size() == 1);
    return parsed->alerts.front();
}

}  // namespace

TEST_CASE("every recorded delivery becomes the alert beside it") {
    CHECK(test::check_webhook_fixtures("newrelic", parse_webhook) >= 20);
}

TEST_CASE("the state decides what a delivery is, not what made New Relic send it") {
    struct Row {
        const char* state;
        const char* trigger;
        AlertStatus status;
        Notification notification;
    };
    const Row rows[] = {
        {"ACTIVATED", "STATE_CHANGE", AlertStatus::firing, Notification::trigger},
        {"ACTIVATED", "INCIDENT_ADDED", AlertStatus::firing, Notification::trigger},
        {"ACTIVATED", "PRIORITY_CHANGED", AlertStatus::firing, Notification::trigger},
        {"ACTIVATED", "MERGE_REQUEST", AlertStatus::firing, Notification::trigger},
        {"ACTIVATED", "INCIDENT_CLOSED", AlertStatus::firing, Notification::renotify},
        {"ACTIVATED", "USER_ACTION", AlertStatus::firing, Notification::renotify},
        {"active", "", AlertStatus::firing, Notification::trigger},
        {" Activated ", "user action", AlertStatus::firing, Notification::renotify},
        {"CLOSED", "INCIDENT_CLOSED", AlertStatus::resolved, Notification::recovery},
        {"CLOSED", "CLOSE_INACTIVE", AlertStatus::resolved, Notification::recovery},
        {"CLOSED", "USER_ACTION", AlertStatus::resolved, Notification::recovery},
        {"closed", "", AlertStatus::resolved, Notification::recovery},
        {"DEACTIVATED", "STATE_CHANGE", AlertStatus::resolved, Notification::recovery},
        {"acknowledged", "", AlertStatus::firing, Notification::renotify},
        {"SNOOZED", "STATE_CHANGE", AlertStatus::firing, Notification::trigger},
        {"", "CLOSE_TTL", AlertStatus::resolved, Notification::recovery},
        {"", "USER_ACTION", AlertStatus::firing, Notification::renotify},
        {"", "", AlertStatus::firing, Notification::trigger},
    };
    for (const Row& row : rows) {
        INFO(row.state << " " << row.trigger);
        const Alert alert = alert_of({{"id", issue}, {"state", row.state}, {"trigger", row.trigger}});
        CHECK(alert.status == row.status);
        CHECK(alert.notification == row.notification);
        CHECK(alert.episode == issue);
        CHECK(alert.fingerprint == std::string("issue:") + issue);
    }
    CHECK(alert_of({{"id", issue}, {"state", "SNOOZED"}}).transition == "SNOOZED (unknown)");
}

TEST_CASE("an issue in its grace period and a test notification are taken and start nothing") {
    const auto created = parse({{"id", issue}, {"state", "CREATED"}, {"updatedAt", 1785577801456}});
    REQUIRE(created.has_value());
    CHECK(created->alerts.empty());
    CHECK(created->filtered.find("grace period") != std::string::npos);
    // Real issues of account 1, and other issues with that UUID in their text, are no tests.
    CHECK(
        alert_of({{"id", issue}, {"issueUrl", "https://radar-api.service.newrelic.com/accounts/1/issues/" + std::string(issue)}}).episode ==
        issue);
    CHECK(alert_of({{"id", issue}, {"title", test_issue}}).notification == Notification::trigger);
    CHECK(parse({{"id", test_issue}})->filtered == "test notification");
    CHECK(parse({{"issueUrl", std::string("https://radar-api.service.eu.newrelic.com") + test_issue_path}, {"id", "other"}})->filtered ==
          "test notification");
}

TEST_CASE("an issue's deliveries are told apart by state, update and trigger; without the update by their bytes") {
    const json first = {{"id", issue}, {"state", "ACTIVATED"}, {"trigger", "INCIDENT_ADDED"}, {"updatedAt", 1785577801456}};
    const std::string key = parse(first)->key;
    CHECK(key == std::string(issue) + ":ACTIVATED:1785577801456:INCIDENT_ADDED");
    json same = first;
    same["updatedAt"] = 1785577801456.0;
    same["title"] = "the same news under another title";
    CHECK(parse(same)->key == key);
    for (const auto& [name, value] :
         {std::pair<const char*, json>{"state", "CLOSED"}, {"trigger", "USER_ACTION"}, {"updatedAt", 1785577801457}}) {
        json other = first;
        other[name] = value;
        CHECK(parse(other)->key != key);
    }
    json without = first;
    without.erase("updatedAt");
    CHECK(parse(without)->key.empty());
}

TEST_CASE("the issue's id and page are what another tool knows the outage by") {
    const std::string page = std::string("https://radar-api.service.newrelic.com/accounts/1234567/issues/") + issue;
    const Alert alert = alert_of({{"id", issue}, {"issueUrl", page + "?notifier=WEBHOOK"}});
    const auto references = references_of(alert);
    CHECK(std::find(references.begin(), references.end(), key_reference(issue)) != references.end());
    CHECK(std::find(references.begin(), references.end(), link_reference(page)) != references.end());
}

TEST_CASE("links lead to web pages only") {
    for (const char* url :
         {"javascript:alert(1)", "ftp://host/x", "https://", "https:///x", "http://a b", "https://a\"b", "//host/x", "data:x"}) {
        INFO(url);
        CHECK(alert_of({{"id", issue}, {"issueUrl", url}, {"runbookUrl", url}}).links.empty());
    }
    CHECK(alert_of({{"id", issue}, {"runbookUrl", "HTTP://runbooks.example/a"}}).links.size() == 1);
}

TEST_CASE("what cannot be an issue is an error that names what is missing") {
    const std::pair<const char*, const char*> rows[] = {
        {"", "empty"},
        {"[]", "not a JSON object"},
        {"{\"id\":{{json issueId}}}", "newrelic webhook"},
        {R"({"title":"x","state":"ACTIVATED"})", "none of issueId"},
        {R"({"id":null,"issueId":"","issueUrl":"https://one.newrelic.com/issues/not-a-uuid"})", "none of issueId"},
        {R"({"id":"{{issueId}}"})", "none of issueId"},
    };
    for (const auto& [body, word] : rows) {
        INFO(body);
        const auto parsed = parse_webhook(test::delivery_of("newrelic", body), now);
        REQUIRE_FALSE(parsed.has_value());
        CHECK(parsed.error().code == errc::parse);
        CHECK(parsed.error().message.find(word) != std::string::npos);
    }
}

TEST_CASE("a date that cannot be an alert's is not believed, seconds and RFC 3339 are") {
    for (const json& date : {json(0), json(-5), json(1e300), json("soon"), json(99999999999999), json(1617881246260), json(true)}) {
        INFO(date.dump());
        CHECK(alert_of({{"id", issue}, {"createdAt", date}}).started_at == now);
    }
    for (const json& date :
         {json(1785577800), json("1785577800000"), json("2026-08-01T09:50:00Z"), json(1.7855778e12), json::array({1785577800000})}) {
        INFO(date.dump());
        CHECK(alert_of({{"id", issue}, {"createdAt", date}}).started_at == from_millis(1785577800000));
    }
}

TEST_CASE("texts and lists of any size are cut to their limits") {
    json names = json::array();
    for (int i = 0; i < 5000; ++i) names.push_back("entity-" + std::to_string(i));
    json tags = json::object();
    for (int i = 0; i < 5000; ++i) tags["tag-" + std::to_string(i)] = std::string(1000, 'v');
    const Alert alert = alert_of({{"id", std::string(5000, 'i')},
                                  {"title", std::string(100000, 'a')},
                                  {"description", std::string(1000000, 'b')},
                                  {"impactedEntities", names},
                                  {"tags", tags}});
    CHECK(alert.title.size() <= limits::alert_title_bytes);
    CHECK(alert.body.size() <= limits::alert_body_bytes);
    CHECK(alert.episode.size() <= 300);
    CHECK(alert.labels.size() <= 220);
    for (const auto& [key, value] : alert.labels) CHECK(value.size() <= 300);
}

TEST_CASE("only the configured credentials are believed, and none configured means nobody") {
    const std::string token = "a-token-of-some-length";
    WebhookCredentials with_token;
    with_token.tokens = {Secret(token)};
    WebhookCredentials basic;
    basic.basic = WebhookCredentials::Basic{"newrelic", Secret(token)};
    WebhookCredentials header;
    header.header = WebhookCredentials::Header{"X-Gumshoe", Secret(token)};
    struct Row {
        const char* what;
        WebhookCredentials credentials;
        std::pair<std::string, std::string> field;
        bool believed;
    };
    const Row rows[] = {
        {"bearer", with_token, {"Authorization", "Bearer " + token}, true},
        {"wrong bearer", with_token, {"Authorization", "Bearer " + token + "x"}, false},
        {"missing", with_token, {"X-Other", "1"}, false},
        {"basic", basic, {"Authorization", "Basic " + base64_encode("newrelic:" + token)}, true},
        {"basic, wrong user", basic, {"Authorization", "Basic " + base64_encode("root:" + token)}, false},
        {"own header", header, {"X-Gumshoe", token}, true},
        {"nothing configured", WebhookCredentials{}, {"Authorization", "Bearer "}, false},
    };
    for (const Row& row : rows) {
        INFO(row.what);
        RawRequest request = test::delivery_of("newrelic", "{}");
        request.headers.add(row.field.first, row.field.second);
        const auto verified = make_receiver(row.credentials)->verify(request, now);
        CHECK(verified.has_value() == row.believed);
        if (!verified) CHECK(verified.error().message.find(token) == std::string::npos);
    }
}

}  // namespace receiver_test
