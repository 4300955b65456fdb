// The webhook: every fixture's bytes to the alert beside it, and who is believed.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/digest.hpp"
#include "base/json.hpp"
#include "base/limits.hpp"
#include "integrations/datadog/notification.hpp"
#include "integrations/datadog/receiver.hpp"
#include "tests/support/result_printing.hpp"
#include "tests/support/webhook_fixtures.hpp"

namespace receiver_test {

using namespace gumshoe;
using namespace gumshoe::datadog;

namespace {

const Timestamp now = from_millis(1785578400000);  // 2026-08-01T10:00:00Z
const std::filesystem::path fixtures = std::filesystem::path(GUMSHOE_SOURCE_DIR) / "integrations/datadog/fixtures/webhooks";

using test::read_file;

RawRequest delivery(std::string body, const std::string& content_type = "application/json; charset=utf-8") {
    return test::delivery_of("datadog", std::move(body), content_type);
}

result<ParsedDelivery> parse(std::string body) {
    return parse_webhook(delivery(std::move(body)), "https://app.datadoghq.com", now);
}

}  // namespace

TEST_CASE("every recorded delivery becomes the alert beside it") {
    CHECK(test::check_webhook_fixtures("datadog", [](const RawRequest& request, Timestamp at) {
              return parse_webhook(request, "https://app.datadoghq.com", at);
          }) >= 14);
}

TEST_CASE("the recommended and the default template of one monitor agree on everything that both tell") {
    const auto recommended = parse(read_file(fixtures / "recommended-triggered.body"));
    json seven = *parse_json(read_file(fixtures / "recommended-triggered.body"));
    for (const char* key : {"text", "alert_id", "alert_title", "alert_transition", "alert_type", "alert_priority", "alert_scope", "tags",
                            "service", "env", "aggreg_key", "alert_cycle_key", "link"}) {
        seven.erase(key);
    }
    const auto fallback = parse(seven.dump());
    REQUIRE(recommended.has_value());
    REQUIRE(fallback.has_value());
    const Alert& a = recommended->alerts.front();
    const Alert& b = fallback->alerts.front();
    CHECK(a.title == b.title);
    CHECK(a.body == b.body);
    CHECK(a.service == b.service);
    CHECK(a.environment == b.environment);
    CHECK(a.severity == b.severity);
    CHECK(a.notification == b.notification);
    CHECK(a.monitor_id == b.monitor_id);
    CHECK(a.event_id == b.event_id);
    CHECK(recommended->key == fallback->key);
    CHECK(b.fingerprint == "monitor:8123:env:prod,service:checkout");
}

TEST_CASE("a transition means what Datadog means by it, in any case of letters") {
    struct Row {
        const char* word;
        AlertStatus status;
        Notification notification;
        bool warn;
    };
    const Row rows[] = {
        {"Triggered", AlertStatus::firing, Notification::trigger, false},
        {"ALERT", AlertStatus::firing, Notification::trigger, false},
        {"warn", AlertStatus::firing, Notification::trigger, true},
        {"No Data", AlertStatus::firing, Notification::trigger, false},
        {"re-triggered", AlertStatus::firing, Notification::renotify, false},
        {"Re-Warn", AlertStatus::firing, Notification::renotify, true},
        {"Re-No Data", AlertStatus::firing, Notification::renotify, false},
        {"Renotify", AlertStatus::firing, Notification::renotify, false},
        {" recovered ", AlertStatus::resolved, Notification::recovery, false},
    };
    for (const Row& row : rows) {
        INFO(row.word);
        const Transition read = read_transition(row.word);
        CHECK(read.known);
        CHECK(read.status == row.status);
        CHECK(read.notification == row.notification);
        CHECK(read.warn == row.warn);
    }
    CHECK_FALSE(read_transition("Escalated").known);
    CHECK(read_transition("Escalated").notification == Notification::trigger);
}

TEST_CASE("a title gives up its brackets in any order and keeps those of its name") {
    const Title full = parse_title("[TEST] [P2] [Re-Triggered on {service:a,env:b}] [checkout] slow");
    CHECK(full.test);
    CHECK(full.priority == "P2");
    CHECK(full.transition == "Re-Triggered");
    CHECK(full.scope == "service:a,env:b");
    CHECK(full.name == "[checkout] slow");
    CHECK(parse_title("[P9] odd").name == "[P9] odd");
    CHECK(parse_title("[Triggered").name == "[Triggered");
    CHECK(parse_title("").name.empty());
}

TEST_CASE("what cannot be an alert is an error that names what is missing") {
    const std::pair<const char*, const char*> rows[] = {
        {"", "empty"},
        {"   ", "empty"},
        {"[]", "not a JSON object"},
        {"{\"id\":\"1\"}", "none of title"},
        {"{\"title\":$EVENT_TITLE}", "datadog webhook"},
        {R"({"title":"null","body":"","text":"None"})", "none of title"},
    };
    for (const auto& [body, word] : rows) {
        INFO(body);
        const auto parsed = parse(body);
        REQUIRE_FALSE(parsed.has_value());
        CHECK(parsed.error().code == errc::parse);
        CHECK(parsed.error().message.find(word) != std::string::npos);
    }
}

TEST_CASE("an update of an event is another delivery, the same bytes are not") {
    const std::string first = R"({"id":"1","title":"[Triggered] x","last_updated":"1785578341000"})";
    const std::string updated = R"({"id":"1","title":"[Triggered] x","last_updated":"1785578342000"})";
    const std::string recovered = R"({"id":"1","title":"[Recovered] x","last_updated":"1785578341000"})";
    CHECK(parse(first)->key == parse(first)->key);
    CHECK(parse(first)->key != parse(updated)->key);
    CHECK(parse(first)->key != parse(recovered)->key);
}

TEST_CASE("a title stands for its alert when there is nothing better, whatever numbers it carries") {
    const auto of = [](const char* title) { return parse(json{{"title", title}}.dump())->alerts.front().fingerprint; };
    CHECK(of("[Triggered] 12 failed logins") == of("[Recovered] 9 failed logins"));
    CHECK(of("[Triggered] 12 failed logins") != of("[Triggered] 12 failed payments"));
}

TEST_CASE("a date that cannot be an alert's is not believed") {
    for (const char* date : {"0", "-5", "99999999999999", "1e12", "17855783400000000000", ""}) {
        INFO(date);
        CHECK(parse(json{{"title", "x"}, {"date", date}}.dump())->alerts.front().started_at == now);
    }
}

TEST_CASE("texts of any size are cut to their limits") {
    json body = {{"title", std::string(100000, 'a')}, {"body", std::string(1000000, 'b')}};
    const auto parsed = parse(body.dump());
    REQUIRE(parsed.has_value());
    CHECK(parsed->alerts.front().title.size() <= limits::alert_title_bytes);
    CHECK(parsed->alerts.front().body.size() <= limits::alert_body_bytes);
}

TEST_CASE("only the configured credentials are believed, and none configured means nobody") {
    const std::string token = "a-token-of-some-length";
    const std::string other = "another-token-of-length";
    WebhookCredentials with_token;
    with_token.tokens = {Secret(token)};
    WebhookCredentials rotating;
    rotating.tokens = {Secret(other), Secret(token)};
    WebhookCredentials basic;
    basic.basic = WebhookCredentials::Basic{"datadog", Secret(token)};
    WebhookCredentials header;
    header.header = WebhookCredentials::Header{"X-Gumshoe", Secret(token)};
    WebhookCredentials empty_token;
    empty_token.tokens = {Secret("")};

    struct Row {
        const char* what;
        WebhookCredentials credentials;
        std::pair<std::string, std::string> field;
        bool believed;
    };
    const Row rows[] = {
        {"right", with_token, {"Authorization", "Bearer " + token}, true},
        {"missing", with_token, {"X-Other", "1"}, false},
        {"wrong", with_token, {"Authorization", "Bearer " + other}, false},
        {"too short", with_token, {"Authorization", "Bearer " + token.substr(1)}, false},
        {"too long", with_token, {"Authorization", "Bearer " + token + "x"}, false},
        {"empty", with_token, {"Authorization", "Bearer "}, false},
        {"wrong scheme", with_token, {"Authorization", "Basic " + token}, false},
        {"new one in rotation", rotating, {"Authorization", "Bearer " + other}, true},
        {"old one in rotation", rotating, {"Authorization", "Bearer " + token}, true},
        {"basic", basic, {"Authorization", "Basic " + base64_encode("datadog:" + token)}, true},
        {"basic, wrong user", basic, {"Authorization", "Basic " + base64_encode("root:" + token)}, false},
        {"own header", header, {"X-Gumshoe", token}, true},
        {"own header, wrong", header, {"X-Gumshoe", other}, false},
        {"nothing configured", WebhookCredentials{}, {"Authorization", "Bearer "}, false},
        {"empty token configured", empty_token, {"Authorization", "Bearer "}, false},
    };
    for (const Row& row : rows) {
        INFO(row.what);
        const auto receiver = make_receiver(row.credentials, "https://app.datadoghq.com");
        RawRequest request = delivery("{}");
        request.headers.add(row.field.first, row.field.second);
        const auto verified = receiver->verify(request, now);
        CHECK(verified.has_value() == row.believed);
        if (verified) continue;
        CHECK(verified.error().code == errc::unauthorized);
        CHECK(verified.error().message.find(token) == std::string::npos);
        CHECK(verified.error().message.find(other) == std::string::npos);
    }
}

}  // namespace receiver_test
