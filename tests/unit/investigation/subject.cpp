#include "investigation/subject.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/limits.hpp"
#include "tests/support/result_printing.hpp"

using namespace gumshoe;
using std::chrono::minutes;

namespace {
const Timestamp now = from_seconds(1785578400);

Alert alert_at(Timestamp started) {
    Alert alert;
    alert.source = "datadog";
    alert.service = "checkout";
    alert.started_at = started;
    return alert;
}
}  // namespace

TEST_CASE("the windows lie around the alert's start and never reach into the future") {
    const Subject fresh = make_subject(alert_at(now - minutes(2)), {}, now);
    CHECK(fresh.onset == now - minutes(2));
    CHECK(fresh.incident.from == now - minutes(17));
    CHECK(fresh.incident.to == now);
    CHECK(fresh.baseline.to < fresh.incident.from);

    const Subject old = make_subject(alert_at(now - minutes(600)), {}, now);
    CHECK(old.incident.to == now - minutes(480));

    const Subject skewed = make_subject(alert_at(now + minutes(9)), {}, now);
    CHECK(skewed.onset == now);
    CHECK(make_subject(alert_at(Timestamp{}), {}, now).onset == now);
}

TEST_CASE("neighbours are what a service depends on and what depends on it") {
    const std::vector<ServiceInfo> services = {{"checkout", "github:acme/shop", "services/checkout", {"payments"}},
                                               {"web", "", "", {"checkout"}},
                                               {"payments", "github:acme/payments", "", {}},
                                               {"mail", "", "", {}}};
    CHECK(related_services(services, "checkout") == std::vector<std::string>{"checkout", "payments", "web"});
    CHECK(related_services(services, "unknown") == std::vector<std::string>{"unknown"});
    CHECK(related_services(services, "").empty());
    const Subject subject = make_subject(alert_at(now), services, now);
    CHECK(subject.repositories.at("payments") == "github:acme/payments");
    CHECK(subject.paths.at("checkout") == "services/checkout");
    CHECK_FALSE(subject.repositories.contains("web"));
}

TEST_CASE("a subject comes back from its JSON as it was") {
    const std::vector<ServiceInfo> services = {{"checkout", "github:acme/shop", "services/checkout", {"payments"}}};
    const Subject subject = make_subject(alert_at(now - minutes(5)), services, now);
    const auto back = subject_from_json(to_json_value(subject));
    REQUIRE(back);
    CHECK(to_json_value(*back) == to_json_value(subject));
    CHECK_FALSE(subject_from_json(json::object()));
}

TEST_CASE("a service has one name, whatever a tool calls it") {
    std::vector<ServiceInfo> services(4);
    services[0].name = "checkout";
    services[0].aliases = {"Shop till", "SVC-0042"};
    services[1].name = "payment-service";
    services[2].name = "mail_worker";
    services[3].name = "service";
    const std::pair<const char*, const char*> rows[] = {
        {"checkout", "checkout"},
        {"Checkout Service", "checkout"},
        {"CHECKOUT", "checkout"},
        {"checkout-svc", "checkout"},
        {"checkout (prod)", "checkout"},
        {"Checkout Service (EU, prod)", "checkout"},
        {"Shop till", "checkout"},
        {"shop-till", "checkout"},
        {"SVC-0042", "checkout"},
        {"Payment", "payment-service"},
        {"payment_service", "payment-service"},
        {"Mail Worker", "mail_worker"},
        {"service", "service"},
        {"search", "search"},
        {"check", "check"},
        {"checkouts", "checkouts"},
        {"(prod)", "(prod)"},
        {"", ""},
    };
    for (const auto& [said, meant] : rows) {
        CAPTURE(said);
        CHECK(canonical_service(services, said) == meant);
    }
    // Two come into question: none is taken.
    services.resize(6);
    services[4].name = "search-service";
    services[5].name = "search_svc";
    CHECK(canonical_service(services, "Search") == "Search");
    CHECK(canonical_service(services, "search_svc") == "search_svc");
    CHECK(canonical_service({}, "Checkout Service") == "Checkout Service");
}

TEST_CASE("services of alerts that joined are asked for before neighbours, each once, and not without end") {
    const std::vector<ServiceInfo> services = {{"checkout", "", "", {"payments", "stock"}, {}}, {"mail", "github:acme/mail", "", {}, {}}};
    const Subject subject = make_subject(alert_at(now), services, now, {"checkout", "mail", "", "stock", "mail"});
    CHECK(subject.services == std::vector<std::string>{"checkout", "mail", "stock", "payments"});
    CHECK(subject.repositories.at("mail") == "github:acme/mail");
    std::vector<std::string> many;
    for (int i = 0; i < 100; ++i) many.push_back("s" + std::to_string(i));
    CHECK(make_subject(alert_at(now), {}, now, many).services.size() == 1 + limits::joined_services);
    CHECK(make_subject(Alert{}, {}, now, {"mail"}).services == std::vector<std::string>{"mail"});
}
