// Which alerts share an investigation, on every engine.
#include <catch2/catch.hpp>

#include "tests/support/intake.hpp"

namespace store_intake_grouping {

using namespace gumshoe;
using namespace gumshoe::test;

TEST_CASE("intake: alerts of related services and one environment share an investigation inside the window") {
    IntakeTest test;
    const std::string id = test.send(test.service_alert("checkout", "f")).started.at(0);
    struct Case {
        std::string what;
        std::string service;
        std::string environment;
        bool joins;
    };
    const auto one = GENERATE(values<Case>({{"the same service", "checkout", "prod", true},
                                            {"a related one", "payments", "prod", true},
                                            {"an unrelated one", "search", "prod", false},
                                            {"another environment", "payments", "staging", false},
                                            {"no service", "", "prod", false}}));
    CAPTURE(one.what);
    const Recorded recorded = test.send(test.service_alert(one.service, "g", one.environment));
    CHECK(recorded.started.size() == (one.joins ? 0 : 1));
    CHECK(recorded.updated.size() == (one.joins ? 1 : 0));
    CHECK(test.row(id).related_alerts == (one.joins ? 1 : 0));
    CHECK(test.row(id).fired == 1);
}

TEST_CASE("intake: grouping ends with the window, and with a cancelled investigation") {
    IntakeTest test;
    const std::string id = test.send(test.service_alert("checkout", "f")).started.at(0);
    SECTION("window") {
        test.clock.advance(test.policy.group_window);
    }
    SECTION("cancelled") {
        test.store.get(test.store->investigations->cancel(id, "ana", test.clock.now()));
    }
    CHECK(test.send(test.service_alert("payments", "g")).started.size() == 1);
}

TEST_CASE("intake: the alerts of one delivery are taken one by one") {
    IntakeTest test;
    Alert mild = test.alert(trigger, "e", "h");
    mild.severity = Severity::info;
    const Recorded recorded = test.send({test.service_alert("checkout", "f"), test.service_alert("payments", "g"), mild,
                                         test.alert(Notification::test), test.alert(trigger, "e", "i")});
    CHECK(recorded.verdict == Verdict::accepted);
    CHECK(recorded.started.size() == 2);
    CHECK(recorded.updated == std::vector<std::string>{recorded.started[0]});
    CHECK(test.store.rows("SELECT effect FROM alerts ORDER BY id", 1).size() == 5);
    const Recorded nothing = test.send({test.alert(renotify, "x", "x"), test.alert(renotify, "y", "y"), test.alert(Notification::test)});
    CHECK(nothing.reason == "a repeat of an alert whose start was never seen; test notification");
}

TEST_CASE("intake: a storm of one service is one investigation") {
    IntakeTest test;
    for (int i = 0; i < 200; ++i) test.send(test.service_alert("checkout", "f" + std::to_string(i)));
    CHECK(test.count("investigations") == 1);
    CHECK(test.count("deliveries WHERE verdict = 'accepted'") == 200);
    CHECK(test.count("jobs") == 2);
}

}  // namespace store_intake_grouping
