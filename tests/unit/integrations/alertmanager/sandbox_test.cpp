// The simulated Alertmanager: what it posts is what our receiver reads, a storm comes as groups, and every play is the same.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "base/json.hpp"
#include "integrations/alertmanager/receiver.hpp"
#include "integrations/alertmanager/sandbox.hpp"
#include "tests/support/result_printing.hpp"
#include "tests/support/webhook_fixtures.hpp"

namespace sandbox_test {

using namespace gumshoe;
using namespace gumshoe::alertmanager;

namespace {

const json block = {
    {"receiver", "gumshoe"},
    {"prometheus_url", "http://prometheus.acme.example:9090"},
    {"external_url", "http://alertmanager.acme.example:9093"},
    {"group_by", {"service"}},
    {"seed", 7},
    {"labels", {{"environment", "prod"}, {"cluster", "eu-1"}}},
    {"rules",
     {{{"alert", "HighErrorRate"},
       {"labels", {{"severity", "critical"}}},
       {"annotations", {{"summary", "{instance} of {service} fails"}}},
       {"expr", "errors{service=\"{service}\"} > 5"},
       {"services", {"checkout", "payments", "inventory"}},
       {"instances", 4},
       {"from", -50},
       {"to", -5}},
      {{"alert", "QueueBlocked"}, {"labels", {{"severity", "page"}}}, {"services", {"events-queue"}}, {"from", -60}}}},
};

sandbox::World world_of(const json& scenario) {
    return {std::make_shared<const json>(scenario), test::fixtures_now, test::fixtures_now + seconds(60), "http://127.0.0.1/alertmanager"};
}

std::vector<Alert> alerts_of(const std::vector<HttpRequest>& requests, Timestamp now) {
    std::vector<Alert> all;
    for (const HttpRequest& request : requests) {
        const auto parsed = parse_webhook(test::delivery_of("alertmanager", request.body), now);
        REQUIRE(parsed.has_value());
        all.insert(all.end(), parsed->alerts.begin(), parsed->alerts.end());
    }
    return all;
}

}  // namespace

TEST_CASE("a storm is posted as one group a service, and every alert of it is read back") {
    const auto simulation = make_simulation();
    const sandbox::World world = world_of({{"alertmanager", block}});
    const auto requests = simulation->webhooks(world, "trigger");
    REQUIRE(requests.size() == 4);
    CHECK(parse_json(requests[0].body)->at("groupLabels") == json{{"service", "events-queue"}});  // it began first
    std::set<std::string> fingerprints;
    std::set<std::string> groups;
    for (const HttpRequest& request : requests) {
        const json body = parse_json(request.body).value();
        groups.insert(body.at("groupKey").get<std::string>());
        CHECK(body.at("commonLabels").at("cluster") == "eu-1");
        CHECK(body.at("commonLabels").contains("instance") == false);
        CHECK(body.at("version") == "4");
    }
    CHECK(groups.contains("{}:{service=\"payments\"}"));
    CHECK(groups.size() == 4);
    const auto alerts = alerts_of(requests, world.now);
    CHECK(alerts.size() == 13);
    for (const Alert& alert : alerts) {
        fingerprints.insert(alert.fingerprint);
        CHECK(alert.environment == "prod");
        CHECK(alert.severity == Severity::critical);
        CHECK(alert.notification == Notification::trigger);
        CHECK(alert.started_at >= world.zero - seconds(60));
        CHECK(alert.started_at <= world.zero);
    }
    CHECK(fingerprints.size() == 13);
    const Alert& last = alerts.back();
    CHECK(last.body == last.labels.at("instance").substr(0, last.labels.at("instance").find(':')) + " of " + last.service + " fails");
    CHECK(last.query == "errors{service=\"" + last.service + "\"} > 5");
}

TEST_CASE("the scenario of a storm is two hundred alerts of twelve services within a minute, the same in every play") {
    const std::string file = test::read_file(std::filesystem::path(GUMSHOE_SOURCE_DIR) / "sandbox/scenarios/alert-storm.json");
    const sandbox::World world = world_of(parse_json(file).value());
    const auto simulation = make_simulation();
    const auto requests = simulation->webhooks(world, "trigger");
    CHECK(requests.size() == 12);
    std::set<std::string> services;
    std::set<std::string> fingerprints;
    Timestamp first = world.now;
    Timestamp last{};
    for (const Alert& alert : alerts_of(requests, world.now)) {
        services.insert(alert.service);
        fingerprints.insert(alert.fingerprint);
        first = std::min(first, alert.started_at);
        last = std::max(last, alert.started_at);
    }
    CHECK(services.size() == 12);
    CHECK(fingerprints.size() == 200);
    CHECK(last <= world.zero);
    CHECK(last - first <= seconds(60));
    const auto again = make_simulation()->webhooks(world, "trigger");
    for (std::size_t i = 0; i < again.size(); ++i) CHECK(again[i].body == requests[i].body);
}

TEST_CASE("a repeat has the bytes of the first, a recovery ends every episode") {
    const auto simulation = make_simulation();
    const sandbox::World world = world_of({{"alertmanager", block}});
    const auto first = simulation->webhooks(world, "trigger");
    const auto repeat = simulation->webhooks(world, "renotify");
    REQUIRE(repeat.size() == first.size());
    for (std::size_t i = 0; i < first.size(); ++i) CHECK(first[i].body == repeat[i].body);

    const auto fired = alerts_of(first, world.now);
    const auto over = alerts_of(simulation->webhooks(world, "recovery"), world.now);
    REQUIRE(over.size() == fired.size());
    for (std::size_t i = 0; i < over.size(); ++i) {
        CHECK(over[i].notification == Notification::recovery);
        CHECK(over[i].episode == fired[i].episode);
        CHECK(over[i].fingerprint == fired[i].fingerprint);
        CHECK(over[i].started_at == world.now);
    }
}

TEST_CASE("it sends the credentials that its settings ask for, and is not configured for a scenario without it") {
    const auto simulation = make_simulation();
    const sandbox::World world = world_of({{"alertmanager", block}});
    const json settings = parse_json(simulation->settings(world)).value();
    WebhookCredentials credentials;
    credentials.tokens = {Secret(settings.at("webhook").at("token").get<std::string>())};
    RawRequest request = test::delivery_of("alertmanager", "{}");
    request.headers.add("Authorization", std::string(*simulation->webhooks(world, "trigger").at(0).headers.find("Authorization")));
    CHECK(make_receiver(credentials)->verify(request, world.now).has_value());

    const sandbox::World without = world_of({{"service", "checkout"}});
    CHECK(simulation->settings(without).empty());
    CHECK(simulation->webhooks(without, "trigger").empty());
    CHECK(simulation->handle(request, world).status == 404);
}

}  // namespace sandbox_test
