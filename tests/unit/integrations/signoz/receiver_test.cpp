// The webhook: every fixture's bytes to the alerts beside it, and the two forms of credentials that a SigNoz channel has.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/digest.hpp"
#include "base/json.hpp"
#include "integrations/signoz/receiver.hpp"
#include "tests/support/result_printing.hpp"
#include "tests/support/webhook_fixtures.hpp"

namespace receiver_test {

using namespace gumshoe;
using namespace gumshoe::signoz;

namespace {

const std::filesystem::path fixtures = std::filesystem::path(GUMSHOE_SOURCE_DIR) / "integrations/signoz/fixtures/webhooks";

ParsedDelivery recorded(const char* name) {
    const auto parsed = parse_webhook(test::delivery_of("signoz", test::read_file(fixtures / name)), test::fixtures_now);
    REQUIRE(parsed.has_value());
    return *parsed;
}

}  // namespace

TEST_CASE("every recorded delivery becomes the alerts beside it") {
    CHECK(test::check_webhook_fixtures("signoz", parse_webhook) >= 14);
}

TEST_CASE("missing data is another thing than the alert of the same rule") {
    const Alert alert = recorded("firing.body").alerts.at(0);
    const Alert silence = recorded("no-data.body").alerts.at(0);
    CHECK(alert.monitor_id == silence.monitor_id);
    CHECK(alert.fingerprint != silence.fingerprint);
    CHECK(silence.notification == Notification::trigger);
    CHECK(silence.transition == "no data");
}

TEST_CASE("a test never touches the episode of the rule that it is in the name of") {
    const Alert test = recorded("rule-test.body").alerts.at(0);
    CHECK(test.notification == Notification::test);
    CHECK(test.episode.empty());
    CHECK(test.fingerprint != recorded("firing.body").alerts.at(0).fingerprint);
}

TEST_CASE("errors name SigNoz, not what it embeds") {
    const auto parsed = parse_webhook(test::delivery_of("signoz", R"({"text":"x"})"), test::fixtures_now);
    REQUIRE_FALSE(parsed.has_value());
    CHECK(parsed.error().code == errc::parse);
    CHECK(parsed.error().message.starts_with("signoz webhook: there is no list of alerts"));
}

TEST_CASE("user and password come as Basic, a password alone as Bearer") {
    const std::string password = "a-password-of-some-length";
    WebhookCredentials basic;
    basic.basic = WebhookCredentials::Basic{"signoz", Secret(password)};
    WebhookCredentials bearer;
    bearer.tokens = {Secret(password)};
    struct Row {
        const WebhookCredentials& credentials;
        std::string field;
        bool believed;
    };
    const Row rows[] = {
        {basic, "Basic " + base64_encode("signoz:" + password), true},
        {basic, "Basic " + base64_encode(":" + password), false},
        {basic, "Bearer " + password, false},
        {bearer, "Bearer " + password, true},
        {bearer, "Basic " + base64_encode("signoz:" + password), false},
        {bearer, "Bearer " + password.substr(1), false},
    };
    for (const Row& row : rows) {
        INFO(row.field);
        RawRequest request = test::delivery_of("signoz", "{}");
        request.headers.add("Authorization", row.field);
        const auto receiver = make_receiver(row.credentials);
        CHECK(receiver->name() == "signoz");
        CHECK(receiver->verify(request, test::fixtures_now).has_value() == row.believed);
    }
}

}  // namespace receiver_test
