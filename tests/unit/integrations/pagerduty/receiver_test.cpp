// The webhook: every fixture's bytes to the alert beside it, and who is believed.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <set>

#include "base/digest.hpp"
#include "base/json.hpp"
#include "integrations/pagerduty/receiver.hpp"
#include "tests/support/result_printing.hpp"
#include "tests/support/webhook_fixtures.hpp"

namespace receiver_test {

using namespace gumshoe;
using namespace gumshoe::pagerduty;

namespace {

const Timestamp now = test::fixtures_now;

RawRequest signed_by(const std::string& header, std::string body) {
    RawRequest request = test::delivery_of("pagerduty", std::move(body));
    request.headers.add("X-PagerDuty-Signature", header);
    return request;
}

json fixture(const std::string& name) {
    return parse_json(test::read_file(std::string(GUMSHOE_SOURCE_DIR) + "/integrations/pagerduty/fixtures/webhooks/" + name + ".body"))
        .value();
}

result<ParsedDelivery> parse(const json& body) {
    return parse_webhook(body.dump(), now);
}

}  // namespace

TEST_CASE("every recorded delivery becomes the alert beside it") {
    CHECK(test::check_webhook_fixtures("pagerduty",
                                       [](const RawRequest& request, Timestamp at) { return parse_webhook(request.body, at); }) >= 17);
}

TEST_CASE("a signature is the HMAC-SHA256 of the raw bytes with the secret as it is written") {
    struct Row {
        std::string secret;
        std::string body;
        const char* signature;  // by openssl dgst -sha256 -hmac
    };
    const std::string secret = "whsec-0123456789abcdef";
    const Row rows[] = {
        {secret, R"({"event":{"id":"1"}})", "6a450ced3658339b035a0c80afa8adf4b8f7db40a9f612b1a705a0a38bd32b82"},
        {"Zm9vYmFyYmF6cXV4cXV1eA==", R"({"event":{"id":"01DEN4HPBQAAAG05V5QQYBRZMF","event_type":"pagey.ping"}})",
         "66d0b901fce5cb39a62eec9d32859d8c17eca3b310e65b83f72a15302065be48"},
        {secret, " {\"event\" : {\"title\":\"caf\xc3\xa9 \xe2\x98\x83\"}}\n",
         "c4afd4d87e4f66bd2078c92a4181d26e9a9191ff796e9e7549186e9c06c619b7"},
        {secret, "", "2560d51c109282d2b2efac47aa7fffb598eb7ee1aaa7db697773a7f1912f8da5"},
        {std::string(80, 's'), R"({"a":"\u0000"})", "e8c1f44c11d7b4ab111a4e8793e537fd0a1f191bdeb7816c54dc2910a54b2402"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.body);
        const std::string good = std::string("v1=") + row.signature;
        CHECK(check_signature({Secret(row.secret)}, signed_by(good, row.body)));
        CHECK_FALSE(check_signature({Secret(row.secret)}, signed_by(good, row.body + " ")));
        CHECK_FALSE(check_signature({Secret(row.secret + "x")}, signed_by(good, row.body)));
    }
}

TEST_CASE("one good signature of several is enough, by any configured secret; other versions do not count") {
    const std::string body = R"({"event":{}})";
    const std::string old_one = "v1=" + hmac_sha256_hex("former-secret-0123", body);
    const std::string new_one = "v1=" + hmac_sha256_hex("current-secret-0123", body);
    const std::string foreign = "v1=" + hmac_sha256_hex("somebody-elses-0123", body);
    const std::string v2 = "v2=" + new_one.substr(3);
    const std::vector<Secret> current{Secret("current-secret-0123")};
    const std::vector<Secret> both{Secret("former-secret-0123"), Secret("current-secret-0123")};
    struct Row {
        std::string header;
        const std::vector<Secret>& secrets;
        bool believed;
    };
    const Row rows[] = {
        {old_one + "," + new_one, current, true},
        {foreign + ", \t" + new_one + " ", current, true},
        {old_one, both, true},
        {v2 + "," + new_one, current, true},
        {old_one, current, false},
        {foreign + "," + foreign, both, false},
        {v2, current, false},
        {new_one.substr(3), current, false},
        {"V1=" + new_one.substr(3), current, false},
        {new_one.substr(0, 40), current, false},
        {new_one + "00", current, false},
        {"v1=", current, false},
        {",,,", current, false},
        {"", current, false},
    };
    for (const Row& row : rows) {
        CAPTURE(row.header);
        const auto verified = check_signature(row.secrets, signed_by(row.header, body));
        CHECK(verified.has_value() == row.believed);
        if (!verified) CHECK(verified.error().code == errc::unauthorized);
        if (!verified) CHECK(verified.error().message.find("0123") == std::string::npos);
        const bool of_version = row.header.find("v1=") != std::string::npos;
        if (!verified) CHECK((verified.error().message.find("has no v1 signature") == std::string::npos) == of_version);
    }
}

TEST_CASE("without a secret or a header nobody is believed") {
    const std::string body = "{}";
    CHECK_FALSE(check_signature({}, signed_by("v1=" + hmac_sha256_hex("", body), body)));
    CHECK_FALSE(check_signature({Secret("")}, signed_by("v1=" + hmac_sha256_hex("", body), body)));
    CHECK_FALSE(check_signature({Secret("current-secret-0123")}, test::delivery_of("pagerduty", body)));
    const auto v2 = check_signature({Secret("current-secret-0123")}, test::delivery_of("pagerduty", R"({"messages":[]})"));
    REQUIRE_FALSE(v2);
    CHECK(v2.error().message == "V2 webhooks are not supported: create a V3 subscription");
}

TEST_CASE("every event type means one thing, and an unknown one is kept by its word") {
    struct Row {
        const char* type;
        const char* means;  // a notification, or "" for filtered
    };
    const Row rows[] = {
        {"incident.triggered", "trigger"},
        {"incident.reopened", "trigger"},
        {"incident.resolved", "recovery"},
        {"incident.acknowledged", "renotify"},
        {"incident.unacknowledged", "renotify"},
        {"incident.delegated", "renotify"},
        {"incident.escalated", "renotify"},
        {"incident.reassigned", "renotify"},
        {"incident.priority_updated", "renotify"},
        {"incident.service_updated", "renotify"},
        {"incident.annotated", ""},
        {"incident.conference_bridge.updated", ""},
        {"incident.custom_field_values.updated", ""},
        {"incident.incident_type.changed", ""},
        {"incident.responder.added", ""},
        {"incident.responder.replied", ""},
        {"incident.role.assigned", ""},
        {"incident.status_update_published", ""},
        {"incident.task.completed", ""},
        {"incident.task.created", ""},
        {"incident.task.updated", ""},
        {"incident.action_invocation.created", ""},
        {"incident.action_invocation.terminated", ""},
        {"incident.action_invocation.updated", ""},
        {"incident.workflow.started", ""},
        {"incident.workflow.completed", ""},
        {"service.created", ""},
        {"service.updated", ""},
        {"service.deleted", ""},
        {"service.custom_field_values.updated", ""},
        {"pagey.ping", ""},
    };
    for (const Row& row : rows) {
        CAPTURE(row.type);
        json body = fixture("triggered");
        body["event"]["event_type"] = row.type;
        const auto parsed = parse(body);
        REQUIRE(parsed);
        CHECK(parsed->key == "01DEN4HPBQAAAG05V5QQYBRZMF");
        CHECK(parsed->filtered.empty() == !parsed->alerts.empty());
        CHECK(parsed->filtered.find("not one we know") == std::string::npos);
        const bool filtered = std::string(row.means).empty();
        CHECK(parsed->alerts.size() == (filtered ? 0 : 1));
        if (filtered || parsed->alerts.empty()) continue;
        const Alert& alert = parsed->alerts.front();
        CHECK(to_string(alert.notification) == row.means);
        CHECK((alert.status == AlertStatus::resolved) == (alert.notification == Notification::recovery));
        CHECK(alert.transition == row.type);
        CHECK(alert.fingerprint == "Q2X369CTEOAGYM");
    }
    json body = fixture("triggered");
    body["event"]["event_type"] = "incident.sent_to_the_moon";
    CHECK(parse(body)->filtered == "event type incident.sent_to_the_moon is not one we know");
}

TEST_CASE("a priority decides the severity, without one the urgency does") {
    struct Row {
        const char* priority;
        const char* urgency;
        Severity severity;
    };
    const Row rows[] = {
        {"P1", "low", Severity::critical},      {"p2", "high", Severity::error},
        {"P3", "high", Severity::warning},      {"P4", "high", Severity::info},
        {"P5", "high", Severity::info},         {"SEV1", "low", Severity::critical},
        {"Sev 3", "high", Severity::warning},   {"SEV-2", "low", Severity::error},
        {"P9", "low", Severity::warning},       {"P", "high", Severity::error},
        {"Platinum", "low", Severity::warning}, {"", "high", Severity::error},
        {"", "low", Severity::warning},         {"", "", Severity::error},
    };
    for (const Row& row : rows) {
        CAPTURE(row.priority, row.urgency);
        json body = fixture("triggered");
        body["event"]["data"]["priority"] = {{"summary", row.priority}};
        body["event"]["data"]["urgency"] = row.urgency;
        CHECK(parse(body)->alerts.front().severity == row.severity);
    }
}

TEST_CASE("retries and replays have the key of the first delivery, whatever the unsigned headers say") {
    const json body = fixture("triggered");
    RawRequest again = test::delivery_of("pagerduty", body.dump());
    again.headers.add("X-Webhook-Id", "another");
    const auto receiver = make_receiver({Secret("current-secret-0123")});
    CHECK(receiver->parse(test::delivery_of("pagerduty", body.dump()), now)->key == receiver->parse(again, now)->key);
}

TEST_CASE("what is no event of PagerDuty is refused with the field that is wrong") {
    json no_id = fixture("triggered");
    no_id["event"]["data"]["id"] = "../services";
    json no_data = fixture("triggered");
    no_data["event"]["data"] = "incident";
    json no_type = fixture("triggered");
    no_type["event"].erase("event_type");
    struct Row {
        std::string body;
        const char* says;
    };
    const Row rows[] = {
        {"", "JSON"},
        {"[]", "no event"},
        {"{}", "no event"},
        {R"({"event":[1]})", "no event"},
        {no_type.dump(), "event_type"},
        {no_data.dump(), "event.data"},
        {no_id.dump(), "event.data.id"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.body);
        const auto parsed = parse_webhook(row.body, now);
        REQUIRE_FALSE(parsed);
        CHECK(parsed.error().code == errc::parse);
        CHECK(parsed.error().message.find("pagerduty webhook") == 0);
        CAPTURE(parsed.error().message);
        if (std::string(row.says) != "JSON") CHECK(parsed.error().message.find(row.says) != std::string::npos);
    }
}

TEST_CASE("times that are no times of an alert are not believed") {
    json body = fixture("triggered");
    for (const char* created : {"1999-01-01T00:00:00Z", "2031-01-01T00:00:00Z", "yesterday", ""}) {
        CAPTURE(created);
        body["event"]["data"]["created_at"] = created;
        CHECK(parse(body)->alerts.front().started_at == parse_rfc3339("2026-08-01T09:58:05.538Z").value());
    }
    body["event"].erase("occurred_at");
    CHECK(parse(body)->alerts.front().started_at == now);
}

}  // namespace receiver_test
