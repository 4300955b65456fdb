// One incident, several senders, on every engine: what puts alerts into one investigation, what does not, and who is told to be in it.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <set>

#include "admin/admin_store.hpp"
#include "base/ids.hpp"
#include "base/json.hpp"
#include "tests/support/store.hpp"

namespace store_incident {

using namespace gumshoe;
using namespace gumshoe::test;

namespace {

constexpr auto trigger = Notification::trigger;
const std::string monitor = "https://app.example.com/monitors/8123?from_ts=1785578340000";
const std::string monitor_name = "app.example.com/monitors/8123";

struct Incident {
    TestStore store{GENERATE(from_range(store_engines()))};
    FakeClock& clock = store.clock;
    IntakePolicy policy;
    int sent = 0;

    Incident() {
        clock.auto_advance = false;
        policy.route = [](const Alert& alert) { return RouteDecision{true, "team of " + alert.labels.at("team"), ""}; };
        // web calls checkout, checkout calls payments: neighbours only, as configured
        policy.related = [](const std::string& service) -> std::vector<std::string> {
            if (service == "web") return {"web", "checkout"};
            if (service == "checkout") return {"checkout", "web", "payments"};
            if (service == "payments") return {"payments", "checkout"};
            return {service};
        };
        policy.group_window = seconds(300);
        policy.cooldown = seconds(1800);
    }

    Alert alert(const std::string& source, const std::string& fingerprint, const std::string& service = "",
                const std::string& environment = "") {
        Alert made = sample_alert(fingerprint, "e", trigger, clock.now());
        made.source = source;
        made.service = service;
        made.environment = environment;
        made.labels = {{"team", "one"}};
        return made;
    }
    Alert from_datadog() {
        Alert made = alert("datadog", "monitor 8123", "checkout", "prod");
        made.links = {{"Monitor", monitor}};
        return made;
    }
    Alert from_pagerduty() {
        Alert made = alert("pagerduty", "Q2X369CTEOAGYM", "Shop on call");
        made.references = {monitor_name};
        return made;
    }
    Recorded send(std::vector<Alert> alerts) {
        clock.advance(milliseconds(20));
        Delivery made;
        made.id = new_id("dlv", clock.now());
        made.source = alerts.front().source;
        made.received_at = clock.now();
        made.key = "key " + std::to_string(++sent);
        return store.get(store->intake->record(std::move(made), std::move(alerts), policy));
    }
    Recorded send(Alert alert) { return send(std::vector<Alert>{std::move(alert)}); }
    std::string start(Alert alert) {
        const Recorded recorded = send(std::move(alert));
        REQUIRE(recorded.started.size() == 1);
        return recorded.started[0];
    }
    /// The alert is in this investigation, and for this reason.
    void joins(Alert alert, const std::string& id, const std::string& why) {
        const std::string fingerprint = alert.fingerprint;
        const Recorded recorded = send(std::move(alert));
        CHECK(recorded.started.empty());
        CHECK(recorded.updated == std::vector<std::string>{id});
        CHECK(store.rows("SELECT why FROM members WHERE fingerprint = '" + fingerprint + "'", 1) == std::vector<std::string>{why});
        CHECK(store.rows("SELECT reason FROM alerts WHERE effect = 'joined' ORDER BY id DESC LIMIT 1", 1) == std::vector<std::string>{why});
    }
    Members members(const std::string& id) { return store.get(store->investigations->members(id)); }
    InvestigationRow row(const std::string& id) { return store.get(store->investigations->investigation(id)); }
    std::size_t count(const std::string& table) { return store.rows("SELECT 1 FROM " + table, 1).size(); }
    Fence claim() {
        auto job = store.get(store->queue->claim({"run"}, "me", seconds(60)));
        REQUIRE(job);
        return job->fence;
    }
    void resolve(Alert alert) {
        alert.notification = Notification::recovery;
        alert.started_at = clock.now();
        send(std::move(alert));
    }
};

}  // namespace

TEST_CASE("incident: what two senders know under one name is one investigation, whoever comes first") {
    Incident test;
    SECTION("the monitor first") {
        const std::string id = test.start(test.from_datadog());
        test.joins(test.from_pagerduty(), id, "datadog names it too: " + monitor_name);
    }
    SECTION("the pager first") {
        const std::string id = test.start(test.from_pagerduty());
        test.joins(test.from_datadog(), id, "pagerduty names it too: " + monitor_name);
    }
    SECTION("in one moment") {
        std::vector<awaitable<void>> all;
        struct Story {
            static awaitable<void> send(Incident& its, Alert alert) {
                Delivery made;
                made.id = new_id("dlv", its.clock.now());
                made.source = alert.source;
                made.key = alert.source;
                std::vector<Alert> alerts = {std::move(alert)};
                auto recorded = co_await its.store->intake->record(std::move(made), std::move(alerts), its.policy);
                CHECK(recorded.has_value());
            }
        };
        all.push_back(Story::send(test, test.from_datadog()));
        all.push_back(Story::send(test, test.from_pagerduty()));
        run(*test.store.loop, test.store.loop->all(std::move(all)));
    }
    SECTION("with a restart between") {
        test.start(test.from_datadog());
        test.store.close();
        test.store.open();
        test.send(test.from_pagerduty());
    }
    CHECK(test.count("investigations") == 1);
    CHECK(test.count("members") == 2);
    CHECK(test.count("jobs WHERE kind = 'run'") == 1);
}

TEST_CASE("incident: a shared name is not enough when the sender, the time or the name is another") {
    Incident test;
    const std::string id = test.start(test.from_datadog());
    SECTION("another group of the same monitor") {
        Alert other = test.from_datadog();
        other.fingerprint = "monitor 8123, another group";
        other.service = "mail";
        CHECK(test.send(other).started.size() == 1);
    }
    SECTION("another monitor") {
        Alert other = test.from_pagerduty();
        other.references = {"app.example.com/monitors/8124"};
        CHECK(test.send(other).started.size() == 1);
    }
    SECTION("after cooldown and window") {
        test.clock.advance(test.policy.cooldown);
        CHECK(test.send(test.from_pagerduty()).started.size() == 1);
    }
    SECTION("a cancelled one") {
        test.store.get(test.store->investigations->cancel(id, "ana", test.clock.now()));
        CHECK(test.send(test.from_pagerduty()).started.size() == 1);
    }
    SECTION("after the window, inside the cooldown it still is") {
        test.clock.advance(test.policy.group_window + seconds(60));
        CHECK(test.send(test.from_pagerduty()).updated == std::vector<std::string>{id});
    }
}

TEST_CASE("incident: without a name service and time decide, and an environment that nobody said is any") {
    Incident test;
    SECTION("the second does not say") {
        const std::string id = test.start(test.alert("datadog", "f", "checkout", "prod"));
        test.joins(test.alert("pagerduty", "g", "checkout"), id, "checkout is in it");
        // The pager's silence must not draw in another environment's alerts.
        CHECK(test.send(test.alert("datadog", "h", "checkout", "staging")).started.size() == 1);
    }
    SECTION("the first does not say") {
        const std::string id = test.start(test.alert("pagerduty", "g", "checkout"));
        test.joins(test.alert("datadog", "f", "checkout", "prod"), id, "checkout is in it");
        CHECK(test.send(test.alert("datadog", "h", "checkout", "staging")).started.size() == 1);
    }
    SECTION("its own environment before one that nobody said") {
        const std::string prod = test.start(test.alert("datadog", "f", "checkout", "prod"));
        const std::string staging = test.start(test.alert("datadog", "h", "checkout", "staging"));
        test.joins(test.alert("newrelic", "i", "checkout", "prod"), prod, "checkout is in it");
        test.joins(test.alert("pagerduty", "g", "checkout"), staging, "checkout is in it");  // the newest
    }
    SECTION("no service and no name is nobody's") {
        test.start(test.alert("datadog", "f", "checkout", "prod"));
        CHECK(test.send(test.alert("pagerduty", "g")).started.size() == 1);
    }
}

TEST_CASE("incident: an alert that is related to any member belongs to it, not only to the first") {
    Incident test;
    const std::string id = test.start(test.alert("datadog", "f", "web", "prod"));
    test.joins(test.alert("datadog", "g", "checkout", "prod"), id, "belongs together with web");
    test.joins(test.alert("datadog", "h", "payments", "prod"), id, "belongs together with checkout");
    CHECK(test.send(test.alert("datadog", "i", "payments", "staging")).started.size() == 1);
    CHECK(test.members(id).services == 3);
}

TEST_CASE("incident: names that evidence tells later bring the other sender's alert in") {
    Incident test;
    const std::string id = test.start(test.alert("pagerduty", "Q2X369CTEOAGYM", "Shop on call"));
    const Fence fence = test.claim();
    const std::vector<std::pair<std::string, std::string>> names = {{"pagerduty", monitor_name}};
    SECTION("before it comes") {
        test.store.get(test.store->investigations->learn(fence, id, names, test.clock.now()));
        test.store.get(test.store->investigations->learn(fence, id, names, test.clock.now()));  // a resumed run
        CHECK(test.count("names") == 1);
        test.joins(test.from_datadog(), id, "pagerduty names it too: " + monitor_name);
        CHECK(test.members(id).elsewhere.empty());
    }
    SECTION("after it came both say that they are the same outage") {
        const std::string other = test.start(test.from_datadog());
        CHECK(test.members(other).elsewhere.empty());
        test.store.get(test.store->investigations->learn(fence, id, names, test.clock.now()));
        CHECK(test.members(id).elsewhere == std::vector<std::string>{other});
        CHECK(test.members(other).elsewhere == std::vector<std::string>{id});
        CHECK(test.count("jobs WHERE kind = 'refresh' AND key = '" + other + "'") == 1);
        test.store.get(test.store->investigations->cancel(other, "ana", test.clock.now()));
        CHECK(test.members(id).elsewhere.empty());
    }
    SECTION("last week's outage of the monitor is another one") {
        const std::string before = test.start(test.from_datadog());
        test.clock.advance(std::chrono::hours(24 * 7));
        const std::string now = test.start(test.alert("pagerduty", "Q3", "Shop on call"));
        test.store.get(test.store->investigations->learn(test.claim(), now, names, test.clock.now()));
        CHECK(test.members(now).elsewhere.empty());
        CHECK(test.members(before).elsewhere.empty());
    }
    SECTION("who lost the lease teaches nothing") {
        Fence stale = fence;
        ++stale.attempt;
        const auto refused = test.store.run(test.store->investigations->learn(stale, id, names, test.clock.now()));
        REQUIRE(!refused);
        CHECK(refused.error().code == errc::lease_lost);
        CHECK(test.count("names") == 0);
    }
}

TEST_CASE("incident: it is over when it is over for all senders, and until then each one's word is told") {
    Incident test;
    const Alert monitor_alert = test.from_datadog();
    const Alert page = test.from_pagerduty();
    const std::string id = test.start(monitor_alert);
    test.send(page);
    test.clock.advance(seconds(60));
    const bool monitor_first = GENERATE(true, false);
    test.resolve(monitor_first ? monitor_alert : page);
    CHECK(!test.row(id).resolved_at);
    const Members between = test.members(id);
    REQUIRE(between.senders.size() == 2);
    CHECK(between.senders[0].source == "datadog");
    CHECK(between.senders[0].open == (monitor_first ? 0 : 1));
    CHECK(between.senders[1].source == "pagerduty");
    CHECK(between.senders[1].open == (monitor_first ? 1 : 0));
    test.clock.advance(seconds(60));
    test.resolve(monitor_first ? page : monitor_alert);
    CHECK(test.row(id).resolved_at);
    CHECK(test.members(id).senders[0].open + test.members(id).senders[1].open == 0);
}

TEST_CASE("incident: a storm of related services is one investigation that knows them all") {
    Incident test;
    test.policy.related = [](const std::string& service) -> std::vector<std::string> {
        const int n = std::stoi(service.substr(1));  // each calls the next
        return {service, "s" + std::to_string(n - 1), "s" + std::to_string(n + 1)};
    };
    const bool together = GENERATE(true, false);
    std::vector<Alert> storm;
    for (int i = 0; i < 200; ++i) {
        Alert alert = test.alert("datadog", "f" + std::to_string(i), "s" + std::to_string(i % 12), "prod");
        alert.severity = i == 150 ? Severity::critical : Severity::warning;
        storm.push_back(std::move(alert));
    }
    if (together) {
        test.send(storm);
    } else {
        for (const Alert& alert : storm) test.send(alert);
    }
    REQUIRE(test.count("investigations") == 1);
    const std::string id = test.store.rows("SELECT id FROM investigations", 1)[0];
    const Members members = test.members(id);
    CHECK(members.alerts == 200);
    CHECK(members.services == 12);
    REQUIRE(members.shown.size() == limits::members_shown);
    CHECK(members.shown[0].severity == Severity::critical);
    CHECK(members.shown[1].why.empty());
    CHECK(test.count("jobs") == 2);  // one run, one refresh
    CHECK(test.count("alerts") == 200);
}

TEST_CASE("incident: in a storm of unrelated services the newest investigation of the route takes the rest, and says why") {
    Incident test;
    for (int i = 0; i < 200; ++i) test.send(test.alert("datadog", "f" + std::to_string(i), "service" + std::to_string(i % 12), "prod"));
    const auto ids = test.store.rows("SELECT id FROM investigations ORDER BY created_at DESC", 1);
    REQUIRE(ids.size() == limits::storm_investigations);
    const Members members = test.members(ids[0]);
    CHECK(members.services == 12 - limits::storm_investigations + 1);
    CHECK(test.store.rows("SELECT why FROM members WHERE fingerprint = 'f7'", 1) ==
          std::vector<std::string>{"storm: 5 investigations began within 5 m"});
    CHECK(test.count("members") == 200);
    SECTION("another route has its own, for its channel") {
        Alert other = test.alert("datadog", "x", "unrelated", "prod");
        other.labels["team"] = "two";
        CHECK(test.send(other).started.size() == 1);
    }
    SECTION("the storm passes") {
        test.clock.advance(test.policy.group_window);
        CHECK(test.send(test.alert("datadog", "x", "unrelated", "prod")).started.size() == 1);
    }
    SECTION("the figure is the operator's") {
        test.policy.storm = 6;
        CHECK(test.send(test.alert("datadog", "x", "unrelated", "prod")).started.size() == 1);
        CHECK(test.send(test.alert("datadog", "y", "unrelated too", "prod")).started.empty());
    }
}

TEST_CASE("incident: the admin's view has members, senders and names; the alerts of each sender can be had") {
    Incident test;
    const std::string id = test.start(test.from_datadog());
    test.send(test.from_pagerduty());
    test.send(test.from_datadog());  // fires again
    const json view = parse_json(test.store.get(test.store->admin->investigation(id))).value();
    CHECK(get_int(view, "members.alerts") == 2);
    CHECK(view["members"]["senders"].size() == 2);
    CHECK(view["members"]["shown"][0]["fired"] == 2);
    CHECK(view["members"]["shown"][1]["why"] == "datadog names it too: " + monitor_name);
    CHECK(view["names"].size() == 2);
    CHECK(view["names"][0]["name"] == monitor_name);
    const auto alerts = test.store.get(test.store->investigations->alerts(id, 20));
    REQUIRE(alerts.size() == 2);
    CHECK(alerts[1].source == "pagerduty");
    for (int i = 0; i < 30; ++i) test.send(test.alert("datadog", "f" + std::to_string(i), "checkout", "prod"));
    CHECK(test.store.get(test.store->investigations->alerts(id, 5)).size() == 6);  // five of one sender, one of the other
}

}  // namespace store_incident
