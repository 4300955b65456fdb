// What the simulated SigNoz posts is what our receiver reads.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "base/text.hpp"
#include "integrations/signoz/receiver.hpp"
#include "integrations/signoz/sandbox_webhook.hpp"
#include "tests/support/result_printing.hpp"
#include "tests/support/webhook_fixtures.hpp"

namespace webhook_sandbox_test {

using namespace gumshoe;
using namespace gumshoe::signoz;

namespace {

const json scenario = {{"service", "checkout"},
                       {"environment", "prod"},
                       {"signoz",
                        {{"url", "https://signoz.acme.example"},
                         {"rule",
                          {{"id", "019f98ae-fd65-7045-900b-449c89fe739b"},
                           {"name", "checkout: errors in the log"},
                           {"alertType", "LOGS_BASED_ALERT"},
                           {"severity", "warning"},
                           {"labels", {{"team", "payments"}}},
                           {"annotations", {{"summary", "{{value}} errors a minute"}}}}},
                         {"webhook", {{"receiver", "gumshoe"}, {"value", "14"}}}}}};

sandbox::World world_of(const json& told) {
    return {std::make_shared<const json>(told), test::fixtures_now, test::fixtures_now + seconds(60), "http://127.0.0.1/signoz"};
}

ParsedDelivery moment(const json& told, std::string_view name) {
    const sandbox::World world = world_of(told);
    const auto sent = render_webhooks(world, name);
    REQUIRE(sent.size() == 1);
    const auto parsed = parse_webhook(test::delivery_of("signoz", sent[0].body), world.now);
    REQUIRE(parsed.has_value());
    REQUIRE(parsed->alerts.size() == 1);
    return *parsed;
}

}  // namespace

TEST_CASE("the webhooks of one episode are read as its firing, its repeat and its end") {
    const ParsedDelivery fired = moment(scenario, "trigger");
    const ParsedDelivery repeat = moment(scenario, "renotify");
    const ParsedDelivery over = moment(scenario, "recovery");
    const Alert& alert = fired.alerts[0];
    CHECK(alert.title == "checkout: errors in the log");
    CHECK(alert.body == "14 errors a minute");
    CHECK(alert.service == "checkout");
    CHECK(alert.environment == "prod");
    CHECK(alert.severity == Severity::warning);
    CHECK(alert.monitor_id == "019f98ae-fd65-7045-900b-449c89fe739b");
    CHECK(alert.started_at == test::fixtures_now);
    REQUIRE(alert.links.size() == 2);
    CHECK(alert.links[0].url == "https://signoz.acme.example/alerts/overview?ruleId=019f98ae-fd65-7045-900b-449c89fe739b");
    CHECK(alert.links[1].title == "Related logs");
    CHECK(alert.links[1].url.find("compositeQuery=%257B") != std::string::npos);
    CHECK(repeat.key == fired.key);
    CHECK(over.key != fired.key);
    CHECK(over.alerts[0].notification == Notification::recovery);
    CHECK(over.alerts[0].episode == alert.episode);
}

TEST_CASE("a rule that is grouped by other labels has no service, and a scenario without a webhook sends none") {
    json grouped = scenario;
    grouped["signoz"]["webhook"]["group"] = {{"host.name", "node-7"}};
    const Alert alert = moment(grouped, "trigger").alerts[0];
    CHECK(alert.service.empty());
    CHECK(alert.labels.at("host.name") == "node-7");

    json without = scenario;
    without["signoz"].erase("webhook");
    CHECK(render_webhooks(world_of(without), "trigger").empty());
    CHECK(render_webhooks(world_of({{"service", "x"}}), "trigger").empty());
}

TEST_CASE("it sends the user and the password that the settings name") {
    const auto sent = render_webhooks(world_of(scenario), "trigger");
    WebhookCredentials credentials;
    credentials.basic = WebhookCredentials::Basic{webhook_user, Secret(webhook_password)};
    RawRequest request = test::delivery_of("signoz", sent.at(0).body);
    request.headers.add("Authorization", std::string(*sent.at(0).headers.find("Authorization")));
    CHECK(make_receiver(credentials)->verify(request, test::fixtures_now).has_value());
}

}  // namespace webhook_sandbox_test
